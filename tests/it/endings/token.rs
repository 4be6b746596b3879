//! Tokens that end, and sources that have none.

use std::sync::{Arc, Mutex};

use chat_client::protocol::ErrorText;
use chat_client::{ConnectionState, TokenError};
use tokio::time::Instant;

use super::*;

/// What a token source was told at a call, and when.
struct Call {
    at: Instant,
    refused: Option<ErrorText>,
}

/// The calls of a token source.
#[derive(Clone, Default)]
struct Calls {
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Calls {
    /// Notes a call; which one it is, from 0.
    fn note(&self, refused: Option<ErrorText>) -> usize {
        let mut calls = self.calls.lock().unwrap();
        calls.push(Call { at: Instant::now(), refused });
        calls.len() - 1
    }

    fn refused(&self) -> Vec<Option<ErrorText>> {
        self.calls.lock().unwrap().iter().map(|call| call.refused.clone()).collect()
    }

    fn times(&self) -> Vec<Instant> {
        self.calls.lock().unwrap().iter().map(|call| call.at).collect()
    }

    /// Waits for so many calls.
    async fn reach(&self, calls: usize) {
        let reached = async {
            while self.calls.lock().unwrap().len() < calls {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, reached).await.expect("it is called");
    }
}

/// A client's builder with a source, which is told which call it is, from 0, and what was refused.
fn with_source(
    scene: &Scene,
    give: impl Fn(usize, Option<ErrorText>) -> Result<String, TokenError> + Send + Sync + 'static,
) -> (ClientBuilder, Calls) {
    let calls = Calls::default();
    let noted = calls.clone();
    let source = move |refused: Option<ErrorText>| {
        let n = noted.note(refused.clone());
        std::future::ready(give(n, refused))
    };
    (scene.builder().token_source(source), calls)
}

#[tokio::test]
async fn a_token_that_ends_ends_the_client_without_a_source() {
    let scene = Scene::signed().await;
    let client = scene.builder().token(jwt("ann", 4)).connect().await.unwrap();
    let told = rest(&mut client.events()).await;
    let end = "closed: the server did not accept the token (ERR_TOKEN_EXPIRED)";
    assert_eq!(told, ["resumed user: snapshot", "connected", end]);
    let error = unauthenticated(ErrorCode::TokenExpired);
    assert_eq!(client.state(), ConnectionState::Closed { reason: Some(error.clone()) });
    assert_eq!(client.room(room("r")).send_text("late").await, Err(error));

    let error = scene.builder().token(jwt("ann", 0)).connect().await.unwrap_err();
    assert_eq!(error, unauthenticated(ErrorCode::InvalidToken), "one that has ended before");
}

#[tokio::test]
async fn tokens_that_end_cost_nothing_with_a_source() {
    let scene = Scene::signed().await;
    let (builder, calls) = with_source(&scene, |_, _| Ok(jwt("ann", 4)));
    let client = builder.connect().await.unwrap();
    let mut events = client.events();
    assert_eq!(story(&mut events, "connected").await, ["resumed user: snapshot", "connected"]);
    let before = client.sessions().await.unwrap();
    // Each is asked for when half of the last one is over: the fourth when the first one has ended for long.
    calls.reach(4).await;
    let lived = calls.times()[3] - calls.times()[0];
    assert!(lived > Duration::from_secs(4), "{lived:?}");
    let after = client.sessions().await.unwrap();
    assert_eq!(so_far(&mut events).await, [""; 0], "nothing was to be seen");
    assert_eq!(calls.refused(), vec![None; calls.refused().len()]);
    let ids = |sessions: &[chat_client::protocol::reply::SessionEntry]| {
        sessions.iter().map(|session| (session.session_id.clone(), session.current)).collect::<Vec<_>>()
    };
    assert_eq!((ids(&after), after.len()), (ids(&before), 1), "the same session, on the same connection");
}

#[tokio::test]
async fn a_source_that_fails_while_the_old_token_holds_is_not_to_be_seen() {
    let scene = Scene::signed().await;
    let (builder, calls) = with_source(&scene, |n, _| match n {
        1..=3 => Err(unavailable()),
        _ => Ok(jwt("ann", 8)),
    });
    let client = builder.connect().await.unwrap();
    let mut events = client.events();
    story(&mut events, "connected").await;
    // Three that fail, one that works, and two more in the place of that: the first has ended by then.
    calls.reach(7).await;
    client.sessions().await.unwrap();
    assert_eq!(so_far(&mut events).await, [""; 0]);
    assert_eq!(calls.refused(), vec![None; 7]);
}

#[tokio::test]
async fn a_source_that_fails_for_longer_costs_the_connection_and_is_asked_until_it_works() {
    let scene = Scene::signed().await;
    let refusals = Arc::new(Mutex::new(0));
    let (builder, calls) = with_source(&scene, move |n, refused| {
        *refusals.lock().unwrap() += usize::from(refused.is_some());
        match n {
            0 => Ok(jwt("ann", 4)),
            _ if *refusals.lock().unwrap() <= 3 => Err(unavailable()),
            _ => Ok(jwt("ann", 3600)),
        }
    });
    let client = builder.connect().await.unwrap();
    let mut events = client.events();
    story(&mut events, "connected").await;
    let told = story(&mut events, "connected").await;
    let away = "disconnected: no token: the provider is away";
    let expired = "disconnected: closed by the server (ERR_TOKEN_EXPIRED)";
    assert_eq!(told, [expired, away, away, away, "resumed user: 0 missed", "connected"]);
    let refused = calls.refused();
    let (before, after) = refused.split_at(refused.len() - 4);
    assert!(before.iter().all(Option::is_none), "{before:?}");
    assert_eq!(after, vec![Some(ErrorCode::TokenExpired.into()); 4], "told why, until it has another");
}

#[tokio::test]
async fn a_source_that_fails_three_times_is_asked_a_fourth_time_with_waits_that_grow() {
    let scene = Scene::signed().await;
    let (builder, calls) = with_source(&scene, |n, _| match n {
        0..3 => Err(unavailable()),
        _ => Ok(jwt("ann", 3600)),
    });
    let client = builder.connect().await.unwrap();
    let mut events = client.events();
    let mut waits = Vec::new();
    while let Some(ClientEvent::Disconnected { reason, retry_in }) = events.next().await {
        assert_eq!(reason, "no token: the provider is away");
        waits.push(retry_in);
    }
    assert_eq!(waits.len(), 3);
    assert_eq!(so_far(&mut events).await, ["connected"], "after the resume that ended the loop");
    assert_eq!(calls.refused(), vec![None; 4]);
    let times = calls.times();
    for (n, wait) in waits.into_iter().enumerate() {
        // All of a wait is random; it is its upper end that grows.
        assert!(wait <= Duration::from_millis(250 << n), "wait {n}: {wait:?}");
        let waited = times[n + 1] - times[n];
        // Timers of the runtime are as fine as a millisecond.
        assert!(waited + Duration::from_millis(1) >= wait, "{waited:?} instead of {wait:?}");
    }
}

#[tokio::test]
async fn a_source_that_never_works_ends_a_connect_with_its_cause() {
    let scene = Scene::signed().await;
    let (builder, calls) = with_source(&scene, |_, _| Err(unavailable()));
    let after = Duration::from_secs(1);
    let error = builder.connect_timeout(Some(after)).connect().await.unwrap_err();
    let last = Some("no token: the provider is away".to_owned());
    assert_eq!(error, Error::ConnectTimeout { after, last });
    assert!(calls.refused().len() > 1);
}

#[tokio::test]
async fn a_client_that_was_started_outlives_a_source_that_does_not_work() {
    let scene = Scene::signed().await;
    let ann = scene.builder().token(jwt("ann", 3600)).connect().await.unwrap();
    let lobby = open(&ann, "r").await;
    let works = Arc::new(watch::Sender::new(false));
    let working = works.clone();
    let (builder, calls) = with_source(&scene, move |_, _| match *working.borrow() {
        true => Ok(jwt("ann", 3600)),
        false => Err(unavailable()),
    });
    let client = builder.connect_timeout(Some(Duration::from_millis(1))).start().await.unwrap();
    assert_eq!(client.user_id(), None);
    let waiting = client.room(room("r")).send_text("kept");
    let mut events = client.events();
    let mut waits = Vec::new();
    while waits.len() < 6 {
        match timeout(PATIENCE, events.next()).await.unwrap() {
            Some(ClientEvent::Disconnected { retry_in, .. }) => waits.push(retry_in),
            Some(ClientEvent::Outbox(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    // All of a wait is random. That none of these is longer than the first may be happens once in 32,768 runs.
    assert!(waits.iter().any(|wait| *wait > Duration::from_millis(250)), "{waits:?}");
    assert!(waits.iter().enumerate().all(|(n, wait)| *wait <= Duration::from_millis(250 << n)), "{waits:?}");
    assert_eq!(calls.refused(), vec![None; 6]);
    assert_eq!(client.state(), ConnectionState::Waiting { retry_in: waits[5] });
    assert!(lobby.messages().next().await.is_none());
    works.send_replace(true);
    client.network_changed().await.unwrap();
    assert_eq!(timeout(PATIENCE, waiting).await.unwrap().unwrap().seq.get(), 1);
}

#[tokio::test]
async fn a_user_who_has_signed_out_ends_the_client() {
    let scene = Scene::signed().await;
    let (builder, calls) = with_source(&scene, |_, _| Err(TokenError::SignedOut));
    let client = builder.start().await.unwrap();
    let end = "closed: the server did not accept the token (ERR_NOT_AUTHENTICATED)";
    assert_eq!(rest(&mut client.events()).await, [end]);
    assert_eq!(client.ready().await, Err(unauthenticated(ErrorCode::NotAuthenticated)));
    assert_eq!(calls.refused(), [None]);

    // While a connection is open it is used to its end; the second source knows from the first moment.
    let (builder, calls) = with_source(&scene, |n, _| match n {
        0 => Ok(jwt("ann", 4)),
        _ => Err(TokenError::SignedOut),
    });
    let client = builder.connect().await.unwrap();
    let mut events = client.events();
    story(&mut events, "connected").await;
    let expired = "disconnected: closed by the server (ERR_TOKEN_EXPIRED)";
    let end = "closed: the server did not accept the token (ERR_TOKEN_EXPIRED)";
    assert_eq!(rest(&mut events).await, [expired, end]);
    assert_eq!(calls.refused(), [None, None, Some(ErrorCode::TokenExpired.into())]);
}

#[tokio::test]
async fn two_tokens_in_a_row_that_the_server_does_not_take_end_the_client() {
    let scene = Scene::signed().await;
    let (builder, calls) = with_source(&scene, |n, _| Ok(format!("forged-{n}")));
    let client = builder.start().await.unwrap();
    let refused = "disconnected: refused: ERR_INVALID_ACCESS_TOKEN";
    let end = "closed: the server did not accept the token (ERR_INVALID_ACCESS_TOKEN)";
    assert_eq!(rest(&mut client.events()).await, [refused, end]);
    assert_eq!(calls.refused(), [None, Some(ErrorCode::InvalidToken.into())]);
}

#[tokio::test]
async fn a_part_of_the_application_that_panics_ends_the_client() {
    let scene = Scene::new().await;
    let source = |_| async { panic!("no token today") };
    let client = scene.builder().token_source(source).start().await.unwrap();
    let sending = client.room(room("r")).send_text("lost");
    let told = rest(&mut client.events()).await;
    // The message may be in the outbox before, or come too late for that.
    assert_eq!(told.last(), Some(&format!("closed: {}", Error::Halted)));
    assert_eq!(sending.await, Err(Error::Halted));
}
