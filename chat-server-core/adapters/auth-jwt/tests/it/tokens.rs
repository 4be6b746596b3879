//! Which tokens are somebody's.

use std::time::Duration;

use aws_lc_rs::hmac;
use chat_auth_jwt::{Algorithm, JwtAuth, JwtConfig, Key};

use crate::issuer::{NOW, SECRET, Signer, ask, encode, header, server};

const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// An HS256 server and its issuer.
fn pair(change: impl FnOnce(&mut JwtConfig)) -> (JwtAuth, Signer) {
    let (signer, key) = Signer::fresh(Algorithm::Hs256);
    let mut config = JwtConfig::new(Algorithm::Hs256, key);
    change(&mut config);
    (server(config), signer)
}

/// What becomes of the claims under the default settings: the user id and the second of expiry.
fn check(claims: &str, expected: Option<(&str, Option<i64>)>) {
    let (server, signer) = pair(|_| {});
    let principal = ask(&server, &signer.sign(HS256, claims));
    let found = principal
        .as_ref()
        .map(|p| (p.user.as_str(), p.expires_at.map(|expires_at| expires_at.as_micros() / 1_000_000)));
    assert_eq!(found, expected, "{claims}");
}

#[test]
fn every_algorithm_takes_its_own_tokens_and_no_others() {
    for algorithm in Algorithm::ALL {
        let (signer, key) = Signer::fresh(algorithm);
        let server = server(JwtConfig::new(algorithm, key));
        let token = signer.sign(&header(algorithm), r#"{"sub":"alice"}"#);
        assert_eq!(ask(&server, &token).unwrap().user.as_str(), "alice", "{algorithm:?}");

        // The right key, under every other name.
        for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            assert_eq!(ask(&server, &signer.sign(&header(other), r#"{"sub":"alice"}"#)), None, "{other:?}");
        }
        // The right name, by somebody else.
        let (stranger, _) = match algorithm.name() {
            "HS256" => Signer::hmac(hmac::HMAC_SHA256, &SECRET.replace('0', "1")),
            "HS384" => Signer::hmac(hmac::HMAC_SHA384, &SECRET.replace('0', "1")),
            "HS512" => Signer::hmac(hmac::HMAC_SHA512, &SECRET.replace('0', "1")),
            _ => Signer::fresh(algorithm),
        };
        assert_eq!(ask(&server, &stranger.sign(&header(algorithm), r#"{"sub":"alice"}"#)), None);
    }
}

#[test]
fn the_same_key_with_another_algorithm_is_refused() {
    let claims = r#"{"sub":"alice"}"#;
    let (server, _) = pair(|_| {});
    for (algorithm, hash) in [(Algorithm::Hs384, hmac::HMAC_SHA384), (Algorithm::Hs512, hmac::HMAC_SHA512)] {
        let (issuer, _) = Signer::hmac(hash, SECRET);
        assert_eq!(ask(&server, &issuer.sign(&header(algorithm), claims)), None);
    }
    let (issuer, key) = Signer::fresh(Algorithm::Rs256);
    let server = crate::issuer::server(JwtConfig::new(Algorithm::Ps256, key));
    assert_eq!(ask(&server, &issuer.sign(&header(Algorithm::Rs256), claims)), None);
}

#[test]
fn any_changed_byte_makes_a_token_invalid() {
    let (server, signer) = pair(|_| {});
    let token = signer.sign(HS256, r#"{"sub":"alice"}"#);
    assert!(ask(&server, &token).is_some());
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(ask(&server, &String::from_utf8(bytes).unwrap()), None, "byte {at}");
    }
}

#[test]
fn unsigned_tokens_are_refused() {
    let (server, signer) = pair(|_| {});
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let head = format!(r#"{{"alg":"{name}","typ":"JWT"}}"#);
        let signed = signer.sign(&head, r#"{"sub":"alice"}"#);
        let (text, _) = signed.rsplit_once('.').unwrap();
        assert_eq!(ask(&server, &signed), None);
        assert_eq!(ask(&server, &format!("{text}.")), None);
        assert_eq!(ask(&server, text), None);
    }
    assert_eq!(ask(&server, &signer.sign(r#"{"typ":"JWT"}"#, r#"{"sub":"alice"}"#)), None);
    let signed = signer.sign(HS256, r#"{"sub":"alice"}"#);
    assert_eq!(ask(&server, &format!("{}.", signed.rsplit_once('.').unwrap().0)), None);
}

#[test]
fn a_public_key_is_no_secret() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let (_, key) = Signer::fresh(algorithm);
        let Key::PublicPem(pem) = key.clone() else { panic!("a public key") };
        let server = server(JwtConfig::new(algorithm, key));
        let text = String::from_utf8(pem).unwrap();
        for secret in [text.as_str(), text.trim()] {
            let (forger, _) = Signer::hmac(hmac::HMAC_SHA256, secret);
            for head in [HS256.to_owned(), header(algorithm)] {
                assert_eq!(ask(&server, &forger.sign(&head, r#"{"sub":"alice"}"#)), None);
            }
        }
    }
}

#[test]
fn a_token_is_good_until_exp_and_leeway() {
    check(&format!(r#"{{"sub":"a","exp":{}}}"#, NOW + 60), Some(("a", Some(NOW + 90))));
    check(&format!(r#"{{"sub":"a","exp":{}}}"#, NOW - 29), Some(("a", Some(NOW + 1))));
    check(&format!(r#"{{"sub":"a","exp":{}.5}}"#, NOW - 30), Some(("a", Some(NOW))));
    check(&format!(r#"{{"sub":"a","exp":{}}}"#, NOW - 30), None);
    check(&format!(r#"{{"sub":"a","exp":{}}}"#, NOW - 31), None);
    check(r#"{"sub":"a","exp":0}"#, None);
    check(r#"{"sub":"a","exp":-1}"#, None);
    check(r#"{"sub":"a","exp":-1e300}"#, None);
}

#[test]
fn without_leeway_exp_is_exact() {
    let (server, signer) = pair(|config| config.leeway = Duration::ZERO);
    let ask = |exp: i64| ask(&server, &signer.sign(HS256, &format!(r#"{{"sub":"a","exp":{exp}}}"#)));
    assert_eq!(ask(NOW + 1).unwrap().expires_at.unwrap().as_micros(), (NOW + 1) * 1_000_000);
    assert_eq!(ask(NOW), None);
}

#[test]
fn endless_leeway_and_far_times_do_not_overflow() {
    let (server, signer) = pair(|config| config.leeway = Duration::MAX);
    for claims in [
        r#"{"sub":"a","exp":0,"nbf":0}"#,
        r#"{"sub":"a","exp":9223372036854775807,"nbf":9223372036854775807}"#,
        r#"{"sub":"a","exp":18446744073709551615,"nbf":-9223372036854775808}"#,
        r#"{"sub":"a","exp":1e300}"#,
    ] {
        assert!(ask(&server, &signer.sign(HS256, claims)).is_some(), "{claims}");
    }
}

#[test]
fn a_token_without_exp_never_expires() {
    check(r#"{"sub":"a"}"#, Some(("a", None)));
    check(r#"{"sub":"a","iat":0}"#, Some(("a", None)));
}

#[test]
fn a_token_is_not_good_before_nbf_less_leeway() {
    check(&format!(r#"{{"sub":"a","nbf":{}}}"#, NOW + 30), Some(("a", None)));
    check(&format!(r#"{{"sub":"a","nbf":{}}}"#, NOW + 31), None);
    check(&format!(r#"{{"sub":"a","nbf":{}.5}}"#, NOW + 30), None);
    check(r#"{"sub":"a","nbf":1e300}"#, None);
}

#[test]
fn times_that_are_no_numbers_are_refused() {
    for name in ["exp", "nbf"] {
        for value in ["null", "\"1900000000\"", "true", "[]", "{}", "[1900000000]"] {
            check(&format!(r#"{{"sub":"a","{name}":{value}}}"#), None);
        }
    }
}

#[test]
fn the_user_is_a_string_or_an_integer() {
    check(r#"{"sub":"Ünal @ home"}"#, Some(("Ünal @ home", None)));
    check(r#"{"sub":0}"#, Some(("0", None)));
    check(r#"{"sub":42}"#, Some(("42", None)));
    check(r#"{"sub":9007199254740991}"#, Some(("9007199254740991", None)));
    for value in [
        "9007199254740992",
        "18446744073709551616",
        "1e400",
        "-1",
        "1.0",
        "1e3",
        "null",
        "true",
        "[\"a\"]",
        "{\"id\":\"a\"}",
        "\"\"",
        "\"a\\u0000b\"",
        "\"\\ud800\"",
    ] {
        check(&format!(r#"{{"sub":{value}}}"#), None);
    }
    check(&format!(r#"{{"sub":"{}"}}"#, "x".repeat(128)), Some((&"x".repeat(128), None)));
    check(&format!(r#"{{"sub":"{}"}}"#, "x".repeat(129)), None);
}

#[test]
fn the_user_is_in_the_claim_that_was_set() {
    let (server, signer) = pair(|config| config.user_claim = "https://example.org/user.id".to_owned());
    let token = signer.sign(HS256, r#"{"sub":"wrong","https://example.org/user.id":7}"#);
    assert_eq!(ask(&server, &token).unwrap().user.as_str(), "7");
    assert_eq!(ask(&server, &signer.sign(HS256, r#"{"sub":"wrong"}"#)), None);
    check("{}", None);
    check(r#"{"Sub":"a"}"#, None);
}

#[test]
fn a_token_for_somebody_else_is_refused() {
    check(r#"{"sub":"a","aud":"shop"}"#, None);
    check(r#"{"sub":"a","aud":["shop","chat"]}"#, None);
    let (server, signer) = pair(|config| config.audience = Some("chat".to_owned()));
    for (claims, good) in [
        (r#"{"sub":"a","aud":"chat"}"#, true),
        (r#"{"sub":"a","aud":["shop","chat"]}"#, true),
        (r#"{"sub":"a","aud":"shop"}"#, false),
        (r#"{"sub":"a","aud":[]}"#, false),
        (r#"{"sub":"a","aud":null}"#, false),
        (r#"{"sub":"a","aud":7}"#, false),
        (r#"{"sub":"a"}"#, false),
    ] {
        assert_eq!(ask(&server, &signer.sign(HS256, claims)).is_some(), good, "{claims}");
    }
}

#[test]
fn extensions_that_must_be_understood_are_not() {
    let (server, signer) = pair(|_| {});
    for crit in [r#"["b64"]"#, r#"["exp"]"#, "[]"] {
        let head = format!(r#"{{"alg":"HS256","crit":{crit},"b64":false}}"#);
        assert_eq!(ask(&server, &signer.sign(&head, r#"{"sub":"alice"}"#)), None, "{crit}");
    }
}

#[test]
fn a_key_in_the_token_is_not_used() {
    let (server, signer) = pair(|_| {});
    let (stranger, _) = Signer::hmac(hmac::HMAC_SHA256, &SECRET.replace('0', "1"));
    let own = encode(SECRET.replace('0', "1"));
    let head = format!(r#"{{"alg":"HS256","kid":"x","jwk":{{"kty":"oct","k":"{own}"}}}}"#);
    assert_eq!(ask(&server, &stranger.sign(&head, r#"{"sub":"alice"}"#)), None);
    // Beside the right signature it is merely ignored.
    assert!(ask(&server, &signer.sign(&head, r#"{"sub":"alice"}"#)).is_some());
}

#[test]
fn garbage_is_refused() {
    let (server, signer) = pair(|_| {});
    let good = signer.sign(HS256, r#"{"sub":"alice"}"#);
    let signed = |claims: &str| signer.sign(HS256, claims);
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        "a.b.c".to_owned(),
        "dev-alice".to_owned(),
        "\u{0}\u{7f}é.é.é".to_owned(),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}="),
        format!("{good}.{good}"),
        format!("Bearer {good}"),
        good.replace('.', ".."),
        signed(""),
        signed("null"),
        signed("[]"),
        signed("\"alice\""),
        signed(r#"{"sub":"alice"}{"sub":"bob"}"#),
        signed(r#"{"sub":"alice""#),
        signed(&format!(r#"{{"sub":"alice","x":{}{}}}"#, "[".repeat(4000), "]".repeat(4000))),
        signer.sign("[]", r#"{"sub":"alice"}"#),
        signer.sign("", r#"{"sub":"alice"}"#),
    ] {
        assert_eq!(ask(&server, &token), None, "{token}");
    }
}

#[test]
fn a_token_is_read_up_to_16_kib() {
    let (server, signer) = pair(|_| {});
    let token = |bytes: usize| signer.sign(HS256, &format!(r#"{{"sub":"a","x":"{}"}}"#, "x".repeat(bytes)));
    assert!(ask(&server, &token(12_000)).is_some());
    assert_eq!(ask(&server, &token(12_400)), None);
    assert_eq!(ask(&server, &"x".repeat(10_000_000)), None);
}
