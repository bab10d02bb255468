//! Holding a ticket's clock and letting it run on. The site where it is used does it at once or says why not; that it did comes up as a
//! fact, as everything that happens to a ticket.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CommandId, ProviderId, SiteId};
use mnara_protocol::message::{NotDone, Report};
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{Phase, Ticket};
use sqlx::PgConnection;
use thiserror::Error;

use super::act::{self, Act};
use super::{Use, store, summarise};
use crate::app::App;
use crate::audit::Actor;
use crate::fleet::command::{self, NotGiven, Patience, Unanswered};
use crate::tickets::{self, Stage};

/// What is to be done with the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Hold it.
    Pause,
    /// Let it run on.
    Resume,
}

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum NotHeld {
    /// There is no such ticket.
    #[error("this business has no ticket of that code")]
    Missing,
    /// No site uses it, so there is no clock.
    #[error("the ticket is not in use at any site: its clock does not run")]
    NotUsed,
    /// The site was not told.
    #[error(transparent)]
    NotGiven(#[from] NotGiven),
    /// The site did not say.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    /// The site says no.
    #[error("the site did not do it: {}", words(*.0))]
    Refused(NotDone),
    /// The site said something else.
    #[error("the site answered something else")]
    Confused,
    /// The database is away.
    #[error("the ticket could not be read")]
    Database(#[from] sqlx::Error),
}

const fn words(why: NotDone) -> &'static str {
    match why {
        NotDone::NotHere => "the ticket is not in use there",
        NotDone::NotRunning => "its clock is not running",
        NotDone::NotPaused => "it is not paused",
        NotDone::Over => "it is over",
        NotDone::Other(_) => "for a reason that this version does not know",
    }
}

/// Has every site where a ticket is in use hold its clock or let it run on, and waits until they have.
///
/// # Errors
/// [`NotHeld`].
pub async fn hold(
    app: &App,
    provider: ProviderId,
    code: &TicketCode,
    what: Hold,
    actor: Actor,
) -> Result<(), NotHeld> {
    let mut tx = app.db.tenant(provider).await?;
    let told = tell_in(app, &mut tx, (provider, actor), code, what, &[]).await?;
    tx.commit().await?;
    answered(app, provider, &told, Patience::of_a_person(app)).await
}

/// Tells every site where a ticket is in use in the caller's transaction, by whose commit they hear of it, and writes down there that it was
/// asked for. Says by which commands.
///
/// What was given for the same before, and was done or may be, is not given again.
///
/// # Errors
/// [`NotHeld`].
pub async fn tell_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    code: &TicketCode,
    what: Hold,
    before: &[CommandId],
) -> Result<Vec<CommandId>, NotHeld> {
    let now = app.clock.now();
    let found = tickets::store::by_code(conn, provider, code, now)
        .await?
        .ok_or(NotHeld::Missing)?;
    let ticket = found.kept.ticket.id;
    let act = match what {
        Hold::Pause => Act::Pause(ticket),
        Hold::Resume => Act::Resume(ticket),
    };
    let stage = Some(Stage::of(&found.kept.ticket, now));
    let stand = command::standing(conn, provider, before, now).await?;
    let mut commands: Vec<CommandId> = stand.iter().map(|(id, _)| *id).collect();
    if before.is_empty() || stand.len() < before.len() {
        let uses = store::uses(conn, provider, ticket).await?;
        let sites = in_use(&uses, found.printed.is_some(), (&found.kept.ticket, now));
        let is_told = |site: &SiteId| stand.iter().any(|(_, told)| told == site);
        for site in sites.into_iter().filter(|site| !is_told(site)) {
            let told = act::tell_in(app, conn, (provider, site), actor, act, stage);
            commands.push(told.await?);
        }
    }
    if commands.is_empty() {
        return Err(NotHeld::NotUsed);
    }
    Ok(commands)
}

/// Waits until all sites that were told have done it.
///
/// # Errors
/// [`NotHeld`].
pub async fn answered(
    app: &App,
    provider: ProviderId,
    told: &[CommandId],
    patience: Patience,
) -> Result<(), NotHeld> {
    for id in told {
        match command::report(app, provider, *id, patience).await? {
            Report::Done => {}
            Report::Refused(refused) => return Err(NotHeld::Refused(refused.why)),
            Report::TooLate | Report::Findings(_) => return Err(NotHeld::Confused),
        }
    }
    Ok(())
}

