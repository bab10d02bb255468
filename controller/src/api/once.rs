//! The same request sent again: with the header `Idempotency-Key` it has its effect once, and every repeat gets the first answer.
//!
//! A claim is written before the call runs. A handler that changes something writes its answer to the claim in the transaction of the change,
//! so that both are kept or neither. What a site is told to do is done there and not in a transaction: the command stands on the claim, which is
//! let go without an answer and kept, so that a repeat waits for the same command. A call with a claim goes on when its caller hangs up or it is
//! cut off for taking too long, and ends its claim like any other.
//!
//! Only what had an effect, or may have had one, binds its name. What failed or was refused, also by a site, gives its claim back: the draft of
//! the IETF leaves that open, and whoever mends the cause sends the same again, or what is right now.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::ids::CommandId;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use tracing::Instrument as _;

use super::made::Made;
use super::store::once::{self as store, Claim, Found};
use crate::app::App;
use crate::fleet::command;
use crate::jobs::{self, Job, NewJob, Next as Then};
use crate::providers::keys::Holder;
use crate::web::Problem;
use crate::web::repeat::{named, replayed};

/// The job that forgets answers.
pub const FORGET: &str = "forget-answers";
/// How long an answer is kept.
const KEPT_SECS: i64 = 86_400;
/// A claim that is so old belongs to a process that died: no request takes so long.
const LEASE_SECS: i64 = 120;
/// The largest body of a call.
const BODY: usize = 64 * 1024;
/// The largest answer kept.
const ANSWER: usize = 65_536;

/// The claim of a request, if it came with a name.
#[derive(Clone, Debug, Default)]
pub struct Once(Option<Claim>);

impl Once {
    /// What sites were told for the same request before, which had no answer.
    #[must_use]
    pub fn told(&self) -> &[CommandId] {
        match &self.0 {
            Some(claim) => &claim.commands,
            None => &[],
        }
    }

    /// Writes what sites are told to the claim, in the transaction that tells them.
    ///
    /// # Errors
    /// When another request has taken the name over: nothing may be done then.
    pub async fn tell(
        &self,
        conn: &mut PgConnection,
        commands: &[CommandId],
    ) -> Result<(), Problem> {
        match &self.0 {
            Some(claim) if !store::tell(conn, claim, commands).await? => Err(in_progress()),
            Some(_) | None => Ok(()),
        }
    }

    /// Writes the answer in the transaction of what it tells of.
    ///
    /// # Errors
    /// When another request has taken the name over: nothing may be done then.
    pub async fn keep(&self, conn: &mut PgConnection, made: &Made) -> Result<(), Problem> {
        match &self.0 {
            Some(claim) if !store::keep(conn, claim, made).await? => Err(in_progress()),
            Some(_) | None => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Once {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

fn in_progress() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "in-progress",
        "The first request with this Idempotency-Key is still being answered. Send it again in a moment.",
    )
    .retry(std::time::Duration::from_secs(2))
}

/// Runs a call, or gives the answer it had before.
pub(super) async fn around(app: &App, holder: &Holder, request: Request, next: Next) -> Response {
    match named(request.headers()) {
        Ok(None) => next.run(request).await,
        Err(problem) => problem.into_response(),
        Ok(Some(name)) => match run(app, holder, name, request, next).await {
            Ok(response) => response,
            Err(problem) => problem.into_response(),
        },
    }
}

async fn run(
    app: &App,
    holder: &Holder,
    name: String,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY).await.map_err(|_| {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is too large.",
        )
    })?;
    let running = app.tasks.spawn({
        let (app, holder) = (app.clone(), holder.clone());
        async move { claimed(&app, &holder, name, (parts, body), next).await }.in_current_span()
    });
    running.await.map_err(anyhow::Error::new)?
}

