//! Cases about a side that does not read: the other waits, and keeps little meanwhile.

use std::time::Duration;

use super::Subject;
use super::scene::{End, Scene, soon, text};

/// Size of the frames with which a connection is filled.
const SIZE: usize = 32 * 1024;

/// Bytes that may be on their way to somebody who reads nothing: what the system keeps for two sockets, 10 MiB on Linux, with
/// room to spare.
const MOST: usize = 64 * 1024 * 1024;

/// A connection that takes nothing for so long is full: much longer than the way through all buffers takes.
const FULL: Duration = Duration::from_millis(500);

/// A server that reads nothing makes `poll_ready` wait, before more than the bound is kept; read on, all arrives.
pub(super) async fn who_takes_nothing_is_waited_for(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    let (mut client, mut peer) = scene.link().await;
    fill(&mut client, &mut peer).await;
}

/// A client that reads nothing makes the server wait: it takes nothing in by itself without a bound.
pub(super) async fn what_is_not_read_is_not_taken_in(subject: Subject) {
    let mut scene = Scene::new(&subject).await;
    let (mut client, mut peer) = scene.link().await;
    fill(&mut peer, &mut client).await;
}

async fn fill(from: &mut End, to: &mut End) {
    let mut count = 0;
    loop {
        if from.try_feed(&text(count, SIZE)).await.expect("the connection is open") {
            count += 1;
            assert!(count * SIZE <= MOST, "{MOST} bytes were taken for somebody who reads nothing");
            continue;
        }
        if !from.ready_within(FULL).await {
            break;
        }
    }
    let frames: Vec<_> = (0..=count).map(|number| text(number, SIZE)).collect();
    // One more waits, and goes when there is room.
    let say = from.say(frames[count].clone());
    soon("all that waited", async { tokio::join!(say, to.expect(&frames)) }).await;
}
