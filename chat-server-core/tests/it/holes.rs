//! An event that is missed while the store cannot be read: it is told soon, and not with the next one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chat_protocol::event::UserChange;
use chat_protocol::{Event, decode};
use chat_server_core::bus::{Bus, Hint, News};
use chat_server_core::storage::{StorageError, StorageErrorKind};
use chat_server_core::{Caller, Providers};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;

use crate::hooked::{Hooked, Hooks};
use crate::peer::{Peer, server_of};

/// Cannot read users' logs for now.
#[derive(Default)]
struct Unreadable(AtomicBool, tokio::sync::Notify);

#[async_trait]
impl Hooks for Unreadable {
    async fn before_user_log(&self) -> Result<(), StorageError> {
        if self.0.swap(false, Ordering::Relaxed) {
            self.1.notify_one();
            return Err(StorageError::new(StorageErrorKind::Unavailable, "user_log", "not now"));
        }
        Ok(())
    }
}

/// Gives what the first server says to whom it wants; says that there is nobody else.
struct Alone(Mutex<Option<mpsc::Receiver<Hint>>>);

impl Bus for Alone {
    fn has_peers(&self) -> bool {
        false
    }
    fn publish(&self, _: Hint) {}
    fn subscribe(&self) -> BoxStream<'static, Hint> {
        let hints = self.0.lock().unwrap().take().expect("one server");
        futures::stream::unfold(hints, async |mut hints| hints.recv().await.map(|hint| (hint, hints))).boxed()
    }
}

/// Keeps what is said.
struct Keeps(Mutex<Vec<Hint>>);

impl Bus for Keeps {
    fn has_peers(&self) -> bool {
        true
    }
    fn publish(&self, hint: Hint) {
        self.0.lock().unwrap().push(hint);
    }
    fn subscribe(&self) -> BoxStream<'static, Hint> {
        futures::stream::pending().boxed()
    }
}

#[tokio::test]
async fn what_could_not_be_read_when_it_was_missed_is_told_by_the_next_repair() {
    let store = Arc::new(Hooked::<Unreadable>::default());
    let parts = Providers { storage: store.clone(), ..Providers::default() };
    let (hint, hints) = mpsc::channel(8);
    let said = Arc::new(Keeps(Mutex::default()));
    let here = server_of(Providers { bus: Arc::new(Alone(Mutex::new(Some(hints)))), ..parts.clone() });
    let there = server_of(Providers { bus: said.clone(), ..parts });
    let mut alice = Peer::log_in(&here, "alice").await;
    for other in ["bob", "carol"] {
        let block = format!(r#"{{"block":{{"id":"b","user":"{other}"}}}}"#);
        let caller = Caller::User(chat_protocol::UserId::new("alice").unwrap());
        there.command(&caller, decode(block.as_bytes()).unwrap()).await.unwrap();
    }
    // The hint of the first is lost, and the log cannot be read when the second shows it.
    let last = said.0.lock().unwrap().iter().rev().find(|hint| matches!(hint.news, News::User(..))).cloned();
    store.hooks.0.store(true, Ordering::Relaxed);
    hint.send(last.expect("both were said")).await.unwrap();
    store.hooks.1.notified().await;
    for expected in ["bob", "carol"] {
        let events = alice.until(|event| matches!(event, Event::User(_))).await;
        let Some(Event::User(told)) = events.last() else { panic!() };
        assert!(
            matches!(&told.change, UserChange::Blocked { user } if user.as_str() == expected),
            "{told:?}"
        );
    }
}
