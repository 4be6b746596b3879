//! The other system: makes keys and signs tokens, without the library that checks them.

use std::sync::Arc;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chat_auth_jwt::{Algorithm, JwtAuth, JwtConfig, Key};
use chat_protocol::Timestamp;
use chat_server_core::auth::{AuthError, Authenticator, Principal};
use chat_server_core::clock::Clock;

/// The time at which every test takes place, in seconds.
pub(crate) const NOW: i64 = 1_700_000_000;

/// A secret long enough for every hash.
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(NOW * 1_000_000)
    }

    fn random(&self) -> u128 {
        0
    }
}

/// Whoever has the private half.
pub(crate) enum Signer {
    Hmac(Box<hmac::Key>),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

impl Signer {
    /// A fresh key of `algorithm` and what the server needs of it.
    pub(crate) fn fresh(algorithm: Algorithm) -> (Self, Key) {
        match algorithm {
            Algorithm::Hs256 => Self::hmac(hmac::HMAC_SHA256, SECRET),
            Algorithm::Hs384 => Self::hmac(hmac::HMAC_SHA384, SECRET),
            Algorithm::Hs512 => Self::hmac(hmac::HMAC_SHA512, SECRET),
            Algorithm::Rs256 => Self::rsa(&signature::RSA_PKCS1_SHA256),
            Algorithm::Rs384 => Self::rsa(&signature::RSA_PKCS1_SHA384),
            Algorithm::Rs512 => Self::rsa(&signature::RSA_PKCS1_SHA512),
            Algorithm::Ps256 => Self::rsa(&signature::RSA_PSS_SHA256),
            Algorithm::Ps384 => Self::rsa(&signature::RSA_PSS_SHA384),
            Algorithm::Ps512 => Self::rsa(&signature::RSA_PSS_SHA512),
            Algorithm::Es256 => Self::ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => Self::ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::generate().unwrap();
                let key = pem(pair.public_key().as_der().unwrap().as_ref());
                (Self::Ed(Box::new(pair)), key)
            }
            other => unreachable!("no key for {other:?}"),
        }
    }

    pub(crate) fn hmac(hash: hmac::Algorithm, secret: &str) -> (Self, Key) {
        (Self::Hmac(Box::new(hmac::Key::new(hash, secret.as_bytes()))), Key::Secret(secret.to_owned()))
    }

    fn rsa(encoding: &'static dyn RsaEncoding) -> (Self, Key) {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let key = pem(pair.public_key().as_der().unwrap().as_ref());
        (Self::Rsa(Box::new(pair), encoding), key)
    }

    fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> (Self, Key) {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let key = pem(pair.public_key().as_der().unwrap().as_ref());
        (Self::Ec(Box::new(pair)), key)
    }

    /// A token of these two JSON texts.
    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        let text = format!("{}.{}", encode(header), encode(claims));
        let bytes = match self {
            Self::Hmac(key) => hmac::sign(key, text.as_bytes()).as_ref().to_vec(),
            Self::Rsa(pair, encoding) => {
                let mut bytes = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), text.as_bytes(), &mut bytes).unwrap();
                bytes
            }
            Self::Ec(pair) => pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(text.as_bytes()).as_ref().to_vec(),
        };
        format!("{text}.{}", encode(bytes))
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn pem(der: &[u8]) -> Key {
    let text = STANDARD.encode(der);
    Key::PublicPem(format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n").into_bytes())
}

pub(crate) fn header(algorithm: Algorithm) -> String {
    format!(r#"{{"alg":"{}","typ":"JWT"}}"#, algorithm.name())
}

pub(crate) fn server(config: JwtConfig) -> JwtAuth {
    JwtAuth::with_clock(config, Arc::new(Still)).unwrap()
}

/// What the server makes of a token; `None` when it is not valid, and nothing else may go wrong.
pub(crate) fn ask(server: &JwtAuth, token: &str) -> Option<Principal> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    match runtime.block_on(server.authenticate(token)) {
        Ok(principal) => Some(principal),
        Err(AuthError::Invalid) => None,
        Err(other) => panic!("{other}"),
    }
}
