//! What is not taken: too large, not the user's, of a token that is no good, or of a source that is not what it was.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chat_client::protocol::{Action, ErrorCode, ErrorText};
use chat_client::{ClientBuilder, Error, FileError, TokenError};

use super::*;

fn refused(code: ErrorCode) -> impl Fn(&Error) -> bool {
    move |error| error.code() == Some(code) && matches!(error, Error::Refused { .. })
}

fn answer(head: &str, body: &str) -> Fate {
    Fate::Answer(format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

fn reply(code: ErrorCode) -> Fate {
    let action = serde_json::to_value(code.action()).unwrap();
    let body = format!(
        r#"{{"status":{},"err":"{}","action":{action},"ts":"2026-01-01T00:00:00.000Z"}}"#,
        code.status(),
        code.text()
    );
    answer(&format!("{} No", code.status()), &body)
}

/// A client whose every token is another one, the first of which is `dev-alice`; and with what it was asked for them.
async fn with_source(scene: &Scene) -> (RoomHandle, Arc<Mutex<Vec<Option<ErrorText>>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let builder = Client::builder(scene.server().url()).files_url(scene.cutter.files_url());
    let client = patient(
        builder
            .token_source(move |refused| {
                log.lock().unwrap().push(refused);
                async { Ok("dev-alice".to_owned()) }
            })
            .connect(),
    );
    (client.await.unwrap().room(scene.room.id().clone()), asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_too_large_is_refused_before_a_byte_is_sent() {
    let scene = Scene::with(&[("CHAT_UPLOADS__MAX_SIZE", "100000")]).await;
    let told = Told::default();
    let error = patient(told.to(scene.room.upload(file(100_001))).send()).await.unwrap_err();
    assert_eq!(error, Error::File(FileError::TooLarge { size: 100_001, max: 100_000 }));
    assert!(scene.cutter.up() < 2_000 && told.all().is_empty(), "{}", scene.cutter.up());
    arrives(&scene, &file(100_000), &[]).await;

    // What one user may have is another limit, and the server's own words say so.
    let env = [("CHAT_UPLOADS__MAX_SIZE", "100000"), ("CHAT_UPLOADS__QUOTA_PER_USER", "150000")];
    let scene = Scene::with(&env).await;
    arrives(&scene, &file(100_000), &[]).await;
    let before = scene.cutter.up();
    let error = patient(scene.room.upload(file(100_000)).send()).await.unwrap_err();
    assert!(refused(ErrorCode::TooLarge)(&error), "{error:?}");
    assert!(scene.cutter.up() - before < 2_000, "{}", scene.cutter.up());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_does_not_take_is_told_and_nothing_of_it_stays() {
    let scene = Scene::new().await;
    let lie = scene.room.upload(file(200_000)).kind("image/png").send();
    let error = patient(lie).await.unwrap_err();
    assert!(refused(ErrorCode::MediaType)(&error), "{error:?}");
    until(|| scene.unfinished() == 0).await;
    let elsewhere = scene.alice.room(RoomId::new("nobodys").unwrap());
    let error = patient(elsewhere.upload(file(10)).send()).await.unwrap_err();
    assert!(refused(ErrorCode::Forbidden)(&error), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_is_gone_or_changes_is_told() {
    let scene = Scene::new().await;
    let path = scene.data.path().join("a.txt");
    let error = patient(scene.room.upload(&*path).send()).await.unwrap_err();
    let Error::File(FileError::Source { kind, reason }) = error else { panic!("{error:?}") };
    assert_eq!(kind, std::io::ErrorKind::NotFound);
    assert!(!reason.contains("a.txt"), "{reason}");
    assert_eq!(scene.cutter.connections(), 0);
    for size in [100_000, 5_000_000] {
        std::fs::write(&path, file(3_000_000)).unwrap();
        let changed = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let upload = scene.room.upload(&*path).progress(move |_, _| changed.set_len(size).unwrap());
        let error = patient(upload.send()).await.unwrap_err();
        assert_eq!(error, Error::File(FileError::Changed { announced: 3_000_000, found: size }));
        assert_eq!(scene.unfinished(), 0, "it was taken back");
    }
    // A file that is deleted meanwhile is still there for who has it open.
    std::fs::write(&path, file(3_000_000)).unwrap();
    let gone = path.clone();
    let upload = scene.room.upload(&*path).progress(move |_, _| _ = std::fs::remove_file(&gone));
    let uploaded = patient(upload.send()).await.unwrap();
    assert_eq!(scene.stored(&uploaded).await, file(3_000_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_is_replaced_once_where_there_is_a_source() {
    let scene = Scene::new().await;
    let (room, asked) = with_source(&scene).await;
    let invalid: ErrorText = ErrorCode::TokenExpired.into();
    scene.cutter.next([reply(ErrorCode::TokenExpired)]);
    let uploaded = patient(room.upload(file(200_000)).send()).await.unwrap();
    assert_eq!(scene.stored(&uploaded).await, file(200_000));
    assert_eq!(*asked.lock().unwrap(), [None, Some(invalid.clone())]);
    assert!(scene.cutter.heads()[0].to_ascii_lowercase().contains("authorization: bearer dev-alice\r\n"));

    scene.cutter.next([reply(ErrorCode::TokenExpired), reply(ErrorCode::TokenExpired)]);
    let error = patient(room.upload(file(200_000)).send()).await.unwrap_err();
    assert_eq!(error, Error::Unauthenticated { code: invalid.clone() });
    assert_eq!(asked.lock().unwrap().len(), 3);

    // The fixed token of the scene has nobody behind it.
    scene.cutter.next([reply(ErrorCode::TokenExpired)]);
    let error = patient(scene.room.upload(file(10)).send()).await.unwrap_err();
    assert_eq!(error, Error::Unauthenticated { code: invalid });
    assert_eq!(scene.cutter.unmet(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_and_no_token_are_told() {
    let scene = Scene::new().await;
    let builder = |token: &str| Client::builder(scene.server().url()).token(token);
    let wrong = builder("nobody").start().await.unwrap().room(scene.room.id().clone());
    let error = patient(wrong.upload(file(10)).send()).await.unwrap_err();
    assert!(matches!(error, Error::Unauthenticated { .. }), "{error:?}");

    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let none = Client::builder(scene.server().url()).token_source(move |_| {
        let nth = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            if nth < 2 {
                Err(TokenError::Unavailable("no network".to_owned()))
            } else {
                Ok("dev-alice".into())
            }
        }
    });
    let late = none.start().await.unwrap().room(scene.room.id().clone());
    let uploaded = patient(late.upload(file(10)).send()).await.unwrap();
    assert_eq!(scene.stored(&uploaded).await, file(10), "it waited for a token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_busy_is_waited_for() {
    let scene = Scene::new().await;
    let began = Instant::now();
    // The last one has announced the file, and nobody heard where.
    scene.cutter.next([
        answer("503 Later\r\nRetry-After: 1", ""),
        answer("429 Later\r\nRetry-After: 1", ""),
        Fate::Instead("HTTP/1.1 502 Lost\r\nContent-Length: 0\r\n\r\n".to_owned()),
    ]);
    let uploaded = patient(scene.room.upload(file(200_000)).send()).await.unwrap();
    assert_eq!(scene.stored(&uploaded).await, file(200_000));
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());

    let busy = || std::iter::repeat_n(reply(ErrorCode::StorageUnavailable), 3);
    scene.cutter.next(busy());
    let error = patient(scene.room.upload(file(10)).tries(2).send()).await.unwrap_err();
    let expected =
        Error::Refused { code: ErrorCode::StorageUnavailable.into(), action: Action::Retry, detail: None };
    assert_eq!(error, expected);
    scene.cutter.next([Fate::CutUp(1), Fate::CutUp(1), Fate::CutUp(1)]);
    let error = patient(scene.room.upload(file(10)).tries(2).send()).await.unwrap_err();
    assert!(matches!(error, Error::File(FileError::Connection(_))), "{error:?}");
    assert_eq!(scene.cutter.unmet(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_the_server_loses_twice_is_given_up() {
    let scene = Scene::new().await;
    // The announcement goes through, the next connection finds nothing.
    let lost = || [Fate::CutUp(100_000), answer("404 Gone", "")];
    arrives(&scene, &file(300_000), &lost()).await;
    scene.cutter.next(lost().into_iter().chain(lost()));
    let error = patient(scene.room.upload(file(300_000)).silence(SILENCE).send()).await.unwrap_err();
    assert_eq!(error, Error::File(FileError::Lost));
    assert_eq!(scene.cutter.unmet(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_files_only_whole_gets_them_whole() {
    let scene = Scene::with(&[("CHAT_UPLOADS__MAX_UNFINISHED_PER_USER", "0")]).await;
    arrives(&scene, &file(300_000), &[]).await;
    // The first connection learns how files are taken.
    arrives(&scene, &file(300_000), &[Fate::Pass, Fate::CutUp(100_000), Fate::Swallow(200_000)]).await;
    // More than the system keeps for a peer that takes nothing.
    arrives(&scene, &file(20_000_000), &[Fate::Pass, Fate::Stall(100_000)]).await;
    assert_eq!(scene.cutter.unmet(), 0);
    arrives(&scene, b"", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_not_followed_and_a_connector_of_ones_own_has_to_say_where() {
    let scene = Scene::new().await;
    let evil = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let head = format!("307 Over there\r\nLocation: http://{}/v1/uploads", evil.local_addr().unwrap());
    scene.cutter.next([answer(&head, "")]);
    let error = patient(scene.room.upload(file(10)).send()).await.unwrap_err();
    assert_eq!(error, Error::File(FileError::Status { status: 307 }));
    // An announcement that is answered with a place elsewhere: its name is asked for here, where there is no such upload.
    let head = format!("201 Made\r\nLocation: http://{}/v1/uploads/resumable/0a", evil.local_addr().unwrap());
    scene.cutter.next([answer(&head, ""), Fate::Pass, answer(&head, "")]);
    let upload = scene.room.upload(file(10)).silence(SILENCE);
    let error = patient(upload.send()).await;
    assert!(futures::FutureExt::now_or_never(evil.accept()).is_none(), "the token went elsewhere: {error:?}");

    let connector = chat_client::transport::connector(&scene.server().url()).unwrap();
    let own = patient(ClientBuilder::new(connector).token("dev-alice").connect()).await.unwrap();
    let error = patient(own.room(scene.room.id().clone()).upload(file(10)).send()).await.unwrap_err();
    assert!(matches!(error, Error::Address(_)), "{error:?}");
}