/// Where a ticket is in use. A bought one moves, so its last site counts; a printed one may be used by several at once.
pub(crate) fn in_use(
    uses: &[Use],
    is_printed: bool,
    (ticket, now): (&Ticket, Timestamp),
) -> Vec<SiteId> {
    let last = uses.iter().map(Use::order).max();
    uses.iter()
        .filter(|one| !one.lost && runs(one, ticket, now))
        .filter(|one| is_printed || Some(one.order()) == last)
        .map(|one| one.site)
        .collect()
}

/// Whether a use goes on. One that had ended does once its ticket was given more time: its clock runs there whether or not anybody is back.
fn runs(one: &Use, ticket: &Ticket, now: Timestamp) -> bool {
    let here = summarise(std::slice::from_ref(one), false);
    let here = tickets::assemble(ticket.id, ticket.right, &here, now);
    one.ended.is_none() || !matches!(here.phase, Phase::Ended { .. })
}

#[cfg(test)]
mod tests {
    use mnara_protocol::ids::{Mac, TicketId};
    use mnara_protocol::plan::Terms;
    use mnara_protocol::ticket::{EndReason, Right, Slot};

    use super::*;

    const LATER: Timestamp = Timestamp::from_millis(3_700_000);

    /// An hour without data, with so much time on top.
    fn hour(extra_secs: u32) -> Ticket {
        let right = Right {
            terms: Terms {
                duration_secs: Some(3_600),
                online_secs: None,
                data_bytes: Some(0),
                devices: 1,
                rate: None,
            },
            sell_by: None,
            revoked: None,
            extra_secs,
        };
        Ticket::unused(TicketId::from_bytes([1; 16]), right)
    }

    #[test]
    fn what_ran_out_is_in_use_where_it_was_once_it_has_more_time() {
        let site = SiteId::from_bytes([1; 16]);
        let start = Timestamp::from_millis(0);
        let over = |reason| Use {
            started_at: Some(start),
            ended: Some((start.plus_secs(3_600), reason)),
            ..Use::begin(site, start)
        };
        let more = |extra_secs| {
            let mut ticket = hour(extra_secs);
            ticket.right.terms.data_bytes = None;
            ticket
        };
        let ran_out = [over(EndReason::Duration)];
        for is_printed in [false, true] {
            let at = |extra_secs| in_use(&ran_out, is_printed, (&more(extra_secs), LATER));
            assert!(at(0).is_empty());
            assert!(at(60).is_empty(), "not enough");
            assert_eq!(at(600), [site]);
            let elsewhere = [over(EndReason::UsedElsewhere)];
            assert!(in_use(&elsewhere, is_printed, (&more(600), LATER)).is_empty());
        }
    }

    #[test]
    fn who_uses_it_now_is_told() {
        let site = |n: u8| SiteId::from_bytes([n; 16]);
        let one = |n: u8| Use::begin(site(n), Timestamp::from_millis(i64::from(n)));
        let ticket = hour(0);
        let in_use = |uses: &[Use], is_printed| in_use(uses, is_printed, (&ticket, LATER));
        let uses = [one(1), one(2)];
        assert_eq!(in_use(&uses, false), [site(2)]);
        assert_eq!(in_use(&uses, true), [site(1), site(2)]);
        let over = Use {
            ended: Some((Timestamp::from_millis(9), EndReason::Data)),
            ..one(2)
        };
        let lost = Use {
            lost: true,
            ..one(3)
        };
        let uses = [one(1), over, lost];
        assert_eq!(in_use(&uses, true), [site(1)]);
        assert!(in_use(&uses[..2], false).is_empty());
        assert!(in_use(&[], true).is_empty());
        // Brought back, it is where somebody holds it, wherever its code was first used last.
        let back = Use {
            slots: vec![Slot {
                mac: Mac::from_bytes([2, 0, 0, 0, 0, 1]),
                seen: Timestamp::from_millis(9),
            }],
            ..one(1)
        };
        assert_eq!(in_use(&[back, one(2)], false), [site(1)]);
    }
}
