//! Proxies, as the environment names them: `HTTPS_PROXY` for `wss://` and `https://`, `HTTP_PROXY` for `ws://` and `http://`,
//! `ALL_PROXY` for either, `NO_PROXY` for the exceptions; upper case before lower case, empty is unset. The rules are
//! those of curl. Where `REQUEST_METHOD` is set, as for a CGI script, `HTTP_PROXY` is a header of the request, and ignored.

use std::env::VarError;
use std::fmt;
use std::task::{Context, Poll};

use futures::future::{Ready, ready};
use http::Uri;
use http::uri::Authority;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use tower_service::Service;

use super::{Link, Target};

/// A proxy that the environment names for one server.
#[derive(Clone)]
pub(super) struct Proxy {
    intercept: Intercept,
    /// Where it was found.
    variable: &'static str,
}

impl Proxy {
    /// The proxy for `target`, if there is one; otherwise what is wrong with the environment.
    pub(super) fn of(target: &Target) -> Result<Option<Self>, String> {
        Self::named_by(target, &|name| match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(format!("{name} is no text")),
        })
    }

    fn named_by(target: &Target, environment: &Environment<'_>) -> Result<Option<Self>, String> {
        let names: &[&'static str] = match (target.secure, environment("REQUEST_METHOD")?) {
            (true, _) => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
            (false, None) => &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
            (false, Some(_)) => &["http_proxy", "ALL_PROXY", "all_proxy"],
        };
        let Some((variable, address)) = first(names, environment)? else { return Ok(None) };
        let except = first(&["NO_PROXY", "no_proxy"], environment)?.map_or(String::new(), |(_, list)| list);
        let uri = target.uri();
        // A proxy that surely is one tells whether the server is an exception.
        if Matcher::builder().all("http://proxy.invalid").no(except).build().intercept(&uri).is_none() {
            return Ok(None);
        }
        let intercept = Matcher::builder().all(address).build().intercept(&uri);
        // The value may hold a password, so it is not repeated.
        let intercept = intercept.filter(|found| names_a_host(found.uri()));
        let intercept = intercept.ok_or_else(|| {
            format!(
                "{variable} does not name a proxy: it takes http://host:port, or https, socks4, socks4a, socks5 or \
                 socks5h in place of http"
            )
        })?;
        Ok(Some(Self { intercept, variable }))
    }

    /// Whether it is spoken to over TLS.
    pub(super) fn secure(&self) -> bool {
        self.scheme() == "https"
    }

    pub(super) fn host(&self) -> &str {
        self.intercept.uri().host().unwrap_or_default()
    }

    fn scheme(&self) -> &str {
        self.intercept.uri().scheme_str().unwrap_or_default()
    }

    fn port(&self) -> u16 {
        let usual = match self.scheme() {
            "http" => 80,
            "https" => 443,
            _ => 1080,
        };
        self.intercept.uri().port_u16().unwrap_or(usual)
    }

    /// Its address with the port.
    pub(super) fn uri(&self) -> Uri {
        let target = Target { host: self.host().to_owned(), port: self.port(), secure: self.secure() };
        target.uri()
    }

    /// Asks the proxy at the other end of `link` for a link to `target`. It is the proxy that looks the name up, with
    /// every kind of proxy: the client may be where it cannot.
    pub(super) async fn tunnel(&self, link: Link, target: &Target) -> Result<Link, String> {
        let (opened, proxy, uri) = (Opened::new(link), self.uri(), target.uri());
        let link = match (self.scheme(), self.intercept.raw_auth()) {
            ("http" | "https", _) => {
                let tunnel = Tunnel::new(proxy, opened);
                let mut tunnel = match self.intercept.basic_auth() {
                    Some(password) => tunnel.with_auth(password.clone()),
                    None => tunnel,
                };
                tunnel.call(uri).await.map_err(|error| error.to_string())?
            }
            ("socks4" | "socks4a", _) => {
                SocksV4::new(proxy, opened).call(uri).await.map_err(|error| error.to_string())?
            }
            (_, None) => SocksV5::new(proxy, opened).call(uri).await.map_err(|error| error.to_string())?,
            (_, Some((user, password))) => {
                let socks = SocksV5::new(proxy, opened).with_auth(user.to_owned(), password.to_owned());
                let mut socks = socks;
                socks.call(uri).await.map_err(|error| error.to_string())?
            }
        };
        Ok(link.into_inner())
    }
}

/// As in an error: with the variable that names it, and without its password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "proxy {}:{} ({})", self.host(), self.port(), self.variable)
    }
}

