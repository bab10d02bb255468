//! Live readings: taken from the link, kept one for each site, asked for while somebody looks.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use mnara_protocol::message::{Command, LiveSample, RouterAnswers, Sample, WatchCommand};

use super::command::{self, NotGiven};
use super::dispatch::Sender;
use super::store::samples as store;
use crate::app::App;
use crate::ratelimit::{Act, By};

/// A longer reading is none of ours.
const LONGEST: usize = 65_536;
/// An older reading says nothing about now: two of the small ones were missed.
pub const FRESH_SECS: i64 = 150;
/// A site that is told is watched for so long.
const WATCHED_SECS: i64 = 120;
/// And is told again when less than this is left.
const RENEWED_SECS: i64 = 60;

/// A reading and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When, by our clock.
    pub at: Timestamp,
    /// What the site says.
    pub live: LiveSample,
}

impl Reading {
    /// Reads what was kept. What a later version sends, or damage, is as if nothing had come.
    #[must_use]
    pub fn of(kept: &store::Kept) -> Option<Self> {
        match Sample::decode(kept.kind, &kept.body) {
            Ok(Sample::Live(live)) => Some(Self { at: kept.at, live }),
            Err(error) => {
                tracing::debug!(%error, "a reading is not understood");
                None
            }
        }
    }

    /// Whether its router is out of its agent's reach, so that nothing is sold there although the site is up.
    #[must_use]
    pub const fn has_lost_router(&self) -> bool {
        matches!(
            self.live.answers,
            RouterAnswers::Lost | RouterAnswers::Refuses
        )
    }
}

/// Whether an agent that says so has no answer from its router: it lost it, is refused, or never had one since it began.
#[must_use]
pub const fn is_mute(answers: RouterAnswers) -> bool {
    matches!(
        answers,
        RouterAnswers::Lost | RouterAnswers::Refuses | RouterAnswers::NotYet
    )
}

/// Takes a reading that came by a link. One too many is passed over: the next comes in seconds.
pub(super) async fn took(
    app: &App,
    from: Option<Sender>,
    kind: u16,
    body: &[u8],
) -> anyhow::Result<()> {
    let Some(from) = from else { return Ok(()) };
    let within = app.limits.check(Act::Sample, By::Agent(from.agent));
    if body.len() > LONGEST || within.is_err() {
        return Ok(());
    }
    // A kind of a later version would take the place of one that can be shown.
    let Ok(Sample::Live(live)) = Sample::decode(kind, body) else {
        tracing::debug!(site.id = %from.site, kind, "a reading is not understood");
        return Ok(());
    };
    let mut tx = app.db.tenant(from.provider).await?;
    let now = app.clock.now();
    let mute = is_mute(live.answers).then_some(now);
    let fresh = now.plus_secs(-FRESH_SECS);
    store::keep(&mut tx, &from, (kind, body), mute, (now, fresh)).await?;
    tx.commit().await?;
    Ok(())
}

/// Asks a site for readings with who is online, for the next minutes. Nothing happens when it was asked lately.
///
/// # Errors
/// [`NotGiven`].
pub async fn watch(app: &App, provider: ProviderId, site: SiteId) -> Result<(), NotGiven> {
    let now = app.clock.now();
    let (until, renew) = (now.plus_secs(WATCHED_SECS), now.plus_secs(RENEWED_SECS));
    let mut tx = app.db.tenant(provider).await?;
    if !store::watch(&mut tx, provider, site, until, renew).await? {
        return Ok(());
    }
    command::give_in(app, &mut tx, (provider, site), |id, expires| {
        Command::Watch(WatchCommand { id, expires, until })
    })
    .await?;
    tx.commit().await?;
    Ok(())
}
