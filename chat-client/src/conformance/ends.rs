//! Cases about the end of a connection: said, by falling silent, and by going away.

use std::io;

use chat_protocol::{Close, ErrorCode, Frame};
use futures::SinkExt;

use super::Subject;
use super::scene::{Scene, brief, soon, text};
use super::suite::skip;

fn close() -> Frame {
    let code = ErrorCode::SlowReader;
    Frame::Close(Close { code: code.close_code(), reason: code.text().to_owned() })
}

/// What the server said before its close, and the close with its code, are yielded; then the stream ends.
pub(super) async fn the_peers_close_is_yielded_and_last(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    let (mut client, mut peer) = scene.link().await;
    let frames: Vec<Frame> = (0..10).map(|n| text(n, 5_000)).chain([close()]).collect();
    let (said, heard) = (peer.say_all(&frames), client.expect(&frames));
    tokio::join!(said, heard);
    // The server listens until it is answered or left.
    let listen = async { while let Some(Ok(_)) = peer.hear().await {} };
    let end = async {
        for _ in 0..2 {
            if let Some(Ok(frame)) = client.hear().await {
                panic!("{} behind a close", brief(&frame));
            }
        }
        drop(client);
    };
    tokio::join!(listen, end);
}

/// A close of the client arrives behind all that it said; it sends nothing more, and the connection ends.
pub(super) async fn a_sent_close_is_last(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    let (mut client, mut peer) = scene.link().await;
    let frames: Vec<Frame> = (0..10).map(|n| text(n, 5_000)).collect();
    let hear = async {
        peer.expect(&frames).await;
        match peer.hear().await {
            Some(Ok(Frame::Close(told))) if scene.capabilities.close => {
                assert_eq!(Frame::Close(told), close(), "the code of the client's close");
            }
            None | Some(Err(_)) if !scene.capabilities.close => skip("the server does not hear the close"),
            other => panic!("{other:?} in place of a close"),
        }
        // Answers it, as far as that is its affair.
        if let Some(Ok(frame)) = peer.hear().await {
            panic!("{} behind a close", brief(&frame));
        }
        drop(peer);
    };
    let say = async {
        client.say_all(&frames).await;
        client.say(close()).await;
        let more = soon("a frame behind a close", client.0.send(text(99, 0))).await;
        assert!(more.is_err(), "a frame behind a close was taken");
        while let Some(Ok(frame)) = client.hear().await {
            assert!(matches!(frame, Frame::Close(_) | Frame::Pong | Frame::Ping), "{}", brief(&frame));
        }
    };
    tokio::join!(hear, say);
}

/// A server that goes without a word ends the stream, by an error or not, behind what it said before.
pub(super) async fn the_end_of_the_peer_ends_the_stream(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    let (mut client, mut peer) = scene.link().await;
    let last = text(7, 100);
    peer.say(last.clone()).await;
    client.expect(&[last]).await;
    drop(peer);
    while let Some(Ok(frame)) = client.hear().await {
        assert!(matches!(frame, Frame::Close(_)), "{} from nobody", brief(&frame));
    }
}

/// When the client drops its end, the server finds its own at the end, and cannot send any more.
pub(super) async fn a_dropped_connection_is_noticed(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    let (client, mut peer) = scene.link().await;
    drop(client);
    while let Some(Ok(frame)) = peer.hear().await {
        assert!(matches!(frame, Frame::Close(_)), "{} from nobody", brief(&frame));
    }
    let refused: io::Result<()> = soon("a send to nobody fails", async {
        loop {
            // What the system still takes is lost, and tells nothing.
            peer.0.send(text(1, 1_000)).await?;
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(refused.is_err());
}