/// Whether there is a host, and no port that is none: another would be dialed in its place.
fn names_a_host(proxy: &Uri) -> bool {
    let authority = proxy.authority().map(Authority::as_str).unwrap_or_default();
    let (_, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let port = place.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty() && !port.ends_with(']'));
    proxy.host().is_some_and(|host| !host.is_empty()) && (!port || proxy.port_u16().is_some())
}

/// What a variable holds; an error where that is no text.
type Environment<'a> = dyn Fn(&str) -> Result<Option<String>, String> + 'a;

/// The first of these variables that is set.
fn first(
    names: &[&'static str],
    environment: &Environment<'_>,
) -> Result<Option<(&'static str, String)>, String> {
    for name in names {
        if let Some(value) = environment(name)?.filter(|value| !value.is_empty()) {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}

/// A link that is open, for services that want to open one.
struct Opened(Option<TokioIo<Link>>);

impl Opened {
    fn new(link: Link) -> Self {
        Self(Some(TokioIo::new(link)))
    }
}

impl Service<Uri> for Opened {
    type Response = TokioIo<Link>;
    type Error = std::io::Error;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| std::io::ErrorKind::NotConnected.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The proxy that these variables name for an address.
    fn proxy(address: &str, variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let target = Target::new(&address.parse().unwrap()).unwrap();
        let environment = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        };
        Proxy::named_by(&target, &environment).map(|proxy| proxy.map(|proxy| proxy.to_string()))
    }

    #[test]
    fn the_scheme_and_then_the_case_decide_which_variable_counts() {
        let all = [
            ("HTTPS_PROXY", "http://a:1"),
            ("https_proxy", "http://b:2"),
            ("http_proxy", "socks5://c"),
            ("ALL_PROXY", "d:4"),
        ];
        for (address, variables, expected) in [
            ("wss://x", &all[..], Some("proxy a:1 (HTTPS_PROXY)")),
            ("https://x", &all[1..], Some("proxy b:2 (https_proxy)")),
            ("ws://x", &all, Some("proxy c:1080 (http_proxy)")),
            ("ws://x", &all[3..], Some("proxy d:4 (ALL_PROXY)")),
            ("wss://x", &[("HTTPS_PROXY", ""), ("all_proxy", "https://e")], Some("proxy e:443 (all_proxy)")),
            ("ws://x", &all[..2], None),
            ("ws://x", &[("HTTP_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")], None),
            ("ws://x", &[("HTTP_PROXY", "http://u:secret@a")], Some("proxy a:80 (HTTP_PROXY)")),
            ("ws://x", &[("HTTP_PROXY", "http://u:secret@[::1]")], Some("proxy [::1]:80 (HTTP_PROXY)")),
            ("ws://x", &[("HTTP_PROXY", "http://a:")], Some("proxy a:80 (HTTP_PROXY)")),
        ] {
            assert_eq!(proxy(address, variables), Ok(expected.map(str::to_owned)), "{address} {variables:?}");
        }
    }

    #[test]
    fn exceptions_are_names_with_all_below_them_addresses_and_networks() {
        let with = |address, no| proxy(address, &[("ALL_PROXY", "http://p:1"), ("NO_PROXY", no)]).unwrap();
        for (address, no) in [
            ("wss://chat.example.org", "example.org"),
            ("wss://chat.example.org", "a.b, .example.org"),
            ("ws://127.0.0.1:8080", "127.0.0.0/8"),
            ("ws://[::1]:8080", "::1"),
            ("ws://anything", "*"),
        ] {
            assert_eq!(with(address, no), None, "{address} {no}");
        }
        for (address, no) in [("wss://notexample.org", "example.org"), ("ws://128.0.0.1", "127.0.0.0/8")] {
            assert!(with(address, no).is_some(), "{address} {no}");
        }
    }

    #[test]
    fn a_bad_value_is_an_error_without_the_value() {
        let no_port = ["http://user:secret@p:99999", "p:70000"];
        for bad in ["ftp://user:secret@p:1", "://secret", "http://", "secret:x:y", "http://user:secret@"]
            .into_iter()
            .chain(no_port)
        {
            let error = proxy("wss://x", &[("HTTPS_PROXY", bad)]).unwrap_err();
            assert!(error.starts_with("HTTPS_PROXY ") && !error.contains("secret"), "{bad}: {error}");
            // Nobody asks for it here.
            assert_eq!(proxy("ws://x", &[("HTTPS_PROXY", bad)]), Ok(None));
            assert_eq!(proxy("wss://x", &[("HTTPS_PROXY", bad), ("no_proxy", "x")]), Ok(None));
        }
    }
}
