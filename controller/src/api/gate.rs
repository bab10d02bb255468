//! What stands before every call of the API: whose key it is, what the key may do, how often, and how its business stands.
//!
//! A call cannot be listed without saying what it needs and what it does; its handler runs only after the gate.

use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State as Given};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{self, MethodRouter};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;

use super::made::BASE;
use super::once;
use super::operation::Operation;
use super::shut::{not_in_plan, stopped, unpaid};
use crate::app::App;
use crate::audit::Actor;
use crate::providers::keys::scopes::Scope;
use crate::providers::keys::{self, Holder, Secret};
use crate::providers::rights::Shut;
use crate::providers::state::State;
use crate::ratelimit::{Act, By, Left};
use crate::web::Problem;

/// What a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// What the key must be good for; any good key will do without.
    pub scope: Option<Scope>,
    /// Whether it sells, which a business that is stopped may not.
    pub sells: bool,
    /// Whether its answer is fresh each time and kept nowhere, since it holds a secret.
    pub is_fresh: bool,
}

impl Call {
    /// Any good key will do.
    #[must_use]
    pub const fn any() -> Self {
        Self {
            scope: None,
            sells: false,
            is_fresh: false,
        }
    }

    /// The key must be good for something.
    #[must_use]
    pub const fn with(scope: Scope) -> Self {
        Self {
            scope: Some(scope),
            ..Self::any()
        }
    }

    /// It sells.
    #[must_use]
    pub const fn selling(self) -> Self {
        Self {
            sells: true,
            ..self
        }
    }

    /// Its answer is kept nowhere.
    #[must_use]
    pub const fn fresh(self) -> Self {
        Self {
            is_fresh: true,
            ..self
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Listed {
    /// What is asked of the path.
    pub method: Method,
    /// The path behind [`BASE`].
    pub path: &'static str,
    /// What it needs.
    pub call: Call,
    /// What it does.
    pub operation: Operation,
}

/// The table of calls.
pub struct Calls {
    app: App,
    router: Router<App>,
    listed: Vec<Listed>,
}

impl Calls {
    /// No calls yet.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            router: Router::new(),
            listed: Vec::new(),
        }
    }

    /// Lists what a path shows.
    #[must_use]
    pub fn get<T: 'static>(
        self,
        path: &'static str,
        call: Call,
        operation: Operation,
        handler: impl Handler<T, App>,
    ) -> Self {
        self.add(Method::GET, path, call, operation, routing::get(handler))
    }

    /// Lists what sending to a path does.
    #[must_use]
    pub fn post<T: 'static>(
        self,
        path: &'static str,
        call: Call,
        operation: Operation,
        handler: impl Handler<T, App>,
    ) -> Self {
        self.add(Method::POST, path, call, operation, routing::post(handler))
    }

    /// Lists what a path can be made to be.
    #[must_use]
    pub fn put<T: 'static>(
        self,
        path: &'static str,
        call: Call,
        operation: Operation,
        handler: impl Handler<T, App>,
    ) -> Self {
        self.add(Method::PUT, path, call, operation, routing::put(handler))
    }

    fn add(
        mut self,
        method: Method,
        path: &'static str,
        call: Call,
        operation: Operation,
        methods: MethodRouter<App>,
    ) -> Self {
        let behind = Behind {
            app: self.app.clone(),
            call,
            path,
            parameters: match operation.query {
                Some(_) => Parameters::OfTheCall,
                None => Parameters::None,
            },
        };
        let gate = from_fn_with_state(behind, pass);
        self.router = self
            .router
            .route(&format!("{BASE}{path}"), methods.layer(gate));
        self.listed.push(Listed {
            method,
            path,
            call,
            operation,
        });
        self
    }

    /// The calls and what they need, for whoever checks or describes them.
    #[must_use]
    pub fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// The calls as routes.
    pub fn into_router(self) -> Router<App> {
        self.router
    }
}

