//! Files that come in several requests: whose they are, who writes them, and when they are given up.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chat_protocol::reply::Uploaded;
use chat_protocol::{ErrorCode, RoomId, UserId, WireError};
use chat_server_core::blob::BlobStore;
use chat_server_core::{Caller, ChatServer, NewUpload, Resumed, ServerConfig, UploadTurn};
use futures::TryStreamExt;

use super::{Scene, config, name, wait};

const HOUR: u64 = 60 * 60;

fn user(name: &str) -> Caller {
    Caller::User(UserId::new(name).unwrap())
}

async fn begin_as(scene: &Scene, by: &Caller, kind: Option<&str>, size: u64) -> Result<Resumed, WireError> {
    let (room, kind) = (RoomId::new("r").unwrap(), kind.map(str::to_owned));
    let new = NewUpload { room, file_name: "f".into(), kind, size: Some(size) };
    scene.server.begin_upload(by, new).await.map_err(|error| error.wire())
}

/// Begins a file of alice's.
async fn begin(scene: &Scene, size: u64) -> UploadTurn {
    missing(begin_as(scene, &user("alice"), None, size).await.unwrap())
}

async fn resume_as(scene: &Scene, by: &Caller, name: &str) -> Result<Resumed, WireError> {
    scene.server.resume_upload(by, name).await.map_err(|error| error.wire())
}

async fn resume(scene: &Scene, name: &str) -> UploadTurn {
    missing(resume_as(scene, &user("alice"), name).await.unwrap())
}

async fn refused(scene: &Scene, name: &str) -> ErrorCode {
    resume_as(scene, &user("alice"), name).await.unwrap_err().code
}

fn missing(resumed: Resumed) -> UploadTurn {
    match resumed {
        Resumed::Missing(turn) => turn,
        Resumed::Done(uploaded) => panic!("it is whole: {uploaded:?}"),
    }
}

fn done(resumed: Resumed) -> Uploaded {
    match resumed {
        Resumed::Done(uploaded) => uploaded,
        Resumed::Missing(turn) => panic!("bytes are missing: {turn:?}"),
    }
}

/// How many files are being written, those that rest included.
fn writers(scene: &Scene) -> usize {
    // The test and the server hold one each.
    Arc::strong_count(&scene.disk.writers) - 2
}

