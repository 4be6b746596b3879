//! Plain requests: commands, uploads, health, metrics, and the refusals of all.

pub(crate) mod agents;
pub(crate) mod commands;
pub(crate) mod error;
pub(crate) mod health;
pub(crate) mod lookups;
pub(crate) mod metrics;
pub(crate) mod people;
mod range;
pub(crate) mod uploads;

use axum::http::HeaderMap;
use axum::http::header;
use subtle::ConstantTimeEq;

/// The token of an `Authorization: Bearer` header (RFC 6750 section 2.1). Two such headers are as good as none.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Whether the token is the operator's. The time says nothing about where they differ.
pub(crate) fn is_operator(token: &str, operator: Option<&str>) -> bool {
    // An empty secret is one that was forgotten, not one that everybody knows.
    operator.is_some_and(|secret| !secret.is_empty() && bool::from(secret.as_bytes().ct_eq(token.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_is_the_operator() {
        for (token, operator, expected) in [
            ("op-secret", Some("op-secret"), true),
            ("op-secret", Some("op-secre"), false),
            ("op-secre", Some("op-secret"), false),
            ("OP-SECRET", Some("op-secret"), false),
            ("op-secret", None, false),
            ("", Some(""), false),
        ] {
            assert_eq!(is_operator(token, operator), expected, "{token:?} {operator:?}");
        }
    }
}
