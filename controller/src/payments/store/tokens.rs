//! Buyers' tokens as they are sealed.

use mnara_protocol::ids::{PaymentId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::RowId as _;

/// The sealed tokens of a business's payments after one, in id order.
///
/// # Errors
/// When the database is away.
pub async fn sealed(
    conn: &mut PgConnection,
    provider: ProviderId,
    after: Option<PaymentId>,
    limit: u16,
) -> sqlx::Result<Vec<(PaymentId, String)>> {
    let rows = sqlx::query!(
        r#"select id, token as "token!" from payments
           where provider_id = $1 and token is not null and ($2::uuid is null or id > $2) order by id limit $3"#,
        provider.uuid(),
        after.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (PaymentId::from_uuid(row.id), row.token))
        .collect())
}

/// Changes how tokens are sealed; a token itself never changes.
///
/// # Errors
/// When the database refuses.
pub async fn set_sealed(
    conn: &mut PgConnection,
    provider: ProviderId,
    tokens: &[(PaymentId, String)],
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = tokens.iter().map(|(id, _)| id.uuid()).collect();
    let sealed: Vec<String> = tokens.iter().map(|(_, sealed)| sealed.clone()).collect();
    sqlx::query!(
        "update payments p set token = t.sealed from unnest($2::uuid[], $3::text[]) as t (id, sealed)
         where p.provider_id = $1 and p.id = t.id",
        provider.uuid(),
        &ids,
        &sealed,
    )
    .execute(conn)
    .await
    .map(drop)
}
