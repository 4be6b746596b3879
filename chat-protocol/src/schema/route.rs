//! HTTP endpoints: one line each in the table of a format.

use super::param::Param;
use super::types::Shape;
use crate::dialect::HttpRoute;
use crate::http::Endpoint;

/// The HTTP side of a format.
pub(super) struct Http {
    /// How a caller says who it is; several are alternatives. Names of [`super::info::SCHEMES`].
    pub(super) security: &'static [&'static str],
    /// What every endpoint may answer.
    pub(super) refusals: Vec<Answer>,
    /// The endpoints.
    pub(super) routes: Vec<Route>,
}

/// One status and what comes with it.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) about: &'static str,
    /// Media type and type of the body; `None` for an empty one.
    pub(super) body: Option<(&'static str, Body)>,
}

/// What a body is.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// A type.
    Of(Shape),
    /// Bytes or text of a kind that the media type names.
    Opaque,
}

pub(super) const JSON: &str = "application/json";
/// JSON texts, one per line.
pub(super) const LINES: &str = "application/x-ndjson";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const MULTIPART: &str = "multipart/form-data";

/// An answer with a JSON body.
pub(super) const fn answer(status: u16, about: &'static str, shape: Shape) -> Answer {
    Answer { status, about, body: Some((JSON, Body::Of(shape))) }
}

/// An answer without a body.
pub(super) const fn empty(status: u16, about: &'static str) -> Answer {
    Answer { status, about, body: None }
}

/// One endpoint.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Name of the operation, unique in its format.
    pub(super) name: &'static str,
    /// One sentence.
    pub(super) about: &'static str,
    pub(super) params: Vec<Param>,
    /// A type whose fields are the parameters of the query.
    pub(super) query: Option<Shape>,
    /// Headers of the request that mean something here alone, and whether each must be there.
    pub(super) headers: Vec<(Param, bool)>,
    /// Media types and types of the request's body.
    pub(super) bodies: Vec<(&'static str, Shape)>,
    /// Whether the body may be left out.
    pub(super) body_optional: bool,
    pub(super) answers: Vec<Answer>,
    /// Other ways to say who one is than those of the format; empty: nobody asks.
    pub(super) security: Option<&'static [&'static str]>,
    /// Whether the refusals of the format are possible here.
    pub(super) refusable: bool,
    /// The type of a command whose fields are the parameters and the body. It has words of its own.
    pub(super) command: Option<Shape>,
}

macro_rules! methods {
    ($($function:ident $method:literal)*) => {
        $(pub(super) fn $function(path: &'static str, name: &'static str, about: &'static str) -> Route {
            Route::new($method, path, name, about)
        })*
    };
}

methods! { get "GET" head "HEAD" post "POST" put "PUT" patch "PATCH" delete "DELETE" options "OPTIONS" }

impl Route {
    fn new(method: &'static str, path: &'static str, name: &'static str, about: &'static str) -> Self {
        Self {
            method,
            path,
            name,
            about,
            params: Vec::new(),
            query: None,
            headers: Vec::new(),
            bodies: Vec::new(),
            body_optional: false,
            answers: Vec::new(),
            security: None,
            refusable: true,
            command: None,
        }
    }

    /// A call of a dialect, whose method, path and words are those of its table.
    pub(super) fn of_call<C>(route: &HttpRoute<C>) -> Self {
        Self::new(route.method, route.path, route.name, route.about)
    }

    /// A request that is a command: what the path does not name of its fields is the query or the body, without `id`.
    pub(super) fn of_command(endpoint: &Endpoint, command: Shape) -> Self {
        let Endpoint { method, path, command: kind } = *endpoint;
        Self { command: Some(command), ..Self::new(method, path, kind, "") }
    }

    /// A parameter of the path, when the path has it, or of the query.
    pub(super) fn param(mut self, param: Param) -> Self {
        self.params.push(param);
        self
    }

    /// The fields of a type as parameters of the query.
    pub(super) fn query(mut self, shape: Shape) -> Self {
        self.query = Some(shape);
        self
    }

    /// A header that must be there.
    pub(super) fn header(mut self, header: Param) -> Self {
        self.headers.push((header, true));
        self
    }

    /// A header that may be there.
    pub(super) fn optional_header(mut self, header: Param) -> Self {
        self.headers.push((header, false));
        self
    }

    /// A JSON body.
    pub(super) fn body(self, shape: Shape) -> Self {
        self.body_as(JSON, shape)
    }

    /// A body of another kind; several are alternatives.
    pub(super) fn body_as(mut self, media: &'static str, shape: Shape) -> Self {
        self.bodies.push((media, shape));
        self
    }

    /// The body may be left out.
    pub(super) fn optional(mut self) -> Self {
        self.body_optional = true;
        self
    }

    /// Success with a JSON body.
    pub(super) fn ok(self, shape: Shape) -> Self {
        self.or(answer(200, "Done.", shape))
    }

    /// One more answer.
    pub(super) fn or(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// Whoever asks says who it is in one of these ways.
    pub(super) fn by(mut self, security: &'static [&'static str]) -> Self {
        self.security = Some(security);
        self
    }

    /// It has answers of its own only.
    pub(super) fn alone(mut self) -> Self {
        self.refusable = false;
        self
    }
}

/// A request of the server to somebody else.
pub(super) struct Hook {
    /// The request; its path is not used, because the operator configures it.
    pub(super) route: Route,
}
