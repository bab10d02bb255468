//! What was sold for cash, the last first.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, TicketId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId as _};

/// Later than anything is sold: the year 9999.
pub const NEVER: Timestamp = Timestamp::from_secs(253_370_764_800);

/// A voucher that was sold for cash.
#[derive(Clone, Debug)]
pub struct Sale {
    /// The voucher.
    pub ticket: TicketId,
    /// Its plan.
    pub plan_name: String,
    /// For how much.
    pub amount: Money,
    /// The name of who sold it.
    pub seller: String,
    /// When.
    pub at: Timestamp,
    /// When it was undone.
    pub undone: Option<Timestamp>,
    /// When the voucher was used.
    pub used: Option<Timestamp>,
}

/// Lists sales of some time before one, the last first.
///
/// # Errors
/// When the database is away.
pub async fn sales(
    conn: &mut PgConnection,
    provider: ProviderId,
    (from, to): (Timestamp, Timestamp),
    before: Option<(Timestamp, TicketId)>,
    limit: u16,
) -> sqlx::Result<Vec<Sale>> {
    // Bounds that are always there, so that the index serves them.
    let (at, id) = before.unwrap_or((to, TicketId::from_bytes([0; 16])));
    let rows = sqlx::query!(
        r#"select c.ticket_id, t.plan_name, c.amount as "amount: Amount", c.sold_at as "sold_at: At", p.name,
                  c.undone_at as "undone_at: At", t.redeemed_at as "redeemed_at: At"
           from cash_sales c join tickets t on t.provider_id = $1 and t.id = c.ticket_id join people p on p.id = c.person_id
           where c.provider_id = $1 and c.sold_at >= $2 and c.sold_at < $3 and (c.sold_at, c.ticket_id) < ($4, $5)
           order by c.sold_at desc, c.ticket_id desc limit $6"#,
        provider.uuid(),
        At(from),
        At(to),
        At(at),
        id.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Sale {
            ticket: TicketId::from_uuid(row.ticket_id),
            plan_name: row.plan_name,
            amount: row.amount.0,
            seller: row.name,
            at: row.sold_at.0,
            undone: row.undone_at.map(|at| at.0),
            used: row.redeemed_at.map(|at| at.0),
        })
        .collect())
}