async fn claimed(
    app: &App,
    holder: &Holder,
    name: String,
    (mut parts, body): (Parts, Bytes),
    next: Next,
) -> Result<Response, Problem> {
    let hash = fingerprint(&parts, &body);
    let claim = match claim(app, holder, name, &hash).await? {
        Claimed::Now(claim) => claim,
        Claimed::Before(made) => {
            return Ok(replayed(made.into_response()));
        }
    };
    parts.extensions.insert(Once(Some(claim.clone())));
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !response.status().is_success() {
        give_back(app, &claim).await?;
        return Ok(response);
    }
    // A handler that changes nothing has not kept its answer itself.
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, ANSWER).await.map_err(anyhow::Error::new)?;
    let made = Made {
        status: parts.status,
        location: None,
        body: body.to_vec(),
    };
    let mut tx = app.db.tenant(claim.provider).await?;
    store::keep(&mut tx, &claim, &made).await?;
    tx.commit().await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// Gives back the claim of what came to nothing. One for which a site has done something, or may have, is let go for the same request alone.
async fn give_back(app: &App, claim: &Claim) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(claim.provider).await?;
    let told = store::told(&mut tx, claim).await?;
    let stand = command::standing(&mut tx, claim.provider, &told, app.clock.now()).await?;
    if stand.is_empty() {
        store::release(&mut tx, claim).await?;
    } else {
        store::let_go(&mut tx, claim).await?;
    }
    tx.commit().await
}

fn fingerprint(parts: &Parts, body: &Bytes) -> [u8; 32] {
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let mut hash = Sha256::new();
    for part in [parts.method.as_str().as_bytes(), path.as_bytes()] {
        hash.update(part);
        hash.update([0]);
    }
    hash.update(body);
    hash.finalize().into()
}

enum Claimed {
    Now(Claim),
    Before(Made),
}

async fn claim(
    app: &App,
    holder: &Holder,
    name: String,
    hash: &[u8; 32],
) -> Result<Claimed, Problem> {
    let now = app.clock.now();
    let mut claim = Claim {
        provider: holder.provider,
        key: holder.key,
        name,
        at: now,
        commands: Vec::new(),
    };
    let mut tx = app.db.tenant(holder.provider).await?;
    if !store::claim(&mut tx, &claim, hash).await? {
        let found = store::find(&mut tx, &claim)
            .await?
            .ok_or_else(in_progress)?;
        match found {
            Found { hash: other, .. } if other != hash => {
                return Err(Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "key-reused",
                    "This Idempotency-Key was used for another request. Use a new one for each thing you want done.",
                ));
            }
            Found {
                made: Some(made), ..
            } => return Ok(Claimed::Before(made)),
            Found {
                at,
                is_let_go: false,
                ..
            } if at.plus_secs(LEASE_SECS) > now => return Err(in_progress()),
            found => {
                if !store::take_over(&mut tx, &claim, &found).await? {
                    return Err(in_progress());
                }
                claim.commands = found.commands;
            }
        }
    }
    let job = NewJob {
        kind: FORGET,
        key: &holder.provider.to_string(),
        payload: json!({}),
        run_at: now.plus_secs(KEPT_SECS),
    };
    jobs::enqueue(&mut tx, Some(holder.provider), job, app).await?;
    tx.commit().await?;
    Ok(Claimed::Now(claim))
}

/// Forgets the answers of a business that are a day old.
pub fn forget<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Then>> {
    async move {
        let Some(provider) = job.provider else {
            return Ok(Then::Done);
        };
        let now = app.clock.now();
        let mut tx = job.begin(app).await?;
        store::forget(&mut tx, provider, now.plus_secs(-KEPT_SECS)).await?;
        let oldest = store::oldest(&mut tx, provider).await?;
        tx.commit().await?;
        Ok(oldest.map_or(Then::Done, |oldest| {
            Then::Again(oldest.plus_secs(KEPT_SECS).max(now.plus_secs(60)))
        }))
    }
    .boxed()
}
