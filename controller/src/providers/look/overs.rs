//! All SQL of what one site says of its own on its portal.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use mnara_protocol::message::Spoken;
use sqlx::PgConnection;

use super::store::{colour_column, kind_word, logo_of};
use super::{KeptOver, Logo, Over};
use crate::db::{At, RowId};

/// What a site has of its own, if it was ever given anything.
///
/// # Errors
/// When the database is away.
pub async fn over(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
) -> sqlx::Result<Option<KeptOver>> {
    let row = sqlx::query!(
        "select colour, button, welcome_en, welcome_sw, banner_en, banner_sw, terms_en, terms_sw, logo_kind, logo
         from site_looks where provider_id = $1 and site_id = $2",
        provider.uuid(),
        site.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let spoken = |english, swahili| Spoken { english, swahili };
    Ok(Some(KeptOver {
        over: Over {
            colour: row.colour.map(i32::unsigned_abs),
            button: row.button.map(i32::unsigned_abs),
            welcome: spoken(row.welcome_en, row.welcome_sw),
            banner: spoken(row.banner_en, row.banner_sw),
            terms: spoken(row.terms_en, row.terms_sw),
        },
        logo: logo_of(row.logo_kind.as_deref(), row.logo)?,
    }))
}

/// Keeps colours and words of a site; its logo stays as it is.
///
/// # Errors
/// When the database refuses.
pub async fn put_over(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    over: &Over,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into site_looks (provider_id, site_id, colour, button, welcome_en, welcome_sw, banner_en, banner_sw, terms_en, terms_sw, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (site_id) do update
         set colour = excluded.colour, button = excluded.button, welcome_en = excluded.welcome_en, welcome_sw = excluded.welcome_sw,
             banner_en = excluded.banner_en, banner_sw = excluded.banner_sw, terms_en = excluded.terms_en,
             terms_sw = excluded.terms_sw, changed_at = excluded.changed_at",
        provider.uuid(),
        site.uuid(),
        over.colour.map(colour_column),
        over.button.map(colour_column),
        over.welcome.english,
        over.welcome.swahili,
        over.banner.english,
        over.banner.swahili,
        over.terms.english,
        over.terms.swahili,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps a logo of a site, or takes it away; the rest stays as it is.
///
/// # Errors
/// When the database refuses.
pub async fn put_over_logo(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    logo: Option<&Logo>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into site_looks (provider_id, site_id, welcome_en, welcome_sw, banner_en, banner_sw, terms_en, terms_sw, logo_kind, logo, changed_at)
         values ($1, $2, '', '', '', '', '', '', $3, $4, $5)
         on conflict (site_id) do update
         set logo_kind = excluded.logo_kind, logo = excluded.logo, changed_at = excluded.changed_at",
        provider.uuid(),
        site.uuid(),
        logo.and_then(|logo| kind_word(logo.kind)),
        logo.map(|logo| logo.picture.as_slice()),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}
