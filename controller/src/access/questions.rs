//! What a site asks about access: a code it does not know, and what it had done before its store was new.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, ProviderId, SiteId, TicketId};
use mnara_protocol::message::{
    FactsAnswer, FactsQuestion, LookedAnswer, LookupQuestion, Taken, TakenEnd, TakenTrial,
};
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{Phase, Refusal, Right, Status};

use sqlx::PgConnection;

use super::store;
use crate::app::App;
use crate::fleet::{dispatch::Sender, feed};
use crate::ratelimit::{Act, By};
use crate::tickets;

/// Tickets of one page of facts.
const PAGE: u16 = 200;
/// Bytes of its tickets, each of which names its devices: with room to spare within a frame, or the page could not be sent at all.
const PAGE_BYTES: usize = 100 * 1024;

/// Looks a code up that a customer brought to a site which has not heard of it. If it is good, its ticket goes to that site by the feed, and
/// away from the site that had it.
///
/// # Errors
/// When the database is away.
pub async fn lookup(
    app: &App,
    from: &Sender,
    question: &LookupQuestion,
) -> anyhow::Result<LookedAnswer> {
    let refused = |refusal| {
        Ok(LookedAnswer {
            refusal: Some(refusal),
        })
    };
    if app
        .limits
        .check_all(
            Act::Guess,
            [By::Site(from.site), By::Provider(from.provider)],
        )
        .is_err()
    {
        return refused(Refusal::Unknown);
    }
    let Ok(code) = TicketCode::parse(&question.code) else {
        return refused(Refusal::Unknown);
    };
    let now = app.clock.now();
    let mut tx = app.db.tenant(from.provider).await?;
    let Some(id) = tickets::store::by_code(&mut tx, from.provider, &code, now)
        .await?
        .map(|found| found.kept.ticket.id)
    else {
        return refused(Refusal::Unknown);
    };
    // Two sites that ask at once take turns, so that one of them has it in the end.
    let Some(found) = tickets::store::lock(&mut tx, from.provider, id, now).await? else {
        return refused(Refusal::Unknown);
    };
    match found.kept.ticket.status(now) {
        Status::Active => {}
        Status::Used => return refused(Refusal::Used),
        Status::Expired => return refused(Refusal::Expired),
        Status::Revoked => return refused(Refusal::Revoked),
    }
    if found.kept.tried_by.is_some() {
        // Good at the site that gave it away, which had no price for it, and nowhere else.
        return refused(Refusal::OtherSite);
    }
    if found.printed.is_some() {
        // Sites of its series have its key and need not ask.
        return refused(Refusal::OtherSite);
    }
    let changes = carry(&mut tx, from.provider, &found, from.site, None).await?;
    feed::put(&mut tx, from.provider, changes).await?;
    tx.commit().await?;
    Ok(LookedAnswer { refusal: None })
}

/// What sites are told when a bought ticket goes to one of them: that one gets it with what was used so far, the others lose it.
///
/// # Errors
/// When the database is away.
pub async fn carry(
    conn: &mut PgConnection,
    provider: ProviderId,
    found: &tickets::store::Found,
    to: SiteId,
    delivery: Option<tickets::feed::Delivery>,
) -> sqlx::Result<Vec<feed::Change>> {
    let id = found.kept.ticket.id;
    let uses = store::uses(conn, provider, id).await?;
    // What the site itself recorded it knows, and better.
    let elsewhere: Vec<_> = uses.into_iter().filter(|one| one.site != to).collect();
    let mut summary = super::summarise(&elsewhere, false);
    if !matches!(found.kept.ticket.phase, Phase::Ended { .. }) {
        // It was given more time after that end, which an older agent would go by.
        summary.ended = None;
    }
    let taken = summary
        .redeemed_at
        .map(|redeemed_at| taken(id, redeemed_at, &summary));
    let mut changes: Vec<feed::Change> = tickets::store::sites_of(conn, provider, id)
        .await?
        .into_iter()
        .filter(|site| *site != to)
        .map(|site| feed::Change {
            body: None,
            ..tickets::feed::ticket(site, &found.kept, None, None, None)
        })
        .collect();
    changes.push(tickets::feed::ticket(
        to,
        &found.kept,
        delivery,
        None,
        taken,
    ));
    Ok(changes)
}

