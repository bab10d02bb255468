//! All SQL that writes the books.

use mnara_protocol::ids::{LedgerId, ProviderId};
use sqlx::PgConnection;

use super::{Line, NotWritten};
use crate::db::{At, RowId as _};

/// Adds a line, unless the same stands there.
///
/// # Errors
/// [`NotWritten`].
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: LedgerId,
    line: Line<'_>,
) -> Result<(), NotWritten> {
    let done = sqlx::query!(
        "insert into ledger (id, provider_id, cause, payment_id, unmatched_id, turn, debit, credit, cents, currency, receipt, site_id, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (provider_id, (coalesce(payment_id, unmatched_id)), cause, turn) do nothing",
        id.uuid(),
        provider.uuid(),
        line.cause.word(),
        line.payment.map(|id| id.uuid()),
        line.unmatched.map(|id| id.uuid()),
        i32::try_from(line.turn).unwrap_or(i32::MAX),
        line.debit.word(),
        line.credit.word(),
        line.amount.cents(),
        line.amount.currency().code(),
        line.receipt,
        line.site.map(|id| id.uuid()),
        At(line.at),
    )
    .execute(conn)
    .await;
    match done {
        Ok(_) => Ok(()),
        Err(error) => Err(
            match error
                .as_database_error()
                .and_then(|error| error.constraint())
            {
                Some("ledger_receipt") => NotWritten::ReceiptTaken,
                _ => NotWritten::Database(error),
            },
        ),
    }
}
