//! All SQL of the admin pages. It needs the platform's door.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use crate::db::RowId as _;
use crate::providers::state::State;

/// A business in the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: ProviderId,
    /// What customers know it by.
    pub name: String,
    /// How it stands.
    pub state: State,
    /// When it was opened.
    pub since: Timestamp,
    /// How many sites it has.
    pub sites: i64,
}

/// Businesses from the newest on, after one.
///
/// # Errors
/// When the database is away, or the column of the state holds a strange word.
pub async fn providers(
    conn: &mut PgConnection,
    after: Option<ProviderId>,
    limit: u16,
) -> sqlx::Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"select p.id, p.business_name, p.state, p.created_at, (select count(*) from sites s where s.provider_id = p.id) as "sites!"
           from providers p where $1::uuid is null or p.id < $1 order by p.id desc limit $2"#,
        after.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Listed {
                id: ProviderId::from_uuid(row.id),
                name: row.business_name,
                state: row.state.parse().map_err(|_| {
                    sqlx::Error::Decode(format!("providers.state says {}", row.state).into())
                })?,
                since: row.created_at.0,
                sites: row.sites,
            })
        })
        .collect()
}
