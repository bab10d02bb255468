//! All SQL of orders.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, OrderId, PlatformPlanId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::strange;
use crate::db::{At, RowId as _};
use crate::rails::pesapal::price::Price;
use crate::rails::pesapal::{Name, Told};
use crate::subscriptions::{Flag, Order, Paid, Resolution, State};

/// The longest word of the rail that is kept.
const LONGEST: usize = 100;

struct Row {
    id: Uuid,
    provider_id: Uuid,
    attempt_id: Uuid,
    plan_id: Uuid,
    kind: String,
    reference: String,
    account: Option<String>,
    amount_cents: i64,
    currency: String,
    state: String,
    tracking_id: Option<String>,
    hinted_id: Option<String>,
    redirect_url: Option<String>,
    confirmation_code: Option<String>,
    flag: Option<String>,
    is_upgrade: bool,
    begins_anew: bool,
    upgrade_until: Option<At>,
    paid_cents: Option<i64>,
    paid_currency: Option<String>,
    refund: Option<String>,
    resolution: Option<String>,
    asked: i32,
    ask_after: Option<At>,
    created_at: At,
    expires_at: At,
    settled_at: Option<At>,
}

impl TryFrom<Row> for Order {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let currency = row
            .currency
            .parse()
            .map_err(|_| strange("platform_orders.currency"))?;
        Ok(Self {
            id: OrderId::from_uuid(row.id),
            provider: ProviderId::from_uuid(row.provider_id),
            attempt: AttemptId::from_uuid(row.attempt_id),
            plan: PlatformPlanId::from_uuid(row.plan_id),
            kind: row
                .kind
                .parse()
                .map_err(|_| strange("platform_orders.kind"))?,
            reference: row.reference,
            account: row.account,
            price: Price::new(row.amount_cents, currency),
            state: row
                .state
                .parse()
                .map_err(|_| strange("platform_orders.state"))?,
            tracking: name(row.tracking_id)?,
            hinted: name(row.hinted_id)?,
            redirect: row.redirect_url,
            confirmation: row.confirmation_code,
            flag: row
                .flag
                .map(|word| word.parse().map_err(|_| strange("platform_orders.flag")))
                .transpose()?,
            is_upgrade: row.is_upgrade,
            begins_anew: row.begins_anew,
            upgrade_until: row.upgrade_until.map(Into::into),
            paid: row
                .paid_cents
                .zip(row.paid_currency)
                .map(|(cents, currency)| Paid { cents, currency }),
            refund: row
                .refund
                .map(|word| word.parse().map_err(|_| strange("platform_orders.refund")))
                .transpose()?,
            resolution: row
                .resolution
                .map(|word| {
                    word.parse()
                        .map_err(|_| strange("platform_orders.resolution"))
                })
                .transpose()?,
            asked: row.asked.unsigned_abs(),
            ask_after: row.ask_after.map(Into::into),
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
            settled_at: row.settled_at.map(Into::into),
        })
    }
}

fn name(text: Option<String>) -> sqlx::Result<Option<Name>> {
    text.map(|text| text.parse())
        .transpose()
        .map_err(|_| strange("a name of the rail's in platform_orders"))
}

/// Adds an order.
///
/// # Errors
/// When the database refuses, also a second order for one attempt.
pub async fn insert(conn: &mut PgConnection, order: &Order) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into platform_orders (id, provider_id, attempt_id, is_current, plan_id, kind, reference, account, amount_cents, currency, state,
                                      tracking_id, is_upgrade, begins_anew, upgrade_until, asked, created_at, expires_at)
         values ($1, $2, $3, true, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15, $16)",
        order.id.uuid(),
        order.provider.uuid(),
        order.attempt.uuid(),
        order.plan.uuid(),
        order.kind.word(),
        order.reference,
        order.account,
        order.price.cents,
        order.price.currency.code(),
        order.state.word(),
        order.tracking.as_ref().map(Name::as_str),
        order.is_upgrade,
        order.begins_anew,
        order.upgrade_until.map(At) as Option<At>,
        At(order.created_at),
        At(order.expires_at),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Reads an order and holds it.
