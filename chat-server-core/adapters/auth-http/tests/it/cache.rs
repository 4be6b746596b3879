//! How often the other server is asked.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chat_auth_http::{HttpAuth, HttpConfig, LookupError};
use chat_server_core::auth::Authenticator;
use futures::future::join_all;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};

use crate::peer::{Outcome, Peer, Wall, ask, response, user};

const DEADLINE: Duration = Duration::from_secs(30);

/// A server that answers each request with its own number once `gate` lets it, and tells when it was asked.
async fn gated() -> (Peer, Arc<Semaphore>, mpsc::Receiver<usize>) {
    let gate = Arc::new(Semaphore::new(0));
    let (sender, receiver) = mpsc::channel(1000);
    let waits = Arc::clone(&gate);
    let peer = Peer::new(move |number, _| {
        let (gate, sender) = (Arc::clone(&waits), sender.clone());
        async move {
            sender.send(number).await.unwrap();
            gate.acquire().await.unwrap().forget();
            response(200, format!(r#"{{"user_id":{number}}}"#))
        }
    })
    .await;
    (peer, gate, receiver)
}

#[tokio::test]
async fn a_user_is_asked_about_once() {
    let peer =
        Peer::new(|number, _| async move { response(200, format!(r#"{{"user_id":{number}}}"#)) }).await;
    let auth = peer.auth();
    for _ in 0..10 {
        assert_eq!(ask(&auth, "a").await, user("1"));
    }
    // Tokens are told apart.
    assert_eq!(ask(&auth, "A").await, user("2"));
    assert_eq!(ask(&auth, "a").await, user("1"));
    assert_eq!(peer.asked(), 2);
}

#[tokio::test]
async fn with_a_ttl_of_zero_every_time_is_asked() {
    let peer =
        Peer::new(|number, _| async move { response(200, format!(r#"{{"user_id":{number}}}"#)) }).await;
    let auth = HttpAuth::new(HttpConfig { cache_ttl: Duration::ZERO, ..peer.config() }).unwrap();
    for number in 1..=5 {
        assert_eq!(ask(&auth, "a").await, user(&number.to_string()));
    }
    join_all((0..10).map(|_| ask(&auth, "a"))).await;
    assert_eq!(peer.asked(), 15);
}

#[tokio::test]
async fn a_refusal_and_a_failure_are_asked_about_again() {
    let peer = Peer::new(|number, _| async move {
        match number {
            1 => response(401, ""),
            2 => response(500, ""),
            3 => response(200, "{"),
            _ => response(200, r#"{"user_id":"alice"}"#),
        }
    })
    .await;
    let auth = peer.auth();
    assert_eq!(ask(&auth, "t").await, Outcome::Invalid);
    assert!(matches!(ask(&auth, "t").await, Outcome::Failed(_)));
    assert!(matches!(ask(&auth, "t").await, Outcome::Failed(_)));
    assert_eq!(ask(&auth, "t").await, user("alice"));
    assert_eq!(ask(&auth, "t").await, user("alice"));
    assert_eq!(peer.asked(), 4);
}

#[tokio::test]
async fn an_answer_is_forgotten_after_its_ttl() {
    let peer =
        Peer::new(|number, _| async move { response(200, format!(r#"{{"user_id":{number}}}"#)) }).await;
    let auth = HttpAuth::new(HttpConfig { cache_ttl: Duration::from_millis(50), ..peer.config() }).unwrap();
    // More than once: an answer that replaces an expired one lives as long as the first.
    for number in 1..=3 {
        let number = user(&number.to_string());
        timeout(DEADLINE, async {
            while ask(&auth, "t").await != number {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .expect("the answer is never forgotten");
    }
}

#[tokio::test]
async fn an_answer_is_not_reused_beyond_its_expiry() {
    // The wall stands at the 10th second and the answer expires after 50 ms, so only the cache can notice.
    let peer = Peer::new(|number, _| async move {
        response(200, format!(r#"{{"user_id":{number},"expires_at":"1970-01-01T00:00:10.05Z"}}"#))
    })
    .await;
    let wall = Arc::new(Wall::default());
    wall.0.store(10, Ordering::SeqCst);
    let auth = HttpAuth::with_clock(peer.config(), wall.clone()).unwrap();
    let principal = auth.authenticate("t").await.unwrap();
    assert_eq!(principal.user.as_str(), "1");
    assert_eq!(principal.expires_at.unwrap().as_micros(), 10_050_000);
    timeout(DEADLINE, async {
        while ask(&auth, "t").await != user("2") {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("the answer is used beyond its expiry");
}

#[tokio::test]
async fn an_expired_answer_is_a_refusal() {
    let peer = Peer::fixed(200, r#"{"user_id":"alice","expires_at":"1970-01-01T01:00:00+00:30"}"#).await;
    let wall = Arc::new(Wall::default());
    let auth = HttpAuth::with_clock(peer.config(), wall.clone()).unwrap();
    assert_eq!(ask(&auth, "t").await, user("alice"));
    wall.0.store(1799, Ordering::SeqCst);
    assert_eq!(ask(&auth, "t").await, user("alice"));
    // The wall jumps and the cache does not notice.
    wall.0.store(1800, Ordering::SeqCst);
    assert_eq!(ask(&auth, "t").await, Outcome::Invalid);
    assert_eq!(peer.asked(), 1);
    // And what arrives expired is not kept.
    assert_eq!(ask(&auth, "u").await, Outcome::Invalid);
    assert_eq!(ask(&auth, "u").await, Outcome::Invalid);
    assert_eq!(peer.asked(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_at_the_same_time_shares_one_question() {
    let (peer, gate, mut asked) = gated().await;
    let auth = peer.auth();
    let everyone = join_all((0..100).map(|_| ask(&auth, "t")));
    let open = async {
        asked.recv().await.unwrap();
        gate.add_permits(100);
    };
    let (outcomes, ()) = timeout(DEADLINE, async { tokio::join!(everyone, open) }).await.unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == user("1")));
    assert_eq!(peer.asked(), 1);
}

#[tokio::test]
async fn a_shared_refusal_reaches_everybody() {
    for (status, times) in [(401, 50), (500, 50)] {
        let peer = Peer::fixed(status, "").await;
        let auth = peer.auth();
        let outcomes = join_all((0..times).map(|_| ask(&auth, "t"))).await;
        assert_eq!(outcomes.iter().filter(|outcome| !matches!(outcome, Outcome::User(_))).count(), times);
        assert_eq!(outcomes[0], outcomes[times - 1]);
    }
}

#[tokio::test]
async fn when_the_one_who_asks_goes_away_another_asks() {
    let (peer, gate, mut asked) = gated().await;
    let auth = Arc::new(peer.auth());
    let spawn = || {
        let auth = Arc::clone(&auth);
        tokio::spawn(async move { ask(&auth, "t").await })
    };
    let first = spawn();
    timeout(DEADLINE, asked.recv()).await.unwrap().unwrap();
    let second = spawn();
    // Lets the second get to where it waits for the first.
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    gate.add_permits(10);
    assert!(matches!(timeout(DEADLINE, second).await.unwrap().unwrap(), Outcome::User(_)));
}

#[tokio::test]
async fn at_most_64_questions_are_in_flight() {
    let (peer, gate, mut asked) = gated().await;
    let auth = peer.auth();
    let tokens: Vec<String> = (0..200).map(|n| format!("t{n}")).collect();
    let everyone = join_all(tokens.iter().map(|token| ask(&auth, token)));
    let watch = async {
        for number in 1..=200 {
            asked.recv().await.unwrap();
            if number >= 64 {
                // All that may be there are; one answer lets in one more.
                assert!(asked.try_recv().is_err(), "a question too many after {number}");
                gate.add_permits(1);
            }
        }
        gate.add_permits(63);
    };
    let (outcomes, ()) = timeout(DEADLINE, async { tokio::join!(everyone, watch) }).await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::User(_))));
    assert_eq!(peer.asked(), 200);
}

// With a clock that jumps to the next timer, so that the times are exact.
#[tokio::test(start_paused = true)]
async fn waiting_for_ones_turn_counts_into_the_timeout() {
    let (peer, _gate, _asked) = gated().await;
    let limit = Duration::from_secs(5);
    let auth = HttpAuth::new(HttpConfig { timeout: limit, ..peer.config() }).unwrap();
    let tokens: Vec<String> = (0..200).map(|n| format!("t{n}")).collect();
    let start = Instant::now();
    let outcomes = join_all(tokens.iter().map(|token| ask(&auth, token))).await;
    assert!(outcomes.iter().all(|o| *o == Outcome::Failed(LookupError::Timeout { timeout: limit })));
    assert!(start.elapsed() < 2 * limit, "{:?}", start.elapsed());
}
