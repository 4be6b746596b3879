//! Why a key cannot be used. Never holds any of it.

use std::path::PathBuf;

use crate::Algorithm;

/// Why a [`JwtAuth`](crate::JwtAuth) cannot be made: found at start-up, so that a wrong key does not look like wrong
/// tokens later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The algorithm needs a public key, and the key is a secret.
    #[error("{} needs a public key, not a shared secret", algorithm.name())]
    NeedsPublic {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The algorithm needs a secret, and the key is a public one. It must never become the secret of an `HS`
    /// algorithm: everybody knows it.
    #[error("{} needs a shared secret, not a public key", algorithm.name())]
    NeedsSecret {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The secret is shorter than the hash (RFC 7518 section 3.2), so that it could be guessed.
    #[error("a secret of {bytes} bytes is too short, {} needs at least {min}", algorithm.name())]
    ShortSecret {
        /// The algorithm.
        algorithm: Algorithm,
        /// Length of the secret in bytes.
        bytes: usize,
        /// Least length in bytes.
        min: usize,
    },
    /// There is not exactly one PEM section.
    #[error("{sections} PEM sections where one public key is expected")]
    Sections {
        /// How many there are.
        sections: usize,
    },
    /// The text between the PEM lines cannot be read.
    #[error("the PEM file is damaged")]
    Damaged,
    /// The key, or one of the set, is a private key. It does not belong on this machine; `openssl pkey -pubout` makes the public
    /// one.
    #[error("the file holds a private key: only the public one belongs here")]
    Private,
    /// The PEM section is something else: of a certificate `openssl x509 -pubkey -noout` makes the public key, of a
    /// section `RSA PUBLIC KEY` `openssl rsa -RSAPublicKey_in -pubout`.
    #[error("the PEM file holds no section PUBLIC KEY")]
    NotPublic,
    /// The file of the key set cannot be read.
    #[error("{}: {kind}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        kind: std::io::ErrorKind,
    },
    /// The text is no key set.
    #[error("{why}")]
    Set {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key is broken, or one of another algorithm or curve, or an RSA key that is not 2,048 to 8,192 bits long. Of
    /// a set: all of them are.
    #[error("no public key here can be used with {}", algorithm.name())]
    Unfit {
        /// The algorithm.
        algorithm: Algorithm,
    },
}
