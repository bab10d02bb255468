//! Commands: what a site is told to do once, and what it reports. A command is no state: one that no link takes soon is taken back, and
//! whoever asked is told.

use std::time::Duration;

use mnara_protocol::clock::{Ticks, Timestamp};
use mnara_protocol::ids::{CommandId, ProviderId, SiteId};
use mnara_protocol::message::{BadBody, Command, NotDone, Report};
use mnara_protocol::session::{Controller, Session};
use serde_json::json;
use thiserror::Error;

use super::dispatch::Sender;
use super::store::commands as store;
use super::store::commands::{Asked, Order, Progress};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::bus::{self, Hint};
use crate::ratelimit::{Act, By};
use crate::web::layers::LIMIT;

/// A site does not begin later than this.
const GOOD_FOR_SECS: i64 = 30;
/// A site with a link is sent its command within this.
const TAKEN: Duration = Duration::from_secs(10);
/// A site that looks everything over waits for things that do not answer.
const ANSWERED: Duration = Duration::from_secs(60);
/// A call over HTTP waits so long for all that it told, and has time left to say that they are silent before it is cut off itself.
const CALLED: Duration = Duration::from_secs(45);
const _: () = assert!(CALLED.as_secs() + 10 <= LIMIT.as_secs());
/// How often the row is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(200);
/// How long commands are kept after they were given.
pub const KEPT_SECS: i64 = 7 * 86_400;
/// Commands one link sends at once; what a session lets wait.
const MOST: u16 = 16;
/// A longer report is none of ours.
const LONGEST: usize = 65_536;

/// Why a command was not given.
#[derive(Debug, Error)]
pub enum NotGiven {
    /// The site has no agent.
    #[error("no agent is enrolled at this site: `site claim` prints the line that does")]
    NoAgent,
    /// The database refused.
    #[error("the command could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Why a command has no report.
#[derive(Debug, Error)]
pub enum Unanswered {
    /// No link took it, and it was taken back.
    #[error(
        "the site is away: it has no link to this controller now. Nothing was done; `site show` says when it was last heard of"
    )]
    Away,
    /// The site had it too late.
    #[error("the command reached the site too late and was not carried out: try again")]
    TooLate,
    /// The site had it and says nothing.
    #[error("the site was told and has not answered; whether it was done is not known")]
    Silent,
    /// A report of a later version, or a damaged one.
    #[error("the site answered what this version does not understand")]
    Foreign(#[source] BadBody),
    /// Somebody took it away.
    #[error("the command is not there any more")]
    Missing,
    /// The database is away.
    #[error("the report could not be read")]
    Database(#[from] sqlx::Error),
}

/// Gives a site's agent a command, made with the id and the expiry it is given, in the caller's transaction: the link is woken by its
/// commit, wherever it is held.
///
/// # Errors
/// [`NotGiven`].
pub async fn give_in(
    app: &App,
    conn: &mut sqlx::PgConnection,
    (provider, site): (ProviderId, SiteId),
    make: impl FnOnce(CommandId, Timestamp) -> Command + Send,
) -> Result<CommandId, NotGiven> {
    let now = app.clock.now();
    let (id, expires) = (
        CommandId::new(now, app.entropy.bytes()),
        now.plus_secs(GOOD_FOR_SECS),
    );
    let command = make(id, expires);
    let agent = store::present_agent(conn, provider, site)
        .await?
        .ok_or(NotGiven::NoAgent)?;
    store::forget(conn, provider, site, now.plus_secs(-KEPT_SECS)).await?;
    let order = Order {
        id,
        site,
        agent,
        kind: command.kind(),
        body: command.encode(),
        expires,
    };
    store::insert(conn, provider, &order, now).await?;
    bus::notify(conn, Hint::Agent(agent)).await?;
    Ok(id)
}

/// Of commands that were given before those that were carried out, or that may be, with their sites: not what no link took in time, what came
/// too late and what a site refused.
///
/// # Errors
/// When the database is away.
pub async fn standing(
    conn: &mut sqlx::PgConnection,
    provider: ProviderId,
    ids: &[CommandId],
    now: Timestamp,
) -> sqlx::Result<Vec<(CommandId, SiteId)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let given = store::given(conn, provider, ids, now).await?;
    Ok(given
        .into_iter()
        .filter(|given| may_be_done(given.report.as_ref()))
        .map(|given| (given.id, given.site))
        .collect())
}

fn may_be_done(report: Option<&(u16, Vec<u8>)>) -> bool {
    let report = report.map(|(kind, body)| Report::decode(*kind, body));
    !matches!(report, Some(Ok(Report::TooLate | Report::Refused(_))))
}

/// How long somebody waits for sites, from when it is made on, however many they are.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    began: Ticks,
    most: Duration,
}

impl Patience {
    /// That of a person at the command line.
    #[must_use]
    pub fn of_a_person(app: &App) -> Self {
        Self {
            began: app.clock.monotonic(),
            most: ANSWERED,
        }
    }

