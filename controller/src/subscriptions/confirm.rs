//! Carrying out what Pesapal's answer means: in one transaction the order, the line in the book, and what the book comes to.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{OrderId, PlatformPlanId, ProviderId};
use sqlx::PgConnection;

use super::settle::{Decision, decide, silence};
use super::store::book::{self, Change};
use super::store::{asked, orders, plans};
use super::terms::{Entry, Term, What, change, current, terms};
use super::{Flag, Kind, Order, PlatformPlan, State, invoice, lapse};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::providers::notices::billing::Billing;
use crate::providers::notices::{Notice, tell_payers};
use crate::rails::pesapal::price::Price;
use crate::rails::pesapal::{Name, Told};
use crate::tickets::feed::FeedError;

/// The answer to a question about an order.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// By which name the rail was asked.
    pub tracking: &'a Name,
    /// What it said.
    pub told: &'a Told,
}

/// Decides and carries out; gives the order as it is then. None when the business has no such order.
///
/// # Errors
/// When the database refuses; nothing has changed then, and trying again is safe.
pub async fn apply(
    app: &App,
    provider: ProviderId,
    id: OrderId,
    word: Option<Word<'_>>,
) -> Result<Option<(Order, Decision)>, FeedError> {
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let Some(order) = orders::lock(&mut tx, provider, id).await? else {
        return Ok(None);
    };
    asked::count_question(&mut tx, &order).await?;
    let decision = word.map_or_else(
        || silence(&order, now),
        |word| decide(&order, word.told, now),
    );
    let told = word.map(|word| word.told);
    if let Some(word) = word
        && order.tracking.is_none()
        && !matches!(
            decision,
            Decision::Nothing | Decision::Expire | Decision::Flag(Flag::Reference)
        )
    {
        // A hint named it, and the rail itself says that it is this order's.
        asked::note_tracking(&mut tx, &order, word.tracking).await?;
    }
    match decision {
        Decision::Nothing => {}
        Decision::Complete => {
            orders::set_state(&mut tx, &order, State::Completed, told, Some(now)).await?;
            extend(app, &mut tx, &order, order.price, now).await?;
        }
        Decision::Fail => orders::set_state(&mut tx, &order, State::Failed, told, None).await?,
        Decision::Expire => orders::set_state(&mut tx, &order, State::Expired, told, None).await?,
        Decision::Reverse => {
            let settled_at = order.settled_at.unwrap_or(now);
            orders::set_state(&mut tx, &order, State::Reversed, told, Some(settled_at)).await?;
            if order.state == State::Completed {
                undo(app, &mut tx, &order, now).await?;
                tell_back(app, &mut tx, &order).await?;
            }
        }
        Decision::Flag(flag) => orders::flag(&mut tx, &order, flag, told).await?,
    }
    let after = orders::lock(&mut tx, provider, id).await?;
    if matches!(decision, Decision::Complete | Decision::Reverse) {
        let deed = Deed {
            act: if decision == Decision::Complete {
                "subscription-paid"
            } else {
                "subscription-reversed"
            },
            subject: &order.id.to_string(),
            before: Some(order.stands()),
            after: after.as_ref().map(Order::stands),
        };
        record(app, &mut tx, Some(provider), Actor::Program, deed).await?;
    }
    tx.commit().await?;
    match decision {
        Decision::Flag(flag) => {
            tracing::warn!(order.id = %id, provider.id = %provider, flag = flag.word(), "an order at Pesapal needs somebody to look at it");
        }
        Decision::Complete | Decision::Reverse => {
            tracing::info!(order.id = %id, provider.id = %provider, result = decision.word(), "an order at Pesapal was settled");
        }
        Decision::Nothing | Decision::Fail | Decision::Expire => {}
    }
    metrics::counter!("mnara_platform_orders_total", "result" => decision.word()).increment(1);
    Ok(after.map(|order| (order, decision)))
}

