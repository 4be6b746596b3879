//! A server that stops while messages are on their way.

use super::*;

const MESSAGES: usize = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_drains_is_left_and_found_again_with_nothing_lost() {
    let mut scene = Scene::new().await;
    let ann = scene.client("ann").await;
    let lobby = open(&ann, "r").await;
    let mut events = ann.events();
    story(&mut events, "resumed r: snapshot").await;
    let sends: Vec<_> = (0..MESSAGES).map(|n| lobby.send_text(format!("{n}"))).collect();
    story(&mut events, "message r: 20").await;

    let address = scene.server.address();
    assert_eq!(scene.server.terminate().await, Some(0));
    let told = story(&mut events, "disconnected: closed by the server (ERR_SHUTTING_DOWN)").await;
    let states = |told: &[String]| -> Vec<String> {
        let kept = told.iter().filter(|event| ["draining", "connected"].contains(&event.as_str()));
        kept.chain(told.iter().filter(|event| event.starts_with("disconnected"))).cloned().collect()
    };
    assert_eq!(states(&told), ["draining", "disconnected: closed by the server (ERR_SHUTTING_DOWN)"]);
    let stored = told.iter().filter(|event| event.starts_with("message")).count();
    assert!(stored < MESSAGES, "it stopped in the midst of them");

    let start = Start { listen: Some(address), ..Start::default() };
    scene.server = Server::start(scene.data.path(), &start).await;
    for (n, sent) in sends.into_iter().enumerate() {
        let sent = timeout(PATIENCE, sent).await.unwrap().unwrap();
        assert_eq!(usize::try_from(sent.seq.get()).unwrap(), n + 1);
    }
    let all: Vec<_> = (0..MESSAGES).map(|n| n.to_string()).collect();
    assert_eq!(scene.texts("ann", "r").await, all);
}