///
/// # Errors
/// When the database is away.
pub async fn lock(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: OrderId,
) -> sqlx::Result<Option<Order>> {
    let row = sqlx::query_as!(
        Row,
        "select id, provider_id, attempt_id, plan_id, kind, reference, account, amount_cents, currency, state, tracking_id, hinted_id,
                redirect_url, confirmation_code, flag, is_upgrade, begins_anew, upgrade_until, paid_cents, paid_currency, refund, resolution, asked,
                ask_after, created_at, expires_at, settled_at
         from platform_orders where provider_id = $1 and id = $2 for update",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Order::try_from).transpose()
}

/// The order of an attempt, held.
///
/// # Errors
/// When the database is away.
pub async fn of_attempt(
    conn: &mut PgConnection,
    provider: ProviderId,
    attempt: AttemptId,
) -> sqlx::Result<Option<Order>> {
    let row = sqlx::query_as!(
        Row,
        "select id, provider_id, attempt_id, plan_id, kind, reference, account, amount_cents, currency, state, tracking_id, hinted_id,
                redirect_url, confirmation_code, flag, is_upgrade, begins_anew, upgrade_until, paid_cents, paid_currency, refund, resolution, asked,
                ask_after, created_at, expires_at, settled_at
         from platform_orders where provider_id = $1 and attempt_id = $2 and is_current for update",
        provider.uuid(),
        attempt.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Order::try_from).transpose()
}

/// The orders of a business, the newest first, those after one.
///
/// # Errors
/// When the database is away.
pub async fn newest(
    conn: &mut PgConnection,
    provider: ProviderId,
    before: Option<(Timestamp, OrderId)>,
    limit: u16,
) -> sqlx::Result<Vec<Order>> {
    let (at, id) = before.unzip();
    let rows = sqlx::query_as!(
        Row,
        "select id, provider_id, attempt_id, plan_id, kind, reference, account, amount_cents, currency, state, tracking_id, hinted_id,
                redirect_url, confirmation_code, flag, is_upgrade, begins_anew, upgrade_until, paid_cents, paid_currency, refund, resolution, asked,
                ask_after, created_at, expires_at, settled_at
         from platform_orders where provider_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
         order by created_at desc, id desc limit $4",
        provider.uuid(),
        at.map(At) as Option<At>,
        id.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Order::try_from).collect()
}

/// Whose order it is that the rail names, by its own name for it or by ours.
///
/// # Errors
/// When the database is away.
pub async fn whose(
    conn: &mut PgConnection,
    tracking: Option<&Name>,
    reference: &str,
) -> sqlx::Result<Option<(ProviderId, OrderId)>> {
    let row = sqlx::query!(
        "select provider_id, id from platform_orders where tracking_id = $1 or (reference = $2 and kind = 'once')
         order by tracking_id is not distinct from $1 desc limit 1",
        tracking.map(Name::as_str),
        reference,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        (
            ProviderId::from_uuid(row.provider_id),
            OrderId::from_uuid(row.id),
        )
    }))
}

/// The latest order that began charges by themselves to an account.
///
/// # Errors
/// When the database is away.
pub async fn of_account(conn: &mut PgConnection, account: &str) -> sqlx::Result<Option<Order>> {
    let row = sqlx::query_as!(
        Row,
        "select id, provider_id, attempt_id, plan_id, kind, reference, account, amount_cents, currency, state, tracking_id, hinted_id,
                redirect_url, confirmation_code, flag, is_upgrade, begins_anew, upgrade_until, paid_cents, paid_currency, refund, resolution, asked,
                ask_after, created_at, expires_at, settled_at
         from platform_orders where account = $1 and kind = 'once' order by created_at desc limit 1",
        account,
    )
    .fetch_optional(conn)
    .await?;
    row.map(Order::try_from).transpose()
}

/// The last order that was paid with a card which may be charged again by itself: one that was, or one of which nobody knows yet whether whoever
/// paid agreed on the rail's page.
///
/// # Errors
/// When the database is away.
pub async fn on_card(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Option<Order>> {
    let row = sqlx::query_as!(
        Row,
        "select id, provider_id, attempt_id, plan_id, kind, reference, account, amount_cents, currency, state, tracking_id, hinted_id,
                redirect_url, confirmation_code, flag, is_upgrade, begins_anew, upgrade_until, paid_cents, paid_currency, refund, resolution, asked,
                ask_after, created_at, expires_at, settled_at
         from platform_orders o where provider_id = $1 and account is not null and kind = 'once' and state = 'completed'
            and (payment_method is null or payment_method ~* '(visa|master|card|amex)'
                 or exists (select from platform_orders c where c.provider_id = $1 and c.kind = 'recurring' and c.account = o.account))
         order by created_at desc, id desc limit 1",
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Order::try_from).transpose()
}

/// Whether a card was charged by itself to an order's account.
///
/// # Errors
/// When the database is away.
pub async fn was_charged(conn: &mut PgConnection, order: &Order) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from platform_orders where provider_id = $1 and kind = 'recurring' and account = $2) as "found!""#,
        order.provider.uuid(),
        order.account,
    )
    .fetch_one(conn)
    .await
}

