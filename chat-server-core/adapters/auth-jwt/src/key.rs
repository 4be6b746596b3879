//! From what the operator gave to what signatures are checked with.

use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
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

/// The key and the algorithm as the token library knows them.
pub(crate) fn prepare(
    algorithm: Algorithm,
    key: &Key,
) -> Result<(jsonwebtoken::Algorithm, DecodingKey), KeyError> {
    let (token, family) = table(algorithm);
    let key = match (family, key) {
        (Family::Hmac(min), Key::Secret(secret)) => shared(algorithm, secret.as_bytes(), min),
        (Family::Hmac(_), Key::PublicPem(_)) => Err(KeyError::NeedsSecret { algorithm }),
        (_, Key::Secret(_)) => Err(KeyError::NeedsPublic { algorithm }),
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
    Ok((token, key))
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
