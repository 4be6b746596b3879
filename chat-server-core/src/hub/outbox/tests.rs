//! The lanes of a queue, and whose turn it is to write.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn queue(max_queue_bytes: usize, max_queue_frames: usize, max_ephemeral_rate: u32) -> Outbox {
    let config = ServerConfig { max_queue_bytes, max_queue_frames, max_ephemeral_rate, ..Default::default() };
    Outbox::new(&config)
}

fn taken(outbox: &Outbox) -> Vec<Text> {
    let mut batch = Vec::new();
    _ = outbox.take(&mut batch);
    outbox.written();
    batch
}

#[test]
fn a_full_durable_lane_closes_the_connection_and_drops_what_waits() {
    let outbox = queue(10, 100, 1_000);
    outbox.push(Text::from("12345"));
    outbox.push(Text::from("12345"));
    assert_eq!(outbox.closed(), None);
    outbox.push(Text::from("1"));
    assert_eq!(outbox.closed(), Some(ErrorCode::SlowReader));
    assert_eq!(taken(&outbox), []);
    let by_count = queue(1_000, 2, 1_000);
    (0..3).for_each(|_| by_count.push(Text::from("1")));
    assert_eq!(by_count.closed(), Some(ErrorCode::SlowReader));
}

#[test]
fn ephemeral_packets_come_last_and_only_the_newest_of_each() {
    let outbox = queue(100, 100, 1_000);
    let key = |user: &str| (UserId::new(user).unwrap(), None);
    outbox.enqueue_ephemeral(0, key("a"), Text::from("a on"));
    outbox.enqueue_ephemeral(0, key("a"), Text::from("a off"));
    outbox.push(Text::from("stored"));
    assert_eq!(taken(&outbox), [Text::from("stored"), Text::from("a off")]);
    for n in 0..2 * MAX_EPHEMERAL {
        outbox.enqueue_ephemeral(0, key(&format!("u{n}")), Text::from("x"));
    }
    assert_eq!(taken(&outbox).len(), MAX_EPHEMERAL);
    assert_eq!(outbox.closed(), None, "presence never closes a connection");
}

#[test]
fn what_is_beyond_a_seconds_number_waits_for_the_next_and_only_the_newest_of_each() {
    let outbox = queue(100, 100, 2);
    let give = |second, user: &str, text: &'static str| {
        outbox.enqueue_ephemeral(second, (UserId::new(user).unwrap(), None), Text::from(text))
    };
    assert_eq!(give(0, "a", "a on"), Taken::Listed);
    assert_eq!(give(0, "b", "b on"), Taken::Silently);
    assert_eq!(give(0, "c", "c on"), Taken::PutOff, "the caller comes again");
    assert_eq!(give(0, "c", "c off"), Taken::Silently);
    assert_eq!(give(0, "a", "a off"), Taken::Silently, "it waits already");
    assert_eq!(taken(&outbox), [Text::from("a off"), Text::from("b on")]);
    for user in ["d", "e"] {
        assert_eq!(give(1, user, "on"), Taken::Silently, "nothing overtakes what is put off");
    }
    assert_eq!(outbox.bring_up(1), Taken::PutOff);
    assert_eq!(taken(&outbox), [Text::from("c off"), Text::from("on")]);
    assert_eq!(outbox.bring_up(1), Taken::PutOff, "nothing more in this second");
    assert_eq!(taken(&outbox), []);
    assert_eq!(outbox.bring_up(2), Taken::Listed);
    assert_eq!(taken(&outbox), [Text::from("on")]);
}