    /// That of a call over HTTP.
    #[must_use]
    pub fn of_a_call(app: &App) -> Self {
        Self {
            began: app.clock.monotonic(),
            most: CALLED,
        }
    }
}

/// Waits for what a site reports of a command.
///
/// # Errors
/// [`Unanswered`].
pub async fn report(
    app: &App,
    provider: ProviderId,
    id: CommandId,
    patience: Patience,
) -> Result<Report, Unanswered> {
    loop {
        let mut tx = app.db.tenant(provider).await?;
        let progress = store::progress(&mut tx, provider, id).await?;
        let waited = app.clock.monotonic().since(patience.began);
        let next = judge(progress.as_ref(), waited, patience.most)?;
        if next == Next::Withdraw
            && let Some(asked) = store::withdraw(&mut tx, provider, id).await?
        {
            note_undone(app, &mut tx, provider, &asked, "away").await?;
            tx.commit().await?;
            return Err(Unanswered::Away);
        }
        if let Next::Read(report) = next {
            return Ok(report);
        }
        drop(tx);
        tokio::select! {
            () = app.clock.sleep(LOOK) => {}
            // The links end with the program, and whoever waits can ask the next one.
            () = app.shutdown.cancelled() => return Err(Unanswered::Silent),
        }
    }
}

/// What came of a command so far, for whoever looks again later instead of waiting.
#[derive(Debug)]
pub enum Outcome {
    /// It may still be carried out.
    Waits,
    /// The site says what it did.
    Told(Report),
    /// No link took it in time: nothing was done.
    Away,
    /// The site was told and says nothing.
    Silent,
    /// There is no such command, or its report cannot be read.
    Unknown,
}

/// Reads what came of a command given at its id's time. One that no link took in time is taken back in the caller's transaction, which writes
/// down that it was not done.
///
/// # Errors
/// When the database is away.
pub async fn outcome(
    app: &App,
    conn: &mut sqlx::PgConnection,
    provider: ProviderId,
    id: CommandId,
) -> sqlx::Result<Outcome> {
    let now = app.clock.now();
    let Some(progress) = store::progress(conn, provider, id).await? else {
        // Only what no link took goes before its time.
        let kept = now.plus_secs(-KEPT_SECS)..=now;
        return Ok(if kept.contains(&given(id)) {
            Outcome::Away
        } else {
            Outcome::Unknown
        });
    };
    let age = now.since(progress.given);
    // Links send nothing that is older.
    let is_late = age >= Duration::from_secs(GOOD_FOR_SECS.unsigned_abs());
    if is_late
        && progress.sent.is_none()
        && let Some(asked) = store::withdraw(conn, provider, id).await?
    {
        note_undone(app, conn, provider, &asked, "away").await?;
        return Ok(Outcome::Away);
    }
    Ok(match (&progress.report, progress.sent) {
        (Some((kind, body)), _) => {
            Report::decode(*kind, body).map_or(Outcome::Unknown, Outcome::Told)
        }
        (None, Some(_)) if age >= ANSWERED => Outcome::Silent,
        (None, _) => Outcome::Waits,
    })
}

/// When a command was given, with which its id begins.
fn given(id: CommandId) -> Timestamp {
    Timestamp::from_millis(i64::try_from(id.as_u128() >> 80).unwrap_or(i64::MAX))
}

/// What whoever waits for a report does next.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Wait,
    Withdraw,
    Read(Report),
}

fn judge(
    progress: Option<&Progress>,
    waited: Duration,
    most: Duration,
) -> Result<Next, Unanswered> {
    let progress = progress.ok_or(Unanswered::Missing)?;
    if let Some((kind, body)) = &progress.report {
        return match Report::decode(*kind, body) {
            Ok(Report::TooLate) => Err(Unanswered::TooLate),
            Ok(report) => Ok(Next::Read(report)),
            Err(error) => Err(Unanswered::Foreign(error)),
        };
    }
    match progress.sent {
        Some(_) if waited >= most => Err(Unanswered::Silent),
        None if waited >= TAKEN => Ok(Next::Withdraw),
        Some(_) | None => Ok(Next::Wait),
    }
}

/// The commands a link has yet to send, in the transaction that found it to be the agent's. What no link took in time is taken back.
pub(super) async fn due(
    app: &App,
    conn: &mut sqlx::PgConnection,
    by: &Sender,
    now: Timestamp,
) -> sqlx::Result<Vec<(u16, Vec<u8>)>> {
    for asked in store::withdraw_late(conn, by.provider, by.site, now).await? {
        note_undone(app, conn, by.provider, &asked, "away").await?;
    }
    store::take(conn, by, now, MOST).await
}

/// Sends what is due.
pub(super) fn send(session: &mut Session<Controller>, due: Vec<(u16, Vec<u8>)>) {
    for (kind, body) in due {
        if let Err(error) = session.command(kind, body) {
            // Whoever gave it is told that no answer came.
            tracing::debug!(%error, "a command was not sent");
        }
    }
}

