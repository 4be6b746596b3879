//! What many callers at once must not break.

use std::collections::BTreeSet;

use super::Subject;
use super::jobs::job;
use super::scene::*;
use crate::storage::{Appended, JobKind};

/// Callers at once, and what each does one after the other.
const TASKS: u64 = 8;
const ROUNDS: u64 = 20;

/// What each of the callers came to.
async fn at_once<T, F>(scene: &Scene, work: impl Fn(Scene, u64) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = |task| tokio::spawn(work(Scene { store: scene.store.clone() }, task));
    let tasks: Vec<_> = (0..TASKS).map(start).collect();
    let mut found = Vec::new();
    for task in tasks {
        found.push(task.await.expect("the task ends well"));
    }
    found
}

/// A sender on many lines says everything on each of them.
pub async fn repeats_at_once_are_stored_once(subject: Subject) {
    let scene = Scene::new(&subject);
    scene.stored(create("r", "a", &["a"])).await;
    let message = |round: u64| text_as("r", "a", "same", &format!("at once {round}"));
    let made = |task: u64, round: u64| {
        create_as(&format!("r{task}-{round}"), "a", &["a"], &format!("at once {round}"), "x")
    };
    for changes in [false, true] {
        let answers = at_once(&scene, |scene, task| async move {
            let change = |round| if changes { message(round) } else { made(task, round) };
            let mut answers = Vec::new();
            for round in 0..ROUNDS {
                answers.push(scene.stored(change(round)).await);
            }
            answers
        });
        let answers = answers.await;
        for round in 0..ROUNDS as usize {
            let told: Vec<&Appended> = answers.iter().map(|of_task| &of_task[round]).collect();
            let fresh = told.iter().filter(|answer| !answer.duplicate).count();
            assert_eq!(fresh, 1, "one of them is the first: {told:?}");
            let places: BTreeSet<_> =
                told.iter().map(|answer| (&answer.room, answer.seq, answer.num)).collect();
            assert_eq!(places.len(), 1, "all have the first one's answer: {told:?}");
        }
    }
    assert_eq!(scene.messages("r").await.len() as u64, ROUNDS);
    assert_eq!(scene.rooms_of("a").await.len() as u64, ROUNDS + 1);
}

/// A user's own changes, and rooms that it comes into meanwhile.
pub async fn concurrent_changes_of_a_user_leave_no_gap(subject: Subject) {
    let scene = Scene::new(&subject);
    let answers = at_once(&scene, |scene, task| async move {
        let mut offsets = Vec::new();
        for round in 0..ROUNDS {
            let name = format!("{task}-{round}");
            offsets.push(scene.own(block("crowd", &name)).await.user_offset.get());
            let made = scene.stored(create(&name, "other", &["crowd"])).await;
            offsets.extend(made.users.iter().map(|(_, told)| told.user_offset.get()));
        }
        offsets
    });
    let answers = answers.await;
    for offsets in &answers {
        assert!(offsets.is_sorted(), "one caller's changes keep their order: {offsets:?}");
    }
    let mut all: Vec<u64> = answers.concat();
    all.sort_unstable();
    let expected: Vec<u64> = (1..=TASKS * ROUNDS * 2).collect();
    assert_eq!(all, expected, "each position is given once");
    let log: Vec<u64> = scene.user_log("crowd").await.iter().map(|entry| entry.user_offset.get()).collect();
    assert_eq!(log, expected, "and the log holds them in order");
}

/// Somebody reads while a message is edited: the history is at least as new as the head that was told before.
pub async fn a_standing_is_never_ahead_of_the_history(subject: Subject) {
    const EDITS: u64 = 200;
    let scene = Scene::new(&subject);
    // The room, its member and the message; then the n-th edit says n.
    let before = 3;
    scene.all(&[create("busy", "a", &["a"]), text("busy", "a", "0")]).await;
    let writer = Scene { store: scene.store.clone() };
    let writing = tokio::spawn(async move {
        for n in 1..=EDITS {
            writer.stored(edit("busy", "a", 1, &n.to_string())).await;
        }
    });
    loop {
        let finished = writing.is_finished();
        let told = scene.standing("busy", "a").await.offset.get() - before;
        let says: u64 = body(&scene.message("busy", 1).await).parse().expect("a number");
        assert!(says >= told, "edit {told} was told, and the history has {says}");
        if finished {
            break;
        }
        tokio::task::yield_now().await;
    }
    writing.await.expect("the task ends well");
}

/// Each job goes to one of them.
pub async fn workers_at_once_share_no_job(subject: Subject) {
    const JOBS: u64 = 200;
    let scene = Scene::new(&subject);
    let jobs: Vec<_> = (0..JOBS).map(|_| job(JobKind::Push, 1, "for one")).collect();
    scene.enqueue(&jobs).await;
    let leased = at_once(&scene, |scene, _| async move {
        let mut leased = Vec::new();
        loop {
            let jobs = scene.lease(JobKind::Push, 5, 100, 3).await;
            if jobs.is_empty() {
                return leased;
            }
            leased.extend(jobs.into_iter().map(|job| job.id));
        }
    });
    let leased = leased.await.concat();
    assert_eq!(leased.iter().collect::<BTreeSet<_>>().len(), leased.len(), "a job was leased twice");
    assert_eq!(leased.len() as u64, JOBS, "all of them were leased");
}
