//! The page as a web site: built, bound to JavaScript, served.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use tokio::net::TcpListener;
use wasm_bindgen_cli_support::Bindgen;

/// What the page is made of.
struct Files {
    script: String,
    wasm: Vec<u8>,
}

/// The page, built once per test process from the present sources.
fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut bindgen = Bindgen::new();
        bindgen.input_path(build()).typescript(false).out_name("page").omit_default_module_path(false);
        bindgen.web(true).expect("one kind of output").generate(folder.path()).expect("bound to JavaScript");
        let read = |name| std::fs::read(folder.path().join(name)).expect("a file of the page");
        Files { script: String::from_utf8(read("page.js")).expect("text"), wasm: read("page_bg.wasm") }
    })
}

/// Compiles the page for browsers.
fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", "chat-browser", "--bin", "chat-browser"]);
    build.args(["--target", "wasm32-unknown-unknown", "--message-format", "json"]);
    let output = build.stderr(Stdio::inherit()).output().expect("cargo runs");
    assert!(
        output.status.success(),
        "the page does not build; is the target wasm32-unknown-unknown installed?"
    );
    let messages = String::from_utf8_lossy(&output.stdout);
    let page = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let files =
            (message["target"]["name"] == "chat-browser").then(|| message["filenames"].as_array())??;
        files.iter().filter_map(|file| file.as_str()).find(|file| file.ends_with(".wasm")).map(PathBuf::from)
    });
    page.expect("cargo names the file")
}

/// Serves the page at a free port of loopback for as long as the test runs.
pub(crate) async fn serve() -> SocketAddr {
    let html = || async {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("index.html");
        ([(header::CONTENT_TYPE, "text/html")], std::fs::read_to_string(page).expect("index.html"))
    };
    let files = tokio::task::spawn_blocking(files).await.expect("a page");
    let script = move || async { ([(header::CONTENT_TYPE, "text/javascript")], files.script.as_str()) };
    let wasm = move || async { ([(header::CONTENT_TYPE, "application/wasm")], files.wasm.as_slice()) };
    let site =
        Router::new().route("/", get(html)).route("/page.js", get(script)).route("/page_bg.wasm", get(wasm));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, site).await });
    address
}
