//! Taking what the rail posts: keep the body, answer, settle in a job ([`super::settlement`]). Nothing is decided here, and every body gets the
//! same answer.

use std::net::IpAddr;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use mnara_protocol::ids::{CallbackId, ProviderId};
use sha2::{Digest as _, Sha256};

use super::question;
use super::spool::Spool;
use super::store::{self, Kept, NewCallback};
use crate::app::App;
use crate::batch::{Batch, Batcher, Refused, WriteError};
use crate::db::{Reason, RowId};
use crate::rails::daraja::callback::{ACCEPTED, parse_stk};
use crate::ratelimit::{Act, By};
use crate::web::{Caller, Path, Problem, Raw};

/// The name of the settlement job in the table.
pub const SETTLE: &str = "settle";
/// Bodies waiting for a commit at once.
const QUEUE: usize = 4096;
/// How often the spool is looked into.
const CATCH_UP: Duration = Duration::from_secs(10);
/// How long a body waits for its commit before it is kept in the spool as well: a rail waits some five seconds for the answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Commits under way at once.
const WRITERS: u8 = 4;
/// Hexadecimal digits of a secret.
const SECRET: usize = 32;

/// The writer that all callback addresses share, and what it does when the database has no room.
#[derive(Clone, Debug)]
pub struct Intake {
    app: App,
    writers: Batcher<Keep>,
    spool: Spool,
}

/// Writes callbacks, each with its settlement job.
#[derive(Debug)]
pub struct Keep(App);

/// Starts the writer; what waits in the spool is written when there is room again.
#[must_use]
pub fn intake(app: &App) -> Intake {
    let spool = Spool::in_folder(app.config.database.folder().join("spool"));
    let intake = with_spool(app, spool);
    app.tasks.spawn(catch_up(app.clone(), intake.clone()));
    intake
}

/// Starts the writer over a spool that somebody else empties.
#[must_use]
pub fn with_spool(app: &App, spool: Spool) -> Intake {
    Intake {
        app: app.clone(),
        writers: Batcher::start(Keep(app.clone()), QUEUE, WRITERS, &app.tasks, &app.closing),
        spool,
    }
}

impl Intake {
    /// A rail does not send twice: what the database cannot take now, for whatever reason, waits on our own disk.
    async fn take(&self, item: NewCallback) -> Result<Kept, Problem> {
        let written = tokio::time::timeout(PATIENCE, self.writers.submit(item.clone())).await;
        match written {
            Ok(Ok(kept)) => return Ok(kept),
            Ok(Err(Refused::Failed(error))) if matches!(*error, WriteError::Item(_)) => {
                return Err(Refused::Failed(error).into());
            }
            Ok(Err(_)) | Err(_) => {}
        }
        // Whose secret it is, if anybody's, is not known now: strangers may not fill the spool.
        let source = item.source.parse::<IpAddr>();
        let may_wait = source.is_ok_and(|source| {
            let (rail, limits) = (&self.app.config.daraja, &self.app.limits);
            rail.sources.contains(&source)
                // A simulator beside us is the rail, and no list names it.
                || (!rail.base.is_remote() && source.is_loopback())
                || limits.check(Act::Spooled, By::Address(source)).is_ok()
        });
        if !may_wait {
            return Err(Problem::busy(Duration::from_secs(30)));
        }
        self.spool.keep(&item).await.map_err(|spoiled| {
            tracing::error!(%spoiled, "the database takes no callbacks, and neither does the spool");
            Problem::busy(Duration::from_secs(30))
        })?;
        metrics::counter!("mnara_callbacks_spooled_total").increment(1);
        tracing::warn!("the database takes nothing now: a callback waits in the spool");
        Ok(Kept::New)
    }

    /// Writes what waits in the spool; says how many callbacks those were. What cannot be written yet waits on.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub async fn empty(&self) -> std::io::Result<usize> {
        let waiting = self.spool.waiting().await?;
        let count = waiting.len();
        for item in waiting {
            match self.writers.submit(item).await {
                // One that can never be written holds up no other.
                Err(Refused::Failed(error)) if matches!(*error, WriteError::Item(_)) => {
                    tracing::error!(%error, "a callback from the spool cannot be written");
                }
                Err(_) => return Ok(0),
                Ok(_) => {}
            }
        }
        if count > 0 {
            self.spool.forget().await?;
        }
        Ok(count)
    }
}

/// Empties the spool until shutdown.
async fn catch_up(app: App, intake: Intake) {
    loop {
        match intake.empty().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "callbacks that had waited in the spool were kept"),
            Err(error) => tracing::warn!(%error, "the spool cannot be read"),
        }
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = app.clock.sleep(CATCH_UP) => {}
        }
    }
}

impl Batch for Keep {
    type Item = NewCallback;
    type Answer = Kept;

