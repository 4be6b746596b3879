//! Passwords, as they are or as hashes.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Whether a text is an Argon2 hash in the form in which it is written down, `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
pub(super) fn is_hash(text: &str) -> bool {
    PasswordHash::new(text)
        .is_ok_and(|hash| hash.algorithm.as_str().starts_with("argon2") && hash.hash.is_some())
}

/// Whether a password is the one that the settings say. Of hashes it takes some 20 ms and 19 MiB, as its parameters say.
pub(crate) fn is_right(said: &str, kept: &str) -> bool {
    match PasswordHash::new(kept).ok().filter(|_| is_hash(kept)) {
        Some(hash) => Argon2::default().verify_password(said.as_bytes(), &hash).is_ok(),
        // Of digests, so that the time says nothing about the length either.
        None => Sha256::digest(said).ct_eq(&Sha256::digest(kept)).into(),
    }
}

/// Whether it takes long to look at.
pub(crate) fn is_slow(kept: &str) -> bool {
    is_hash(kept)
}
