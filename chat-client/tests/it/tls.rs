//! TLS with the default features, against a real TLS server: whom the system trusts, and whom it does not.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer};

use crate::dial::{Said, echo, echo_client};

/// Somebody who vouches for servers.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// The server's side for a server of these names.
    pub(crate) fn acceptor(&self, names: &[&str]) -> TlsAcceptor {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// A file that makes a process trust it, and nobody else.
    pub(crate) fn file(&self, folder: &Path) -> String {
        let file = folder.join("authority.pem");
        std::fs::write(&file, &self.pem).unwrap();
        file.to_str().unwrap().to_owned()
    }
}

/// An echo server over TLS on a free port.
pub(crate) async fn echo_server(acceptor: TlsAcceptor) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(socket) = acceptor.accept(socket).await {
                    echo(socket).await;
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_the_system_trusts_is_talked_to() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let port = echo_server(authority.acceptor(&["localhost", "127.0.0.1"])).await;
    let file = authority.file(folder.path());
    for host in ["localhost", "127.0.0.1"] {
        let said = echo_client(&format!("wss://{host}:{port}/"), &[("SSL_CERT_FILE", &file)], "a\nb\n").await;
        let expected = Said { lines: "a\nb\n".to_owned(), error: String::new(), success: true };
        assert_eq!(said, expected, "{host}");
    }
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_not() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let port = echo_server(authority.acceptor(&["localhost"])).await;
    let stranger = Authority::new().file(folder.path());
    let url = format!("wss://localhost:{port}/");
    let said = echo_client(&url, &[("SSL_CERT_FILE", &stranger)], "a\n").await;
    assert!(said.error.contains("TLS with localhost: invalid peer certificate"), "{said:?}");
    assert_eq!((said.lines.as_str(), said.success), ("", false));

    // Vouched for under another name.
    let known = authority.file(folder.path());
    let said = echo_client(&format!("wss://127.0.0.1:{port}/"), &[("SSL_CERT_FILE", &known)], "a\n").await;
    assert!(said.error.contains("TLS with 127.0.0.1: invalid peer certificate"), "{said:?}");

    // A system without certificates, as many containers are.
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let nobody = empty.to_str().unwrap();
    let env = [("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", nobody)];
    let said = echo_client(&url, &env, "a\n").await;
    assert!(said.error.contains("TLS has no trusted certificates"), "{said:?}");
    assert!(said.error.contains("rustls-tls-webpki-roots"), "{said:?}");
}

// A machine may trust nobody by itself.
#[cfg(feature = "rustls-tls-webpki-roots")]
#[tokio::test]
async fn nothing_is_chosen_for_the_whole_process() {
    use chat_client::transport::{Connector, ws::WsConnector};
    use tokio_rustls::rustls::crypto::CryptoProvider;
    let port = echo_server(Authority::new().acceptor(&["localhost"])).await;
    let connector = WsConnector::new(&format!("wss://localhost:{port}/")).unwrap();
    assert!(connector.dial().await.is_err(), "nobody vouches for the server");
    assert!(CryptoProvider::get_default().is_none());
}
