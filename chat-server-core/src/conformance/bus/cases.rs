//! The cases, with hints as a server really tells them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_protocol::{Command, UserId, decode};
use futures::StreamExt;
use futures::stream::BoxStream;

use super::Subject;
use crate::bus::memory::MemoryBus;
use crate::bus::{Bus, Hint, News};
use crate::{Caller, ChatServer, Providers, ServerConfig};

/// How long anything may take before the case fails: much longer than it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long to listen before a hint that may be lost is told again.
const AGAIN: Duration = Duration::from_millis(50);

/// Everything that a user may do that others hear of, in few commands.
const COMMANDS: [&str; 7] = [
    r#"{"create":{"id":"1","kind":"group","room":"r","members":["b"]}}"#,
    r#"{"send":{"id":"2","room":"r","client_msg_id":"m","content":{"type":"text/plain","payload":{"text":"é€😀"}}}}"#,
    r#"{"edit":{"id":"3","room":"r","seq":1,"content":{"type":"text/plain","payload":{"text":"\u0000 \"new\""}}}}"#,
    r#"{"react":{"id":"4","room":"r","seq":1,"emoji":"👍"}}"#,
    r#"{"set":{"id":"5","room":"r","name":"a room"}}"#,
    r#"{"delete":{"id":"6","room":"r","seq":1}}"#,
    r#"{"block":{"id":"7","user":"c"}}"#,
];

/// What a server tells when its user does all that.
async fn real_hints() -> Vec<Hint> {
    let bus = MemoryBus::default();
    let mut told = bus.subscribe();
    let server =
        ChatServer::start(Providers { bus: Arc::new(bus), ..Providers::default() }, ServerConfig::default());
    let caller = Caller::User(UserId::new("a").expect("a letter is an id"));
    for command in COMMANDS {
        let command: Command = decode(command.as_bytes()).expect("the cases say known commands");
        server.command(&caller, command).await.expect("the commands are allowed");
    }
    let mut hints = Vec::new();
    // The block is the last of all.
    let all = async {
        while let Some(hint) = told.next().await {
            let last = matches!(&hint.news, News::User(user, changed)
                if user.as_str() == "a" && format!("{changed:?}").contains("Block"));
            hints.push(hint);
            if last {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("the server tells what was stored");
    hints
}

/// Tells a hint, again and again, until one that fits is heard; what else is heard is dropped.
async fn tell_until(
    teller: &dyn Bus,
    hint: &Hint,
    hears: &mut BoxStream<'static, Hint>,
    fits: impl Fn(&Hint) -> bool,
) {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        teller.publish(hint.clone());
        let heard = async {
            while let Some(hint) = hears.next().await {
                if fits(&hint) {
                    return;
                }
            }
            panic!("a subscription ends only with its node");
        };
        if tokio::time::timeout(AGAIN, heard).await.is_ok() {
            return;
        }
    }
    panic!("a hint did not arrive within {PATIENCE:?}, however often it was told: {hint:?}");
}

/// What arrives is what was told, whatever it is of, in every part.
pub async fn hints_arrive_as_they_were_told(subject: Subject) {
    let (teller, hearer) = (subject.open(), subject.open());
    let mut hears = hearer.subscribe();
    for hint in real_hints().await {
        tell_until(&*teller, &hint, &mut hears, |heard| *heard == hint).await;
    }
}

/// All other nodes hear what one tells, once they have subscribed.
pub async fn every_other_node_hears_a_hint(subject: Subject) {
    let nodes = [subject.open(), subject.open(), subject.open()];
    let mut hear: Vec<_> = nodes.iter().map(|node| node.subscribe()).collect();
    let hint = real_hints().await.remove(0);
    for (number, teller) in nodes.iter().enumerate() {
        let hint = Hint { node: number as u128, ..hint.clone() };
        for (other, hears) in hear.iter_mut().enumerate().filter(|(other, _)| *other != number) {
            let node = hint.node;
            tell_until(&**teller, &hint, hears, |heard| heard.node == node).await;
            assert_ne!(number, other);
        }
    }
}

/// Telling takes no longer when a node does not listen; that node loses hints and hears later ones.
pub async fn nobody_waits_for_a_slow_node(subject: Subject) {
    let (teller, slow) = (subject.open(), subject.open());
    let mut hears = slow.subscribe();
    let hint = real_hints().await.remove(0);
    let many = {
        let (teller, hint) = (teller.clone(), hint.clone());
        // Where it blocks its thread, not this one.
        tokio::task::spawn_blocking(move || (0..20_000).for_each(|_| teller.publish(hint.clone())))
    };
    tokio::time::timeout(PATIENCE, many).await.expect("telling does not wait").expect("nor does it panic");
    let last = Hint { node: 7, ..hint };
    tell_until(&*teller, &last, &mut hears, |heard| heard.node == 7).await;
}

/// When a node is gone the others go on to hear each other.
pub async fn a_node_that_leaves_disturbs_nobody(subject: Subject) {
    let (teller, stays, leaves) = (subject.open(), subject.open(), subject.open());
    let (mut hears, gone) = (stays.subscribe(), leaves.subscribe());
    let hint = real_hints().await.remove(0);
    tell_until(&*teller, &hint, &mut hears, |heard| heard.node == hint.node).await;
    drop((gone, leaves));
    let later = Hint { node: 7, ..hint };
    tell_until(&*teller, &later, &mut hears, |heard| heard.node == 7).await;
}

/// A node with a subscription of its own learns that another one listens. (To believe so of nobody costs time only.)
pub async fn a_node_knows_whether_it_has_peers(subject: Subject) {
    let (first, second) = (subject.open(), subject.open());
    let (_own, _other) = (first.subscribe(), second.subscribe());
    let known = async {
        while !(first.has_peers() && second.has_peers()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, known).await.expect("nodes learn of each other");
}
