//! Jobs and their leases.

use chat_protocol::command::RoomPatch;
use chat_protocol::{MAX_SAFE, Patch, Timestamp};

use super::Subject;
use super::scene::*;
use crate::storage::{Job, JobKind, NewJob};

/// A job of nobody's without a name.
pub(super) fn job(kind: JobKind, due: i64, body: &str) -> NewJob {
    NewJob { kind, user: None, name: None, due: at(due), body: body.to_owned() }
}

fn named(of: Option<&str>, name: &str) -> NewJob {
    NewJob { user: of.map(user), name: Some(name.to_owned()), ..job(JobKind::Push, 5, name) }
}

fn bodies(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.body.as_str()).collect()
}

/// The same name of another user or kind is another one, and it is free again afterwards.
pub async fn a_named_job_is_there_once(subject: Subject) {
    let scene = Scene::new(&subject);
    let other_kind = NewJob { kind: JobKind::Webhook, ..named(Some("u"), "n") };
    let jobs =
        [named(None, "n"), named(Some("u"), "n"), named(Some("v"), "n"), named(Some("u"), "m"), other_kind];
    assert_eq!(scene.enqueue(&jobs).await, [true; 5]);
    let again = NewJob { due: at(1), body: "other".to_owned(), ..named(Some("u"), "n") };
    let nameless = job(JobKind::Push, 5, "x");
    let answers = scene.enqueue(&[again, nameless.clone(), nameless, named(None, "n")]).await;
    assert_eq!(answers, [false, true, true, false], "one answer per job");
    let leased = scene.lease(JobKind::Push, 5, 6, ALL).await;
    assert_eq!(bodies(&leased), ["n", "n", "n", "m", "x", "x"], "what was there stays as it is");
    assert_eq!(scene.enqueue(&[named(Some("u"), "n")]).await, [false], "a leased one is there");
    scene.done(&[leased[1].id]).await;
    assert_eq!(scene.enqueue(&[named(Some("u"), "n")]).await, [true]);
}

/// Nothing comes up early, nothing twice, and the clock may be anything.
pub async fn jobs_come_up_when_they_are_due(subject: Subject) {
    let scene = Scene::new(&subject);
    assert_eq!(scene.store.next_due(JobKind::Push).await.expect("next_due works"), None);
    assert_eq!(scene.lease(JobKind::Push, i64::MAX / 4, i64::MAX / 2, ALL).await, []);
    let odd = "\u{202e}{\"a\":\0}";
    let jobs = [
        job(JobKind::Push, 30, "third"),
        job(JobKind::Push, 10, odd),
        job(JobKind::Push, 20, "second"),
        job(JobKind::Push, 20, "as early, but later"),
        job(JobKind::Webhook, 1, "another kind"),
    ];
    scene.enqueue(&jobs).await;
    assert_eq!(scene.next_due(JobKind::Push).await, 10);
    assert_eq!(scene.lease(JobKind::Push, 9, 100, ALL).await, []);
    let first = scene.lease(JobKind::Push, 10, 100, ALL).await;
    let expected = Job {
        id: first[0].id,
        kind: JobKind::Push,
        user: None,
        room: None,
        name: None,
        due: at(100),
        attempts: 1,
        body: odd.to_owned(),
    };
    assert_eq!(first, [expected]);
    assert_eq!(scene.next_due(JobKind::Push).await, 20);
    assert_eq!(bodies(&scene.lease(JobKind::Push, 99, 100, 2).await), ["second", "as early, but later"]);
    assert_eq!(bodies(&scene.lease(JobKind::Push, 99, 100, 2).await), ["third"]);
    assert_eq!(bodies(&scene.lease(JobKind::Webhook, 99, 100, 2).await), ["another kind"]);
}

/// A worker died: another one gets its jobs, and both may say that they are done.
pub async fn a_lease_that_ran_out_is_given_again(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.enqueue(&[job(JobKind::Push, 1, "one"), job(JobKind::Push, 2, "two")]).await;
    let first = scene.lease(JobKind::Push, 5, 10, ALL).await;
    assert_eq!(scene.lease(JobKind::Push, 9, 20, ALL).await, [], "they are leased");
    assert_eq!(scene.next_due(JobKind::Push).await, 10);
    scene.done(&[first[0].id]).await;
    let second = scene.lease(JobKind::Push, 10, 20, ALL).await;
    assert_eq!(bodies(&second), ["two"], "what is done never comes up again");
    assert_eq!((second[0].id, second[0].attempts), (first[1].id, 2));
    scene.done(&[second[0].id, second[0].id, MAX_SAFE]).await;
    scene.done(&[second[0].id]).await;
    assert_eq!(scene.lease(JobKind::Push, 99, 100, ALL).await, []);
    scene.enqueue(&[job(JobKind::Push, 1, "three")]).await;
    let third = scene.lease(JobKind::Push, 99, 100, ALL).await;
    assert!(third[0].id > second[0].id, "no number is used again");
}

/// When a job comes up again is up to its worker.
pub async fn a_failed_job_comes_up_again(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.enqueue(&[job(JobKind::Push, 1, "one"), job(JobKind::Push, 1, "two")]).await;
    let leased = scene.lease(JobKind::Push, 5, 100, ALL).await;
    scene.fail(leased[0].id, Some(7)).await;
    scene.fail(MAX_SAFE, Some(1)).await;
    assert_eq!(scene.next_due(JobKind::Push).await, 7);
    assert_eq!(scene.lease(JobKind::Push, 6, 100, ALL).await, []);
    let again = scene.lease(JobKind::Push, 7, 100, ALL).await;
    assert_eq!((bodies(&again), again[0].attempts), (vec!["one"], 2));
}

