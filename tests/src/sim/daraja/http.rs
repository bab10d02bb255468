//! The front door: accepts connections, reads a request whole, finds its handler and writes the answer, or closes the
//! connection without one. Hyper is used bare, because a lost answer cannot be told to a web framework.

use std::{error, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response,
    body::Incoming,
    header,
    header::{HeaderName, HeaderValue},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

use super::{
    Shared, c2b,
    config::App,
    json::Json,
    oauth::{self, Product},
    pull, push, query, refuse,
    script::Refusal,
    state::Received,
    status,
};

const MAX_BODY: usize = 64 * 1024;
/// How much of a body is remembered.
const KEPT_BODY: usize = 4_096;
const MAX_CONNECTIONS: usize = 1_024;

/// One request, read whole.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) authorization: Option<String>,
    content_type: Option<String>,
    pub(super) body: String,
}

impl Call {
    /// Tells whether the body is said to be JSON.
    pub(super) fn says_json(&self) -> bool {
        self.content_type.as_deref().is_some_and(|named| {
            let named = named.split(';').next().unwrap_or_default();
            named.trim().eq_ignore_ascii_case("application/json")
        })
    }
}

/// What is sent back.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Reply {
        status: u16,
        content_type: &'static str,
        body: String,
    },
    HangUp,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Json) -> Self {
        Self::Reply {
            status,
            content_type: "application/json",
            body: body.to_string(),
        }
    }

    pub(super) fn with_status(self, status: u16) -> Self {
        match self {
            Self::Reply {
                content_type, body, ..
            } => Self::Reply {
                status,
                content_type,
                body,
            },
            Self::HangUp => Self::HangUp,
        }
    }

    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Reply { status, .. } => Some(*status),
            Self::HangUp => None,
        }
    }
}

/// An answer and, for the record, what it was about.
pub(super) struct Handled {
    pub(super) answer: Answer,
    pub(super) payment: Option<u64>,
}

impl From<Answer> for Handled {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            payment: None,
        }
    }
}

/// Serves until the simulator stops.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let stream = tokio::select! {
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    continue;
                }
            },
        };
        let connection = Arc::clone(&shared);
        shared.tracker.spawn(async move {
            converse(connection, stream).await;
            drop(place);
        });
    }
}

async fn converse(shared: Arc<Shared>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let service = {
        let shared = Arc::clone(&shared);
        service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { respond(&shared, request).await }
        })
    };
    let mut server = hyper::server::conn::http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(60));
    tokio::select! {
        () = shared.stop.cancelled() => {}
        ended = server.serve_connection(TokioIo::new(stream), service) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        }
    }
}

async fn respond(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, HungUp> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Err(HungUp);
    };
    let named = |name: HeaderName| {
        head.headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
            .map(str::to_owned)
    };
    let call = Call {
        authorization: named(header::AUTHORIZATION),
        content_type: named(header::CONTENT_TYPE),
        method: head.method,
        path: head.uri.path().trim_end_matches('/').to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
    };
    // A client that gives up waiting does not take the payment with it.
    let working = Arc::clone(shared);
    let work = shared
        .tracker
        .spawn(async move { work(&working, call).await });
    let Ok(answer) = work.await else {
        return Err(HungUp);
    };
    match answer {
        Answer::HangUp => Err(HungUp),
        Answer::Reply {
            status,
            content_type,
            body,
        } => Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, content_type)
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| HungUp),
    }
}

async fn work(shared: &Arc<Shared>, call: Call) -> Answer {
    let at = shared.clock.now();
    let handled = handle(shared, &call).await;
    shared.change(|state| {
        state.record(Received {
            number: 0,
            at,
            method: call.method.to_string(),
            path: call.path,
            body: call.body.chars().take(KEPT_BODY).collect(),
            status: handled.answer.status(),
            payment: handled.payment,
        });
    });
    handled.answer
}

async fn handle(shared: &Arc<Shared>, call: &Call) -> Handled {
    let Some(route) = Route::find(&call.path) else {
        return refused(shared, &Refusal::ResourceNotFound);
    };
    if !route.allows(&call.method) {
        return refused(shared, &Refusal::MethodNotAllowed);
    }
    if route == Route::Token {
        return oauth::generate(shared, call).into();
    }
    let app: App = match oauth::authorize(shared, call, route.product()) {
        Ok(app) => app,
        Err(answer) => return answer.into(),
    };
    match route {
        Route::Token => refused(shared, &Refusal::ResourceNotFound),
        Route::Push => push::push(shared, call, &app).await,
        Route::Query => query::query(shared, call, &app),
        Route::C2bRegister(version) => c2b::register(shared, call, &app, version).into(),
        Route::C2bSimulate => c2b::simulate(shared, call, &app).into(),
        Route::Status => status::transaction_status(shared, call, &app).into(),
        Route::Reversal => status::reversal(shared, call, &app).into(),
        Route::PullRegister => pull::register(shared, call, &app).into(),
        Route::PullQuery => pull::query(shared, call, &app).into(),
    }
}

fn refused(shared: &Shared, refusal: &Refusal) -> Handled {
    shared
        .change(|state| refuse::envelope(&mut state.rng, refusal))
        .into()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Token,
    Push,
    Query,
    C2bRegister(c2b::Version),
    C2bSimulate,
    Status,
    Reversal,
    PullRegister,
    PullQuery,
}

impl Route {
    fn find(path: &str) -> Option<Self> {
        Some(match path {
            "/oauth/v1/generate" => Self::Token,
            "/mpesa/stkpush/v1/processrequest" => Self::Push,
            "/mpesa/stkpushquery/v1/query" => Self::Query,
            "/mpesa/c2b/v1/registerurl" => Self::C2bRegister(c2b::Version::Hashed),
            "/mpesa/c2b/v2/registerurl" => Self::C2bRegister(c2b::Version::Masked),
            "/mpesa/c2b/v1/simulate" | "/mpesa/c2b/v2/simulate" => Self::C2bSimulate,
            "/mpesa/transactionstatus/v1/query" => Self::Status,
            "/mpesa/reversal/v1/request" => Self::Reversal,
            "/pulltransactions/v1/register" => Self::PullRegister,
            "/pulltransactions/v1/query" => Self::PullQuery,
            _ => return None,
        })
    }

    fn allows(self, method: &Method) -> bool {
        match self {
            Self::Token => method == Method::GET,
            Self::PullQuery => method == Method::GET || method == Method::POST,
            _ => method == Method::POST,
        }
    }

    fn product(self) -> Product {
        match self {
            Self::C2bRegister(_) | Self::C2bSimulate | Self::Status => Product::C2bAndStatus,
            Self::PullRegister | Self::PullQuery => Product::Pull,
            Self::Token | Self::Push | Self::Query | Self::Reversal => Product::Push,
        }
    }
}

/// Makes hyper close the connection without an answer.
#[derive(Debug)]
struct HungUp;

impl fmt::Display for HungUp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the connection is closed without an answer")
    }
}

impl error::Error for HungUp {}
