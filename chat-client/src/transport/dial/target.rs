//! Which server an address means.

use http::Uri;

/// A server: host, port, and whether it is spoken to over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// A name, or an address of four or six bytes as text; the latter in brackets, as in a URL.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) secure: bool,
}

impl Target {
    /// The server of a `ws://`, `wss://`, `http://` or `https://` address; otherwise why it is none. A name or a path may
    /// be mistaken for a secret, so the address is not repeated.
    pub(crate) fn new(uri: &Uri) -> Result<Self, String> {
        let secure = match uri.scheme_str() {
            Some("ws" | "http") => false,
            Some("wss" | "https") => true,
            _ => return Err("neither ws://, wss://, http:// nor https://".to_owned()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or("it names no host")?.to_owned();
        let port = match uri.port_u16() {
            Some(0) => return Err("port 0 is none".to_owned()),
            Some(port) => port,
            None if uri.authority().is_some_and(|authority| authority.as_str().ends_with(':')) => {
                return Err("the port is missing after the colon".to_owned());
            }
            None if secure => 443,
            None => 80,
        };
        Ok(Self { host, port, secure })
    }

    /// The server as an HTTP address, which is what proxies and their rules go by.
    pub(crate) fn uri(&self) -> Uri {
        let scheme = if self.secure { "https" } else { "http" };
        let authority = format!("{}:{}", self.host, self.port);
        let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build();
        // The host came out of an address and the port is a number.
        uri.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_host_port_and_security() {
        for (address, host, port, secure) in [
            ("ws://chat.example.org/v1/ws", "chat.example.org", 80, false),
            ("wss://chat.example.org", "chat.example.org", 443, true),
            ("https://user:secret@chat.example.org:8443/v1/events?x=y", "chat.example.org", 8443, true),
            ("http://[::1]:8080/", "[::1]", 8080, false),
        ] {
            let target = Target::new(&address.parse().unwrap()).unwrap();
            assert_eq!(target, Target { host: host.to_owned(), port, secure }, "{address}");
            assert_eq!(target.uri().host(), Some(host));
        }
        for bad in ["ftp://x/", "/v1/ws", "ws://x:0/"] {
            assert!(Target::new(&bad.parse().unwrap()).is_err(), "{bad}");
        }
    }
}
