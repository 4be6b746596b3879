//! Servers that are not the one that was meant.

use chat_client::ConnectionState;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn versions_that_have_nothing_in_common_end_the_client() {
    let scene = Scene::new().await;
    let old = || WsConnector::new(&scene.server.url()).unwrap().subprotocol("chat.v0").unwrap();
    let error = ClientBuilder::new(old()).token("dev-ann").connect().await.unwrap_err();
    assert_eq!(error, ended(ErrorCode::UnsupportedVersion));
    let client = ClientBuilder::new(old()).token("dev-ann").start().await.unwrap();
    let sending = client.room(room("r")).send_text("never");
    let told = rest(&mut client.events()).await;
    let end = "closed: the server refuses this session for good (ERR_UNSUPPORTED_VERSION)";
    assert_eq!(told.last().unwrap(), end);
    assert!(!told.iter().any(|event| event.starts_with("disconnected")), "{told:?}");
    assert_eq!(sending.await, Err(error));
}

#[tokio::test]
async fn an_address_without_a_chat_ends_the_client() {
    let scene = Scene::new().await;
    let url = format!("ws://{}/v1/nothing", scene.server.address());
    let error = Client::builder(&url).token("dev-ann").connect().await.unwrap_err();
    assert_eq!(error, ended(ErrorCode::NotFound));
    let client = Client::builder(&url).token("dev-ann").start().await.unwrap();
    let end = "closed: the server refuses this session for good (ERR_NOT_FOUND)";
    assert_eq!(rest(&mut client.events()).await, [end]);
}

/// Answers every connection with this, and closes it.
async fn answers(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            // Without reading what comes: some do.
            let mut heard = [0; 4096];
            let _ = tokio::io::AsyncReadExt::read(&mut socket, &mut heard).await;
            let _ = socket.write_all(text.as_bytes()).await;
        }
    });
    format!("ws://{address}/v1/ws")
}

#[tokio::test]
async fn somebody_elses_server_that_has_nothing_there_ends_the_client() {
    let url = answers("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
    let error = Client::builder(&url).token("dev-ann").connect().await.unwrap_err();
    assert_eq!(error, Error::Address("HTTP status 404 instead of a connection".to_owned()));
    let client = Client::builder(&url).token("dev-ann").start().await.unwrap();
    let end = "closed: unusable server address: HTTP status 404 instead of a connection";
    assert_eq!(rest(&mut client.events()).await, [end]);
    assert!(matches!(client.state(), ConnectionState::Closed { reason: Some(Error::Address(_)) }));
}

#[tokio::test]
async fn what_is_no_web_server_is_tried_again() {
    let url = answers("SSH-2.0-OpenSSH_9.2p1\r\n").await;
    let client = Client::builder(&url).token("dev-ann").start().await.unwrap();
    let mut events = client.events();
    for _ in 0..3 {
        let event = timeout(PATIENCE, events.next()).await.unwrap();
        assert!(matches!(event, Some(ClientEvent::Disconnected { .. })), "{event:?}");
    }
}
