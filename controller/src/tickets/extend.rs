//! Giving a ticket more time. Every site that may honour it is told in the same transaction; one that had run out is open again there.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, TicketId};
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{Phase, Status, Ticket};
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::expires_at;
use super::feed;
use super::store::{self, Found};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet;
use crate::providers::standing::may_sell;

/// More than this is another ticket: ten years.
const MOST_SECS: u32 = 315_360_000;

/// A site forgets what was printed or given away three days after its end, and its code stays used then. A day is left for it to hear.
const REMEMBERED_SECS: i64 = 2 * 86_400;

/// Why a ticket got no more time.
#[derive(Debug, Error)]
pub enum NotExtended {
    /// There is no such ticket.
    #[error("this business has no ticket of that code")]
    Missing,
    /// The platform has not let the business in yet, or has stopped it.
    #[error("this business may not sell now")]
    Shut,
    /// Time is not what it is short of.
    #[error("the ticket has no limit of time")]
    NoTime,
    /// It stays shut all the same.
    #[error(
        "the ticket would not give access all the same: it was taken back, its data is used up, or it ended longer ago"
    )]
    StaysShut,
    /// No ticket lasts so long.
    #[error("that is more time than a ticket can have")]
    TooMuch,
    /// Whoever gives it looked at a voucher that had less.
    #[error("somebody gave the ticket time meanwhile")]
    Meanwhile,
    /// The database refused.
    #[error("the ticket could not be changed")]
    Database(#[from] sqlx::Error),
}

/// Gives a ticket so much time on top of what it has.
///
/// # Errors
/// [`NotExtended`].
pub async fn extend(
    app: &App,
    provider: ProviderId,
    code: &TicketCode,
    secs: u32,
    actor: Actor,
) -> Result<(), NotExtended> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let id = store::by_code(&mut tx, provider, code, now)
        .await?
        .ok_or(NotExtended::Missing)?
        .kept
        .ticket
        .id;
    extend_in(app, &mut tx, provider, id, secs, None, actor).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a ticket more time in the caller's transaction, of which this is to be the last step: it locks the sites that are told.
///
/// A page says how much extra time there `was` when it was drawn: one that is sent twice gives once.
///
/// # Errors
/// [`NotExtended`].
pub async fn extend_in(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    id: TicketId,
    secs: u32,
    was: Option<u32>,
    actor: Actor,
) -> Result<(), NotExtended> {
    let now = app.clock.now();
    let mut found = store::lock(conn, provider, id, now)
        .await?
        .ok_or(NotExtended::Missing)?;
    let before = found.kept.ticket.right.extra_secs;
    if let Some(was) = was.filter(|was| *was != before) {
        return if was.checked_add(secs) == Some(before) {
            Ok(())
        } else {
            Err(NotExtended::Meanwhile)
        };
    }
    if !may_sell(conn, provider, now).await? {
        return Err(NotExtended::Shut);
    }
    let is_forgotten = is_forgotten(&found, now);
    found.kept.ticket = longer(found.kept.ticket, secs, now)?;
    if is_forgotten {
        return Err(NotExtended::StaysShut);
    }
    let ticket = &found.kept.ticket;
    store::set_extra(conn, provider, ticket, expires_at(ticket)).await?;
    let deed = Deed {
        act: "extend",
        subject: &id.to_string(),
        before: Some(json!({"extra_secs": before})),
        after: Some(json!({"secs": secs, "extra_secs": ticket.right.extra_secs})),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    let mut changes = Vec::new();
    for site in store::sites_of(conn, provider, id).await? {
        if feed::is_at(conn, provider, site, &found).await? {
            changes.push(feed::decided(conn, provider, site, &found).await?);
        }
    }
    fleet::feed::put(conn, provider, changes).await?;
    Ok(())
}

/// Whether its site may not know any more what was used of a ticket. A bought one stands in the feed, so it is known for good.
fn is_forgotten(found: &Found, now: Timestamp) -> bool {
    let is_sold = found.printed.is_none() && found.kept.tried_by.is_none();
    let ticket = &found.kept.ticket;
    let ended = match ticket.phase {
        Phase::Ended { at, .. } => Some(at),
        // A site whose link is away has not told of it yet.
        Phase::Running { .. } => ticket.ends_at(),
        Phase::Unused | Phase::Redeemed { .. } | Phase::Paused { .. } => None,
    };
    !is_sold && ended.is_some_and(|at| now > at.plus_secs(REMEMBERED_SECS))
}

fn longer(ticket: Ticket, secs: u32, now: Timestamp) -> Result<Ticket, NotExtended> {
    let mut right = ticket.right;
    if right.terms.duration_secs.is_none() && right.terms.online_secs.is_none() {
        return Err(NotExtended::NoTime);
    }
    right.extra_secs = right
        .extra_secs
        .checked_add(secs)
        .filter(|extra| *extra <= MOST_SECS)
        .ok_or(NotExtended::TooMuch)?;
    let ticket = ticket.ruled(right, now);
    if ticket.status(now) == Status::Active {
        Ok(ticket)
    } else {
        Err(NotExtended::StaysShut)
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::plan::Terms;
    use mnara_protocol::ticket::{EndReason, Right, Usage};

    use super::*;

    fn ended(duration_secs: Option<u32>, data_bytes: Option<u64>, reason: EndReason) -> Ticket {
        let start = Timestamp::from_millis(0);
        Ticket {
            id: TicketId::from_bytes([1; 16]),
            right: Right {
                terms: Terms {
                    duration_secs,
                    online_secs: None,
                    data_bytes,
                    devices: 1,
                    rate: None,
                },
                sell_by: None,
                revoked: None,
                extra_secs: 0,
            },
            phase: Phase::Ended {
                redeemed_at: Some(start),
                since: Some(start),
                at: start.plus_secs(3600),
                reason,
                usage: Usage::default(),
            },
        }
    }

    #[test]
    fn what_ran_out_is_open_again_if_there_is_enough() {
        let now = Timestamp::from_millis(0).plus_secs(4000);
        let hour = || ended(Some(3600), None, EndReason::Duration);
        let open = longer(hour(), 1800, now).unwrap();
        assert_eq!(open.ends_at(), Some(now.plus_secs(1400)));
        assert!(matches!(
            longer(hour(), 300, now),
            Err(NotExtended::StaysShut)
        ));
        assert!(matches!(
            longer(hour(), u32::MAX, now),
            Err(NotExtended::TooMuch)
        ));
        let data = ended(None, Some(5), EndReason::Data);
        assert!(matches!(longer(data, 60, now), Err(NotExtended::NoTime)));
        let elsewhere = ended(Some(3600), None, EndReason::UsedElsewhere);
        assert!(matches!(
            longer(elsewhere, 1800, now),
            Err(NotExtended::StaysShut)
        ));
    }
}