/// What is known of the call behind the gate.
#[derive(Clone)]
struct Behind {
    app: App,
    call: Call,
    path: &'static str,
    parameters: Parameters,
}

/// What may stand after the question mark.
#[derive(Clone, Copy)]
enum Parameters {
    /// What the call looks over itself.
    OfTheCall,
    /// Nothing, so that a mistyped or invented one is passed over nowhere.
    None,
}

async fn pass(Given(behind): Given<Behind>, mut request: Request, next: Next) -> Response {
    let Behind {
        app,
        call,
        path,
        parameters,
    } = behind;
    // Not the request itself, whose body nobody may look at from two sides.
    let secret = secret(request.headers());
    let holder = match known(&app, secret).await {
        Ok(holder) => holder,
        Err(problem) => return limited(problem.into_response(), None),
    };
    let (counted, left) = app.limits.count(Act::Api, By::Key(holder.key)).unzip();
    if let Some(Err(too_many)) = counted {
        return limited(Problem::from(too_many).into_response(), left);
    }
    if let Err(problem) = admit(call, path, &holder, app.clock.now()) {
        return limited(problem.into_response(), left);
    }
    if let (Parameters::None, Some(1..)) = (parameters, request.uri().query().map(str::len)) {
        let problem =
            Problem::bad_request("This call takes no parameters after the question mark.");
        return limited(problem.into_response(), left);
    }
    request.extensions_mut().insert(Key(holder.clone()));
    let may_repeat = request.method() == Method::POST && !call.is_fresh;
    let response = if may_repeat {
        once::around(&app, &holder, request, next).await
    } else {
        next.run(request).await
    };
    limited(response, left)
}

fn secret(headers: &HeaderMap) -> Option<Secret> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, key)| Secret::sent(key.trim()))
}

async fn known(app: &App, secret: Option<Secret>) -> Result<Holder, Problem> {
    let secret = secret.ok_or_else(no_key)?;
    keys::holder(app, &secret).await?.ok_or_else(no_key)
}

fn admit(call: Call, path: &str, holder: &Holder, now: Timestamp) -> Result<(), Problem> {
    if let Some(scope) = call.scope
        && !holder.scopes.contains(&scope)
    {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "scope-missing",
            "This key may not do that. Make one that may, in the settings.",
        )
        .with("scope", scope.word()));
    }
    // Whose key it is can always be asked.
    match holder
        .rights
        .call(path, now)
        .filter(|_| call.scope.is_some())
    {
        Some(Shut::Restricted) => return Err(unpaid()),
        Some(Shut::Lacks(feature)) => return Err(not_in_plan(feature)),
        None => {}
    }
    if call.sells && holder.state != State::Active {
        return Err(stopped());
    }
    Ok(())
}

fn no_key() -> Problem {
    Problem::unauthorised()
        .detail("Send a key as `Authorization: Bearer mnara_…`. Keys are made in the settings.")
}

/// Says how much of the limit is left, as draft 10 of the `RateLimit` fields has it.
fn limited(mut response: Response, left: Option<Left>) -> Response {
    let headers = response.headers_mut();
    if let Some(left) = left {
        let secs = |time: Duration| time.as_millis().div_ceil(1000);
        let policy = format!("\"key\";q={};w={}", left.quota, secs(left.window));
        let now = format!("\"key\";r={};t={}", left.remaining, secs(left.reset));
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", now)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whoever calls: the only way a call comes to know a [`ProviderId`].
#[derive(Clone, Debug)]
pub struct Key(Holder);

impl Key {
    /// The business.
    #[must_use]
    pub const fn provider(&self) -> ProviderId {
        self.0.provider
    }

    /// The key in the audit.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor::Key(self.0.key)
    }

    /// Whether it may do something more than the call needs.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.0.scopes.contains(&scope)
    }

    /// What is known of it.
    #[must_use]
    pub const fn holder(&self) -> &Holder {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let key = parts.extensions.get::<Self>();
        key.cloned().ok_or_else(Problem::unauthorised)
    }
}
