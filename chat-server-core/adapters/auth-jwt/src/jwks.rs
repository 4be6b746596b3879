//! Sets of public keys (RFC 7517 section 5), and the file of one that its owner replaces now and then.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_protocol::Timestamp;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse};
use serde_json::Value;

use crate::key::{self, Member};
use crate::{Algorithm, Key, KeyError};

/// Greatest number of keys in a set, each of which a token without `kid` may have to be checked against. Issuers have two
/// while they change keys.
const MAX_KEYS: usize = 16;

/// Greatest size of a set's file in bytes: 16 keys with their certificates.
const MAX_FILE: u64 = 256 * 1024;

/// How long after it was read a file is read again, when a token is to be checked: so long a key is taken after it was removed,
/// and a new one is not. Not only for a key that is not known: nobody names one when a key that leaked is taken out, and keys
/// without names are never unknown.
const REREAD: Duration = Duration::from_secs(10);

/// What signatures are checked with, as it is now.
pub(crate) struct Keys {
    algorithm: Algorithm,
    file: Option<PathBuf>,
    state: Mutex<State>,
}

struct State {
    members: Arc<[Member]>,
    /// When the file was read last.
    read: Timestamp,
}

impl Keys {
    pub(crate) fn new(algorithm: Algorithm, key: Key, now: Timestamp) -> Result<Self, KeyError> {
        let members = match &key {
            Key::Jwks(json) => parse(algorithm, json)?,
            Key::JwksFile(path) => read(algorithm, path)?,
            Key::Secret(_) | Key::PublicPem(_) => vec![key::prepare(algorithm, &key)?],
        };
        let file = if let Key::JwksFile(path) = key { Some(path) } else { None };
        Ok(Self { algorithm, file, state: Mutex::new(State { members: members.into(), read: now }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys that a token with this `kid` may be signed with.
    pub(crate) fn of(&self, kid: Option<&str>, now: Timestamp) -> Vec<DecodingKey> {
        if let Some(file) = self.file.as_ref().filter(|_| self.may_read(now)) {
            match read(self.algorithm, file) {
                Ok(members) => self.state().members = members.into(),
                Err(error) => {
                    tracing::warn!(file = %file.display(), %error, "the key set cannot be read again: the old keys stay");
                }
            }
        }
        fitting(&self.state().members, kid)
    }

    /// Takes the right to read the file now. A clock that was set back does not put it off.
    fn may_read(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let may = now.as_micros().abs_diff(state.read.as_micros()) >= REREAD.as_micros() as u64;
        if may {
            state.read = now;
        }
        may
    }
}

/// A key without a name may have signed anything.
fn fitting(members: &[Member], kid: Option<&str>) -> Vec<DecodingKey> {
    let fits = |member: &&Member| match (&member.kid, kid) {
        (Some(own), Some(kid)) => own == kid,
        (None, _) | (_, None) => true,
    };
    members.iter().filter(fits).map(|member| member.key.clone()).collect()
}

// The file is small, local and read rarely: it is not worth a thread of its own.
fn read(algorithm: Algorithm, path: &Path) -> Result<Vec<Member>, KeyError> {
    let unreadable =
        |error: std::io::Error| KeyError::Unreadable { path: path.to_owned(), kind: error.kind() };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE {
        return Err(KeyError::Set { why: "the key set is larger than 256 KiB" });
    }
    parse(algorithm, &std::fs::read(path).map_err(unreadable)?)
}

/// The keys of a set that `algorithm` can use. Others are passed over, as section 5 asks for: a set may serve several
/// applications.
fn parse(algorithm: Algorithm, json: &[u8]) -> Result<Vec<Member>, KeyError> {
    if algorithm.name().starts_with("HS") {
        return Err(KeyError::NeedsSecret { algorithm });
    }
    let set: Value =
        serde_json::from_slice(json).map_err(|_| KeyError::Set { why: "the key set is no JSON" })?;
    let keys = set.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or(KeyError::Set { why: "the key set has no array `keys`" })?;
    // RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037 section 2: all private keys have it.
    if keys.iter().any(|key| key.get("d").is_some()) {
        return Err(KeyError::Private);
    }
    let members: Vec<Member> = keys.iter().filter_map(|key| member(algorithm, key)).collect();
    match members.len() {
        0 => Err(KeyError::Unfit { algorithm }),
        len if len > MAX_KEYS => {
            Err(KeyError::Set { why: "the key set has more than 16 keys of this algorithm" })
        }
        _ => Ok(members),
    }
}

fn member(algorithm: Algorithm, key: &Value) -> Option<Member> {
    let jwk: Jwk = serde_json::from_value(key.clone()).ok()?;
    let common = &jwk.common;
    if common.public_key_use.as_ref().is_some_and(|used| *used != PublicKeyUse::Signature) {
        return None;
    }
    // As it is written: the library's list of algorithms is another one.
    if key.get("alg").is_some_and(|own| own.as_str() != Some(algorithm.name())) {
        return None;
    }
    let parts = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => key::Parts::Rsa { n: &rsa.n, e: &rsa.e },
        AlgorithmParameters::EllipticCurve(ec) => key::Parts::Ec { x: &ec.x, y: &ec.y },
        AlgorithmParameters::OctetKeyPair(pair) => key::Parts::Ed { x: &pair.x },
        _ => return None,
    };
    key::proven(algorithm, parts)?;
    Some(Member { kid: common.key_id.clone(), key: DecodingKey::from_jwk(&jwk).ok()? })
}
