//! Payments of customers as the API shows them: the lines of the pages' list, and what each bought.

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId, TicketId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::RowId as _;
use crate::payments::store::list::{Line, Sort, Wanted, lines};
use crate::payments::store::story;

/// One payment.
#[derive(Clone, Debug)]
pub struct Payment {
    /// What the list has of it.
    pub line: Line,
    /// What it bought.
    pub ticket: Option<TicketId>,
}

/// Lists customers' payments before one, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn payments(
    conn: &mut PgConnection,
    provider: ProviderId,
    wanted: Wanted,
    before: Option<(Timestamp, PaymentId)>,
    limit: u16,
) -> sqlx::Result<Vec<Payment>> {
    let wanted = Wanted {
        sort: Sort::Sales,
        ..wanted
    };
    let found = lines(&mut *conn, provider, &wanted, before, limit).await?;
    with_tickets(conn, provider, found).await
}

/// Finds one.
///
/// # Errors
/// When the database is away.
pub async fn payment(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PaymentId,
) -> sqlx::Result<Option<Payment>> {
    let more = story::more(&mut *conn, provider, id).await?;
    let found = more.filter(|more| !more.is_test).map(|more| more.line);
    let found = with_tickets(conn, provider, found.into_iter().collect()).await?;
    Ok(found.into_iter().next())
}

async fn with_tickets(
    conn: &mut PgConnection,
    provider: ProviderId,
    found: Vec<Line>,
) -> sqlx::Result<Vec<Payment>> {
    let ids: Vec<Uuid> = found.iter().map(|line| line.id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select payment_id as "payment!", id from tickets where provider_id = $1 and payment_id = any($2)"#,
        provider.uuid(),
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let tickets: BTreeMap<Uuid, Uuid> = rows.into_iter().map(|row| (row.payment, row.id)).collect();
    Ok(found
        .into_iter()
        .map(|line| Payment {
            ticket: tickets
                .get(&line.id.uuid())
                .map(|id| TicketId::from_uuid(*id)),
            line,
        })
        .collect())
}
