//! Where the files of a server are, which addresses are of them, and who may be told the token.

use std::sync::{Arc, OnceLock};

use http::uri::Authority;
use http::{HeaderValue, Method, Request, Uri, header, request};

use crate::session::Backoff;
use crate::transport::dial::{Dialer, Target};
use crate::{ClientBuilder, Error};

/// Where our servers have files, when nothing stands before it.
const USUAL_FOLDER: &str = "/v1/";

/// Longest name of a file that is asked for. Those of our servers are 32 digits.
const MAX_NAME: usize = 128;

/// What a client knows of the files of its server.
pub(crate) struct Files {
    /// Addresses as the application gave them. They may hold secrets in their queries.
    addresses: Vec<String>,
    /// The ways there, settled when the first file is sent or fetched: TLS takes some milliseconds. Written once, by whoever is
    /// first.
    sites: OnceLock<Result<Vec<Arc<Site>>, Error>>,
    /// How waits between tries grow.
    pub(super) backoff: Backoff,
}

impl Files {
    pub(crate) fn new(addresses: Vec<String>, backoff: Backoff) -> Self {
        Self { addresses, sites: OnceLock::new(), backoff }
    }

    /// The ways to the files, at least one, the first address first.
    pub(super) fn sites(&self) -> Result<Vec<Arc<Site>>, Error> {
        self.sites.get_or_init(|| sites(&self.addresses)).clone()
    }
}

fn sites(addresses: &[String]) -> Result<Vec<Arc<Site>>, Error> {
    let (mut sites, mut problem) = (Vec::<Arc<Site>>::new(), None);
    for address in addresses {
        match Site::new(address) {
            // The socket and the stream of events of one server have the same files.
            Ok(site) if sites.iter().any(|known| known.same(&site)) => {}
            Ok(site) => sites.push(Arc::new(site)),
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    let none = || {
        Error::Address(
            "a connector of one's own does not say where files are: ClientBuilder::files_url does".into(),
        )
    };
    if sites.is_empty() { Err(problem.unwrap_or_else(none)) } else { Ok(sites) }
}

impl ClientBuilder {
    /// Where the server takes and gives files, such as `https://chat.example.org/v1/uploads`. Default: `uploads` beside the `ws`
    /// or `events` of the client's own addresses, by TLS where they are; a connector of one's own has no such address.
    ///
    /// The token is sent there, and nowhere else. A query is kept, and sent with each request. Whether the address can work is
    /// said by the first upload or download.
    pub fn files_url(mut self, url: impl AsRef<str>) -> Self {
        (self.files, self.files_said) = (vec![url.as_ref().to_owned()], true);
        self
    }

    /// Remembers an address of the server, beside which its files are.
    pub(crate) fn files_beside(mut self, url: &str) -> Self {
        if !self.files_said {
            self.files.push(url.to_owned());
        }
        self
    }
}

/// One way to the files of a server.
pub(super) struct Site {
    pub(super) dialer: Dialer,
    target: Target,
    host: HeaderValue,
    /// The path up to `uploads`, from slash to slash.
    folder: String,
    query: Option<String>,
}

impl Site {
    /// The files of the server at `url`, which may be that of its WebSocket, of its stream of events, or of the files themselves.
    fn new(url: &str) -> Result<Self, Error> {
        let uri: Uri = url.parse().map_err(|error| Error::Address(format!("{error}")))?;
        let target = Target::new(&uri).map_err(Error::Address)?;
        let path = uri.path();
        let folder = match path {
            "" | "/" => Some(USUAL_FOLDER),
            path => ["ws", "events", "uploads"].iter().find_map(|name| path.strip_suffix(name)),
        };
        let folder = folder.filter(|folder| folder.ends_with('/')).ok_or_else(|| {
            Error::Address(
                "where files are cannot be seen from this path: ClientBuilder::files_url says it".into(),
            )
        })?;
        let host = uri.authority().map(Authority::as_str).and_then(|authority| authority.rsplit('@').next());
        let host = HeaderValue::from_str(host.unwrap_or_default());
        let host = host.map_err(|_| Error::Address("the host is no name".to_owned()))?;
        let (folder, query) = (folder.to_owned(), uri.query().map(str::to_owned));
        Ok(Self { dialer: Dialer::new(&uri)?, target, host, folder, query })
    }

    fn same(&self, other: &Self) -> bool {
        self.target == other.target && self.folder == other.folder && self.query == other.query
    }

    /// A request to `uploads` and what follows it in the path.
    pub(super) fn request(
        &self,
        method: Method,
        rest: &str,
        query: &str,
        bearer: &HeaderValue,
    ) -> request::Builder {
        let parts = [self.query.as_deref().unwrap_or_default(), query];
        let query: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        Request::builder()
            .method(method)
            .uri(format!("{}uploads{rest}{mark}{}", self.folder, query.join("&")))
            .header(header::HOST, &self.host)
            .header(header::AUTHORIZATION, bearer)
    }

    /// The name of the file that `url` is the address of, if it is one of this server: only then the token may go there.
    ///
    /// Messages are written by others, so that an address may be anything. The name alone is taken from it; where to ask is known.
    pub(super) fn file<'u>(&self, url: &'u str) -> Option<&'u str> {
        let path = match url.split_once("://") {
            // Two slashes begin a host without a scheme.
            None => Some(url).filter(|url| url.starts_with('/') && !url.starts_with("//"))?,
            Some((_, rest)) => {
                let target = Target::new(&url.parse().ok()?).ok()?;
                if !self.is_target(&target, url) {
                    return None;
                }
                &rest[rest.find('/')?..]
            }
        };
        let path = path.split(['?', '#']).next().unwrap_or_default();
        // The server itself does not know under which path a proxy shows it.
        let rest = path.strip_prefix(&*self.folder).or_else(|| path.strip_prefix(USUAL_FOLDER))?;
        rest.strip_prefix("uploads/").filter(|name| is_name(name))
    }

    fn is_target(&self, target: &Target, url: &str) -> bool {
        let http = url.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
        http && target.host.eq_ignore_ascii_case(&self.target.host)
            && (target.port, target.secure) == (self.target.port, self.target.secure)
    }
}

