//! What the operator sets: algorithm, key, claim, tolerance.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Signature algorithm of a token (RFC 7518 section 3.1, RFC 8037 for EdDSA).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSA PKCS #1 v1.5 with SHA-256.
    Rs256,
    /// RSA PKCS #1 v1.5 with SHA-384.
    Rs384,
    /// RSA PKCS #1 v1.5 with SHA-512.
    Rs512,
    /// RSA PSS with SHA-256.
    Ps256,
    /// RSA PSS with SHA-384.
    Ps384,
    /// RSA PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 12] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// The registered name, as in a token's header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm with a registered name, in exactly that spelling.
    ///
    /// ```
    /// use chat_auth_jwt::Algorithm;
    /// assert_eq!(Algorithm::from_name("EdDSA"), Some(Algorithm::EdDsa));
    /// assert_eq!(Algorithm::from_name("none"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// What signatures are checked with.
#[derive(Clone)]
pub enum Key {
    /// The shared key of the `HS` algorithms, taken as the bytes of this text and not decoded. At least as many bytes
    /// as the hash has: 32, 48 or 64. Whoever has it can be any user.
    Secret(String),
    /// A PEM file with one public key, for all other algorithms: `-----BEGIN PUBLIC KEY-----`, as `openssl pkey
    /// -pubout` writes it. RSA keys have 2,048 to 8,192 bits.
    PublicPem(Vec<u8>),
    /// A set of public keys as JSON (RFC 7517 section 5), for all other algorithms. Those of the configured algorithm
    /// are used, at most 16; the token's `kid` names one of them, and without it each is tried.
    ///
    /// `{"keys":[{"kty":"EC","crv":"P-256","kid":"2026-11","x":"...","y":"..."}]}`
    Jwks(Vec<u8>),
    /// A file with such a set, at most 256 KiB. It is read at the start, and again when a token is to be checked 10 seconds
    /// after that or later: keys are changed by replacing the file, a new one added 10 seconds before it is used. A key that
    /// was taken out opens no more sessions; those that are open live until their tokens expire. A file that cannot be read
    /// changes nothing and is told in the log.
    JwksFile(PathBuf),
}

/// Never shows the key.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(..)",
            Self::PublicPem(_) => "PublicPem(..)",
            Self::Jwks(_) => "Jwks(..)",
            Self::JwksFile(_) => "JwksFile(..)",
        })
    }
}

/// Settings of a [`JwtAuth`](crate::JwtAuth).
///
/// ```
/// use chat_auth_jwt::{Algorithm, JwtConfig, Key};
/// let key = Key::Secret("0123456789abcdef0123456789abcdef".to_owned());
/// let config = JwtConfig { user_claim: "uid".to_owned(), ..JwtConfig::new(Algorithm::Hs256, key) };
/// assert_eq!(config.leeway.as_secs(), 30);
/// ```
#[derive(Debug, Clone)]
pub struct JwtConfig {
    /// The only algorithm that is accepted.
    pub algorithm: Algorithm,
    /// The key of that algorithm.
    pub key: Key,
    /// Name of the claim that holds the user id, default `sub`. It is looked up as it is at the top of the claims: a
    /// dot in it is part of the name.
    pub user_claim: String,
    /// How far the clocks of the issuer and of this server may differ, default 30 seconds. A stolen token lives that
    /// much longer.
    pub leeway: Duration,
    /// Who the tokens are for. With `Some`, a token must name it in `aud`, alone or in a list. With `None`, the
    /// default, a token that has an `aud` at all is refused: it is meant for somebody, and nobody said that this is
    /// us. Set it whenever one key signs for several applications, or a token for any of them opens the chat.
    pub audience: Option<String>,
}

impl JwtConfig {
    /// The defaults for an algorithm and its key.
    pub fn new(algorithm: Algorithm, key: Key) -> Self {
        Self { algorithm, key, user_claim: "sub".to_owned(), leeway: Duration::from_secs(30), audience: None }
    }
}
