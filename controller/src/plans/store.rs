//! All SQL of plans.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PlanId, ProviderId};
use mnara_protocol::plan::{Burst, Hours, Plan, Rate, Terms};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::Draft;
use crate::db::{Amount, At, RowId};
use crate::nairobi;

struct PlanRow {
    id: Uuid,
    revision: i32,
    name: String,
    price: Amount,
    duration_secs: Option<i64>,
    online_secs: Option<i64>,
    data_bytes: Option<i64>,
    devices: i32,
    rate_down_bps: Option<i64>,
    rate_up_bps: Option<i64>,
    sell_by_secs: Option<i64>,
    on_sale: bool,
    position: i32,
    burst: Option<Vec<i64>>,
    sold_days: Option<i32>,
    sold_from: Option<i32>,
    sold_until: Option<i32>,
    colour: Option<i32>,
}

impl TryFrom<PlanRow> for Plan {
    type Error = sqlx::Error;

    fn try_from(row: PlanRow) -> sqlx::Result<Self> {
        let bad = |what: &str| {
            sqlx::Error::Decode(format!("plans.{what} of {} is out of range", row.id).into())
        };
        Ok(Self {
            id: PlanId::from_uuid(row.id),
            revision: u32::try_from(row.revision).map_err(|_| bad("revision"))?,
            terms: terms_from_row(
                row.duration_secs,
                row.online_secs,
                row.data_bytes,
                row.devices,
                row.rate_down_bps.zip(row.rate_up_bps),
                row.burst.as_deref(),
            )
            .ok_or_else(|| bad("terms"))?,
            sell_by_secs: narrow(row.sell_by_secs).map_err(|()| bad("sell_by_secs"))?,
            position: u16::try_from(row.position).map_err(|_| bad("position"))?,
            name: row.name,
            price: row.price.0,
            on_sale: row.on_sale,
            hours: match (row.sold_days, row.sold_from, row.sold_until) {
                (Some(days), Some(from), Some(until)) => Some(Hours {
                    days: u8::try_from(days).map_err(|_| bad("sold_days"))?,
                    from_minute: u16::try_from(from).map_err(|_| bad("sold_from"))?,
                    until_minute: u16::try_from(until).map_err(|_| bad("sold_until"))?,
                    ahead_minutes: nairobi::AHEAD_MINUTES,
                }),
                _ => None,
            },
            colour: row.colour.map(i32::unsigned_abs),
        })
    }
}

fn narrow(value: Option<i64>) -> Result<Option<u32>, ()> {
    value.map(u32::try_from).transpose().map_err(|_| ())
}

/// Reads terms as plans and tickets have them in their columns; `None` when a number is out of range.
#[must_use]
pub fn terms_from_row(
    duration_secs: Option<i64>,
    online_secs: Option<i64>,
    data_bytes: Option<i64>,
    devices: i32,
    rate: Option<(i64, i64)>,
    burst: Option<&[i64]>,
) -> Option<Terms> {
    let bits = |bps: i64| u64::try_from(bps).ok();
    let burst = match burst {
        None => None,
        Some([down, up, down_below, up_below, secs]) => Some(Burst {
            down_bps: bits(*down)?,
            up_bps: bits(*up)?,
            down_below_bps: bits(*down_below)?,
            up_below_bps: bits(*up_below)?,
            secs: u16::try_from(*secs).ok()?,
        }),
        Some(_) => return None,
    };
    let rate = match rate {
        None => None,
        Some((down, up)) => Some(Rate {
            down_bps: bits(down)?,
            up_bps: bits(up)?,
            burst,
        }),
    };
    Some(Terms {
        duration_secs: narrow(duration_secs).ok()?,
        online_secs: narrow(online_secs).ok()?,
        data_bytes: data_bytes.map(u64::try_from).transpose().ok()?,
        devices: u16::try_from(devices).ok()?,
        rate,
    })
}

/// Terms as columns; what a draft's check let through always fits.
#[derive(Clone, Debug)]
pub struct TermsColumns {
    /// `duration_secs`.
    pub duration_secs: Option<i64>,
    /// `online_secs`.
    pub online_secs: Option<i64>,
    /// `data_bytes`.
    pub data_bytes: Option<i64>,
    /// `devices`.
    pub devices: i32,
    /// `rate_down_bps`.
    pub rate_down_bps: Option<i64>,
    /// `rate_up_bps`.
    pub rate_up_bps: Option<i64>,
    /// `burst`.
    pub burst: Option<Vec<i64>>,
}

