//! Sends across connections.

use chat_client::protocol::{ClientMsgId, Command, Content, HistoryQuery, RoomId, Seq};
use chat_client::{ClientEvent, Draft};
use futures::FutureExt;
use serde_json::json;

use crate::server::{Server, patient};

fn lobby() -> RoomId {
    RoomId::new("r").unwrap()
}

#[tokio::test]
async fn a_send_whose_ack_was_cut_off_goes_again_under_its_name() {
    let server = Server::start().await;
    let (client, mut peer) = server.pair().await;
    let room = client.room(lobby());
    let story = async {
        let first = peer.send().await;
        drop(peer);
        let mut peer = server.resumed().await;
        let again = peer.send().await;
        assert_eq!(again.client_msg_id, first.client_msg_id);
        assert_eq!(again.content, first.content);
        peer.ack(&again, 6).await;
        peer
    };
    let (sent, _peer) = tokio::join!(patient(room.send_text("hello")), story);
    assert_eq!(sent.unwrap().seq.get(), 6);
}

#[tokio::test]
async fn sends_made_without_a_connection_arrive_in_their_order() {
    let server = Server::start().await;
    let (client, peer) = server.pair().await;
    let mut events = client.events();
    peer.close(1001).await;
    while !matches!(patient(events.next()).await, Some(ClientEvent::Disconnected { .. })) {}
    let room = client.room(lobby());
    let sends = (6..16).map(|n| {
        let room = room.clone();
        async move { room.send_text(n.to_string()).await.unwrap().seq.get() }
    });
    let story = async {
        let mut peer = server.resumed().await;
        for n in 6..16 {
            let send = peer.send().await;
            assert_eq!(send.content.text().unwrap(), n.to_string());
            peer.ack(&send, n).await;
        }
        peer
    };
    let (sent, _peer) = tokio::join!(patient(futures::future::join_all(sends)), story);
    assert_eq!(sent, (6..16).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_dropped_send_is_sent_nevertheless() {
    let server = Server::start().await;
    let (client, mut peer) = server.pair().await;
    let name = ClientMsgId::new("mine").unwrap();
    let draft = Draft::new(Content::plain("x")).client_msg_id(name.clone());
    let room = client.room(lobby());
    assert!(room.send(draft).now_or_never().is_none());
    let send = peer.send().await;
    assert_eq!(send.client_msg_id, Some(name));
}

#[tokio::test]
async fn close_waits_for_what_was_sent() {
    let server = Server::start().await;
    let (client, mut peer) = server.pair().await;
    let room = client.room(lobby());
    let story = async {
        let send = peer.send().await;
        // The ack comes long after the close was asked for.
        tokio::task::yield_now().await;
        peer.ack(&send, 6).await;
        assert!(peer.next().await.is_none());
    };
    let (sent, (), ()) = tokio::join!(biased; room.send_text("last"), client.close(), story);
    assert_eq!(sent.unwrap().seq.get(), 6);
}

#[tokio::test]
async fn a_page_of_history_and_a_reply_to_it() {
    let server = Server::start().await;
    let (client, mut peer) = server.pair().await;
    let room = client.room(lobby());
    let story = async {
        let Command::History(history) = peer.hear().await else { panic!("not a history") };
        assert_eq!(history.query.limit, Some(1));
        peer.done(&history.id, json!({"room": "r", "messages": [], "more": true})).await;
        let send = peer.send().await;
        assert_eq!(send.reply_to, Seq::new(5));
        peer.ack(&send, 6).await;
    };
    let calls = async {
        let page = room.history(HistoryQuery { limit: Some(1), ..HistoryQuery::default() }).await.unwrap();
        assert!(page.more);
        room.reply(Seq::new(5).unwrap(), Content::plain("yes")).await.unwrap()
    };
    let (sent, ()) = tokio::join!(patient(calls), story);
    assert_eq!(sent.seq.get(), 6);
}

#[tokio::test]
async fn a_burst_larger_than_the_window_and_the_buffers_gets_through() {
    const COUNT: u64 = 900;
    let server = Server::start().await;
    let (client, mut peer) = server.pair().await;
    let room = client.room(lobby());
    let long = "x".repeat(8 * 1024);
    let sends = (0..COUNT).map(|_| room.send_text(&long));
    let story = async {
        for n in 0..COUNT {
            let send = peer.send().await;
            peer.ack(&send, 6 + n).await;
            peer.message(6 + n).await;
        }
        peer
    };
    let (sent, _peer) = tokio::join!(patient(futures::future::join_all(sends)), story);
    let seqs: Vec<u64> = sent.into_iter().map(|sent| sent.unwrap().seq.get()).collect();
    assert_eq!(seqs, (6..6 + COUNT).collect::<Vec<u64>>());
}
