//! Lists as streams: in order, page by page, resumed, and refused.

use std::time::Duration;

use chat_client::protocol::{ErrorCode, HistoryQuery};
use chat_client::{NewRoom, SearchQuery};
use futures::{FutureExt, StreamExt};

use super::{Scene, all, code, open, refusal, room, seq, until, user};

async fn numbers(list: chat_client::Messages) -> Vec<u64> {
    all(list).await.into_iter().map(|entry| entry.message.seq.get()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_is_read_in_both_directions_and_goes_on_anywhere() {
    let scene = Scene::new().await;
    let ann = scene.client("ann").await;
    let r = open(&ann, "r").await;
    assert_eq!(numbers(r.messages()).await, [0; 0]);
    for n in 1..=25 {
        r.send_text(n.to_string()).await.unwrap();
    }
    let (up, down): (Vec<u64>, Vec<u64>) = ((1..=25).collect(), (1..=25).rev().collect());
    for size in [1, 7, 25, 100] {
        assert_eq!(numbers(r.messages().forward().page_size(size)).await, up, "{size}");
        assert_eq!(numbers(r.messages().backward().page_size(size)).await, down, "{size}");
    }
    assert_eq!(numbers(r.messages().forward().from(seq(20)).page_size(2)).await, [21, 22, 23, 24, 25]);
    assert_eq!(numbers(r.messages().from(seq(4)).page_size(2)).await, [3, 2, 1]);
    let mut first = r.messages().page_size(4);
    for expected in [25, 24, 23] {
        assert_eq!(first.next().await.unwrap().unwrap().message.seq, seq(expected));
    }
    let rest = r.messages().from(first.last().unwrap());
    assert_eq!(numbers(rest).await, down[3..]);
    assert_eq!(r.history(HistoryQuery::default()).await.unwrap().messages.len(), 25);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_the_wait_for_an_item_loses_nothing() {
    let scene = Scene::new().await;
    let ann = scene.client("ann").await;
    let r = open(&ann, "r").await;
    for n in 1..=6 {
        r.send_text(n.to_string()).await.unwrap();
    }
    let mut list = r.messages().forward().page_size(2);
    let mut got = Vec::new();
    // Polled once and dropped, over and over: the question is asked once for each page.
    let read = async {
        loop {
            match list.next().now_or_never() {
                Some(Some(entry)) => got.push(entry.unwrap().message.seq.get()),
                Some(None) => return,
                None => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(super::PATIENCE, read).await.unwrap();
    assert_eq!(got, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_the_last_item_and_reading_goes_on_after_it() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let r = ann.room(room("r"));
    for n in 1..=4 {
        r.send_text(n.to_string()).await.unwrap();
    }
    let mut list = ben.room(room("r")).messages().forward().page_size(2);
    let mut members = ben.room(room("r")).members().page_size(1);
    assert_eq!(list.next().await.unwrap().unwrap().message.seq, seq(1));
    assert_eq!(members.next().await.unwrap().unwrap().user, user("ann"));
    r.kick(user("ben"), None).await.unwrap();
    assert_eq!(list.next().await.unwrap().unwrap().message.seq, seq(2), "of the page that was read");
    assert_eq!(code(list.next().await.unwrap()), ErrorCode::Forbidden);
    assert!(list.next().await.is_none());
    assert_eq!(code(members.next().await.unwrap()), ErrorCode::Forbidden);
    assert!(members.next().await.is_none());
    ben.join(room("r")).await.unwrap();
    list.retry();
    let rest: Vec<u64> = list.map(|entry| entry.unwrap().message.seq.get()).collect().await;
    assert_eq!(rest, [3, 4]);
    let again = ben.room(room("r")).members().start(members.cursor().unwrap().clone());
    assert_eq!(all(again).await.len(), 1);
    members.retry();
    assert_eq!(members.next().await.unwrap().unwrap().user, user("ben"));
    let stranger = scene.client("eve").await;
    assert_eq!(refusal(stranger.room(room("r")).messages()).await, ErrorCode::Forbidden);
    assert_eq!(refusal(ann.room(room("r")).thread(seq(9))).await, ErrorCode::MessageNotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_is_found() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    let other = open(&ann, "q").await;
    for n in 1..=3 {
        ann.room(room("r")).send_text(format!("lunch {n}")).await.unwrap();
        other.send_text(format!("lunch {n}")).await.unwrap();
    }
    ben.room(room("r")).send_text("no lunch").await.unwrap();
    until(|| async { all(ann.search("lunch").page_size(2)).await.len() == 7 }).await;
    let found =
        all(ann.room(room("r")).search(SearchQuery::new("lunch").from(user("ann"))).page_size(1)).await;
    let texts: Vec<_> = found.iter().map(|message| message.content.text().unwrap().into_owned()).collect();
    assert_eq!(texts, ["lunch 3", "lunch 2", "lunch 1"], "the newest first");
    assert_eq!(all(ben.search("lunch")).await.len(), 4, "in the own rooms");
    assert_eq!(refusal(ben.room(room("q")).search("lunch")).await, ErrorCode::Forbidden);
    assert_eq!(refusal(ann.search(" ")).await, ErrorCode::BadRequest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inbox_lists_all_rooms() {
    let scene = Scene::new().await;
    let (ann, ben) = scene.pair().await;
    for n in 0..5 {
        ann.create(NewRoom::group().id(room(&format!("g{n}")))).await.unwrap();
    }
    ann.room(room("g3")).pin(true).await.unwrap();
    ann.room(room("g4")).archive(true).await.unwrap();
    ben.room(room("r")).send_text("hi").await.unwrap();
    until(|| async { ann.unread_totals().await.unwrap().unread == 1 }).await;
    let entries = all(ann.inbox_entries(false).page_size(2)).await;
    let rooms: Vec<_> = entries.iter().map(|entry| entry.state.room.as_str()).collect();
    assert_eq!(rooms, ["g3", "r", "g2", "g1", "g0"]);
    assert_eq!(entries[1].last.as_ref().unwrap().content.text().unwrap(), "hi");
    assert_eq!(all(ann.inbox_entries(true)).await.len(), 1);
    let page = ann.inbox_page(false, None, 2).await.unwrap();
    assert_eq!((page.rooms.len(), page.totals.rooms), (2, 1));
    assert_eq!(ann.inbox_page(false, page.next, 2).await.unwrap().rooms.len(), 2);
    assert_eq!(code(ann.inbox_page(false, None, 101).await), ErrorCode::BadRequest);
}

/// With more pages waiting than the client takes, a page is an error like any other, and the list goes on after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_cannot_be_asked_now_goes_on_later() {
    let scene = Scene::new().await;
    let ann =
        scene.builder("ann").max_requests(1).request_timeout(Duration::from_secs(5)).connect().await.unwrap();
    let r = open(&ann, "r").await;
    r.send_text("one").await.unwrap();
    let mut list = r.messages();
    let (busy, blocks) = (list.next(), ann.unread_totals());
    let (totals, entry) = futures::join!(blocks, busy);
    assert!(totals.is_ok());
    if entry.unwrap().is_err() {
        list.retry();
        assert_eq!(list.next().await.unwrap().unwrap().message.seq, seq(1));
    }
}
