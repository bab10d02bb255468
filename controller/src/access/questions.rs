//! What a site asks about access: a code it does not know, and what it had done before its store was new.

use mnara_protocol::message::{FactsAnswer, FactsQuestion, LookedAnswer, LookupQuestion, Taken, TakenEnd};
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{Refusal, Status};

use super::store;
use crate::app::App;
use crate::fleet::{feed, hub::Sender};
use crate::ratelimit::{Act, By};
use crate::tickets;

/// Tickets of one page of facts: well within a frame.
const PAGE: u16 = 200;

/// Looks a code up that a customer brought to a site which has not heard of it. If it is good, its ticket goes to that site by the feed, and
/// away from the site that had it.
///
/// # Errors
/// When the database is away.
pub async fn lookup(app: &App, from: &Sender, question: &LookupQuestion) -> anyhow::Result<LookedAnswer> {
    let refused = |refusal| Ok(LookedAnswer { refusal: Some(refusal) });
    if app.limits.check_all(Act::Guess, [By::Site(from.site), By::Provider(from.provider)]).is_err() {
        return refused(Refusal::Unknown);
    }
    let Ok(code) = TicketCode::parse(&question.code) else {
        return refused(Refusal::Unknown);
    };
    let mut tx = app.db.tenant(from.provider).await?;
    let Some(found) = tickets::store::by_code(&mut tx, from.provider, &code).await? else {
        return refused(Refusal::Unknown);
    };
    match found.kept.ticket.status(app.clock.now()) {
        Status::Active => {}
        Status::Used => return refused(Refusal::Used),
        Status::Expired => return refused(Refusal::Expired),
        Status::Revoked => return refused(Refusal::Revoked),
    }
    if found.printed.is_some() {
        // Sites of its series have its key and need not ask.
        return refused(Refusal::OtherSite);
    }
    let uses = store::uses(&mut tx, from.provider, found.kept.ticket.id).await?;
    let summary = super::summarise(&uses);
    let taken = summary.redeemed_at.map(|redeemed_at| Taken {
        ticket: found.kept.ticket.id,
        printed: None,
        redeemed_at,
        since: summary.started_at,
        slots: Vec::new(),
        usage: summary.usage,
        ended: summary.ended.map(|(at, reason)| TakenEnd { reason, at }),
    });
    let mut changes: Vec<feed::Change> = tickets::store::sites_of(&mut tx, from.provider, found.kept.ticket.id)
        .await?
        .into_iter()
        .filter(|site| *site != from.site)
        .map(|site| {
            let mut change = tickets::feed::ticket(site, &found.kept, None, None, None);
            change.body = None;
            change
        })
        .collect();
    changes.push(tickets::feed::ticket(from.site, &found.kept, None, None, taken));
    feed::put(&mut tx, from.provider, changes).await?;
    tx.commit().await?;
    Ok(LookedAnswer { refusal: None })
}

/// Gives a page of what a site had recorded.
///
/// # Errors
/// When the database is away.
pub async fn facts(app: &App, from: &Sender, question: &FactsQuestion) -> anyhow::Result<FactsAnswer> {
    let mut tx = app.db.tenant(from.provider).await?;
    let taken = store::taken(&mut tx, from.provider, from.site, question.after, PAGE).await?;
    let more = taken.len() == usize::from(PAGE);
    Ok(FactsAnswer { taken, more })
}
