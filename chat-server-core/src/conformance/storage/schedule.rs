//! Messages that wait for their time.

use chat_protocol::event::UserChange;
use chat_protocol::{ClientMsgId, UserId};

use super::Subject;
use super::scene::*;
use crate::storage::{Job, JobKind, Refusal};

fn name(id: &str) -> ClientMsgId {
    ClientMsgId::new(id).expect("a valid id")
}

impl Scene {
    /// A user's messages that wait, in a room or everywhere.
    async fn waiting(&self, of: &str, id: Option<&str>) -> Vec<Job> {
        let id = id.map(room);
        self.store.jobs_of(&user(of), JobKind::Send, id.as_ref(), None, ALL).await.expect("jobs_of works")
    }
}

/// One order under each name, whatever became of it.
pub async fn a_scheduled_message_waits_once(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), create("s", "a", &["a"])]).await;
    let ordered = scene.own(schedule("r", "a", "n", "hi", 50)).await;
    let change = ordered.entry.as_ref().expect("an entry").change.clone();
    assert_eq!(change, UserChange::Scheduled { room: room("r"), client_msg_id: name("n"), send_at: at(50) });
    assert_eq!((ordered.duplicate, ordered.at, ordered.members), (false, seq(0), 0));
    let log = scene.user_log("a").await;
    assert_eq!((log.last(), ordered.user_offset), (ordered.entry.as_ref(), user_offset(log.len() as u64)));
    scene.own_repeated(schedule("r", "a", "n", "hi", 50)).await;
    assert_eq!(scene.own_answer(schedule("r", "a", "n", "ho", 50)).await, Err(Refusal::Conflict));
    scene.own(schedule("s", "a", "n", "ho", 40)).await;
    scene.own(schedule("r", "b", "n", "ho", 50)).await;

    let waiting = scene.waiting("a", None).await;
    let told: Vec<_> = waiting.iter().map(|job| (job.room.clone(), job.name.clone(), job.due)).collect();
    let (n, there) = (Some("n".to_owned()), |id: &str| Some(room(id)));
    assert_eq!(told, [(there("s"), n.clone(), at(40)), (there("r"), n, at(50))], "the earliest first");
    assert_eq!((waiting[1].user.clone(), waiting[1].body.as_str()), (Some(user("a")), "hi"));
    assert_eq!(scene.waiting("a", Some("s")).await, waiting[..1]);
    assert_eq!(scene.waiting("a", Some("nowhere")).await, []);

    // It is sent: the same order again is a repeat of the message.
    let leased = scene.lease(JobKind::Send, 60, 99, ALL).await;
    scene.own_repeated(schedule("r", "a", "n", "hi", 50)).await;
    scene.stored(text_as("r", "a", "hi", "n")).await;
    scene.done(&leased.iter().map(|job| job.id).collect::<Vec<_>>()).await;
    scene.own_repeated(schedule("r", "a", "n", "hi", 50)).await;
    assert_eq!(scene.own_answer(schedule("r", "a", "n", "ho", 50)).await, Err(Refusal::Conflict));
    scene.all(&[trim("r", 2), leave("r", "a")]).await;
    scene.own_repeated(schedule("r", "a", "n", "hi", 50)).await;
    assert_eq!(scene.waiting("a", None).await, []);
    for (of, id) in [("a", "r"), ("b", "s"), ("a", "nowhere"), ("nobody", "r")] {
        let refused = scene.own_answer(schedule(id, of, "m", "hi", 1)).await;
        assert_eq!(refused, Err(Refusal::NotMember), "{of} in {id}");
    }
    for _ in 0..2 {
        let refused = scene.own_answer(schedule("nowhere", UserId::SYSTEM, "n", "hi", 1)).await;
        assert_eq!(refused, Err(Refusal::NotMember));
        scene
            .own_answer(schedule("r", UserId::SYSTEM, "n", "hi", 50))
            .await
            .expect("the system is no member");
    }
    assert_eq!(scene.waiting(UserId::SYSTEM, None).await.len(), 1);
}

/// Until a worker has it, and by that worker for ever.
pub async fn what_waits_can_be_taken_back(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"])]).await;
    scene.own(schedule("r", "a", "n", "hi", 50)).await;
    for (of, id) in [("b", "n"), ("a", "x"), ("nobody", "n")] {
        assert_eq!(scene.own_answer(unschedule("r", of, id, true)).await, Err(Refusal::NoMessage));
    }
    assert_eq!(scene.own_answer(unschedule("nowhere", "a", "n", true)).await, Err(Refusal::NoMessage));
    let back = scene.own(unschedule("r", "a", "n", false)).await;
    let change = back.entry.expect("an entry").change;
    assert_eq!(change, UserChange::Cancelled { room: room("r"), client_msg_id: name("n") });
    assert_eq!(scene.waiting("a", None).await, []);
    assert_eq!(scene.own_answer(unschedule("r", "a", "n", false)).await, Err(Refusal::NoMessage));

    assert!(!scene.own(schedule("r", "a", "n", "ho", 50)).await.duplicate, "the name is free again");
    scene.stored(leave("r", "a")).await;
    scene.lease(JobKind::Send, 50, 60, ALL).await;
    let log = scene.user_log("a").await.len();
    assert_eq!(scene.own_answer(unschedule("r", "a", "n", false)).await, Err(Refusal::NoMessage));
    assert_eq!(scene.user_log("a").await.len(), log);
    assert!(!scene.own(unschedule("r", "a", "n", true)).await.duplicate);
    assert_eq!(scene.lease(JobKind::Send, 99, 100, ALL).await, []);
}

/// In each room, for each user.
pub async fn messages_that_wait_have_a_bound(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.all(&[create("r", "a", &["a", "b"]), create("s", "a", &["a"])]).await;
    for n in 0..3 {
        scene.own(schedule("r", "a", &n.to_string(), "hi", n)).await;
    }
    assert_eq!(scene.own_answer(schedule("r", "a", "3", "hi", 3)).await, Err(Refusal::Full));
    scene.own_repeated(schedule("r", "a", "2", "hi", 2)).await;
    scene.own(schedule("s", "a", "3", "hi", 3)).await;
    scene.own(schedule("r", "b", "3", "hi", 3)).await;
    scene.own(unschedule("r", "a", "1", false)).await;
    scene.own(schedule("r", "a", "3", "hi", 3)).await;
}
