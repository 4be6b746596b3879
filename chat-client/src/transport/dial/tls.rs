//! TLS with rustls: whom to trust, and whose cryptography. Without a `rustls-tls-*` feature there is none.

#[cfg(not(feature = "_tls"))]
pub(super) use absent::Tls;
#[cfg(feature = "_tls")]
pub(super) use present::Tls;

#[cfg(feature = "_tls")]
mod present {
    use std::io;
    use std::sync::Arc;

    use rustls::crypto::CryptoProvider;
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, RootCertStore};
    use tokio_rustls::TlsConnector;

    use super::super::Link;

    /// The client's side of TLS, set up once for all connections of a dialer.
    #[derive(Clone)]
    pub(in super::super) struct Tls(Arc<ClientConfig>);

    impl Tls {
        /// Reads the trusted certificates, some milliseconds of work; otherwise why there can be no TLS.
        pub(in super::super) fn new() -> Result<Self, String> {
            let config = ClientConfig::builder_with_provider(provider()?)
                .with_safe_default_protocol_versions()
                .map_err(|error| format!("TLS: {error}"))?
                .with_root_certificates(roots()?)
                .with_no_client_auth();
            let mut config = config;
            // A balancer in front of the server may prefer another version, in which there is no upgrade.
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Ok(Self(Arc::new(config)))
        }

        /// Speaks TLS with `host` over `link`.
        pub(in super::super) async fn wrap(&self, host: &str, link: Link) -> io::Result<Link> {
            let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            let name = ServerName::try_from(bare)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the host's name is none"))?;
            let wrapped = TlsConnector::from(self.0.clone()).connect(name, link).await?;
            Ok(Box::new(wrapped))
        }
    }

    /// The cryptography that the application chose for its process, or ours for these connections alone: a library must
    /// not choose for the process.
    fn provider() -> Result<Arc<CryptoProvider>, String> {
        if let Some(chosen) = CryptoProvider::get_default() {
            return Ok(chosen.clone());
        }
        #[cfg(feature = "ring")]
        return Ok(Arc::new(rustls::crypto::ring::default_provider()));
        #[cfg(not(feature = "ring"))]
        Err("TLS needs the feature ring, or a rustls CryptoProvider that the application installs at start-up"
            .to_owned())
    }

    /// Everyone that either of the features trusts: a feature only ever adds.
    fn roots() -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        let mut problem = None;
        native_roots(&mut roots, &mut problem);
        #[cfg(feature = "rustls-tls-webpki-roots")]
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        if roots.is_empty() {
            let problem = problem.unwrap_or_else(|| "none were found".to_owned());
            return Err(format!(
                "TLS has no trusted certificates ({problem}): install the system's, or use the feature rustls-tls-webpki-roots"
            ));
        }
        Ok(roots)
    }

    #[cfg(feature = "rustls-tls-native-roots")]
    fn native_roots(roots: &mut RootCertStore, problem: &mut Option<String>) {
        let found = rustls_native_certs::load_native_certs();
        // Systems hold certificates that no library can read; the others are good.
        roots.add_parsable_certificates(found.certs);
        *problem = found.errors.first().map(ToString::to_string);
    }

    #[cfg(not(feature = "rustls-tls-native-roots"))]
    fn native_roots(_: &mut RootCertStore, _: &mut Option<String>) {}
}

#[cfg(not(feature = "_tls"))]
mod absent {
    use std::convert::Infallible;

    use super::super::Link;

    /// No TLS: there is no value of this type.
    #[derive(Clone)]
    pub(in super::super) struct Tls(Infallible);

    impl Tls {
        pub(in super::super) fn new() -> Result<Self, String> {
            Err("TLS needs the feature rustls-tls-native-roots or rustls-tls-webpki-roots".to_owned())
        }

        #[allow(clippy::unused_async, reason = "the same shape as with TLS")]
        pub(in super::super) async fn wrap(&self, _: &str, _: Link) -> std::io::Result<Link> {
            match self.0 {}
        }
    }
}
