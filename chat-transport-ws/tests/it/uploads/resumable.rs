//! Files that come in several requests, over sockets that are cut, hang and cross each other.

use std::time::{Duration, Instant};

use chat_protocol::reply::Uploaded;
use chat_server_core::{Providers, ServerConfig};
use chat_transport_ws::WsConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{get, start, start_large, usual};
use crate::edge::{Answer, Edge};
use crate::raw::soon;

const PATH: &str = "/v1/uploads/resumable";

/// The headers of every request.
fn head_of(method: &str, path: &str, user: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer dev-{user}\r\n\
         Tus-Resumable: 1.0.0\r\n"
    )
}

async fn ask(edge: &Edge, method: &str, path: &str, user: &str, headers: &str) -> Answer {
    Answer::parse(&edge.raw(format!("{}{headers}\r\n", head_of(method, path, user))).await)
}

/// Announces a file of `a`; where it is to be sent.
async fn announce(edge: &Edge, size: usize) -> String {
    let path = format!("{PATH}?room=r&name=pl%C3%A4n.txt&type=text/plain");
    let answer = ask(edge, "POST", &path, "a", &format!("Upload-Length: {size}\r\n")).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!((answer.header("upload-offset"), answer.header("tus-resumable")), (Some("0"), Some("1.0.0")));
    answer.header("location").unwrap().to_owned()
}

fn patch_head(url: &str, from: usize, length: usize) -> String {
    let head = head_of("PATCH", url, "a");
    let kind = "Content-Type: application/offset+octet-stream";
    format!("{head}{kind}\r\nUpload-Offset: {from}\r\nContent-Length: {length}\r\n\r\n")
}

async fn patch(edge: &Edge, url: &str, from: usize, bytes: &[u8]) -> Answer {
    let request = [patch_head(url, from, bytes.len()).as_bytes(), bytes].concat();
    Answer::parse(&edge.raw(request).await)
}

/// Begins to send all that follows, and gets as far as `to`.
async fn patch_until(edge: &Edge, url: &str, from: usize, to: usize, file: &[u8]) -> TcpStream {
    let mut socket = edge.connect().await;
    socket.write_all(patch_head(url, from, file.len() - from).as_bytes()).await.unwrap();
    socket.write_all(&file[from..to]).await.unwrap();
    socket
}

/// How far it is.
async fn offset(edge: &Edge, url: &str) -> usize {
    let answer = ask(edge, "HEAD", url, "a", "").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.header("upload-offset").unwrap().parse().unwrap()
}

/// What the last bytes are answered.
fn uploaded(answer: &Answer) -> Uploaded {
    assert_eq!(answer.status, 200, "{answer:?}");
    let uploaded: Uploaded = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer.header("content-location"), Some(uploaded.url.as_str()));
    uploaded
}

/// Goes on until it is whole, as a client does: after 409, or an answer that was lost, it asks where to go on. A request that
/// was sent before on another socket may come to its turn later.
async fn finish(edge: &Edge, url: &str, file: &[u8], piece: usize) -> Uploaded {
    soon(async {
        loop {
            let came = offset(edge, url).await;
            let to = (came + piece).min(file.len());
            let answer = patch(edge, url, came, &file[came..to]).await;
            match answer.status {
                200 => return uploaded(&answer),
                // Nothing at all is heard where the server closed the socket before all was written to it.
                204 | 409 | 0 => {}
                _ => panic!("{answer:?}"),
            }
        }
    })
    .await
}

/// Text that differs from place to place.
fn text(length: usize) -> Vec<u8> {
    (0..).flat_map(|n: u32| format!("{n} ").into_bytes()).take(length).collect()
}

async fn assert_is(edge: &Edge, uploaded: &Uploaded, file: &[u8]) {
    assert_eq!((uploaded.size, uploaded.name.as_str()), (file.len() as u64, "plän.txt"));
    let answer = get(edge, "b", &uploaded.url, "").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain")));
    assert!(answer.body.as_bytes() == file, "not the bytes that were sent");
}

async fn for_files_of(most: u64) -> Edge {
    start_large(WsConfig::default(), ServerConfig { max_upload: most, ..ServerConfig::default() }).await
}

