//! Cases about dialing: nobody there, given up, and again.

use futures::FutureExt;

use super::Subject;
use super::scene::{Scene, soon, text};
use crate::transport::DialError;

/// Where nobody listens a dial is an error, and not one that would end a client: the server may come back.
pub(super) async fn a_dial_without_a_server_fails(subject: Subject) {
    let scene = Scene::new(&subject).await;
    drop(scene.acceptor);
    match soon("a dial without a server", scene.connector.dial()).await {
        Ok(_) => panic!("connected to nobody"),
        Err(DialError::Unusable(text)) => panic!("a server that is away is final: {text}"),
        Err(_) => {}
    }
}

/// A dial that is given up, at once or on its way, does not keep the next one from its connection.
pub(super) async fn a_dropped_dial_leaves_the_next_one_alone(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    drop(scene.connector.dial());
    // Polled once, it is on its way.
    let mut begun = scene.connector.dial();
    let done = (&mut begun).now_or_never();
    drop((begun, done));
    // The server may see what was given up; the client's next connection is a good one.
    let dial = scene.connector.dial();
    let opening = scene.capabilities.opening.clone();
    let open = async {
        use futures::SinkExt;
        let mut client = dial.await.expect("a dial with a server");
        let hello = opening.map_or_else(|| text(1, 0), chat_protocol::Frame::Text);
        client.send(hello).await.expect("the connection is open");
        client
    };
    let serve = async {
        use futures::StreamExt;
        loop {
            let mut peer = scene.acceptor.accept().await;
            if scene.capabilities.opening.is_some() || peer.next().await.is_some_and(|frame| frame.is_ok()) {
                return peer;
            }
        }
    };
    soon("a connection after a dial was given up", async { tokio::join!(open, serve) }).await;
}

/// One connector opens one connection after the other.
pub(super) async fn a_connector_dials_again(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    for number in 0..5 {
        let (mut client, mut peer) = scene.link().await;
        client.say(text(number, 0)).await;
        peer.expect(&[text(number, 0)]).await;
        peer.say(text(number, 0)).await;
        client.expect(&[text(number, 0)]).await;
    }
}
