//! `/api/v1/sites/{id}/live`: how a site is at this moment, as it says itself; `/events`: what happened there.

use axum::extract::State;
use futures_util::FutureExt as _;
use mnara_protocol::ids::SiteId;
use mnara_protocol::message::{LiveSample, RouterAnswers, RouterSample, SessionSample};
use serde::Serialize;
use utoipa::ToSchema;

use super::cursor::{Asked, List, Listing, listed};
use super::gate::Key;
use super::operation::Operation;
use super::types::named;
use crate::app::App;
use crate::fleet::presence::is_up;
use crate::fleet::sample::{FRESH_SECS, Reading, watch};
use crate::fleet::store::events::{self, SiteEvent};
use crate::fleet::store::{self, samples, standing};
use crate::providers::keys::scopes::Scope;
use crate::web::{Answer, Json, Path, Problem, show};

/// Events that are shown.
const EVENTS: u16 = 50;

/// How a site is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Live {
    /// Whether its agent is linked to us.
    is_up: bool,
    /// Since when it is up; null while it is away.
    up_since: Option<String>,
    /// When it was last heard from.
    last_seen_at: Option<String>,
    /// What the site said last; null if it said nothing for minutes.
    reading: Option<SiteReading>,
    /// What happened there, the last first, 50 at most; `/sites/{id}/events` reads on.
    events: Vec<Happened>,
}

/// What a site says of itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct SiteReading {
    /// When.
    at: String,
    /// Whether the router answers the agent: `yes`, `lost`, `refuses` or `not-yet`.
    router_answers: &'static str,
    /// The router.
    router: Option<Router>,
    /// Its hotspots.
    hotspots: Vec<Hotspot>,
    /// Devices in the hotspot's network, logged in or not.
    hosts: u32,
    /// Devices that are online.
    online: u32,
    /// Which those are; null for a key without `sessions:read`, and until the site knows that somebody looks: ask again in some seconds.
    devices: Option<Vec<OnlineDevice>>,
}

/// A router.
#[derive(Debug, Serialize, ToSchema)]
pub struct Router {
    /// Its board.
    board: String,
    /// Its version of `RouterOS`.
    version: String,
    /// Its processor's architecture.
    architecture: String,
    /// Seconds since it started.
    uptime_seconds: u64,
    /// Its processor's load in percent.
    cpu_load: u32,
    /// Bytes of memory that are free.
    free_memory: u64,
}

/// A hotspot of a router.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hotspot {
    /// Its name.
    name: String,
    /// Whether it runs.
    runs: bool,
}

/// A device that is online.
#[derive(Debug, Serialize, ToSchema)]
pub struct OnlineDevice {
    /// Its ticket; null for a user whom the router's owner made.
    ticket_id: Option<String>,
    /// Its hardware address.
    mac: String,
    /// Its address in the hotspot's network.
    address: String,
    /// Seconds since it logged in.
    online_seconds: u64,
    /// Bytes it sent since then.
    bytes_up: u64,
    /// Bytes it received since then.
    bytes_down: u64,
    /// Bits a second it sends now.
    up_bps: Option<u64>,
    /// Bits a second it receives now.
    down_bps: Option<u64>,
}

/// Something that happened at a site.
#[derive(Debug, Serialize, ToSchema)]
pub struct Happened {
    /// When, by the site's clock.
    at: String,
    /// What, in a word: `was-away`, `router-lost`, `router-rebooted` and others.
    kind: String,
    /// A number that goes with it, such as for how many seconds.
    value: Option<i64>,
    /// When we heard of it, by which the list is in order: a site that was away tells later what happened meanwhile.
    received_at: String,
}

impl From<SiteEvent> for Happened {
    fn from(event: SiteEvent) -> Self {
        Self {
            at: show::utc(event.at),
            kind: event.kind,
            value: event.value,
            received_at: show::utc(event.received),
        }
    }
}