/// What sites are told when a device has asked us for a ticket that nobody has used: its site uses it for that device. A printed one is there
/// already if the site has its key; `None` where it has not.
///
/// # Errors
/// When the database is away.
pub async fn order(
    conn: &mut PgConnection,
    provider: ProviderId,
    found: &tickets::store::Found,
    at: SiteId,
    delivery: tickets::feed::Delivery,
) -> sqlx::Result<Option<Vec<feed::Change>>> {
    let Some(printed) = found.printed else {
        return carry(conn, provider, found, at, Some(delivery))
            .await
            .map(Some);
    };
    let sites = tickets::store::sites_of(conn, provider, found.kept.ticket.id).await?;
    Ok(sites.contains(&at).then(|| {
        vec![tickets::feed::ruling(
            at,
            &found.kept,
            printed,
            None,
            Some(delivery),
        )]
    }))
}

/// Whether a device holds a place on a ticket at a site, as far as that site has told.
///
/// # Errors
/// When the database is away.
pub async fn holds(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: TicketId,
    (site, mac): (SiteId, Mac),
) -> sqlx::Result<bool> {
    let uses = store::uses(conn, provider, ticket).await?;
    Ok(uses
        .iter()
        .filter(|one| one.site == site)
        .any(|one| one.slots.iter().any(|slot| slot.mac == mac)))
}

fn taken(ticket: TicketId, redeemed_at: Timestamp, summary: &tickets::Reported) -> Taken {
    Taken {
        ticket,
        printed: None,
        redeemed_at,
        since: summary.started_at,
        slots: Vec::new(),
        usage: summary.usage,
        ended: summary.ended.map(|(at, reason)| TakenEnd { reason, at }),
        paused: summary.paused_at,
        tried: None,
    }
}

/// Gives a page of what a site had recorded.
///
/// # Errors
/// When the database is away.
pub async fn facts(
    app: &App,
    from: &Sender,
    question: &FactsQuestion,
) -> anyhow::Result<FactsAnswer> {
    let mut tx = app.db.tenant(from.provider).await?;
    let mut taken = store::taken(&mut tx, from.provider, from.site, question.after, PAGE).await?;
    let full = taken.len() == usize::from(PAGE);
    // No row of the feed tells a site of what it gave away, and what ended may have been given more time since.
    let asked: Vec<_> = taken
        .iter()
        .filter(|one| one.printed.is_none() || one.ended.is_some())
        .map(|one| one.ticket)
        .collect();
    let now = app.clock.now();
    let found = tickets::store::by_ids(&mut tx, from.provider, &asked, now).await?;
    for one in found {
        let (kept, site) = (one.kept, one.sold_at);
        let place = taken.iter_mut().find(|one| one.ticket == kept.ticket.id);
        let Some(place) = place else { continue };
        if is_open_again(place, kept.ticket.right, now) {
            place.ended = None;
            place.slots.clear();
        }
        if let Some(mac) = kept.tried_by.filter(|_| site == Some(from.site)) {
            place.tried = Some(Box::new(TakenTrial {
                mac,
                right: kept.ticket.right,
                code: kept.code.as_str().to_owned(),
            }));
        }
    }
    let more = keep_what_fits(&mut taken) || full;
    Ok(FactsAnswer { taken, more })
}

/// Leaves to the next page what this one has no room for. Says whether there was any.
fn keep_what_fits(taken: &mut Vec<Taken>) -> bool {
    let mut bytes = 0_usize;
    let over = taken.iter().position(|one| {
        bytes += minicbor::to_vec(one).map_or(PAGE_BYTES, |body| body.len());
        bytes > PAGE_BYTES
    });
    let Some(over) = over else {
        return false;
    };
    // One alone always fits; without it the site would ask for the same page for ever.
    let kept = over.max(1);
    let cut = kept < taken.len();
    taken.truncate(kept);
    cut
}

/// Whether what ended at a site is open there again, without devices, by what the ticket gives now.
fn is_open_again(one: &Taken, right: Right, now: Timestamp) -> bool {
    let Some(end) = one.ended else {
        return false;
    };
    let reported = tickets::Reported {
        redeemed_at: Some(one.redeemed_at),
        started_at: one.since,
        paused_at: None,
        ended: Some((end.at, end.reason)),
        usage: one.usage,
    };
    let ticket = tickets::assemble(one.ticket, right, &reported, now);
    !matches!(ticket.phase, Phase::Ended { .. })
}