/// Keeps a report that came by a link.
pub(super) async fn reported(
    app: &App,
    from: Option<Sender>,
    id: CommandId,
    kind: u16,
    body: &[u8],
) -> anyhow::Result<()> {
    let Some(from) = from else { return Ok(()) };
    let kilobytes = u32::try_from(body.len() / 1024).unwrap_or(u32::MAX);
    let within = app.limits.check_many(
        Act::Journal,
        By::Agent(from.agent),
        kilobytes.saturating_add(1),
    );
    if body.len() > LONGEST || within.is_err() {
        tracing::warn!(site.id = %from.site, bytes = body.len(), "a report was too long, or one too many, and is not kept");
        return Ok(());
    }
    let mut tx = app.db.tenant(from.provider).await?;
    let asked = store::keep_report(&mut tx, &from, id, (kind, body), app.clock.now()).await?;
    if let (Some(asked), Ok(report)) = (asked, Report::decode(kind, body))
        && let Some(why) = why_not(&report)
    {
        note_undone(app, &mut tx, from.provider, &asked, why).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Why nothing was done, in the audit's word, if a report says that.
const fn why_not(report: &Report) -> Option<&'static str> {
    match report {
        Report::Done | Report::Findings(_) => None,
        Report::TooLate => Some("too-late"),
        Report::Refused(refused) => Some(match refused.why {
            NotDone::NotHere => "not-here",
            NotDone::NotRunning => "not-running",
            NotDone::NotPaused => "not-paused",
            NotDone::Over => "over",
            NotDone::Other(_) => "other",
        }),
    }
}

/// Writes down that a site did not do what somebody asked for, in the transaction that learns it. That it did is a fact of the site's.
async fn note_undone(
    app: &App,
    conn: &mut sqlx::PgConnection,
    provider: ProviderId,
    asked: &Asked,
    why: &'static str,
) -> sqlx::Result<()> {
    let Ok(command) = Command::decode(asked.kind, &asked.body) else {
        return Ok(());
    };
    let (act, ticket, mac) = match command {
        Command::Kick(kick) => ("kick", Some(kick.ticket), kick.mac),
        Command::Pause(hold) => ("pause", Some(hold.ticket), None),
        Command::Resume(hold) => ("resume", Some(hold.ticket), None),
        Command::Release(place) => ("move", Some(place.ticket), Some(place.mac)),
        Command::Diagnose(_) => ("diagnose", None, None),
        // A page asks for that by itself.
        Command::Watch(_) => return Ok(()),
    };
    let site = asked.site.to_string();
    let subject = ticket.map_or_else(|| site.clone(), |id| id.to_string());
    let mut after = json!({"asked": act, "site": site, "reason": why});
    if let Some(mac) = mac {
        after["mac"] = mac.to_string().into();
    }
    let deed = Deed {
        act: "not-done",
        subject: &subject,
        before: None,
        after: Some(after),
    };
    record(app, conn, Some(provider), Actor::Program, deed).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(sent: bool, report: Option<(u16, Vec<u8>)>) -> Progress {
        Progress {
            given: Timestamp::from_millis(0),
            sent: sent.then_some(Timestamp::from_millis(1)),
            report,
        }
    }

    #[test]
    fn what_nobody_took_is_taken_back_and_what_was_sent_is_waited_for() {
        let soon = Duration::from_secs(1);
        let next = |progress: Progress, waited| judge(Some(&progress), waited, ANSWERED);
        assert_eq!(next(progress(false, None), soon).unwrap(), Next::Wait);
        assert_eq!(next(progress(false, None), TAKEN).unwrap(), Next::Withdraw);
        assert_eq!(next(progress(true, None), TAKEN).unwrap(), Next::Wait);
        assert!(matches!(
            next(progress(true, None), ANSWERED),
            Err(Unanswered::Silent)
        ));
        // A call says so before it is cut off.
        let sent = progress(true, None);
        assert!(matches!(
            judge(Some(&sent), CALLED, CALLED),
            Err(Unanswered::Silent)
        ));
        assert!(matches!(
            judge(None, soon, ANSWERED),
            Err(Unanswered::Missing)
        ));
    }

    #[test]
    fn a_report_is_read_however_late() {
        let told = |kind, body| judge(Some(&progress(true, Some((kind, body)))), ANSWERED, CALLED);
        assert_eq!(told(1, Vec::new()).unwrap(), Next::Read(Report::Done));
        assert!(matches!(told(2, Vec::new()), Err(Unanswered::TooLate)));
        assert!(matches!(
            told(3, vec![0xFF]),
            Err(Unanswered::Foreign(BadBody::Malformed(3)))
        ));
        assert!(matches!(
            told(900, Vec::new()),
            Err(Unanswered::Foreign(BadBody::UnknownKind(900)))
        ));
    }
}
