//! Which keys go with which algorithm, and what the wrong ones are told.

use chat_auth_jwt::{Algorithm, JwtAuth, JwtConfig, Key, KeyError};

use crate::issuer::{self, SECRET, Signer, ask, server};

const RSA: &str = include_str!("vectors/rsa.pem");
const RSA_1024: &str = include_str!("vectors/rsa1024.pem");
const P256: &str = include_str!("vectors/p256.pem");
const P384: &str = include_str!("vectors/p384.pem");
const ED25519: &str = include_str!("vectors/ed25519.pem");

fn pem(text: &str) -> Key {
    Key::PublicPem(text.as_bytes().to_vec())
}

fn error(algorithm: Algorithm, key: Key) -> KeyError {
    JwtAuth::new(JwtConfig::new(algorithm, key)).unwrap_err()
}

#[test]
fn tokens_and_keys_of_another_program_are_taken() {
    // Made with OpenSSL 3; the private halves were thrown away.
    for (algorithm, key, token) in [
        (Algorithm::Rs256, RSA, include_str!("vectors/RS256.jwt")),
        (Algorithm::Rs512, RSA, include_str!("vectors/RS512.jwt")),
        (Algorithm::Ps384, RSA, include_str!("vectors/PS384.jwt")),
        (Algorithm::Es256, P256, include_str!("vectors/ES256.jwt")),
        (Algorithm::Es384, P384, include_str!("vectors/ES384.jwt")),
        (Algorithm::EdDsa, ED25519, include_str!("vectors/EdDSA.jwt")),
    ] {
        let server = server(JwtConfig::new(algorithm, pem(key)));
        let principal = ask(&server, token.trim()).unwrap();
        assert_eq!(principal.user.as_str(), "alice", "{algorithm:?}");
        assert_eq!(principal.expires_at.unwrap().as_micros(), 2_000_000_030_000_000);
    }
}

#[test]
fn a_secret_is_at_least_as_long_as_the_hash() {
    for (algorithm, min) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
        let key = |bytes: usize| Key::Secret(SECRET[..bytes].to_owned());
        assert!(JwtAuth::new(JwtConfig::new(algorithm, key(min))).is_ok());
        let short = KeyError::ShortSecret { algorithm, bytes: min - 1, min };
        assert_eq!(error(algorithm, key(min - 1)), short);
    }
}

#[test]
fn a_key_of_another_kind_is_found_at_the_start() {
    for algorithm in Algorithm::ALL {
        if algorithm.name().starts_with("HS") {
            assert_eq!(error(algorithm, pem(RSA)), KeyError::NeedsSecret { algorithm });
            continue;
        }
        assert_eq!(error(algorithm, Key::Secret(SECRET.to_owned())), KeyError::NeedsPublic { algorithm });
        let own = match algorithm {
            Algorithm::Es256 => P256,
            Algorithm::Es384 => P384,
            Algorithm::EdDsa => ED25519,
            _ => RSA,
        };
        for key in [RSA, P256, P384, ED25519] {
            let made = JwtAuth::new(JwtConfig::new(algorithm, pem(key)));
            if key == own {
                assert!(made.is_ok(), "{algorithm:?}");
            } else {
                assert_eq!(made.unwrap_err(), KeyError::Unfit { algorithm });
            }
        }
    }
}

#[test]
fn an_rsa_key_of_1024_bits_is_refused() {
    for algorithm in [Algorithm::Rs256, Algorithm::Ps512] {
        assert_eq!(error(algorithm, pem(RSA_1024)), KeyError::Unfit { algorithm });
    }
}

#[test]
fn only_one_public_section_is_a_key_file() {
    let algorithm = Algorithm::Rs256;
    let section = |name: &str| pem(&format!("-----BEGIN {name}-----\nAAAA\n-----END {name}-----\n"));
    assert_eq!(error(algorithm, pem("")), KeyError::Sections { sections: 0 });
    assert_eq!(error(algorithm, pem("not a key")), KeyError::Sections { sections: 0 });
    assert_eq!(error(algorithm, pem(&format!("{RSA}{RSA}"))), KeyError::Sections { sections: 2 });
    for name in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        assert_eq!(error(algorithm, section(name)), KeyError::Private, "{name}");
    }
    for name in ["CERTIFICATE", "RSA PUBLIC KEY"] {
        assert_eq!(error(algorithm, section(name)), KeyError::NotPublic, "{name}");
    }
    assert_eq!(error(algorithm, section("PUBLIC KEY")), KeyError::Unfit { algorithm });
    assert_eq!(error(algorithm, pem(&RSA.replace("-----END", "END"))), KeyError::Damaged);
}

#[test]
fn a_shortened_key_is_refused_and_never_panics() {
    for (algorithm, text) in [(Algorithm::EdDsa, ED25519), (Algorithm::Es256, P256), (Algorithm::Rs256, RSA)]
    {
        let lines: Vec<&str> = text.trim().lines().collect();
        let body = lines[1..lines.len() - 1].concat();
        for groups in 0..body.len() / 4 {
            let cut = format!("{}\n{}\n{}\n", lines[0], &body[..groups * 4], lines[lines.len() - 1]);
            assert_eq!(error(algorithm, pem(&cut)), KeyError::Unfit { algorithm });
        }
    }
}

#[test]
fn debug_shows_no_key() {
    let (_, key) = Signer::fresh(Algorithm::Hs256);
    let config = JwtConfig::new(Algorithm::Hs256, key);
    let text = format!("{config:?} {:?}", issuer::server(config.clone()));
    assert!(!text.contains(&SECRET[..8]), "{text}");
}
