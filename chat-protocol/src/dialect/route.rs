//! The calls of a format's HTTP interface: which request is which.
//!
//! Each format has a table of its own, such as [`tndata::ROUTES`](crate::dialect::tndata::ROUTES), from which its published
//! OpenAPI document is made, too. An enum names the calls, so that a server can match on all of them.
//!
//! ```
//! use chat_protocol::dialect::{NoCall, haraj::Call};
//! let (call, params) = Call::find("DELETE", "/chat/users/1/topics/p2p1_2/messages/41/").unwrap();
//! assert_eq!(call, Call::DeleteMessage);
//! assert_eq!(params[1], ("topic", "p2p1_2".to_owned()));
//! assert_eq!(Call::find("PATCH", "/chat/users/1"), Err(NoCall::Method));
//! assert_eq!(Call::find("GET", "/chat/nothing"), Err(NoCall::Path));
//! ```
//!
//! A server of several formats asks each of their tables, and takes the first that has the request: no two have the same
//! one, but for `GET /api/chat`, which is hipochat's when it has the header `Authentication` (dialect reference,
//! section 2). When none has it, a table that has the path at least says in which words 405 is answered.

use crate::http::{Params, params};

/// One call of a format's HTTP interface. `C` is the enum of the format's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpRoute<C> {
    /// Which call it is.
    pub call: C,
    /// Its name in the published documents.
    pub name: &'static str,
    /// Method.
    pub method: &'static str,
    /// Path, as the documents write it; a segment in braces is a parameter. A slash at the end is optional.
    pub path: &'static str,
    /// What it does, in words for people.
    pub about: &'static str,
}

/// Why a request is no call of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoCall {
    /// 404: the path is none of the format's.
    #[error("no such path")]
    Path,
    /// 405: the path is one of the format's, but not with this method.
    #[error("the path does not have this method")]
    Method,
}

/// The call of a method and a path, as [`http::find`](crate::http::find) finds an endpoint of our own: the path is as it
/// came, without the query, and its parts are percent-decoded after it is taken apart. Of several that fit, the first.
pub(super) fn find<C: Copy>(
    routes: &'static [HttpRoute<C>],
    method: &str,
    path: &str,
) -> Result<(C, Params), NoCall> {
    let mut missed = NoCall::Path;
    for route in routes {
        let Some(params) = params(no_slash(route.path), no_slash(path)) else { continue };
        if route.method == method {
            return Ok((route.call, params));
        }
        missed = NoCall::Method;
    }
    Err(missed)
}

fn no_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// Declares the calls of a format: the enum `Call` and the table `ROUTES`, in the order in which they are tried.
macro_rules! calls {
    ($($call:ident $name:literal $method:ident $path:literal $about:literal;)*) => {
        /// A call of this format's HTTP interface. A server matches on all of them: one more is a change that the
        /// compiler should tell it of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Call {
            $(
                #[doc = concat!("`", stringify!($method), " ", $path, "`. ", $about)]
                $call,
            )*
        }

        /// Every call, in the order in which they are tried.
        pub const ROUTES: &[$crate::dialect::HttpRoute<Call>] = &[$(
            $crate::dialect::HttpRoute {
                call: Call::$call,
                name: $name,
                method: stringify!($method),
                path: $path,
                about: $about,
            },
        )*];

        impl Call {
            /// The call of a method and a path, with the parameters that the path names. The path is as it came, without
            /// the query; a slash at its end is optional.
            ///
            /// # Errors
            /// [`NoCall`](crate::dialect::NoCall): whether a path or a method is missing.
            pub fn find(
                method: &str,
                path: &str,
            ) -> Result<(Self, $crate::http::Params), $crate::dialect::NoCall> {
                $crate::dialect::route::find(ROUTES, method, path)
            }
        }
    };
}

pub(super) use calls;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Debug;

    use super::*;
    use crate::dialect::{chats, haraj, helpdesk, hipochat, tndata};

    /// Its own example of each path is found as itself; all requests, as (method, path without its slash).
    fn requests<C: Copy + PartialEq + Debug>(routes: &'static [HttpRoute<C>]) -> BTreeSet<(String, String)> {
        let names: BTreeSet<&str> = routes.iter().map(|route| route.name).collect();
        assert_eq!(names.len(), routes.len(), "a name is given twice");
        let of = |route: &HttpRoute<C>| {
            for path in [no_slash(route.path).to_owned(), format!("{}/", no_slash(route.path))] {
                let (call, params) = find(routes, route.method, &path).expect("it is in the table");
                assert_eq!(call, route.call, "{path}");
                assert_eq!(params.len(), route.path.matches('{').count(), "{path}");
                let other = find(routes, "BREW", &path);
                assert_eq!(other, Err(NoCall::Method), "{path}");
            }
            (route.method.to_owned(), no_slash(route.path).to_owned())
        };
        routes.iter().map(of).collect()
    }

    #[test]
    fn a_request_is_one_call_of_one_format_but_for_the_one_that_a_header_decides() {
        let all = [
            ("tndata", requests(tndata::ROUTES)),
            ("chats", requests(chats::ROUTES)),
            ("hipochat", requests(hipochat::ROUTES)),
            ("haraj", requests(haraj::ROUTES)),
            ("helpdesk", requests(helpdesk::ROUTES)),
        ];
        let claims = |name: &str, method: &str, path: &str| match name {
            "tndata" => tndata::Call::find(method, path).is_ok(),
            "chats" => chats::Call::find(method, path).is_ok(),
            "hipochat" => hipochat::Call::find(method, path).is_ok(),
            "haraj" => haraj::Call::find(method, path).is_ok(),
            _ => helpdesk::Call::find(method, path).is_ok(),
        };
        for (name, requests) in &all {
            for (method, path) in requests {
                let others: Vec<&str> = all.iter().map(|(other, _)| *other).collect();
                let others = others.into_iter().filter(|other| other != name && claims(other, method, path));
                let shared: Vec<&str> = others.collect();
                let expected = (method, path.as_str()) == (&"GET".to_owned(), "/api/chat");
                assert_eq!(!shared.is_empty(), expected, "{name} and {shared:?} have {method} {path}");
            }
        }
    }

    #[test]
    fn a_fixed_segment_is_no_parameter_and_an_encoded_slash_divides_nothing() {
        let found = |method, path| tndata::Call::find(method, path);
        assert_eq!(found("GET", "/api/chat/unread/"), Ok((tndata::Call::Unread, vec![])));
        let mine = vec![("id", "a/b".to_owned())];
        assert_eq!(found("GET", "/api/chat/a%2Fb"), Ok((tndata::Call::MyMessage, mine)));
        assert_eq!(found("GET", "/api/chat//"), Err(NoCall::Path));
        assert_eq!(found("GET", "/api/chat/%ff"), Err(NoCall::Path));
        assert_eq!(found("get", "/api/chat"), Err(NoCall::Method));
    }
}
