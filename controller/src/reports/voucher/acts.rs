//! What can be done with a voucher from its story. Each ends in a word that the page then says.

use std::time::Duration;

use mnara_protocol::ids::{Mac, ProviderId, SiteId, TicketId};
use mnara_protocol::message::{NotDone, Report};
use thiserror::Error;

use super::store;
use crate::access::act::{Act, NotAsked, ask, extend};
use crate::access::hold::{self, Hold, NotHeld};
use crate::app::App;
use crate::audit::Actor;
use crate::fleet::command::{self, NotGiven, Patience, Unanswered};
use crate::fleet::presence::is_up;
use crate::tickets;
use crate::tickets::extend::NotExtended;
use crate::tickets::revoke::{self, RevokeError};

/// A page waits so long for a site; what it was told goes on without it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why nothing could be tried.
#[derive(Debug, Error)]
pub enum NotActed {
    /// There is no such voucher, or it is another's.
    #[error("there is no such voucher")]
    Missing,
    /// It was not taken back.
    #[error(transparent)]
    Revoke(#[from] RevokeError),
    /// The database refused.
    #[error("the voucher could not be looked up")]
    Database(#[from] sqlx::Error),
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It was given to a customer.
    Given,
    /// It was taken back.
    Revoked,
    /// It has more time.
    Extended,
    /// Its clock is held.
    Paused,
    /// Its clock runs on.
    Resumed,
    /// A device was taken off the air.
    Kicked,
    /// A device's place was given back.
    Freed,
    /// The site is away and was not told.
    Away,
    /// The site had it too late.
    Late,
    /// The site was told and has not answered.
    Silent,
    /// No site uses it.
    NotUsed,
    /// Its clock does not run.
    NotRunning,
    /// It is not paused.
    NotPaused,
    /// It is over.
    Over,
    /// It has no limit of time.
    NoTime,
    /// The business may not sell now.
    NotSelling,
    /// More time would not open it.
    Shut,
    /// No ticket lasts so long, or no time was given.
    TooMuch,
    /// It was given time since the page was drawn.
    Meanwhile,
}

impl Said {
    const ALL: [(Self, &'static str); 19] = [
        (Self::Given, "given"),
        (Self::Revoked, "revoked"),
        (Self::Extended, "extended"),
        (Self::Paused, "paused"),
        (Self::Resumed, "resumed"),
        (Self::Kicked, "kicked"),
        (Self::Freed, "freed"),
        (Self::Away, "away"),
        (Self::Late, "late"),
        (Self::Silent, "silent"),
        (Self::NotUsed, "not-used"),
        (Self::NotRunning, "not-running"),
        (Self::NotPaused, "not-paused"),
        (Self::Over, "over"),
        (Self::NoTime, "no-time"),
        (Self::NotSelling, "not-selling"),
        (Self::Shut, "shut"),
        (Self::TooMuch, "too-much"),
        (Self::Meanwhile, "meanwhile"),
    ];

    /// The word in an address.
    #[must_use]
    pub fn word(self) -> &'static str {
        let found = Self::ALL.into_iter().find(|(said, _)| *said == self);
        found.map_or("", |(_, word)| word)
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let found = Self::ALL.into_iter().find(|(_, said)| *said == word);
        found.map(|(said, _)| said)
    }

    /// Whether it was done.
    #[must_use]
    pub const fn is_done(self) -> bool {
        matches!(
            self,
            Self::Given
                | Self::Revoked
                | Self::Extended
                | Self::Paused
                | Self::Resumed
                | Self::Kicked
                | Self::Freed
        )
    }
}

/// Takes a voucher back.
pub(super) async fn take_back(
    app: &App,
    provider: ProviderId,
    ticket: TicketId,
    actor: Actor,
) -> Result<Said, NotActed> {
    let code = code(app, provider, ticket).await?;
    revoke::ticket(app, provider, &code, actor).await?;
    Ok(Said::Revoked)
}

/// Gives a voucher more time, unless it was given some since it had what it `was` given.
pub(super) async fn lengthen(
    app: &App,
    provider: ProviderId,
    ticket: TicketId,
    secs: Option<u32>,
    was: Option<u32>,
    actor: Actor,
) -> Result<Said, NotActed> {
    // One that is not there is that first, whatever was typed.
    code(app, provider, ticket).await?;
    let Some(secs) = secs.filter(|secs| *secs >= 60) else {
        return Ok(Said::TooMuch);
    };
    match extend(app, provider, ticket, secs, was, actor).await {
        Ok(()) => Ok(Said::Extended),
        Err(NotExtended::NoTime) => Ok(Said::NoTime),
        Err(NotExtended::Shut) => Ok(Said::NotSelling),
        Err(NotExtended::StaysShut) => Ok(Said::Shut),
        Err(NotExtended::TooMuch) => Ok(Said::TooMuch),
        Err(NotExtended::Meanwhile) => Ok(Said::Meanwhile),
        Err(NotExtended::Missing) => Err(NotActed::Missing),
        Err(NotExtended::Database(error)) => Err(error.into()),
    }
}

/// Holds a voucher's clock or lets it run on.
pub(super) async fn hold(
    app: &App,
    provider: ProviderId,
    ticket: TicketId,
    what: Hold,
    actor: Actor,
) -> Result<Said, NotActed> {
    let mut tx = app.db.tenant(provider).await?;
    let now = app.clock.now();
    let found = tickets::store::by_id(&mut tx, provider, ticket, now)
        .await?
        .ok_or(NotActed::Missing)?;
    let uses = crate::access::store::uses(&mut tx, provider, ticket).await?;
    let sites = hold::in_use(&uses, found.printed.is_some(), (&found.kept.ticket, now));
    let is_away = is_away(app, &mut tx, provider, &sites).await?;
    drop(tx);
    if is_away {
        return Ok(Said::Away);
    }
    let code = found.kept.code;
    // A page is not kept open for as long as the command line waits; what no link takes is taken back all the same.
    let holding = app.tasks.spawn({
        let app = app.clone();
        async move { hold::hold(&app, provider, &code, what, actor).await }
    });
    let held = tokio::select! {
        held = holding => held,
        () = app.clock.sleep(PATIENCE) => return Ok(Said::Silent),
    };
    let Ok(held) = held else {
        // The program is ending.
        return Ok(Said::Silent);
    };
    match held {
        Ok(()) if what == Hold::Pause => Ok(Said::Paused),
        Ok(()) => Ok(Said::Resumed),
        Err(NotHeld::Missing) => Err(NotActed::Missing),
        Err(NotHeld::NotUsed) => Ok(Said::NotUsed),
        Err(NotHeld::Refused(why)) => Ok(match why {
            NotDone::NotHere => Said::NotUsed,
            NotDone::NotRunning => Said::NotRunning,
            NotDone::NotPaused => Said::NotPaused,
            NotDone::Over | NotDone::Other(_) => Said::Over,
        }),
        Err(NotHeld::NotGiven(error)) => not_given(error),
        Err(NotHeld::Unanswered(error)) => unanswered(error),
        Err(NotHeld::Confused) => Ok(Said::Silent),
        Err(NotHeld::Database(error)) => Err(error.into()),
    }
}

/// What is done with one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// Taken off the air once; it comes back as long as it holds its place.
    Kick,
    /// Its place is given back, for another.
    Free,
}

/// Has a site do something with a device of a voucher.
pub(super) async fn device(
    app: &App,
    provider: ProviderId,
    ticket: TicketId,
    (site, mac): (SiteId, Mac),
    what: Device,
    actor: Actor,
) -> Result<Said, NotActed> {
    let act = match what {
        Device::Kick => Act::Kick(ticket, Some(mac)),
        Device::Free => Act::Move(ticket, mac),
    };
    let id = match ask(app, (provider, site), actor, act).await {
        Ok(id) => id,
        Err(NotAsked::Away | NotAsked::NoAgent) => return Ok(Said::Away),
        Err(NotAsked::NoSite | NotAsked::NoTicket) => return Err(NotActed::Missing),
        Err(NotAsked::Database(error)) => return Err(error.into()),
    };
    let report = tokio::select! {
        report = command::report(app, provider, id, Patience::of_a_call(app)) => report,
        () = app.clock.sleep(PATIENCE) => return Ok(Said::Silent),
    };
    match report {
        Ok(Report::Done) if what == Device::Kick => Ok(Said::Kicked),
        Ok(Report::Done) => Ok(Said::Freed),
        Ok(Report::Refused(_)) => Ok(Said::NotUsed),
        Ok(Report::TooLate | Report::Findings(_)) => Ok(Said::Late),
        Err(error) => unanswered(error),
    }
}

/// Whether one of the sites is away: a command does not wait for it.
async fn is_away(
    app: &App,
    conn: &mut sqlx::PgConnection,
    provider: ProviderId,
    sites: &[SiteId],
) -> Result<bool, NotActed> {
    let now = app.clock.now();
    let places = store::places(conn, provider, sites).await?;
    if places.len() < sites.len() {
        return Err(NotActed::Missing);
    }
    Ok(places.iter().any(|place| !is_up(place.seen, now)))
}

fn not_given(error: NotGiven) -> Result<Said, NotActed> {
    match error {
        NotGiven::NoAgent => Ok(Said::Away),
        NotGiven::Database(error) => Err(error.into()),
    }
}

fn unanswered(error: Unanswered) -> Result<Said, NotActed> {
    match error {
        Unanswered::Away | Unanswered::Missing => Ok(Said::Away),
        Unanswered::TooLate => Ok(Said::Late),
        Unanswered::Silent | Unanswered::Foreign(_) => Ok(Said::Silent),
        Unanswered::Database(error) => Err(error.into()),
    }
}

/// The code of a voucher, by which the verbs know it.
async fn code(
    app: &App,
    provider: ProviderId,
    ticket: TicketId,
) -> Result<mnara_protocol::ticket::code::TicketCode, NotActed> {
    let mut tx = app.db.tenant(provider).await?;
    let found = tickets::store::by_id(&mut tx, provider, ticket, app.clock.now()).await?;
    Ok(found.ok_or(NotActed::Missing)?.kept.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_comes_back_from_the_address() {
        for (said, word) in Said::ALL {
            assert_eq!(Said::parse(word), Some(said));
            assert_eq!(said.word(), word);
        }
        assert_eq!(Said::parse("gone"), None);
        assert!(Said::Kicked.is_done() && !Said::Away.is_done());
    }
}
