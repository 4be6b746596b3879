//! Cases about frames: whole, in order, of every size, and probes.

use chat_protocol::{Frame, Text, limits};

use super::Subject;
use super::scene::{Scene, brief, soon, text};
use super::suite::skip;

/// Frames of one burst: many more than any part of a connection keeps.
const BURST: usize = 2_000;

/// Frames of every size and kind arrive as they were sent, in both directions.
pub(super) async fn frames_arrive_whole_and_in_order(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    let (mut client, mut peer) = scene.link().await;
    let sizes = [0, 125, 126, 127, 1_000, 4_095, 4_096, 8_192, 16_384, 40_000, 65_535];
    let mut frames: Vec<Frame> = sizes.into_iter().enumerate().map(|(n, size)| text(n, size)).collect();
    // Characters of two to four bytes, so that nothing is cut between them.
    frames.push(Frame::Text(Text::from(format!(r#"{{"text":"{}"}}"#, "é€😀\\n".repeat(3_000)))));
    if scene.capabilities.binary {
        frames.push(Frame::Binary((0..=255).collect::<Vec<u8>>().into()));
    } else {
        skip("binary frames");
    }
    for frame in &frames {
        client.say(frame.clone()).await;
        peer.expect(std::slice::from_ref(frame)).await;
        peer.say(frame.clone()).await;
        client.expect(std::slice::from_ref(frame)).await;
    }
}

/// A burst in both directions at once arrives whole and in order.
pub(super) async fn a_burst_keeps_its_order_in_both_directions(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    let (client, peer) = scene.link().await;
    let frames: Vec<Frame> = (0..BURST).map(|n| text(n, n % 700)).collect();
    let both = [client, peer].map(|end| {
        use futures::{SinkExt, StreamExt};
        let (mut sink, mut stream) = end.0.split();
        let frames = &frames;
        let say = async move {
            for frame in frames {
                sink.feed(frame.clone()).await.expect("the connection is open");
            }
            sink.flush().await.expect("the connection is open");
            sink
        };
        let hear = async move {
            for (at, expected) in frames.iter().enumerate() {
                let heard = loop {
                    match stream.next().await.expect("the connection is open").expect("a frame") {
                        Frame::Ping | Frame::Pong => {}
                        frame => break frame,
                    }
                };
                assert!(heard == *expected, "frame {at}: {} in place of {}", brief(&heard), brief(expected));
            }
            stream
        };
        futures::future::join(say, hear)
    });
    soon("two bursts", futures::future::join_all(both)).await;
}

/// A frame of 64 KiB arrives in both directions.
pub(super) async fn a_frame_of_the_greatest_size_arrives(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    let (mut client, mut peer) = scene.link().await;
    let frames = [text(0, limits::MAX_FRAME), text(1, limits::MAX_FRAME), text(2, 0)];
    let (said, heard) = ((client.say_all(&frames)), (peer.expect(&frames)));
    tokio::join!(said, heard);
    let (said, heard) = ((peer.say_all(&frames)), (client.expect(&frames)));
    tokio::join!(said, heard);
}

/// One byte more is an error on the client's side, in both directions: it is neither sent nor yielded.
pub(super) async fn a_larger_frame_is_refused(subject: Subject) {
    use futures::SinkExt;
    let mut scene = Scene::new(&subject).await;
    let large = text(0, limits::MAX_FRAME + 1);
    let (mut client, _peer) = scene.link().await;
    let sent = soon("a frame is refused", client.0.send(large.clone())).await;
    assert!(sent.is_err(), "a frame of 64 KiB and one byte was taken");
    let (mut client, mut peer) = scene.link().await;
    let say = async {
        // A server that keeps the bound as well does not send it: then nothing is proved of the client.
        if let Err(error) = peer.0.send(large).await {
            skip(&format!("the server sends no frame of 64 KiB and one byte: {error}"));
            peer.0.close().await.ok();
        }
        peer
    };
    let (heard, _peer) = tokio::join!(client.hear(), say);
    if let Some(Ok(Frame::Text(text))) = heard {
        panic!("a frame of {} bytes was yielded", text.len());
    }
}

/// The server's probe is answered and yielded; the client's is answered.
pub(super) async fn a_probe_is_answered_and_yielded(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    let (mut client, mut peer) = scene.link().await;
    let next = text(1, 0);
    peer.say_all(&[Frame::Ping, next.clone()]).await;
    assert_eq!(client.hear().await.expect("the connection is open").expect("a frame"), Frame::Ping);
    client.expect(std::slice::from_ref(&next)).await;
    if scene.capabilities.pong {
        // Whoever reads answers, also without sending anything.
        let answered = async {
            while peer.hear().await.expect("the connection is open").expect("a frame") != Frame::Pong {}
        };
        tokio::select! {
            () = soon("the answer to a probe", answered) => {}
            frame = client.frame() => panic!("{} that nobody sent", brief(&frame)),
        }
    } else {
        skip("the server does not hear answers to probes");
    }
    if scene.capabilities.ping {
        client.say(Frame::Ping).await;
        let answered = async {
            while client.hear().await.expect("the connection is open").expect("a frame") != Frame::Pong {}
        };
        tokio::select! {
            () = soon("the answer to a probe", answered) => {}
            frame = peer.frame() => panic!("{} that nobody sent", brief(&frame)),
        }
    } else {
        skip("the client's probes are not carried");
    }
}