/// They are gone, and counted by kind.
pub async fn jobs_given_up_are_counted(subject: Subject) {
    let scene = Scene::new(&subject);
    scene
        .enqueue(&[job(JobKind::Push, 1, "one"), job(JobKind::Push, 1, "two"), job(JobKind::Send, 1, "")])
        .await;
    let given_up = async |kind| scene.store.given_up(kind).await.expect("given_up works");
    for (count, leased) in (1..).zip(scene.lease(JobKind::Push, 5, 6, ALL).await) {
        scene.fail(leased.id, None).await;
        scene.fail(leased.id, None).await;
        assert_eq!(given_up(JobKind::Push).await, count, "once each");
    }
    assert_eq!(scene.lease(JobKind::Push, 99, 100, ALL).await, []);
    assert_eq!(given_up(JobKind::Send).await, 0);
}

/// What a worker has, or has had, may be done already.
pub async fn only_jobs_that_wait_are_cancelled(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.enqueue(&[named(Some("u"), "n"), named(None, "n"), named(Some("u"), "m")]).await;
    let cancel = async |of: Option<&str>, name: &str| {
        let of = of.map(user);
        scene.store.cancel(JobKind::Push, of.as_ref(), name).await.expect("cancel works")
    };
    assert!(!cancel(Some("nobody"), "n").await && !cancel(Some("u"), "x").await);
    assert!(cancel(Some("u"), "n").await);
    assert!(!cancel(Some("u"), "n").await, "it is gone");
    let leased = scene.lease(JobKind::Push, 5, 6, ALL).await;
    assert_eq!(bodies(&leased), ["n", "m"], "another's of that name is another one");
    assert!(!cancel(None, "n").await);
    scene.fail(leased[1].id, Some(50)).await;
    assert!(!cancel(Some("u"), "m").await);
}

/// A user's jobs, wherever they are cut.
pub async fn pages_of_jobs_meet(subject: Subject) {
    let scene = Scene::new(&subject);
    let due = [5, 3, 5, 4, 5];
    let jobs = due.map(|due| NewJob { user: Some(user("u")), ..job(JobKind::Push, due, &due.to_string()) });
    scene.enqueue(&jobs).await;
    scene
        .enqueue(&[named(Some("v"), "n"), NewJob { user: Some(user("u")), ..job(JobKind::Webhook, 1, "") }])
        .await;
    let of = async |who: &str, after: Option<(Timestamp, u64)>, limit: usize| {
        scene.store.jobs_of(&user(who), JobKind::Push, None, after, limit).await.expect("jobs_of works")
    };
    let all = of("u", None, ALL).await;
    assert_eq!(bodies(&all), ["3", "4", "5", "5", "5"]);
    for limit in 0..=5 {
        for (index, from) in all.iter().enumerate() {
            let page = of("u", Some((from.due, from.id)), limit).await;
            assert_eq!(page, all[index + 1..].iter().take(limit).cloned().collect::<Vec<_>>());
        }
    }
    assert_eq!(of("nobody", None, ALL).await, []);
    scene.lease(JobKind::Push, 3, 4, 1).await;
    assert_eq!(of("u", None, ALL).await, all[1..], "what a worker has waits no longer");
}

/// The job says how long, and is due at once whenever that changes.
pub async fn a_room_that_forgets_has_its_job(subject: Subject) {
    let scene = Scene::new(&subject);
    let keep = |seconds: Option<u64>| RoomPatch {
        message_ttl_s: seconds.map_or(Patch::Clear, Patch::Set),
        ..RoomPatch::default()
    };
    let rooms = [make("r", "a", &["a"], |new| new.info.message_ttl_s = Some(60)), create("s", "a", &["a"])];
    scene.all(&rooms).await;
    let due = async |now: i64| {
        let leased = scene.lease(JobKind::Expire, now, 1_000, ALL).await;
        leased
            .iter()
            .map(|job| (job.room.as_ref().expect("a room").to_string(), job.body.clone()))
            .collect::<Vec<_>>()
    };
    let one = |room: &str, seconds: &str| vec![(room.to_owned(), seconds.to_owned())];
    assert_eq!(due(0).await, one("r", "60"));
    scene.stored(then(10, set("s", "a", keep(Some(7))))).await;
    assert_eq!((due(9).await, due(10).await), (Vec::new(), one("s", "7")));
    scene
        .stored(then(20, set("s", "a", RoomPatch { topic: Patch::Set("x".to_owned()), ..keep(Some(7)) })))
        .await;
    assert_eq!(due(99).await, [], "that did not change");
    scene.stored(then(20, set("s", "a", keep(Some(8))))).await;
    scene.stored(then(20, set("r", "a", keep(None)))).await;
    assert_eq!(due(20).await, one("s", "8"), "also while it is leased");
    assert_eq!(due(1_000).await, one("s", "8"), "one job for a room, and none for one that keeps everything");
}

impl Scene {
    pub(super) async fn enqueue(&self, jobs: &[NewJob]) -> Vec<bool> {
        self.store.enqueue(at(0), jobs).await.expect("enqueue works")
    }

    pub(super) async fn lease(&self, kind: JobKind, now: i64, until: i64, limit: usize) -> Vec<Job> {
        self.store.lease(kind, at(now), at(until), limit).await.expect("lease works")
    }

    pub(super) async fn done(&self, ids: &[u64]) {
        self.store.done(ids).await.expect("done works");
    }

    async fn fail(&self, id: u64, retry_at: Option<i64>) {
        self.store.fail(id, retry_at.map(at)).await.expect("fail works");
    }

    async fn next_due(&self, kind: JobKind) -> i64 {
        let due = self.store.next_due(kind).await.expect("next_due works").expect("there is a job");
        due.as_micros() - at(0).as_micros()
    }
}
