//! From what the operator gave to what signatures are checked with.

use aws_lc_rs::rsa::{PublicEncryptingKey, PublicKeyComponents};
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use rustls_pki_types::pem::{PemObject, SectionKind};

use crate::{Algorithm, Key, KeyError};

enum Family {
    /// The length of the hash in bytes, and so the least one of the secret.
    Hmac(usize),
    Rsa(&'static dyn VerificationAlgorithm),
    Ec(&'static dyn VerificationAlgorithm),
    Ed(&'static dyn VerificationAlgorithm),
}

/// What each algorithm is to the token library, and what its keys must be.
fn table(algorithm: Algorithm) -> (jsonwebtoken::Algorithm, Family) {
    use Family::{Ec, Ed, Hmac, Rsa};
    use jsonwebtoken::Algorithm as Token;
    match algorithm {
        Algorithm::Hs256 => (Token::HS256, Hmac(32)),
        Algorithm::Hs384 => (Token::HS384, Hmac(48)),
        Algorithm::Hs512 => (Token::HS512, Hmac(64)),
        Algorithm::Rs256 => (Token::RS256, Rsa(&signature::RSA_PKCS1_2048_8192_SHA256)),
        Algorithm::Rs384 => (Token::RS384, Rsa(&signature::RSA_PKCS1_2048_8192_SHA384)),
        Algorithm::Rs512 => (Token::RS512, Rsa(&signature::RSA_PKCS1_2048_8192_SHA512)),
        Algorithm::Ps256 => (Token::PS256, Rsa(&signature::RSA_PSS_2048_8192_SHA256)),
        Algorithm::Ps384 => (Token::PS384, Rsa(&signature::RSA_PSS_2048_8192_SHA384)),
        Algorithm::Ps512 => (Token::PS512, Rsa(&signature::RSA_PSS_2048_8192_SHA512)),
        Algorithm::Es256 => (Token::ES256, Ec(&signature::ECDSA_P256_SHA256_FIXED)),
        Algorithm::Es384 => (Token::ES384, Ec(&signature::ECDSA_P384_SHA384_FIXED)),
        Algorithm::EdDsa => (Token::EdDSA, Ed(&signature::ED25519)),
    }
}

/// A key, and its name in a set.
pub(crate) struct Member {
    /// `kid`; without one any token may be signed with it.
    pub(crate) kid: Option<String>,
    pub(crate) key: DecodingKey,
}

/// The algorithm as the token library knows it.
pub(crate) fn known(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    table(algorithm).0
}

/// The one key of an algorithm as the token library knows it.
pub(crate) fn prepare(algorithm: Algorithm, key: &Key) -> Result<Member, KeyError> {
    let key = match (table(algorithm).1, key) {
        (Family::Hmac(min), Key::Secret(secret)) => shared(algorithm, secret.as_bytes(), min),
        (Family::Hmac(_), _) => Err(KeyError::NeedsSecret { algorithm }),
        (_, Key::Secret(_)) => Err(KeyError::NeedsPublic { algorithm }),
        (_, Key::Jwks(_) | Key::JwksFile(_)) => unreachable!("sets are taken apart before"),
        (Family::Rsa(verification), Key::PublicPem(pem)) => {
            let der = public(algorithm, verification, pem)?;
            // Refuses fewer than 2,048 bits, as each check of a signature would.
            PublicEncryptingKey::from_der(&der).map_err(|_| KeyError::Unfit { algorithm })?;
            Ok(DecodingKey::from_rsa_der(&der))
        }
        (Family::Ec(verification), Key::PublicPem(pem)) => {
            Ok(DecodingKey::from_ec_der(&public(algorithm, verification, pem)?))
        }
        (Family::Ed(verification), Key::PublicPem(pem)) => {
            Ok(DecodingKey::from_ed_der(&public(algorithm, verification, pem)?))
        }
    }?;
    Ok(Member { kid: None, key })
}

/// What a key of a set consists of (RFC 7518 sections 6.2.1 and 6.3.1, RFC 8037 section 2), each in base64url.
pub(crate) enum Parts<'a> {
    Rsa { n: &'a str, e: &'a str },
    Ec { x: &'a str, y: &'a str },
    Ed { x: &'a str },
}

/// Some when the parts are a key of that algorithm and curve, of a length that is safe.
pub(crate) fn proven(algorithm: Algorithm, parts: Parts<'_>) -> Option<()> {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let (verification, key) = match (table(algorithm).1, parts) {
        (Family::Rsa(_), Parts::Rsa { n, e }) => {
            let parts = PublicKeyComponents { n: bytes(n)?, e: bytes(e)? };
            let key: Result<PublicEncryptingKey, _> = parts.try_into();
            return key.ok().map(|_| ());
        }
        // SEC 1 section 2.3.3: a point that is not compressed.
        (Family::Ec(verification), Parts::Ec { x, y }) => {
            (verification, [vec![4], bytes(x)?, bytes(y)?].concat())
        }
        (Family::Ed(verification), Parts::Ed { x }) => (verification, bytes(x)?),
        _ => return None,
    };
    ParsedPublicKey::new(verification, key).ok().map(|_| ())
}

fn shared(algorithm: Algorithm, secret: &[u8], min: usize) -> Result<DecodingKey, KeyError> {
    if secret.len() < min {
        return Err(KeyError::ShortSecret { algorithm, bytes: secret.len(), min });
    }
    Ok(DecodingKey::from_secret(secret))
}

/// The key in a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), proven to be one of that algorithm and curve.
///
/// The token library keeps the bytes as they are and parses them anew for every token, so they are parsed once here:
/// otherwise a wrong key would look like wrong tokens. With its backend `aws_lc_rs` it hands them to the very same
/// functions; `rust_crypto` would want them without the frame (`tokens_and_keys_of_another_program_are_taken`).
fn public(
    algorithm: Algorithm,
    verification: &'static dyn VerificationAlgorithm,
    pem: &[u8],
) -> Result<Vec<u8>, KeyError> {
    let der = section(pem)?;
    ParsedPublicKey::new(verification, &der).map_err(|_| KeyError::Unfit { algorithm })?;
    Ok(der)
}

/// The one section of a PEM file, which must be a public key.
fn section(pem: &[u8]) -> Result<Vec<u8>, KeyError> {
    // Counted by hand, because the parser skips the sections whose names it does not know.
    const BEGIN: &[u8] = b"-----BEGIN ";
    let sections = pem.windows(BEGIN.len()).filter(|window| *window == BEGIN).count();
    if sections != 1 {
        return Err(KeyError::Sections { sections });
    }
    match <(SectionKind, Vec<u8>)>::pem_slice_iter(pem).next() {
        Some(Ok((SectionKind::PublicKey, der))) => Ok(der),
        Some(Ok((SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey, _))) => {
            Err(KeyError::Private)
        }
        Some(Ok(_)) | None => Err(KeyError::NotPublic),
        Some(Err(_)) => Err(KeyError::Damaged),
    }
}