/// Writes what came of handing an order in; what was decided meanwhile stays.
///
/// # Errors
/// When the database refuses.
pub async fn note_submitted(
    conn: &mut PgConnection,
    order: &Order,
    state: State,
    tracking: Option<&Name>,
    redirect: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update platform_orders set tracking_id = coalesce(tracking_id, $3), redirect_url = $4,
                state = case when state in ('created', 'lost') then $5 else state end
         where provider_id = $1 and id = $2",
        order.provider.uuid(),
        order.id.uuid(),
        tracking.map(Name::as_str),
        redirect,
        state.word(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes an attempt away from an order that came to nothing, so that another can be made for it.
///
/// # Errors
/// When the database refuses.
pub async fn supersede(conn: &mut PgConnection, order: &Order) -> sqlx::Result<()> {
    sqlx::query!(
        "update platform_orders set is_current = false, state = case when state in ('created', 'lost') then 'expired' else state end
         where provider_id = $1 and id = $2",
        order.provider.uuid(),
        order.id.uuid(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes where an order is now, with what the rail said of it. What the rail took back is no question any more once the money is back.
///
/// # Errors
/// When the database refuses.
pub async fn set_state(
    conn: &mut PgConnection,
    order: &Order,
    state: State,
    told: Option<&Told>,
    settled_at: Option<Timestamp>,
) -> sqlx::Result<()> {
    let short = |text: &String| text.chars().take(LONGEST).collect::<String>();
    let said =
        |field: fn(&Told) -> &Option<String>| told.and_then(|told| field(told).as_ref().map(short));
    sqlx::query!(
        "update platform_orders set state = $3, settled_at = $4, confirmation_code = coalesce($5, confirmation_code),
                payment_method = coalesce($6, payment_method), payer = coalesce($7, payer),
                paid_cents = case when $8 then null else paid_cents end, paid_currency = case when $8 then null else paid_currency end,
                flag = case when $3 = 'reversed' and flag = 'contrary' then null else flag end
         where provider_id = $1 and id = $2",
        order.provider.uuid(),
        order.id.uuid(),
        state.word(),
        settled_at.map(At) as Option<At>,
        said(|told| &told.confirmation),
        said(|told| &told.method),
        said(|told| &told.payer),
        // In full, whatever an earlier answer said.
        state == State::Completed && told.is_some(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Has a person look at an order, with what the rail said was paid; what was made of an earlier flag is open again, and so is giving money back
/// that came once more after it had gone back.
///
/// # Errors
/// When the database refuses.
pub async fn flag(
    conn: &mut PgConnection,
    order: &Order,
    flag: Flag,
    told: Option<&Told>,
) -> sqlx::Result<()> {
    let short = |text: &String| text.chars().take(LONGEST).collect::<String>();
    let paid = told.and_then(|told| told.cents.zip(told.currency.as_ref()));
    sqlx::query!(
        "update platform_orders set resolution = case when flag is distinct from $3 then null else resolution end,
                resolved_at = case when flag is distinct from $3 then null else resolved_at end, flag = $3,
                paid_cents = coalesce($4, paid_cents), paid_currency = coalesce($5, paid_currency),
                confirmation_code = coalesce($6, confirmation_code),
                refund = case when $3 = 'contrary' and state = 'reversed' and flag is distinct from $3 then null else refund end,
                refund_at = case when $3 = 'contrary' and state = 'reversed' and flag is distinct from $3 then null else refund_at end
         where provider_id = $1 and id = $2",
        order.provider.uuid(),
        order.id.uuid(),
        flag.word(),
        paid.map(|(cents, _)| cents.max(0)),
        paid.map(|(_, currency)| currency.chars().take(10).collect::<String>()),
        told.and_then(|told| told.confirmation.as_ref().map(short)),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes what somebody made of an order's flag.
///
/// # Errors
/// When the database refuses.
pub async fn resolve(
    conn: &mut PgConnection,
    order: &Order,
    resolution: Resolution,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update platform_orders set resolution = $3, resolved_at = $4 where provider_id = $1 and id = $2",
        order.provider.uuid(),
        order.id.uuid(),
        resolution.word(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether another order that somebody paid by hand was paid while this one waited.
///
/// # Errors
/// When the database is away.
pub async fn paid_meanwhile(conn: &mut PgConnection, order: &Order) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from platform_orders where provider_id = $1 and id <> $2 and kind = 'once' and state = 'completed'
                          and settled_at > $3) as "found!""#,
        order.provider.uuid(),
        order.id.uuid(),
        At(order.created_at),
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// How a business is written to about what it pays: its own address, else its longest owner's.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// An e-mail address.
    pub email: Option<String>,
    /// A phone number.
    pub phone: Option<String>,
    /// What customers know it by.
    pub business: String,
}

/// Finds out how a business is written to.
///
/// # Errors
/// When the database is away.
pub async fn contact(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<Contact>> {
    let row = sqlx::query!(
        "select b.business_name, b.contact_email, o.email as owner_email, o.phone as owner_phone
         from providers b left join lateral
            (select p.email, p.phone from staff s join people p on p.id = s.person_id
             where s.provider_id = b.id and s.role = 'owner' and s.ended_at is null order by s.created_at limit 1) o on true
         where b.id = $1",
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Contact {
        email: row.contact_email.or(row.owner_email),
        phone: row.owner_phone,
        business: row.business_name,
    }))
}