#[test]
fn that_somebody_went_is_never_dropped_however_many_go_at_once_but_that_somebody_writes_is() {
    let outbox = queue(1_000, 100, u32::MAX);
    let config = ServerConfig::default();
    let room = RoomId::new("r").ok();
    let user = |n: usize| UserId::new(format!("u{n:04}")).unwrap();
    let given = |n, room, text: &'static str| outbox.enqueue_ephemeral(0, (user(n), room), Text::from(text));
    // Also behind as much typing as there may be.
    for n in 0..2 * MAX_PUT_OFF {
        given(n, room.clone(), "typing");
    }
    for n in 0..config.max_listened {
        assert_eq!(given(n, None, "online"), Taken::Silently, "what waits is brought up already");
        given(n, None, "offline");
    }
    given(config.max_listened, room, "typing");
    let (mut told, mut second) = (Vec::new(), 0);
    loop {
        told.extend(taken(&outbox));
        second += 1;
        if outbox.bring_up(second) == Taken::Listed {
            break;
        }
    }
    told.extend(taken(&outbox));
    let count = |what: &str| told.iter().filter(|text| text.as_str() == what).count();
    assert_eq!((count("online"), count("offline")), (0, config.max_listened));
    assert_eq!(count("typing"), MAX_EPHEMERAL + MAX_PUT_OFF);
}

#[tokio::test(start_paused = true)]
async fn a_replay_waits_until_half_of_the_queue_is_free() {
    let outbox = queue(10, 100, 1_000);
    outbox.push(Text::from("123456"));
    let waiting = outbox.wait_for_room();
    tokio::pin!(waiting);
    assert!(futures::poll!(&mut waiting).is_pending());
    taken(&outbox);
    assert!(waiting.await);
}

/// Takes so many writes whole, then none.
#[derive(Debug)]
struct Takes(AtomicUsize, Mutex<Vec<Text>>);

impl DirectWriter for Takes {
    fn write(&self, frames: &[Text]) -> DirectWrite {
        self.1.lock().unwrap().extend_from_slice(frames);
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_ok() { DirectWrite::Whole } else { DirectWrite::Unfinished }
    }
}

fn calls_for(outbox: &Outbox) -> Poll<Call> {
    outbox.poll_call(&Context::from_waker(futures::task::noop_waker_ref()))
}

#[test]
fn what_the_socket_did_not_take_is_for_the_task_and_nothing_overtakes_it() {
    let (outbox, writer) = (queue(100, 100, 1_000), Takes(AtomicUsize::new(1), Mutex::default()));
    let mut scratch = Vec::new();
    assert!(outbox.enqueue([Text::from("1")]));
    assert!(!outbox.enqueue([Text::from("2")]), "it is in the caller's list already");
    outbox.flush(Some(&writer), &mut scratch);
    assert!(calls_for(&outbox).is_pending(), "the task has nothing to do");
    assert!(outbox.enqueue([Text::from("3")]));
    outbox.flush(Some(&writer), &mut scratch);
    assert!(outbox.enqueue([Text::from("4")]));
    outbox.flush(Some(&writer), &mut scratch);
    assert_eq!(writer.1.lock().unwrap().len(), 3, "the fourth waits behind the unfinished third");
    assert!(matches!(calls_for(&outbox), Poll::Ready(Call::Write)));
    assert_eq!(taken(&outbox), [Text::from("4")]);
    assert!(calls_for(&outbox).is_pending());
}

#[test]
fn a_reply_is_written_together_with_what_waits() {
    let (outbox, writer) = (queue(100, 100, 1_000), Takes(AtomicUsize::new(9), Mutex::default()));
    assert!(outbox.enqueue([Text::from("event")]));
    assert!(!outbox.enqueue_done(7, Ok(None)));
    outbox.flush(Some(&writer), &mut Vec::new());
    assert!(writer.1.lock().unwrap().is_empty(), "the session has something to add");
    assert!(matches!(calls_for(&outbox), Poll::Ready(Call::Done(done)) if done.len() == 1));
    assert!(matches!(calls_for(&outbox), Poll::Ready(Call::Write)));
}

#[test]
fn while_the_task_writes_nobody_else_does() {
    let (outbox, writer) = (queue(100, 100, 1_000), Takes(AtomicUsize::new(9), Mutex::default()));
    outbox.push(Text::from("1"));
    outbox.take(&mut Vec::new()).unwrap();
    outbox.enqueue([Text::from("2")]);
    outbox.flush(Some(&writer), &mut Vec::new());
    assert!(writer.1.lock().unwrap().is_empty());
    outbox.written();
    assert!(matches!(calls_for(&outbox), Poll::Ready(Call::Write)), "the task sees what came meanwhile");
}
