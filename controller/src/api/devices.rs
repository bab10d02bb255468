//! What a site is told to do once, by `/api/v1/tickets/{id}/…` with one device of a ticket and by `/api/v1/sites/{id}/diagnose` with itself.

use axum::extract::State;
use mnara_protocol::ids::{CommandId, Mac, SiteId, TicketId};
use mnara_protocol::message::{FindingsReport, Report, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::gate::Key;
use super::made::Made;
use super::once::Once;
use super::operation::Operation;
use super::tickets::{Ticket, done, one};
use super::told::{confused, not_asked, refused, unanswered};
use super::types::{id as id_in, named};
use crate::access::act::{Act, NotAsked, ask_in};
use crate::app::App;
use crate::fleet::command::{self, Patience};
use crate::web::{Answer, Json, Path, Problem};

/// One device at one site.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// The site where it is.
    #[schema(pattern = "^site_[0-9a-f]{32}$")]
    site_id: String,
    /// Its hardware address, as the ticket's story and sessions show it.
    #[schema(pattern = "^([0-9A-F]{2}:){5}[0-9A-F]{2}$")]
    mac: String,
}

impl Device {
    fn read(&self) -> Answer<(SiteId, Mac)> {
        let mac = self
            .mac
            .parse()
            .map_err(|_| Problem::bad_field("mac: give an address such as 02:00:00:00:00:01."))?;
        Ok((id_in("site_id", &self.site_id)?, mac))
    }
}

fn with_device(id: &'static str, summary: &'static str, text: &'static str) -> Operation {
    Operation::new(id, summary, text)
        .of(TicketId::PREFIX)
        .body::<Device>(
            json!({"site_id": "site_01980000000070008000000000000001", "mac": "02:00:00:00:00:01"}),
        )
        .answers::<Ticket>(200)
        .problem(409)
        .problem(502)
        .problem(504)
}

pub(super) fn disconnecting() -> Operation {
    with_device(
        "disconnectDevice",
        "Take a device off the air once",
        "It comes back as long as it holds its place on the ticket. The answer comes when the site has done it; a site that is away is 409 `site-away`. After 504 the same `Idempotency-Key` asks what came of it, and the device is not cut off again.",
    )
}

pub(super) fn freeing() -> Operation {
    with_device(
        "freeDevice",
        "Free a device's place for another",
        "For a customer who has a new phone: the next device that uses the code has the place. A site that is away is 409 `site-away`. After 504 the same `Idempotency-Key` asks what came of it.",
    )
}

/// Takes a device off the air once.
///
/// # Errors
/// A problem document.
pub async fn disconnect(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
    Json(device): Json<Device>,
) -> Answer<Made> {
    let (id, (site, mac)) = (named(&id)?, device.read()?);
    told(&app, &key, &once, (id, site), Act::Kick(id, Some(mac))).await
}

/// Frees a device's place for another.
///
/// # Errors
/// A problem document.
pub async fn free(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
    Json(device): Json<Device>,
) -> Answer<Made> {
    let (id, (site, mac)) = (named(&id)?, device.read()?);
    told(&app, &key, &once, (id, site), Act::Move(id, mac)).await
}

async fn told(
    app: &App,
    key: &Key,
    once: &Once,
    (id, site): (TicketId, SiteId),
    act: Act,
) -> Answer<Made> {
    let provider = key.provider();
    let mut tx = app.db.tenant(provider).await?;
    one(app, &mut tx, key, id).await?;
    drop(tx);
    let command = asked(app, key, once, site, act, not_asked).await?;
    let patience = Patience::of_a_call(app);
    let report = command::report(app, provider, command, patience).await;
    match report.map_err(unanswered)? {
        Report::Done => {}
        Report::Refused(_) => {
            return Err(refused("the ticket is not in use there".to_owned()));
        }
        Report::TooLate | Report::Findings(_) => return Err(confused()),
    }
    let tx = app.db.tenant(provider).await?;
    done(app, tx, key, once, id).await
}

/// Has a site do something, unless it was asked to for the same request before: then it is that command.
async fn asked(
    app: &App,
    key: &Key,
    once: &Once,
    site: SiteId,
    act: Act,
    problem: fn(NotAsked) -> Problem,
) -> Answer<CommandId> {
    let provider = key.provider();
    let mut tx = app.db.tenant(provider).await?;
    let before = command::standing(&mut tx, provider, once.told(), app.clock.now()).await?;
    if let Some((command, _)) = before.first() {
        return Ok(*command);
    }
    let command = ask_in(app, &mut tx, (provider, site), key.actor(), act)
        .await
        .map_err(problem)?;
    once.tell(&mut tx, &[command]).await?;
    tx.commit().await?;
    Ok(command)
}

/// What a site found out about itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct Findings {
    /// In the order it looked.
    findings: Vec<Finding>,
}

/// What was found about one thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Finding {
    /// What was looked at.
    about: String,
    /// `good`, `doubtful` or `bad`.
    verdict: &'static str,
    /// What was found.
    says: String,
    /// What to do about it.
    next: Option<String>,
}

impl From<FindingsReport> for Findings {
    fn from(report: FindingsReport) -> Self {
        let findings = report.findings.into_iter();
        Self {
            findings: findings
                .map(|found| Finding {
                    about: found.about,
                    verdict: match found.verdict {
                        Verdict::Good => "good",
                        Verdict::Doubtful => "doubtful",
                        Verdict::Bad => "bad",
                    },
                    says: found.says,
                    next: found.next,
                })
                .collect(),
        }
    }
}

pub(super) fn diagnosing() -> Operation {
    Operation::new(
        "diagnoseSite",
        "Have a site look itself over",
        "The answer comes when it has, which takes some seconds. A site that is away is 409 `site-away`.",
    )
    .of(SiteId::PREFIX)
    .answers::<Findings>(200)
    .problem(409)
    .problem(502)
    .problem(504)
}

/// Has a site look itself over.
///
/// # Errors
/// A problem document.
pub async fn diagnose(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
) -> Answer<Made> {
    let (provider, site): (_, SiteId) = (key.provider(), named(&id)?);
    let problem = |error| match error {
        NotAsked::NoSite => Problem::not_found(),
        error => not_asked(error),
    };
    let command = asked(&app, &key, &once, site, Act::Diagnose, problem).await?;
    let patience = Patience::of_a_call(&app);
    let report = command::report(&app, provider, command, patience).await;
    match report.map_err(unanswered)? {
        Report::Findings(found) => {
            let made = Made::now(&Findings::from(found))?;
            let mut tx = app.db.tenant(provider).await?;
            once.keep(&mut tx, &made).await?;
            tx.commit().await?;
            Ok(made)
        }
        Report::Done | Report::TooLate | Report::Refused(_) => Err(confused()),
    }
}
