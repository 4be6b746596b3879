//! Messages that wait outlive the server that took them.

use std::sync::Arc;
use std::time::Duration;

use chat_protocol::command::SendMessage;
use chat_protocol::{ClientMsgId, Command, Content, HistoryQuery, RequestId, Timestamp};
use chat_server_core::clock::{Clock, SystemClock};
use chat_server_core::storage::{JobKind, JobStore, MessageStore};
use chat_server_core::{Caller, ChatServer, Providers, ServerConfig};
use chat_store_sqlite::SqliteStore;

use crate::support::{open, place, room, user};

fn start(store: &Arc<SqliteStore>) -> ChatServer {
    let parts = Providers { storage: store.clone(), ..Providers::default() };
    ChatServer::start(parts, ServerConfig::default())
}

/// A message of user `a` for that time.
fn later(name: &str, at: Timestamp) -> Command {
    let id = RequestId::new("1").unwrap();
    let send = SendMessage::new(id, room("r"), Content::plain(name));
    Command::Send(SendMessage {
        client_msg_id: Some(ClientMsgId::new(name).unwrap()),
        send_at: Some(at),
        ..send
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_sent_once_after_a_restart() {
    let dir = place();
    let store = Arc::new(open(dir.path()).unwrap());
    let server = start(&store);
    let caller = Caller::User(user("a"));
    let create = serde_json::from_str(r#"{"id":"1","room":"r","kind":"group"}"#).unwrap();
    server.command(&caller, Command::Create(create)).await.unwrap();
    let at = Timestamp::from_micros(SystemClock.now().as_micros() + 700_000);
    for name in ["one", "two"] {
        server.command(&caller, later(name, at)).await.unwrap();
    }
    server.shutdown(Duration::from_secs(5)).await;
    drop(server);
    store.close().unwrap();
    drop(store);

    let store = Arc::new(open(dir.path()).unwrap());
    let history = async || {
        let page = store.history(&room("r"), None, HistoryQuery::default(), 10).await.unwrap().unwrap();
        page.into_iter()
            .map(|stored| (stored.message.content.text().unwrap().into_owned(), stored.message.ts))
            .collect::<Vec<_>>()
    };
    assert!(history().await.is_empty(), "its time has not come");
    let server = start(&store);
    let sent = async {
        while store.next_due(JobKind::Send).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), sent).await.expect("in time");
    let sent = history().await;
    assert_eq!(sent.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert!(sent.iter().all(|(_, ts)| *ts >= at));
    let again = server.command(&caller, later("one", at)).await.unwrap().unwrap();
    assert!(again.get().contains(r#""duplicate":true"#), "{again}");
    server.shutdown(Duration::from_secs(5)).await;
}