/// Whether it is a name and no way to somewhere else.
pub(super) fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(url: &str) -> Site {
        Site::new(url).unwrap()
    }

    #[test]
    fn files_are_beside_the_socket_and_the_events() {
        let bearer = HeaderValue::from_static("Bearer t");
        for (url, expected) in [
            ("ws://127.0.0.1:8080/v1/ws", "/v1/uploads/x?a=b"),
            ("ws://127.0.0.1:8080", "/v1/uploads/x?a=b"),
            ("http://127.0.0.1:8080/chat/v1/events", "/chat/v1/uploads/x?a=b"),
            ("http://127.0.0.1:8080/files/uploads?node=3", "/files/uploads/x?node=3&a=b"),
        ] {
            let request = site(url).request(Method::GET, "/x", "a=b", &bearer).body(()).unwrap();
            assert_eq!(request.uri(), expected, "{url}");
            assert_eq!(request.headers()[header::HOST], "127.0.0.1:8080");
        }
        for bad in
            ["ws://127.0.0.1/socket", "ws://127.0.0.1/v1/myws", "ftp://127.0.0.1/v1/ws", "", "ws:///v1/ws"]
        {
            assert!(matches!(Site::new(bad), Err(Error::Address(_))), "{bad}");
        }
    }

    #[test]
    fn only_what_this_server_gives_is_a_file_of_it() {
        let site = site("ws://u:p@chat.example.org:81/chat/v1/ws");
        for good in [
            "/v1/uploads/0a",
            "/chat/v1/uploads/0a",
            "http://chat.example.org:81/chat/v1/uploads/0a",
            "HTTP://Chat.Example.Org:81/v1/uploads/0a?size=small#top",
        ] {
            assert_eq!(site.file(good), Some("0a"), "{good}");
        }
        for bad in [
            "",
            "0a",
            "/v1/uploads/",
            "/v1/uploads/..",
            "/v1/uploads/../admin/users",
            "/v1/uploads/a/b",
            "/v1/uploads/%2e%2e",
            "/v1/rooms/0a",
            "//evil.example/v1/uploads/0a",
            "http://evil.example:81/v1/uploads/0a",
            "http://chat.example.org/v1/uploads/0a",
            "https://chat.example.org:81/v1/uploads/0a",
            "ws://chat.example.org:81/v1/uploads/0a",
            "http://chat.example.org:81@evil.example/v1/uploads/0a",
            "http://evil.example\\@chat.example.org:81/v1/uploads/0a",
            "http://chat.example.org:81",
        ] {
            assert_eq!(site.file(bad), None, "{bad}");
        }
    }

    #[test]
    fn one_server_is_one_way() {
        let told = |urls: &[&str]| sites(&urls.iter().map(ToString::to_string).collect::<Vec<_>>());
        let two = [
            "ws://127.0.0.1/v1/ws",
            "http://127.0.0.1/v1/events",
            "ws://localhost/v1/ws",
            "ws://127.0.0.1/x",
        ];
        assert_eq!(told(&two).unwrap().len(), 2);
        assert!(matches!(told(&[]), Err(Error::Address(_))));
        assert!(matches!(told(&["ws://127.0.0.1/x"]), Err(Error::Address(_))));
    }
}