    async fn write(&self, items: &[NewCallback]) -> Result<Vec<Kept>, WriteError> {
        let jobs: Vec<_> = items.iter().map(|item| item.id.uuid()).collect();
        let mut tx = self.0.db.platform(Reason::Intake).await?;
        let kept = store::insert_callbacks(&mut tx, items, &jobs, SETTLE).await?;
        tx.commit().await?;
        self.0.jobs.wake();
        Ok(kept)
    }
}

/// `POST /api/pay/{provider}/{secret}`: the address we give to the rail.
///
/// # Errors
/// A problem only when the body could not be kept: the rail may then try again.
pub async fn post(
    State(app): State<App>,
    Extension(intake): Extension<Intake>,
    Caller(source): Caller,
    Path((provider, secret)): Path<(String, String)>,
    Raw(body): Raw,
) -> Result<Response, Problem> {
    take(&app, &intake, &provider, &secret, &body, source).await?;
    Ok(accepted())
}

/// `POST /api/mpesa/callback/{provider}`: bodies that no secret vouches for. They settle nothing; at most the rail is asked about the
/// payment they name.
///
/// # Errors
/// A problem only when the body could not be kept.
pub async fn post_unvouched(
    State(app): State<App>,
    Caller(source): Caller,
    Path(provider): Path<String>,
    Raw(body): Raw,
) -> Result<Response, Problem> {
    stray(&app, &provider, &body, source).await?;
    metrics::counter!("mnara_callbacks_total", "result" => "unvouched", "listed" => "no")
        .increment(1);
    Ok(accepted())
}

/// Takes one body that came to an address with a secret in it: kept when the secret is somebody's, a stray otherwise.
///
/// Where the rail posts from is known; a body from elsewhere is counted apart, and is a stray where the configuration says so.
///
/// # Errors
/// When it cannot be kept.
pub async fn take(
    app: &App,
    intake: &Intake,
    provider: &str,
    secret: &str,
    body: &[u8],
    source: IpAddr,
) -> Result<(), Problem> {
    let rail = &app.config.daraja;
    let is_listed = rail.sources.contains(&source);
    let is_shaped = secret.len() == SECRET && secret.bytes().all(|b| b.is_ascii_hexdigit());
    let kept = if is_shaped && rail.believes(source) {
        keep(app, intake, secret, body, source.to_string()).await?
    } else {
        Kept::Stranger
    };
    let result = match kept {
        Kept::New => "kept",
        Kept::Duplicate => "duplicate",
        Kept::Stranger => {
            stray(app, provider, body, source).await?;
            "stray"
        }
    };
    let listed = if is_listed { "yes" } else { "no" };
    metrics::counter!("mnara_callbacks_total", "result" => result, "listed" => listed).increment(1);
    Ok(())
}

/// Keeps one body; the answer comes after the commit.
///
/// # Errors
/// When it cannot be kept.
pub(crate) async fn keep(
    app: &App,
    intake: &Intake,
    secret: &str,
    body: &[u8],
    source: String,
) -> Result<Kept, Problem> {
    let now = app.clock.now();
    let item = NewCallback {
        id: CallbackId::new(now, app.entropy.bytes()),
        secret_hash: Sha256::digest(secret.as_bytes()).into(),
        body_hash: Sha256::digest(body).into(),
        body: body.to_vec(),
        source,
        received_at: now,
    };
    // Whoever hangs up before the answer has told us all the same.
    let intake = intake.clone();
    let taken = app.tasks.spawn(async move { intake.take(item).await });
    taken
        .await
        .unwrap_or_else(|_| Err(Problem::busy(Duration::from_secs(30))))
}

fn accepted() -> Response {
    ([(CONTENT_TYPE, "application/json")], ACCEPTED).into_response()
}

async fn stray(app: &App, provider: &str, body: &[u8], source: IpAddr) -> Result<(), Problem> {
    // Past the limit the answer stays the same, the body is just not kept: whoever floods learns nothing.
    if app
        .limits
        .check(Act::Unvouched, By::Address(source))
        .is_err()
    {
        return Ok(());
    }
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Intake).await?;
    store::keep_stray(
        &mut tx,
        &provider.replace('\0', ""),
        body,
        &source.to_string(),
        now,
    )
    .await?;
    tx.commit().await?;
    let (Ok(provider), Ok(said)) = (provider.parse::<ProviderId>(), parse_stk(body)) else {
        return Ok(());
    };
    if app
        .limits
        .check(Act::Unvouched, By::Provider(provider))
        .is_err()
    {
        return Ok(());
    }
    let mut tx = app.db.tenant(provider).await?;
    if let Some(id) =
        store::by_checkout_request(&mut tx, provider, &said.checkout_request_id).await?
        && let Some(payment) = store::lock(&mut tx, provider, id).await?
        && payment.state == super::State::Pending
    {
        question::ask_at(app, &mut tx, &payment, now).await?;
        tx.commit().await?;
        app.jobs.wake();
    }
    Ok(())
}