impl SiteReading {
    fn new(Reading { at, live }: Reading, shows_devices: bool) -> Self {
        let LiveSample {
            answers,
            router,
            hotspots,
            hosts,
            online,
            sessions,
            ..
        } = live;
        let sessions = sessions.filter(|_| shows_devices);
        Self {
            at: show::utc(at),
            router_answers: match answers {
                RouterAnswers::Yes => "yes",
                RouterAnswers::Lost | RouterAnswers::Other(_) => "lost",
                RouterAnswers::Refuses => "refuses",
                RouterAnswers::NotYet => "not-yet",
            },
            router: router.map(Router::from),
            hotspots: hotspots
                .into_iter()
                .map(|one| Hotspot {
                    name: one.name,
                    runs: one.runs,
                })
                .collect(),
            hosts,
            online,
            devices: sessions.map(|all| all.into_iter().map(OnlineDevice::from).collect()),
        }
    }
}

impl From<RouterSample> for Router {
    fn from(router: RouterSample) -> Self {
        Self {
            board: router.board,
            version: router.version,
            architecture: router.architecture,
            uptime_seconds: router.uptime_secs,
            cpu_load: router.cpu_load,
            free_memory: router.free_memory,
        }
    }
}

impl From<SessionSample> for OnlineDevice {
    fn from(session: SessionSample) -> Self {
        Self {
            ticket_id: session.ticket.map(|id| id.to_string()),
            mac: session.mac.to_string(),
            address: session.address,
            online_seconds: session.online_secs,
            bytes_up: session.up,
            bytes_down: session.down,
            up_bps: session.up_bps,
            down_bps: session.down_bps,
        }
    }
}

pub(super) fn operation() -> Operation {
    Operation::new(
        "getSiteLive",
        "Show how a site is now",
        "Asking tells the site that somebody looks: for two minutes it then says every few seconds who is online.",
    )
    .of(SiteId::PREFIX)
    .answers::<Live>(200)
}

/// Shows how a site is now.
///
/// # Errors
/// A problem document.
pub async fn show(State(app): State<App>, key: Key, Path(id): Path<String>) -> Answer<Json<Live>> {
    let (provider, now, id) = (key.provider(), app.clock.now(), named(&id)?);
    let mut tx = app.db.tenant(provider).await?;
    let site = store::site(&mut tx, provider, id).await?;
    site.ok_or_else(Problem::not_found)?;
    let standing = standing::standing(&mut tx, provider, id).await?;
    let fresh = now.plus_secs(-FRESH_SECS);
    let kept = samples::newest(&mut tx, provider, id, fresh).await?;
    let happened = events::events(&mut tx, provider, id, None, EVENTS).await?;
    drop(tx);
    let seen = standing.as_ref().and_then(|one| one.last_seen);
    let up = is_up(seen, now);
    if up && let Err(error) = watch(&app, provider, id).await {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "a site was not told that it is watched"
        );
    }
    let reading = kept.as_ref().and_then(Reading::of).filter(|_| up);
    let up_since = standing.and_then(|one| one.up_since).filter(|_| up);
    Ok(Json(Live {
        is_up: up,
        up_since: up_since.map(show::utc),
        last_seen_at: seen.map(show::utc),
        reading: reading.map(|reading| SiteReading::new(reading, key.may(Scope::SessionsRead))),
        events: happened.into_iter().map(Happened::from).collect(),
    }))
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listSiteEvents",
        "List what happened at a site",
        "What was heard of last comes first: that it was away, that its router was lost or came back, and other things a person should know.",
    )
    .of(SiteId::PREFIX)
    .query::<Listing>()
    .lists::<Happened>()
}

/// Lists what happened at a site.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Happened>>> {
    let (provider, id) = (key.provider(), named(&id)?);
    let mut tx = app.db.tenant(provider).await?;
    let site = store::site(&mut tx, provider, id).await?;
    site.ok_or_else(Problem::not_found)?;
    drop(tx);
    listed(
        &app,
        &key,
        asked.part(),
        move |conn, before, limit| events::events(conn, provider, id, before, limit).boxed(),
        |event: &SiteEvent| (event.received, event.id),
        Happened::from,
    )
    .await
}