/// Writes the line of a paid order, its invoice over what was paid and a receipt for whoever pays.
///
/// # Errors
/// [`FeedError`].
pub async fn extend(
    app: &App,
    conn: &mut PgConnection,
    order: &Order,
    paid: Price,
    now: Timestamp,
) -> Result<(), FeedError> {
    let plan = plans::one(conn, order.plan).await?;
    let plan = plan.ok_or(sqlx::Error::RowNotFound)?;
    let is_double = order.kind == Kind::Once && orders::paid_meanwhile(conn, order).await?;
    let (plan, what) = match count(conn, order, plan, now).await? {
        Counted::Period(plan) => (plan, What::Paid { order: order.id }),
        Counted::Difference(plan, until) => {
            let order = order.id;
            (plan, What::Upgraded { order, until })
        }
        Counted::Money(plan) => {
            let what = What::Changed {
                order: Some(order.id),
                // In another currency it was counted as paid by somebody who knows what it was worth.
                added: if paid.currency == plan.price.currency {
                    paid.cents
                } else {
                    order.price.cents
                },
            };
            (plan, what)
        }
    };
    let terms = add(app, conn, order.provider, plan.id, what, now).await?;
    let last = terms.last();
    let until = last.map_or(now, |term| term.until);
    let until = match what {
        What::Upgraded {
            until: Some(counted),
            ..
        } => until.min(counted),
        _ => until,
    };
    let until = until.max(now);
    let flag = if order.is_upgrade && until == now {
        Some(Flag::Late)
    } else {
        is_double.then_some(Flag::Double)
    };
    if let Some(flag) = flag {
        orders::flag(conn, order, flag, None).await?;
    }
    let from = match last {
        Some(term) if !order.is_upgrade => term.from,
        _ => now,
    };
    let number = invoice::write(conn, order, paid, &plan, (from, until), now).await?;
    let amount = paid.to_string();
    let news = Billing::Paid {
        amount: &amount,
        plan: &plan.name,
        until,
        invoice: number,
    };
    let once = format!("billing:paid:{}", order.id);
    tell_payers(app, conn, order.provider, &Notice::Billing(news), &once).await?;
    Ok(())
}

/// As what an order's money counts.
enum Counted {
    /// One period of a plan.
    Period(PlatformPlan),
    /// The difference to a plan, until when it was counted.
    Difference(PlatformPlan, Option<Timestamp>),
    /// So much money, which with what is left becomes time on a plan.
    Money(PlatformPlan),
}

/// Finds out as what an order's money counts.
///
/// Where only a difference was counted and the plan was changed since, what is left has another price now: the difference of before would become
/// more than was ever paid, or less. So it is money then, and where the order's plan is less than the one of now, for that one. Between two
/// currencies it is neither, so it moves nothing, and a person may give it back.
async fn count(
    conn: &mut PgConnection,
    order: &Order,
    asked: PlatformPlan,
    now: Timestamp,
) -> sqlx::Result<Counted> {
    if !order.is_upgrade {
        return Ok(Counted::Period(asked));
    }
    book::hold(conn, order.provider, now).await?;
    let lines = book::lines(conn, order.provider).await?;
    if !change::is_moved(&lines, order.created_at, order.upgrade_until, now) {
        return Ok(if order.begins_anew {
            Counted::Money(asked)
        } else {
            Counted::Difference(asked, order.upgrade_until)
        });
    }
    let laid = terms(&lines);
    let on = current(&laid, now).filter(|term| term.order.is_some());
    let on = match on {
        Some(term) => plans::one(conn, term.plan).await?,
        None => None,
    };
    Ok(match on.filter(|on| asked.is_less_than(on)) {
        None => Counted::Money(asked),
        Some(on) if on.price.currency == asked.price.currency => Counted::Money(on),
        Some(_) => Counted::Difference(asked, Some(now)),
    })
}

/// Writes the line that undoes a paid order's.
async fn undo(
    app: &App,
    conn: &mut PgConnection,
    order: &Order,
    now: Timestamp,
) -> Result<(), FeedError> {
    let what = What::Reversed { order: order.id };
    add(app, conn, order.provider, order.plan, what, now)
        .await
        .map(drop)
}

async fn tell_back(app: &App, conn: &mut PgConnection, order: &Order) -> sqlx::Result<()> {
    let amount = order.whole().to_string();
    let notice = Notice::Billing(Billing::Back { amount: &amount });
    let once = format!("billing:back:{}", order.id);
    tell_payers(app, conn, order.provider, &notice, &once).await
}

/// Adds a line to a business' book, in the transaction of its cause, and brings the business to where the book says it stands then.
///
/// # Errors
/// [`FeedError`].
pub async fn add(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    plan: PlatformPlanId,
    what: What,
    now: Timestamp,
) -> Result<Vec<Term>, FeedError> {
    let rate = plans::one(conn, plan).await?.map(|plan| plan.rate());
    let rate = rate.ok_or(sqlx::Error::RowNotFound)?;
    book::hold(conn, provider, now).await?;
    let mut lines = book::lines(conn, provider).await?;
    let before = terms(&lines).last().map(|term| term.until);
    let entry = Entry {
        at: now,
        plan,
        rate,
        what,
    };
    lines.push(entry);
    let terms = terms(&lines);
    let last = terms.last();
    let change = Change {
        from: before,
        until: last.map(|term| term.until),
        plan: last.map(|term| term.plan),
    };
    book::write(app, conn, provider, &entry, change).await?;
    lapse::settle(app, conn, provider, &terms, now).await?;
    Ok(terms)
}
