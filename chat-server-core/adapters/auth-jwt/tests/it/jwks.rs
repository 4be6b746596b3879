//! Sets of keys: which one a token is checked with, and what becomes of a set that changes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::signature::KeyPair;
use chat_auth_jwt::{Algorithm, JwtAuth, JwtConfig, Key, KeyError};
use chat_protocol::Timestamp;
use chat_server_core::clock::Clock;

use crate::issuer::{NOW, SECRET, Signer, ask, encode, server};

/// A clock that somebody else moves, in seconds.
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed) * 1_000_000)
    }

    fn random(&self) -> u128 {
        0
    }
}

/// A fresh key pair of P-256 or Ed25519, and its public half as a member of a set with these further fields.
fn pair(algorithm: Algorithm, more: &str) -> (Signer, String) {
    let (signer, _) = Signer::fresh(algorithm);
    let jwk = match &signer {
        Signer::Ec(pair) => {
            let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"{more}}}"#, encode(x), encode(y))
        }
        Signer::Ed(pair) => {
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"{more}}}"#, encode(pair.public_key()))
        }
        _ => unreachable!("not asked for"),
    };
    (signer, jwk)
}

fn set(keys: &[&str]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

fn config(algorithm: Algorithm, keys: &[&str]) -> JwtConfig {
    JwtConfig::new(algorithm, Key::Jwks(set(keys).into_bytes()))
}

fn token(signer: &Signer, algorithm: &str, kid: Option<&str>) -> String {
    let kid = kid.map(|kid| format!(r#","kid":"{kid}""#)).unwrap_or_default();
    signer.sign(&format!(r#"{{"alg":"{algorithm}"{kid}}}"#), r#"{"sub":"alice"}"#)
}

#[test]
fn a_token_names_its_key_among_several() {
    let (a, first) = pair(Algorithm::Es256, r#","kid":"a","use":"sig","alg":"ES256""#);
    let (b, second) = pair(Algorithm::Es256, r#","kid":"b""#);
    let (_, other) = pair(Algorithm::EdDsa, r#","kid":"c""#);
    let server = server(config(Algorithm::Es256, &[&first, &second, &other, r#"{"kty":"new"}"#, "5"]));
    let taken = |signer, kid| ask(&server, &token(signer, "ES256", kid)).is_some();
    assert!(taken(&a, Some("a")) && taken(&b, Some("b")), "each by its name");
    assert!(taken(&a, None) && taken(&b, None), "any without one");
    assert!(!taken(&a, Some("b")) && !taken(&b, Some("a")), "none by another's name");
    assert!(!taken(&a, Some("c")) && !taken(&a, Some("d")), "none by a name that is not there");
    let (stranger, _) = pair(Algorithm::Es256, "");
    assert!(!taken(&stranger, None) && !taken(&stranger, Some("a")));
}

#[test]
fn a_key_without_a_name_checks_every_token() {
    let (a, jwk) = pair(Algorithm::EdDsa, "");
    let server = server(config(Algorithm::EdDsa, &[&jwk]));
    assert!(ask(&server, &token(&a, "EdDSA", Some("whatever"))).is_some());
}

#[test]
fn keys_for_other_uses_are_passed_over() {
    for more in [r#","use":"enc""#, r#","alg":"ES384""#, r#","alg":"none""#] {
        let (_, jwk) = pair(Algorithm::Es256, more);
        let algorithm = Algorithm::Es256;
        assert_eq!(
            JwtAuth::new(config(algorithm, &[&jwk])).unwrap_err(),
            KeyError::Unfit { algorithm },
            "{more}"
        );
    }
}

/// RFC 7515 appendix A.2, whose token has expired in 2011.
#[test]
fn an_rsa_key_of_the_standard_is_taken() {
    const KEY: &str = concat!(
        r#"{"kty":"RSA","e":"AQAB","n":"#,
        r#""ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-"#,
        "SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo",
        "7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs",
        r#"91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#
    );
    const TOKEN: &str = concat!(
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290",
        "Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj",
        "Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_",
        "eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLI",
        "hWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    );
    let config = JwtConfig { user_claim: "iss".to_owned(), ..config(Algorithm::Rs256, &[KEY]) };
    let clock = Arc::new(Moved(AtomicI64::new(1_300_819_379)));
    let server = JwtAuth::with_clock(config, clock.clone()).unwrap();
    assert_eq!(ask(&server, TOKEN).unwrap().user.as_str(), "joe");
    clock.0.store(NOW, Ordering::Relaxed);
    assert_eq!(ask(&server, TOKEN), None);
}

#[test]
fn a_set_that_cannot_be_used_is_found_at_the_start() {
    let algorithm = Algorithm::Es256;
    let (_, jwk) = pair(algorithm, "");
    let (_, private) = pair(algorithm, r#","d":"AAAA""#);
    let flat = jwk.replacen(r#""x":""#, r#""x":"AAAA"#, 1);
    let error =
        |json: String| JwtAuth::new(JwtConfig::new(algorithm, Key::Jwks(json.into_bytes()))).unwrap_err();
    assert_eq!(error(set(&[&jwk, &private])), KeyError::Private);
    assert_eq!(error(set(&[])), KeyError::Unfit { algorithm });
    assert_eq!(error(set(&[&flat])), KeyError::Unfit { algorithm });
    for (json, why) in [
        (String::new(), "the key set is no JSON"),
        (jwk.clone(), "the key set has no array `keys`"),
        (r#"{"keys":{}}"#.to_owned(), "the key set has no array `keys`"),
        (set(&[jwk.as_str(); 17]), "the key set has more than 16 keys of this algorithm"),
    ] {
        assert_eq!(error(json).to_string(), why);
    }
    let algorithm = Algorithm::Hs256;
    let set = JwtConfig::new(algorithm, Key::Jwks(SECRET.as_bytes().to_vec()));
    assert_eq!(JwtAuth::new(set).unwrap_err(), KeyError::NeedsSecret { algorithm });
}

fn of_file(path: &Path) -> JwtConfig {
    JwtConfig::new(Algorithm::Es256, Key::JwksFile(path.to_owned()))
}

/// A file, a server that reads it, and its clock.
fn server_of(keys: &[&str]) -> (tempfile::TempDir, JwtAuth, Arc<Moved>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jwks.json");
    std::fs::write(&path, set(keys)).unwrap();
    let clock = Arc::new(Moved(AtomicI64::new(NOW)));
    let server = JwtAuth::with_clock(of_file(&path), clock.clone()).unwrap();
    (dir, server, clock)
}

fn taken(server: &JwtAuth, signer: &Signer, kid: Option<&str>) -> bool {
    ask(server, &token(signer, "ES256", kid)).is_some()
}

#[test]
fn a_file_is_read_again_every_ten_seconds_and_what_cannot_be_read_changes_nothing() {
    let (a, first) = pair(Algorithm::Es256, r#","kid":"a""#);
    let (b, second) = pair(Algorithm::Es256, r#","kid":"b""#);
    let (dir, server, clock) = server_of(&[&first]);
    let path = dir.path().join("jwks.json");
    let later = |seconds| clock.0.fetch_add(seconds, Ordering::Relaxed);
    assert!(taken(&server, &a, Some("a")));
    std::fs::write(&path, set(&[&first, &second])).unwrap();
    later(9);
    assert!(!taken(&server, &b, Some("b")), "it was read less than ten seconds ago");
    later(1);
    assert!(taken(&server, &b, Some("b")) && taken(&server, &a, Some("a")));

    for broken in ["half of a fi", r#"{"keys":[]}"#] {
        std::fs::write(&path, broken).unwrap();
        later(10);
        assert!(!taken(&server, &b, Some("c")));
        assert!(taken(&server, &b, Some("b")) && taken(&server, &a, Some("a")), "{broken}");
    }
    std::fs::remove_file(&path).unwrap();
    later(10);
    assert!(taken(&server, &b, Some("b")));
}

#[test]
fn a_key_that_was_taken_out_of_the_file_is_refused_though_nobody_names_an_unknown_one() {
    let (a, first) = pair(Algorithm::Es256, r#","kid":"a""#);
    let (b, second) = pair(Algorithm::Es256, r#","kid":"b""#);
    let (dir, server, clock) = server_of(&[&first, &second]);
    assert!(taken(&server, &a, Some("a")) && taken(&server, &a, None));
    std::fs::write(dir.path().join("jwks.json"), set(&[&second])).unwrap();
    clock.0.fetch_add(10, Ordering::Relaxed);
    assert!(!taken(&server, &a, Some("a")) && !taken(&server, &a, None));
    assert!(taken(&server, &b, Some("b")));
}

#[test]
fn keys_without_names_are_changed_in_the_file_too() {
    let (a, first) = pair(Algorithm::Es256, "");
    let (b, second) = pair(Algorithm::Es256, "");
    let (dir, server, clock) = server_of(&[&first]);
    std::fs::write(dir.path().join("jwks.json"), set(&[&second])).unwrap();
    clock.0.fetch_add(10, Ordering::Relaxed);
    assert!(taken(&server, &b, None) && taken(&server, &b, Some("any")) && !taken(&server, &a, None));
}

#[test]
fn a_clock_that_is_set_back_keeps_no_key() {
    let (a, first) = pair(Algorithm::Es256, "");
    let (_, second) = pair(Algorithm::Es256, "");
    let (dir, server, clock) = server_of(&[&first]);
    assert!(taken(&server, &a, None));
    std::fs::write(dir.path().join("jwks.json"), set(&[&second])).unwrap();
    clock.0.fetch_sub(3_600, Ordering::Relaxed);
    assert!(!taken(&server, &a, None));
}

#[test]
fn a_file_that_is_not_there_or_too_large_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jwks.json");
    let error = || JwtAuth::new(of_file(&path)).unwrap_err().to_string();
    assert_eq!(error(), format!("{}: entity not found", path.display()));
    std::fs::write(&path, " ".repeat(256 * 1024 + 1)).unwrap();
    assert_eq!(error(), "the key set is larger than 256 KiB");
}
