//! Chromium without a window, told what to do by the DevTools protocol over its WebSocket: one request and one answer, which
//! needs no library and no program beside the browser.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long anything may take before the test fails: a start on a busy machine is the longest.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running browser, with a profile of its own. It is killed when dropped.
pub(crate) struct Browser {
    address: String,
    _process: Child,
    _profile: TempDir,
}

/// One page of a browser.
pub(crate) struct Page {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: String,
    next: u64,
    /// What its scripts failed with.
    failures: Vec<String>,
}

impl Browser {
    /// Starts the browser that `CHAT_BROWSER` names, or `chromium`.
    pub(crate) async fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let program = std::env::var_os("CHAT_BROWSER").unwrap_or_else(|| "chromium".into());
        let mut process = Command::new(program)
            .args(["--headless=new", "--remote-debugging-port=0", "--no-first-run", "--window-size=900,700"])
            // Without it the browser does not start as root, which is what containers run tests as.
            .arg("--no-sandbox")
            .args(["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync", "--disable-extensions"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Chromium starts: cargo xtask wasm installs it");
        let mut lines = BufReader::new(process.stderr.take().expect("stderr is a pipe")).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await.expect("text") {
                if let Some(address) = line.strip_prefix("DevTools listening on ") {
                    return address.to_owned();
                }
            }
            panic!("the browser ended before it listened");
        };
        let address = timeout(PATIENCE, listening).await.expect("the browser listens in time");
        // It goes on telling what nobody wants to know; a full pipe would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { address, _process: process, _profile: profile }
    }

    /// Opens an address.
    pub(crate) async fn open(&self, address: &str) -> Page {
        let (socket, _) = connect_async(&self.address).await.expect("the browser is there");
        let mut page = Page { socket, session: String::new(), next: 0, failures: Vec::new() };
        let target = page.ask("Target.createTarget", json!({"url": "about:blank"})).await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = page.ask("Target.attachToTarget", attach).await;
        page.session = attached["sessionId"].as_str().expect("a session").to_owned();
        page.ask("Runtime.enable", json!({})).await;
        page.ask("Page.navigate", json!({ "url": address })).await;
        page.until("location.href !== 'about:blank' && document.readyState === 'complete'").await;
        page
    }
}

impl Page {
    /// Asks for something and gives the answer.
    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut request = json!({"id": self.next, "method": method, "params": params});
        if !self.session.is_empty() {
            request["sessionId"] = self.session.as_str().into();
        }
        self.socket.send(Message::text(request.to_string())).await.expect("the browser is there");
        loop {
            let frame = timeout(PATIENCE, self.socket.next()).await.expect("an answer in time");
            let frame = frame.expect("the browser is there").expect("a frame");
            let Message::Text(text) = frame else { continue };
            let answer: Value = serde_json::from_str(&text).expect("JSON");
            if answer["id"] == self.next {
                assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.note(&answer);
        }
    }

    /// Keeps what the page's scripts throw and what they write as errors.
    fn note(&mut self, event: &Value) {
        let failed = event["method"] == "Runtime.exceptionThrown"
            || (event["method"] == "Runtime.consoleAPICalled" && event["params"]["type"] == "error");
        if failed {
            self.failures.push(event["params"].to_string());
        }
    }

    /// The value of an expression of JavaScript.
    pub(crate) async fn value(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.ask("Runtime.evaluate", params).await;
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// The lines of a list.
    pub(crate) async fn lines(&mut self, list: &str) -> Vec<String> {
        let lines = format!("[...document.querySelectorAll('#{list} > li')].map((line) => line.textContent)");
        serde_json::from_value(self.value(&lines).await).expect("texts")
    }

    /// Writes into the field and sends it, as somebody at the keyboard does.
    pub(crate) async fn say(&mut self, text: &str) {
        self.value("document.getElementById('text').focus()").await;
        self.ask("Input.insertText", json!({ "text": text })).await;
        for kind in ["keyDown", "keyUp"] {
            let key = json!({"type": kind, "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13});
            self.ask("Input.dispatchKeyEvent", key).await;
        }
    }

    /// Waits until an expression is true; fails with what the page shows, and when one of its scripts failed.
    pub(crate) async fn until(&mut self, expression: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let reached = self.value(expression).await == true;
            assert!(self.failures.is_empty(), "a script failed: {:#?}", self.failures);
            if reached {
                return;
            }
            if Instant::now() > end {
                panic!("not in time: {expression}\n{}", self.value("document.body.innerText").await);
            }
            // The page is asked again after it has drawn once more, or a moment later where nothing is drawn.
            let drawn = "new Promise((done) => { requestAnimationFrame(done); setTimeout(done, 50); })";
            self.value(drawn).await;
        }
    }

    /// Waits until the shown state begins with a text.
    pub(crate) async fn until_state(&mut self, text: &str) {
        let text = Value::from(text);
        self.until(&format!("document.getElementById('state').textContent.startsWith({text})")).await;
    }

    /// Waits until a list has so many lines.
    pub(crate) async fn until_lines(&mut self, list: &str, count: usize) {
        self.until(&format!("document.querySelectorAll('#{list} > li').length >= {count}")).await;
    }

    /// Draws the page into `target/browser`, for people.
    pub(crate) async fn draw(&mut self, name: &str) -> PathBuf {
        let drawn = self.ask("Page.captureScreenshot", json!({"format": "png"})).await;
        let image = STANDARD.decode(drawn["data"].as_str().expect("an image")).expect("base64");
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/browser");
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join(name);
        std::fs::write(&path, image).expect("written");
        path
    }
}
