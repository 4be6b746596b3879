//! Which settings are refused at the start, and what shows of the others.

use std::process::Command;
use std::time::Duration;

use chat_auth_http::{HttpAuth, HttpConfig, SetupError};

use crate::peer::{Peer, ask, user};

#[test]
fn an_address_that_cannot_be_asked_is_refused() {
    for (url, reason) in [
        ("", "does not begin with http:// or https://"),
        ("example.org/who", "does not begin with http:// or https://"),
        ("file:///etc/passwd", "does not begin with http:// or https://"),
        ("http://", "cannot be read"),
        ("http://:80/", "cannot be read"),
        ("http://example.org:99999/", "cannot be read"),
        ("http://[::1/", "cannot be read"),
        ("https://user@example.org/", "has a user name or password"),
        ("https://:password@example.org/", "has a user name or password"),
    ] {
        assert_eq!(HttpAuth::new(HttpConfig::new(url)).unwrap_err(), SetupError::Url { reason }, "{url}");
    }
    for url in ["http://127.0.0.1:1/who", "http://[::1]/", "http://example.org?app=chat"] {
        assert!(HttpAuth::new(HttpConfig::new(url)).is_ok(), "{url}");
    }
}

#[test]
fn a_timeout_of_zero_is_refused() {
    let config = HttpConfig { timeout: Duration::ZERO, ..HttpConfig::new("http://127.0.0.1") };
    assert_eq!(HttpAuth::new(config).unwrap_err(), SetupError::Timeout);
}

#[tokio::test]
async fn endless_times_are_taken() {
    for body in [
        r#"{"user_id":"alice"}"#,
        r#"{"user_id":"alice","expires_at":"9999-12-30T00:00:00Z"}"#,
        r#"{"user_id":"alice","expires_at":"2999-01-01T00:00:00+14:00"}"#,
    ] {
        let peer = Peer::fixed(200, body).await;
        let config = HttpConfig { timeout: Duration::MAX, cache_ttl: Duration::MAX, ..peer.config() };
        let auth = HttpAuth::new(config).unwrap();
        assert_eq!(ask(&auth, "t").await, user("alice"));
        assert_eq!(ask(&auth, "t").await, user("alice"));
        assert_eq!(peer.asked(), 1);
    }
}

#[test]
fn debug_shows_the_host_alone() {
    let auth = HttpAuth::new(HttpConfig::new("http://example.org/secret?key=hidden")).unwrap();
    assert_eq!(format!("{auth:?}"), r#"HttpAuth { host: Some("example.org"), .. }"#);
}

/// Runs in a process of its own, because the environment belongs to all tests.
#[test]
fn without_certificates_http_works_and_https_says_so() {
    const NOWHERE: &str = "/nowhere/at/all";
    if std::env::var("SSL_CERT_FILE").is_ok_and(|path| path == NOWHERE) {
        assert!(HttpAuth::new(HttpConfig::new("http://127.0.0.1")).is_ok());
        let error = HttpAuth::new(HttpConfig::new("https://127.0.0.1")).unwrap_err();
        assert!(matches!(error, SetupError::Tls { .. }), "{error}");
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "setup::without_certificates_http_works_and_https_says_so"])
        .env("SSL_CERT_FILE", NOWHERE)
        .env("SSL_CERT_DIR", NOWHERE)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Runs in a process of its own, because the environment belongs to all tests.
#[test]
fn a_proxy_that_the_environment_names_gets_no_token() {
    const PROXY: &str = "http_proxy";
    if let Ok(proxy) = std::env::var("CHAT_TEST_PROXY") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let peer = Peer::fixed(200, r#"{"user_id":"alice"}"#).await;
            assert_eq!(std::env::var(PROXY).unwrap(), proxy);
            assert_eq!(ask(&peer.auth(), "t").await, user("alice"));
            assert_eq!(peer.asked(), 1);
        });
        return;
    }
    // Nobody is there: whoever goes this way fails.
    let nowhere = "http://127.0.0.1:1";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "setup::a_proxy_that_the_environment_names_gets_no_token"])
        .envs(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].map(|name| (name, nowhere)))
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .env("CHAT_TEST_PROXY", nowhere)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
