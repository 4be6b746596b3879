//! No network, no server, and subscribers that do not listen.

use chat_client::ConnectionState;

use super::*;

/// More messages than the server takes of one user at once.
const MANY: usize = 100;

#[tokio::test]
async fn a_server_that_is_away_is_tried_until_it_is_there() {
    let scene = Scene::new().await;
    let address = scene.server.address();
    let url = scene.server.url();
    scene.server.kill().await;
    let after = Duration::from_millis(500);
    let builder = Client::builder(&url).token("dev-ann").connect_timeout(Some(after));
    let Err(Error::ConnectTimeout { after: told, last }) = builder.connect().await else {
        panic!("connected")
    };
    assert_eq!(told, after);
    assert!(last.unwrap().contains("refused"));

    let client = Client::builder(&url).token("dev-ann").start().await.unwrap();
    let mut events = client.events();
    for n in 0..4 {
        let event = timeout(PATIENCE, events.next()).await.unwrap();
        let Some(ClientEvent::Disconnected { reason, retry_in }) = event else { panic!("{event:?}") };
        assert!(reason.contains("refused"), "{reason}");
        assert!(retry_in <= Duration::from_millis(250 << n), "{n}: {retry_in:?}");
    }
    let start = Start { listen: Some(address), ..Start::default() };
    let _server = Server::start(scene.data.path(), &start).await;
    timeout(PATIENCE, client.ready()).await.unwrap().unwrap();
    assert_eq!(client.state(), ConnectionState::Ready);
    assert_eq!(client.user_id().unwrap().as_str(), "ann");
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_what_was_missed_is_told() {
    let scene = Scene::new().await;
    let ann = scene.client("ann").await;
    let lobby = open(&ann, "r").await;
    let gate = scene.gate();
    let bob = ClientBuilder::new(gate.clone()).token("dev-bob").connect().await.unwrap();
    bob.join(room("r")).await.unwrap();
    let mut events = bob.events();
    story(&mut events, "resumed r: snapshot").await;
    bob.rooms().await.unwrap();
    so_far(&mut events).await;
    gate.shut();
    let lost = "disconnected: the connection ended";
    assert_eq!(story(&mut events, lost).await.last().unwrap(), lost);
    lobby.send_text("meanwhile").await.unwrap();
    let no = "disconnected: no network";
    story(&mut events, no).await;
    gate.open();
    bob.network_changed().await.unwrap();
    let mut told = story(&mut events, "connected").await;
    told.retain(|event| event != no);
    assert_eq!(told, ["message r: meanwhile", "resumed r: 1 missed", "resumed user: 0 missed", "connected"]);
}

#[tokio::test]
async fn a_subscriber_that_is_too_slow_is_told_how_much_it_missed() {
    let scene = Scene::new().await;
    let ann = scene.client("ann").await;
    let lobby = open(&ann, "r").await;
    let bob = scene.builder().token("dev-bob").event_buffer(8).connect().await.unwrap();
    bob.join(room("r")).await.unwrap();
    let (mut slow, mut quick) = (bob.events(), bob.events());
    let mut heard = 0;
    let hearing = async {
        while heard < 50 {
            let event = quick.next().await.unwrap();
            assert!(!matches!(event, ClientEvent::Lagged { .. }), "who listens misses nothing");
            heard += u64::from(matches!(event, ClientEvent::Message(_)));
        }
    };
    let sending = async {
        for n in 0..50 {
            lobby.send_text(format!("{n}")).await.unwrap();
        }
    };
    timeout(PATIENCE, futures::future::join(hearing, sending)).await.unwrap();
    let first = slow.next().await;
    let Some(ClientEvent::Lagged { missed }) = first else { panic!("{first:?}") };
    assert!(missed >= 42, "{missed}");
    let told = so_far(&mut slow).await;
    // What is kept are the newest, and nobody else was kept waiting: the connection is the same.
    assert!(told.len() <= 8 && told.contains(&"message r: 49".to_owned()), "{told:?}");
    assert_eq!(bob.state(), ConnectionState::Ready);
    lobby.send_text("next").await.unwrap();
    assert_eq!(story(&mut slow, "message r: next").await.last().unwrap(), "message r: next");
}

#[tokio::test]
async fn what_is_too_much_at_once_goes_later_and_once() {
    let scene = Scene::with(&[("CHAT_LIMITS__USER_RATE", "200"), ("CHAT_LIMITS__USER_BURST", "60")]).await;
    let ann = scene.client("ann").await;
    let lobby = open(&ann, "r").await;
    let mut events = ann.events();
    let texts: Vec<_> = (0..MANY).map(|n| n.to_string()).collect();
    let sends: Vec<_> = texts.iter().map(|text| lobby.send_text(text)).collect();
    let sent = timeout(PATIENCE, futures::future::join_all(sends)).await.unwrap();
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    let told = so_far(&mut events).await;
    assert!(
        !told.iter().any(|event| event.contains("wedged") || event.contains("disconnected")),
        "{told:#?}"
    );
    let times = |state: &str| told.iter().filter(|event| event.ends_with(state)).count();
    let (queued, in_flight) = (times("queued"), times("in flight"));
    assert!(queued > MANY && queued == in_flight, "some went more than once: {queued} {in_flight}");
    assert_eq!(scene.texts("ann", "r").await, texts, "each once, in order");
}