impl Scene {
    /// The same with a bound on unfinished files.
    async fn with_unfinished(most: usize) -> Self {
        let mut scene = Self::new().await;
        scene.server.shutdown(Duration::from_secs(5)).await;
        let config = ServerConfig { max_unfinished_uploads: most, ..config() };
        scene.server = ChatServer::start(scene.parts.clone(), config);
        scene
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_may_come_in_many_turns_and_is_seen_when_it_is_whole() {
    let scene = Scene::new().await;
    let text: Vec<u8> = (0..20_000_u32).flat_map(u32::to_be_bytes).collect();
    let mut turn = begin(&scene, text.len() as u64).await;
    let of = turn.name().to_string();
    let url = format!("/v1/uploads/{of}");
    for piece in text.chunks(7_001) {
        turn.write(piece).await.unwrap();
        let came = turn.offset();
        if came == text.len() as u64 {
            break;
        }
        assert!(!scene.is_there(&url).await && scene.bytes().await == (0, 0), "at {came}");
        // Resting or dropped, what has come is kept.
        if came % 2 == 0 {
            turn.rest().await.unwrap()
        } else {
            drop(turn)
        }
        turn = resume(&scene, &of).await;
        assert_eq!((turn.offset(), turn.length()), (came, text.len() as u64));
    }
    let uploaded = turn.finish().await.unwrap();
    assert_eq!((uploaded.url.as_str(), uploaded.size), (url.as_str(), text.len() as u64));
    assert_eq!(scene.bytes().await.0, text.len() as u64);
    let stored = scene.disk.blobs.read(&name(&url), 0..u64::MAX).await.unwrap().unwrap();
    assert!(stored.try_collect::<Vec<_>>().await.unwrap().concat() == text);
    assert_eq!(done(resume_as(&scene, &user("alice"), &of).await.unwrap()), uploaded, "the answer was lost");
    assert_eq!(resume_as(&scene, &user("bob"), &of).await.unwrap_err().code, ErrorCode::NotFound);
    let empty = done(begin_as(&scene, &user("alice"), None, 0).await.unwrap());
    assert!(scene.is_there(&empty.url).await && empty.size == 0, "nothing is missing of an empty file");
    assert_eq!(writers(&scene), 0);
}

#[tokio::test(start_paused = true)]
async fn more_or_less_than_was_announced_is_refused_and_it_stays_unfinished() {
    let scene = Scene::new().await;
    let mut turn = begin(&scene, 8).await;
    let of = turn.name().to_string();
    turn.write(b"half").await.unwrap();
    assert_eq!(turn.write(b"much more").await.unwrap_err().wire().code, ErrorCode::TooLarge);
    assert_eq!(turn.offset(), 4, "nothing of that piece is taken");
    assert_eq!(turn.finish().await.unwrap_err().wire().code, ErrorCode::BadRequest);
    let mut turn = resume(&scene, &of).await;
    turn.write(b"more").await.unwrap();
    turn.finish().await.unwrap();
    let large = begin_as(&scene, &user("alice"), None, 25 * 1024 * 1024 + 1).await.unwrap_err();
    assert_eq!(large.code, ErrorCode::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn what_a_file_is_and_whether_it_may_be_kept_is_judged_as_for_any_other() {
    let mut scene = Scene::new().await;
    let mut picture = missing(begin_as(&scene, &user("alice"), Some("image/png"), 9_000).await.unwrap());
    let of = picture.name().to_string();
    picture.write(&[b'x'; 3_000]).await.unwrap();
    picture.rest().await.unwrap();
    let refused_kind = resume(&scene, &of).await.write(&[b'x'; 3_000]).await.unwrap_err().wire();
    assert_eq!(refused_kind.code, ErrorCode::MediaType, "the first bytes came in two turns");
    assert_eq!(refused(&scene, &of).await, ErrorCode::NotFound, "it is given up");

    let full = begin(&scene, 4).await.name().to_string();
    scene.disk.full.store(true, Ordering::Relaxed);
    let no_room = resume(&scene, &full).await.write(b"last").await.unwrap_err().wire();
    assert_eq!((no_room.code, no_room.retry_after_ms), (ErrorCode::StorageUnavailable, Some(60_000)));
    assert_eq!(refused(&scene, &full).await, ErrorCode::NotFound);
    scene.disk.full.store(false, Ordering::Relaxed);

    let bob = user("bob");
    let mut at_end = missing(begin_as(&scene, &bob, None, 4).await.unwrap());
    at_end.write(b"text").await.unwrap();
    let mut between = missing(begin_as(&scene, &bob, None, 4).await.unwrap());
    between.write(b"te").await.unwrap();
    let of = between.name().to_string();
    between.rest().await.unwrap();
    scene.alice.ok(r#"{"kick":{"id":"k","room":"r","user":"bob"}}"#).await;
    assert_eq!(at_end.finish().await.unwrap_err().wire().code, ErrorCode::Forbidden);
    assert_eq!(resume_as(&scene, &bob, &of).await.unwrap_err().code, ErrorCode::Forbidden);
    assert_eq!(resume_as(&scene, &bob, &of).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(begin_as(&scene, &bob, None, 4).await.unwrap_err().code, ErrorCode::Forbidden);
    assert_eq!((writers(&scene), scene.bytes().await), (0, (0, 0)), "nothing of any of them is left");
}

#[tokio::test(start_paused = true)]
async fn a_file_is_its_senders_alone() {
    let scene = Scene::new().await;
    let of = begin(&scene, 4).await.name().to_string();
    for other in [user("bob"), Caller::Operator] {
        assert_eq!(resume_as(&scene, &other, &of).await.unwrap_err().code, ErrorCode::NotFound, "{other:?}");
    }
    for nothing in ["", "x", "../../etc/passwd", &"0".repeat(32)] {
        assert_eq!(refused(&scene, nothing).await, ErrorCode::NotFound, "{nothing}");
    }
    resume(&scene, &of).await.remove();
    assert_eq!((refused(&scene, &of).await, writers(&scene)), (ErrorCode::NotFound, 0));
}

#[tokio::test(start_paused = true)]
async fn a_later_request_takes_the_turn_over_and_one_that_does_not_give_it_back_is_told() {
    let scene = Scene::new().await;
    let mut old = begin(&scene, 8).await;
    old.write(b"half").await.unwrap();
    let of = old.name().to_string();
    let later = tokio::spawn({
        let (server, of) = (scene.server.clone(), of.clone());
        async move { server.resume_upload(&user("alice"), &of).await.map(missing) }
    });
    let soon = Duration::from_secs(1);
    tokio::time::timeout(soon, old.taken_over()).await.expect("it is told at once");
    assert!(!later.is_finished(), "not before it is given back");
    drop(old);
    let later = later.await.unwrap().unwrap();
    assert_eq!(later.offset(), 4);
    let began = tokio::time::Instant::now();
    assert_eq!(refused(&scene, &of).await, ErrorCode::RateLimited);
    assert_eq!(began.elapsed().as_secs(), 10);
    tokio::time::timeout(soon, later.taken_over()).await.expect("so is the next");
    drop(later);
    assert_eq!(resume(&scene, &of).await.offset(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_inside_a_write_gives_the_file_up() {
    let scene = Scene::new().await;
    let mut turn = begin(&scene, 8).await;
    let of = turn.name().to_string();
    scene.disk.slow.store(true, Ordering::Relaxed);
    let cut = tokio::time::timeout(Duration::from_secs(3), turn.write(b"slow")).await;
    assert!(cut.is_err());
    drop(turn);
    assert_eq!((refused(&scene, &of).await, writers(&scene)), (ErrorCode::NotFound, 0));
}

#[tokio::test(start_paused = true)]
async fn a_file_whose_request_is_dropped_while_it_is_kept_is_kept() {
    let scene = Scene::new().await;
    let mut turn = begin(&scene, 4).await;
    let of = turn.name().to_string();
    turn.write(b"text").await.unwrap();
    scene.disk.slow.store(true, Ordering::Relaxed);
    assert!(tokio::time::timeout(Duration::from_secs(3), turn.finish()).await.is_err());
    let asked = tokio::spawn({
        let (server, of) = (scene.server.clone(), of.clone());
        async move { server.resume_upload(&user("alice"), &of).await.map(done) }
    });
    wait(1).await;
    assert!(!asked.is_finished(), "it is neither unfinished nor whole");
    scene.disk.slow.store(false, Ordering::Relaxed);
    assert_eq!(asked.await.unwrap().unwrap().url, format!("/v1/uploads/{of}"));
}

#[tokio::test(start_paused = true)]
async fn a_file_for_which_nothing_comes_for_an_hour_is_given_up() {
    let scene = Scene::new().await;
    let mut turn = begin(&scene, 8).await;
    let of = turn.name().to_string();
    turn.write(b"ha").await.unwrap();
    turn.rest().await.unwrap();
    wait(HOUR - 60).await;
    let mut turn = resume(&scene, &of).await;
    let before = turn.expires();
    turn.write(b"lf").await.unwrap();
    assert!(turn.expires() > before, "each piece moves it");
    wait(2 * HOUR).await;
    assert_eq!(turn.offset(), 4, "never inside a request");
    turn.write(b"mo").await.unwrap();
    turn.rest().await.unwrap();
    wait(HOUR - 60).await;
    // Asking how far it is moves nothing.
    assert_eq!(resume(&scene, &of).await.offset(), 6);
    wait(120).await;
    assert_eq!(writers(&scene), 0, "its bytes are gone before anybody asks");
    assert_eq!(refused(&scene, &of).await, ErrorCode::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_user_has_a_bounded_number_of_unfinished_files_and_the_quietest_gives_way() {
    let scene = Scene::with_unfinished(2).await;
    let first = begin(&scene, 8).await.name().to_string();
    wait(1).await;
    let second = begin(&scene, 8).await.name().to_string();
    wait(1).await;
    resume(&scene, &first).await.write(b"half").await.unwrap();
    let third = begin(&scene, 8).await;
    assert_eq!(refused(&scene, &second).await, ErrorCode::NotFound, "nothing came for the longest time");
    let first = resume(&scene, &first).await;
    let all_come = begin_as(&scene, &user("alice"), None, 8).await.unwrap_err();
    assert_eq!((all_come.code, all_come.retry_after_ms), (ErrorCode::RateLimited, Some(1_000)));
    begin_as(&scene, &user("bob"), None, 8).await.unwrap();
    assert_eq!(writers(&scene), 3);
    drop((first, third));
    let none = Scene::with_unfinished(0).await;
    let refused = begin_as(&none, &user("alice"), None, 8).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotSupported);
}

#[tokio::test(start_paused = true)]
async fn unfinished_files_count_where_others_begin_and_those_that_come_are_under_way() {
    let scene = Scene::new().await;
    let large = begin(&scene, 60_000).await;
    let refused = begin_as(&scene, &user("alice"), None, 60_000).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::TooLarge, "both together are beyond the quota");
    assert_eq!(writers(&scene), 1);
    let others = begin_as(&scene, &user("bob"), None, 95_000).await.unwrap_err();
    assert_eq!(others.code, ErrorCode::StorageUnavailable, "beyond that of all");
    large.remove();
    let mut turns = Vec::new();
    for _ in 0..5 {
        turns.push(begin(&scene, 8).await);
    }
    for turn in &mut turns[..4] {
        turn.write(b"half").await.unwrap();
    }
    let refused = turns[4].write(b"half").await.unwrap_err().wire();
    assert_eq!(refused.code, ErrorCode::RateLimited, "four uploads are under way");
    turns.swap_remove(0).rest().await.unwrap();
    let mut waited = turns.swap_remove(0);
    assert_eq!(waited.offset(), 0, "it is there still");
    waited.write(b"half").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn unfinished_files_go_with_their_user_and_with_the_server() {
    let scene = Scene::new().await;
    let (alice, bob) = (begin(&scene, 8).await, begin_as(&scene, &user("bob"), None, 8).await.unwrap());
    let of = alice.name().to_string();
    drop((alice, bob));
    scene.server.forget_user(&Caller::Operator, UserId::new("alice").unwrap()).await.unwrap();
    wait(100).await;
    assert_eq!((refused(&scene, &of).await, writers(&scene)), (ErrorCode::NotFound, 1));
    scene.server.shutdown(Duration::from_secs(5)).await;
    assert_eq!(writers(&scene), 0);
}
