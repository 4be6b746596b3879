//! Users' own logs, which keep their newest entries.

use chat_protocol::event::UserChange;
use chat_protocol::{SessionId, UserOffset};
use chat_server_core::storage::{OwnAppend, OwnChange, UserLog};
use chat_store_sqlite::Synchronous;

use crate::support::*;

fn revoke(by: &str, session: u64) -> OwnAppend {
    let session = SessionId::new(format!("s{session}")).unwrap();
    OwnAppend { user: user(by), now: create("r").now, change: OwnChange::Revoked { session } }
}

#[tokio::test]
async fn a_users_log_keeps_the_newest_ten_thousand_entries() {
    let dir = place();
    let store = open_with(dir.path(), Synchronous::Off);
    let mut written = 0;
    while written < 12_500 {
        let batch: Vec<_> = (written + 1..=written + 500).map(|n| revoke("a", n)).collect();
        store.append_own(&batch).await.unwrap();
        written += 500;
        store.append_own(&[revoke("b", written)]).await.unwrap();
        let page = store.user_log(&user("a"), UserOffset::ZERO, 1).await.unwrap();
        let kept = page.head.get() - page.oldest.get() + 1;
        assert_eq!((page.head.get(), page.entries.len()), (written, 1));
        assert_eq!(page.entries[0].user_offset, page.oldest, "{written}");
        assert!(kept == written || (10_000..11_000).contains(&kept), "{kept} of {written}");
    }
    store.close().unwrap();
    let store = open_with(dir.path(), Synchronous::Off);
    let page = store.user_log(&user("a"), UserOffset::ZERO, 20_000).await.unwrap();
    assert_eq!((page.oldest.get(), page.head.get(), page.entries.len()), (2_001, 12_500, 10_500));
    let UserChange::SessionRevoked { session_id } = &page.entries[0].change else { panic!("{page:?}") };
    assert_eq!(session_id.as_str(), "s2001");
    let others = store.user_log(&user("b"), UserOffset::ZERO, 20_000).await.unwrap();
    assert_eq!((others.oldest.get(), others.entries.len()), (1, 25));
}