/// What is asked of each cut.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    /// No more bytes, and the answer is waited for.
    HalfClosed,
    /// The socket is closed.
    Closed,
    /// It is reset: what the server has not read is lost.
    Reset,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_cut_anywhere_goes_on_where_it_stopped() {
    let file = text(200_000);
    let edge = for_files_of(200_000).await;
    for at in [0, 1, 4_095, 4_096, 4_097, 65_536, 131_073, 199_999, 200_000] {
        for cut in [Cut::HalfClosed, Cut::Closed, Cut::Reset] {
            let url = announce(&edge, file.len()).await;
            let mut socket = patch_until(&edge, &url, 0, at, &file).await;
            match cut {
                Cut::HalfClosed => {
                    socket.shutdown().await.unwrap();
                    _ = soon(socket.read_to_end(&mut Vec::new())).await;
                }
                Cut::Closed => {}
                Cut::Reset => socket.set_zero_linger().unwrap(),
            }
            drop(socket);
            let came = offset(&edge, &url).await;
            // After the last byte the request is not answered, and asking may be faster than the writing.
            let exact = cut == Cut::HalfClosed && at < file.len();
            assert!(came <= at && (!exact || came == at), "{came} of {at}, {cut:?}");
            assert_is(&edge, &finish(&edge, &url, &file, file.len()).await, &file).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_cut_again_and_again_gets_there() {
    let file = text(100_000);
    let edge = for_files_of(100_000).await;
    let url = announce(&edge, file.len()).await;
    let (mut came, mut cuts) = (0, 0);
    while came + 7_919 < file.len() {
        let to = came + 7_919;
        let mut socket = patch_until(&edge, &url, came, to, &file).await;
        socket.shutdown().await.unwrap();
        _ = soon(socket.read_to_end(&mut Vec::new())).await;
        (came, cuts) = (offset(&edge, &url).await, cuts + 1);
        assert_eq!(came, to);
    }
    assert_eq!(cuts, 12);
    assert_is(&edge, &uploaded(&patch(&edge, &url, came, &file[came..]).await), &file).await;
}

#[tokio::test]
async fn pieces_are_answered_with_where_it_is_and_the_last_with_the_file() {
    let (edge, file) = (usual().await, text(1_000));
    let url = announce(&edge, 1_000).await;
    let name = url.rsplit('/').next().unwrap();
    let first = patch(&edge, &url, 0, &file[..400]).await;
    assert_eq!((first.status, first.body.as_str(), first.header("upload-offset")), (204, "", Some("400")));
    assert!(first.header("upload-expires").unwrap().ends_with(" GMT"), "{first:?}");
    let unseen = get(&edge, "a", &format!("/v1/uploads/{name}"), "").await;
    assert_eq!(unseen.refusal(), "ERR_FORBIDDEN_ACCESS", "nothing is seen before it is whole");
    let last = uploaded(&patch(&edge, &url, 400, &file[400..]).await);
    assert_eq!(last.url, format!("/v1/uploads/{name}"));
    assert_is(&edge, &last, &file).await;

    // The answer was lost.
    let asked = ask(&edge, "HEAD", &url, "a", "").await;
    assert_eq!((asked.header("upload-offset"), asked.header("upload-length")), (Some("1000"), Some("1000")));
    assert_eq!(asked.header("content-location"), Some(last.url.as_str()));
    assert_eq!(uploaded(&patch(&edge, &url, 1_000, b"").await), last);
    let again = patch(&edge, &url, 400, &file[400..]).await;
    assert_eq!((again.status, again.header("upload-offset")), (409, Some("1000")));
    assert_eq!(ask(&edge, "DELETE", &url, "a", "").await.refusal(), "ERR_NOT_FOUND", "it is a file by now");
    assert_is(&edge, &last, &file).await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_the_file_stays_as_it_is() {
    let (edge, file) = (usual().await, text(1_000));
    let url = announce(&edge, 1_000).await;
    assert_eq!(patch(&edge, &url, 0, &file[..400]).await.status, 204);
    for wrong in [0, 399, 401, 1_000, 5_000] {
        let answer = patch(&edge, &url, wrong, b"x").await;
        assert_eq!((answer.status, answer.header("upload-offset")), (409, Some("400")), "{wrong}");
    }
    assert_eq!(patch(&edge, &url, 400, &[b'x'; 601]).await.refusal(), "ERR_TOO_LARGE", "announced");
    let kind = "Content-Type: application/offset+octet-stream\r\n";
    for (headers, code) in [
        ("Upload-Offset: 400\r\nContent-Length: 0\r\n".to_owned(), "ERR_UNSUPPORTED_MEDIA_TYPE"),
        ("Content-Type: text/plain\r\nUpload-Offset: 400\r\n".to_owned(), "ERR_UNSUPPORTED_MEDIA_TYPE"),
        (kind.to_owned(), "ERR_BAD_REQUEST"),
        (format!("{kind}Upload-Offset: -1\r\n"), "ERR_BAD_REQUEST"),
    ] {
        assert_eq!(ask(&edge, "PATCH", &url, "a", &headers).await.refusal(), code, "{headers}");
    }
    assert_eq!(offset(&edge, &url).await, 400);
    // No length is announced: what comes is counted. The last piece is too large, and nothing of it is taken.
    let chunked = format!(
        "{}{kind}Upload-Offset: 400\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n258\r\n{}\r\n0\r\n\r\n",
        head_of("PATCH", &url, "a"),
        "x".repeat(600)
    );
    assert_eq!(Answer::parse(&edge.raw(chunked).await).refusal(), "ERR_TOO_LARGE");
    assert!((400..=401).contains(&offset(&edge, &url).await));
}

#[tokio::test]
async fn what_is_announced_wrongly_is_refused_by_name() {
    let edge = usual().await;
    let length = "Upload-Length: 10\r\n";
    for (query, headers, code) in [
        ("room=r", "Upload-Length: 1001\r\n", "ERR_TOO_LARGE"),
        ("room=r", "", "ERR_BAD_REQUEST"),
        ("room=r", "Upload-Defer-Length: 1\r\n", "ERR_BAD_REQUEST"),
        ("room=r", "Upload-Length: x\r\n", "ERR_BAD_REQUEST"),
        ("name=x", length, "ERR_BAD_REQUEST"),
        ("room=", length, "ERR_BAD_REQUEST"),
        ("room=nowhere", length, "ERR_FORBIDDEN_ACCESS"),
        ("room=r", "Upload-Length: 10\r\nUpload-Metadata: filename !\r\n", "ERR_BAD_REQUEST"),
    ] {
        let answer = ask(&edge, "POST", &format!("{PATH}?{query}"), "a", headers).await;
        assert_eq!(answer.refusal(), code, "{query} {headers}");
    }
    let picture = ask(&edge, "POST", &format!("{PATH}?room=r&type=image/png"), "a", length).await;
    let url = picture.header("location").unwrap();
    let refused = patch(&edge, url, 0, b"0123456789").await;
    assert_eq!(refused.refusal(), "ERR_UNSUPPORTED_MEDIA_TYPE", "the bytes count");
    assert_eq!(ask(&edge, "HEAD", url, "a", "").await.status, 404, "it is given up");
}

#[tokio::test]
async fn somebody_elses_upload_is_none() {
    let edge = usual().await;
    let url = announce(&edge, 10).await;
    let none = format!("{PATH}/{}", "0".repeat(32));
    for (path, user) in [(url.as_str(), "b"), (&none, "a"), (&format!("{PATH}/x"), "a")] {
        assert_eq!(ask(&edge, "HEAD", path, user, "").await.status, 404, "{path}");
        assert_eq!(ask(&edge, "DELETE", path, user, "").await.refusal(), "ERR_NOT_FOUND", "{path}");
    }
    let stolen = patch_head(&url, 0, 10).replace("dev-a", "dev-b") + "0123456789";
    assert_eq!(Answer::parse(&edge.raw(stolen).await).refusal(), "ERR_NOT_FOUND");
    for method in ["HEAD", "PATCH", "DELETE"] {
        let nobody = format!("{method} {url} HTTP/1.1\r\nTus-Resumable: 1.0.0");
        assert_eq!(edge.ask(&nobody).await.status, 401, "{method}");
    }
    assert_eq!(offset(&edge, &url).await, 0, "nothing happened to it");
    // Whole, it is still nobody else's business but as a file.
    uploaded(&patch(&edge, &url, 0, b"0123456789").await);
    assert_eq!(ask(&edge, "HEAD", &url, "b", "").await.status, 404);
}

#[tokio::test]
async fn a_connection_that_hangs_keeps_nobody_waiting() {
    let (edge, file) = (usual().await, text(1_000));
    let url = announce(&edge, 1_000).await;
    let began = Instant::now();
    let mut hanging = patch_until(&edge, &url, 0, 300, &file).await;
    let mut old = Vec::new();
    // Until the hanging one has had its turn: nobody can see that it has it without taking it over.
    soon(async {
        tokio::select! {
            read = hanging.read_to_end(&mut old) => drop(read.unwrap()),
            () = async { loop { offset(&edge, &url).await; } } => {}
        }
    })
    .await;
    assert_eq!(Answer::parse(&old).status, 409, "who asks takes over: what is told stays true");
    let came = offset(&edge, &url).await;
    assert!(came <= 300);
    let _hangs_too = patch_until(&edge, &url, came, came + 1, &file).await;
    assert_is(&edge, &finish(&edge, &url, &file, 1_000).await, &file).await;
    assert!(began.elapsed() < Duration::from_secs(15), "long before any of them would have been given up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_send_at_once_spoil_nothing() {
    let file = text(200_000);
    let edge = for_files_of(200_000).await;
    let url = announce(&edge, file.len()).await;
    let send = || finish(&edge, &url, &file, 50_000);
    let (one, two) = tokio::join!(send(), send());
    assert_eq!(one, two);
    assert_is(&edge, &one, &file).await;
}

#[tokio::test]
async fn a_sender_that_pauses_or_trickles_is_given_up_and_goes_on_later() {
    let short = Duration::from_millis(300);
    let pausing = WsConfig { request_timeout: short, ..WsConfig::default() };
    let trickling = WsConfig { upload_timeout: short, ..WsConfig::default() };
    for config in [pausing, trickling] {
        let (edge, file) = (start(config, ServerConfig::default()).await, text(1_000));
        let url = announce(&edge, 1_000).await;
        let mut slow = patch_until(&edge, &url, 0, 300, &file).await;
        let mut answer = Vec::new();
        soon(slow.read_to_end(&mut answer)).await.unwrap();
        assert_eq!(Answer::parse(&answer).refusal(), "ERR_HEARTBEAT_TIMEOUT");
        assert_eq!(offset(&edge, &url).await, 300);
        assert_is(&edge, &uploaded(&patch(&edge, &url, 300, &file[300..]).await), &file).await;
    }
}

#[tokio::test]
async fn an_upload_that_waits_for_too_long_is_gone() {
    let core = ServerConfig { unfinished_upload_expiry: Duration::ZERO, ..ServerConfig::default() };
    let edge = start(WsConfig::default(), core).await;
    let url = announce(&edge, 10).await;
    assert_eq!(ask(&edge, "HEAD", &url, "a", "").await.status, 404);
    assert_eq!(patch(&edge, &url, 0, b"0123456789").await.refusal(), "ERR_NOT_FOUND");
}

#[tokio::test]
async fn what_the_protocol_asks_of_a_server_is_answered() {
    let edge = usual().await;
    let url = announce(&edge, 10).await;
    for path in [PATH, &url] {
        let offer = edge.ask(&format!("OPTIONS {path} HTTP/1.1")).await;
        assert_eq!((offer.status, offer.body.as_str()), (204, ""));
        for (name, value) in [
            ("tus-resumable", "1.0.0"),
            ("tus-version", "1.0.0"),
            ("tus-extension", "creation,expiration,termination"),
            ("tus-max-size", "1000"),
        ] {
            assert_eq!(offer.header(name), Some(value), "{name}");
        }
    }
    for version in ["", "Tus-Resumable: 0.2.2\r\n"] {
        let request = |method: &str, path: &str| {
            head_of(method, path, "a").replace("Tus-Resumable: 1.0.0\r\n", version)
                + "Upload-Length: 1\r\n\r\n"
        };
        for (method, path) in [("POST", "/v1/uploads/resumable?room=r"), ("HEAD", &url), ("PATCH", &url)] {
            let answer = Answer::parse(&edge.raw(request(method, path)).await);
            assert_eq!((answer.status, answer.header("tus-version")), (412, Some("1.0.0")), "{method}");
        }
    }
    // A client that can say nothing but POST.
    let renamed = patch_head(&url, 0, 4).replace("PATCH", "POST");
    assert_eq!(Answer::parse(&edge.raw(renamed.clone() + "half").await).refusal(), "ERR_METHOD_NOT_ALLOWED");
    let meant =
        |method: &str| renamed.replace("Tus-R", &format!("X-HTTP-Method-Override: {method}\r\nTus-R"));
    assert_eq!(Answer::parse(&edge.raw(meant("PATCH") + "half").await).status, 204);
    assert_eq!(offset(&edge, &url).await, 4);
    assert_eq!(Answer::parse(&edge.raw(meant("DELETE") + "half").await).status, 204);
    assert_eq!(ask(&edge, "HEAD", &url, "a", "").await.status, 404);
    assert_eq!(ask(&edge, "GET", PATH, "a", "").await.refusal(), "ERR_METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn names_and_types_may_come_as_clients_of_the_protocol_send_them_and_a_file_may_be_empty() {
    let edge = usual().await;
    // room r, filename plän.txt, filetype text/plain
    let said = "Upload-Metadata: room cg==,filename cGzDpG4udHh0,filetype dGV4dC9wbGFpbg==\r\n";
    let answer = ask(&edge, "POST", PATH, "a", &format!("Upload-Length: 4\r\n{said}")).await;
    let url = answer.header("location").unwrap();
    assert_is(&edge, &uploaded(&patch(&edge, url, 0, b"text").await), b"text").await;
    let answer = ask(&edge, "POST", PATH, "a", &format!("Upload-Length: 0\r\n{said}")).await;
    assert_eq!((answer.status, answer.header("upload-offset")), (201, Some("0")));
    let empty: Uploaded = serde_json::from_str(&answer.body).unwrap();
    assert_is(&edge, &empty, b"").await;
    let asked = ask(&edge, "HEAD", answer.header("location").unwrap(), "a", "").await;
    assert_eq!(asked.header("content-location"), Some(empty.url.as_str()));
}

#[tokio::test]
async fn pages_of_allowed_origins_may_use_it() {
    const PAGE: &str = "https://chat.example";
    let config = WsConfig { allowed_origins: vec![PAGE.to_owned()], ..WsConfig::default() };
    let edge = start(config, ServerConfig::default()).await;
    let first = format!("OPTIONS {PATH} HTTP/1.1\r\nOrigin: {PAGE}\r\nAccess-Control-Request-Method: POST");
    let allowed = edge.ask(&first).await.header("access-control-allow-headers").unwrap().to_owned();
    for name in ["tus-resumable", "upload-length", "upload-offset", "upload-metadata"] {
        assert!(allowed.contains(name), "{name}");
    }
    let headers = format!("Upload-Length: 1\r\nOrigin: {PAGE}\r\n");
    let answer = ask(&edge, "POST", &format!("{PATH}?room=r"), "a", &headers).await;
    let told = answer.header("access-control-expose-headers").unwrap();
    for name in ["location", "upload-offset", "upload-length", "content-location", "tus-resumable"] {
        assert!(told.contains(name), "{name}");
    }
}

#[tokio::test]
async fn without_a_blob_store_there_are_none() {
    let providers = Providers { blobs: None, ..Providers::default() };
    let edge = Edge::start_with(WsConfig::default(), providers, ServerConfig::default()).await;
    let answer = ask(&edge, "POST", &format!("{PATH}?room=r"), "a", "Upload-Length: 1\r\n").await;
    assert_eq!(answer.refusal(), "ERR_NOT_SUPPORTED");
}