impl From<&Terms> for TermsColumns {
    fn from(terms: &Terms) -> Self {
        let wide = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        Self {
            duration_secs: terms.duration_secs.map(i64::from),
            online_secs: terms.online_secs.map(i64::from),
            data_bytes: terms.data_bytes.map(wide),
            devices: i32::from(terms.devices),
            rate_down_bps: terms.rate.map(|rate| wide(rate.down_bps)),
            rate_up_bps: terms.rate.map(|rate| wide(rate.up_bps)),
            burst: terms.rate.and_then(|rate| rate.burst).map(|burst| {
                let bits = [
                    burst.down_bps,
                    burst.up_bps,
                    burst.down_below_bps,
                    burst.up_below_bps,
                    u64::from(burst.secs),
                ];
                bits.map(wide).to_vec()
            }),
        }
    }
}

/// Adds a plan at its first revision.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PlanId,
    draft: &Draft,
    now: Timestamp,
) -> sqlx::Result<()> {
    let terms = TermsColumns::from(&draft.terms);
    sqlx::query!(
        "insert into plans (id, provider_id, revision, name, price, duration_secs, online_secs, data_bytes, devices,
                            rate_down_bps, rate_up_bps, sell_by_secs, on_sale, position, created_at,
                            burst, sold_days, sold_from, sold_until, colour)
         values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        id.uuid(),
        provider.uuid(),
        draft.name,
        Amount(draft.price),
        terms.duration_secs,
        terms.online_secs,
        terms.data_bytes,
        terms.devices,
        terms.rate_down_bps,
        terms.rate_up_bps,
        draft.sell_by_secs.map(i64::from),
        draft.on_sale,
        i32::from(draft.position),
        At(now),
        terms.burst.as_deref(),
        draft.hours.map(|hours| i32::from(hours.days)),
        draft.hours.map(|hours| i32::from(hours.from_minute)),
        draft.hours.map(|hours| i32::from(hours.until_minute)),
        draft.colour.map(colour_column),
    )
    .execute(conn)
    .await
    .map(drop)
}

fn colour_column(colour: u32) -> i32 {
    i32::try_from(colour & 0x00ff_ffff).unwrap_or(0)
}

/// Changes a plan and counts the change; says whether there was such a plan.
///
/// # Errors
/// When the database refuses.
pub async fn update(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PlanId,
    draft: &Draft,
) -> sqlx::Result<bool> {
    let terms = TermsColumns::from(&draft.terms);
    let changed = sqlx::query!(
        "update plans set revision = revision + 1, name = $3, price = $4, duration_secs = $5, online_secs = $6, data_bytes = $7,
                devices = $8, rate_down_bps = $9, rate_up_bps = $10, sell_by_secs = $11, on_sale = $12, position = $13,
                burst = $14, sold_days = $15, sold_from = $16, sold_until = $17, colour = $18
         where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
        draft.name,
        Amount(draft.price),
        terms.duration_secs,
        terms.online_secs,
        terms.data_bytes,
        terms.devices,
        terms.rate_down_bps,
        terms.rate_up_bps,
        draft.sell_by_secs.map(i64::from),
        draft.on_sale,
        i32::from(draft.position),
        terms.burst.as_deref(),
        draft.hours.map(|hours| i32::from(hours.days)),
        draft.hours.map(|hours| i32::from(hours.from_minute)),
        draft.hours.map(|hours| i32::from(hours.until_minute)),
        draft.colour.map(colour_column),
    )
    .execute(conn)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Finds one plan.
///
/// # Errors
/// When the database is away.
pub async fn plan(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PlanId,
) -> sqlx::Result<Option<Plan>> {
    sqlx::query_as!(
        PlanRow,
        "select id, revision, name, price, duration_secs, online_secs, data_bytes, devices, rate_down_bps, rate_up_bps,
                sell_by_secs, on_sale, position, burst, sold_days, sold_from, sold_until, colour
         from plans where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Plan::try_from)
    .transpose()
}

/// Lists a provider's plans in the order of the portal.
///
/// # Errors
/// When the database is away.
pub async fn plans(
    conn: &mut PgConnection,
    provider: ProviderId,
    limit: u16,
) -> sqlx::Result<Vec<Plan>> {
    sqlx::query_as!(
        PlanRow,
        "select id, revision, name, price, duration_secs, online_secs, data_bytes, devices, rate_down_bps, rate_up_bps,
                sell_by_secs, on_sale, position, burst, sold_days, sold_from, sold_until, colour
         from plans where provider_id = $1 order by position, id limit $2",
        provider.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Plan::try_from)
    .collect()
}
