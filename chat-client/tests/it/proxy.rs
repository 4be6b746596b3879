//! Proxies that the environment names, each a real one on a free port: the example is a process of its own, because the
//! environment is that of a process. The server has a name that only the proxy knows.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::dial::{Said, echo_client, echo_server};
use crate::tls::{self, Authority};

/// What a proxy was asked for: the whole head of a request, or the address and password of SOCKS.
type Asked = Arc<Mutex<Vec<String>>>;

/// How a proxy is spoken to.
#[derive(Clone)]
enum Kind {
    Http,
    Https(TlsAcceptor),
    /// It wants a password.
    Guarded,
    Socks,
}

/// A proxy whose every tunnel leads to this port.
struct Proxy {
    port: u16,
    asked: Asked,
}

impl Proxy {
    async fn to(server: u16, kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, asked) = (listener.local_addr().unwrap().port(), Asked::default());
        let heard = asked.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, server, kind.clone(), heard.clone()));
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut socket: TcpStream, server: u16, kind: Kind, asked: Asked) {
    match kind {
        Kind::Https(acceptor) => connect(acceptor.accept(socket).await.unwrap(), server, false, asked).await,
        Kind::Http => connect(socket, server, false, asked).await,
        Kind::Guarded => connect(socket, server, true, asked).await,
        Kind::Socks => {
            // RFC 1928 and 1929, as far as the test goes: a user and password, then a name.
            let mut head = [0; 2];
            socket.read_exact(&mut head).await.unwrap();
            let mut methods = vec![0; usize::from(head[1])];
            socket.read_exact(&mut methods).await.unwrap();
            assert!(head[0] == 5 && methods.contains(&2));
            socket.write_all(&[5, 2]).await.unwrap();
            assert_eq!(socket.read_u8().await.unwrap(), 1);
            let (user, password) = (short(&mut socket).await, short(&mut socket).await);
            socket.write_all(&[1, 0]).await.unwrap();
            let mut request = [0; 4];
            socket.read_exact(&mut request).await.unwrap();
            assert_eq!(request, [5, 1, 0, 3], "a name, not an address");
            let name = short(&mut socket).await;
            let port = socket.read_u16().await.unwrap();
            asked.lock().unwrap().push(format!("{user}:{password}@{name}:{port}"));
            socket.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            tunnel(socket, server).await;
        }
    }
}

/// A text behind its length.
async fn short(socket: &mut TcpStream) -> String {
    let mut text = vec![0; usize::from(socket.read_u8().await.unwrap())];
    socket.read_exact(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

async fn connect(mut socket: impl AsyncRead + AsyncWrite + Unpin, server: u16, guarded: bool, asked: Asked) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    // "user:p ss" in base64.
    let allowed = !guarded || head.to_ascii_lowercase().contains("proxy-authorization: basic dxnlcjpwihnz");
    asked.lock().unwrap().push(head);
    if !allowed {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        return socket.write_all(refusal).await.unwrap();
    }
    socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    tunnel(socket, server).await;
}

async fn tunnel(mut near: impl AsyncRead + AsyncWrite + Unpin, server: u16) {
    let mut far = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    let _ = copy_bidirectional(&mut near, &mut far).await;
}

fn echoed() -> Said {
    Said { lines: "hi\n".to_owned(), error: String::new(), success: true }
}

#[tokio::test]
async fn a_plain_connection_goes_through_the_proxy_that_is_named() {
    let server = echo_server().await;
    let proxy = Proxy::to(server, Kind::Http).await;
    let address = format!("http://127.0.0.1:{}", proxy.port);
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let said = echo_client("ws://echo.test:81/", &[(variable, &address)], "hi\n").await;
        assert_eq!(said, echoed(), "{variable}");
    }
    let asked = proxy.asked();
    assert_eq!(asked.len(), 4);
    assert!(asked[0].starts_with("CONNECT echo.test:81 HTTP/1.1\r\nHost: echo.test:81\r\n"), "{asked:?}");
}

#[tokio::test]
async fn what_is_excepted_goes_around_it() {
    let server = echo_server().await;
    let proxy = Proxy::to(server, Kind::Http).await;
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let url = format!("ws://127.0.0.1:{server}/");
    let env = [("HTTP_PROXY", address.as_str()), ("NO_PROXY", "example.org,127.0.0.0/8")];
    assert_eq!(echo_client(&url, &env, "hi\n").await, echoed());
    // For the other scheme, and so not ours.
    assert_eq!(echo_client(&url, &[("HTTPS_PROXY", &address)], "hi\n").await, echoed());
    assert_eq!(proxy.asked(), [""; 0]);
    assert_eq!(echo_client(&url, &env[..1], "hi\n").await, echoed());
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn tls_is_spoken_through_the_proxy_and_with_it() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let file = authority.file(folder.path());
    let server = tls::echo_server(authority.acceptor(&["echo.test"])).await;
    let plain = Proxy::to(server, Kind::Http).await;
    let secure = Proxy::to(server, Kind::Https(authority.acceptor(&["localhost"]))).await;
    for (proxy, address) in [
        (&plain, format!("127.0.0.1:{}", plain.port)),
        (&secure, format!("https://localhost:{}", secure.port)),
    ] {
        let env = [("HTTPS_PROXY", address.as_str()), ("SSL_CERT_FILE", &file)];
        assert_eq!(echo_client("wss://echo.test/", &env, "hi\n").await, echoed(), "{address}");
        assert!(proxy.asked()[0].starts_with("CONNECT echo.test:443 "));
    }
}

#[tokio::test]
async fn a_socks_proxy_looks_the_name_up_and_gets_its_password() {
    let server = echo_server().await;
    let proxy = Proxy::to(server, Kind::Socks).await;
    for scheme in ["socks5", "socks5h"] {
        let address = format!("{scheme}://user:p%20ss@127.0.0.1:{}", proxy.port);
        assert_eq!(echo_client("ws://echo.test/", &[("ALL_PROXY", &address)], "hi\n").await, echoed());
    }
    assert_eq!(proxy.asked(), ["user:p ss@echo.test:80"; 2]);
}

#[tokio::test]
async fn a_password_is_given_and_its_lack_is_told() {
    let server = echo_server().await;
    let proxy = Proxy::to(server, Kind::Guarded).await;
    let address = format!("http://user:p%20ss@127.0.0.1:{}", proxy.port);
    assert_eq!(echo_client("ws://echo.test/", &[("HTTP_PROXY", &address)], "hi\n").await, echoed());
    let address = format!("http://user:secret@127.0.0.1:{}", proxy.port);
    let said = echo_client("ws://echo.test/", &[("HTTP_PROXY", &address)], "hi\n").await;
    let proxy = format!("proxy 127.0.0.1:{} (HTTP_PROXY)", proxy.port);
    let expected =
        format!("echo_client: {proxy}, asked for echo.test:80: tunnel error: proxy authorization required\n");
    assert_eq!(said, Said { lines: String::new(), error: expected, success: false });
}

#[tokio::test]
async fn a_proxy_that_is_away_or_none_is_told() {
    let away = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let said = echo_client("ws://echo.test/", &[("HTTP_PROXY", &away.to_string())], "").await;
    let expected = format!("echo_client: connect to proxy {away} (HTTP_PROXY): Connection refused");
    assert!(said.error.starts_with(&expected), "{said:?}");
    let said = echo_client("ws://echo.test/", &[("HTTP_PROXY", "ftp://user:secret@p/")], "").await;
    let expected = "echo_client: unusable server address: HTTP_PROXY does not name a proxy";
    assert!(said.error.starts_with(expected) && !said.error.contains("secret"), "{said:?}");
}
