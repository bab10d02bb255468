//! All SQL of looks.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::message::{PictureKind, Spoken};
use sqlx::PgConnection;

use super::{Draft, Kept, Logo, Trial};
use crate::db::{At, RowId};

pub(super) const fn kind_word(kind: PictureKind) -> Option<&'static str> {
    match kind {
        PictureKind::Png => Some("png"),
        PictureKind::Jpeg => Some("jpeg"),
        PictureKind::Webp => Some("webp"),
        PictureKind::Other(_) => None,
    }
}

fn kind(word: &str) -> Option<PictureKind> {
    PictureKind::KNOWN
        .iter()
        .copied()
        .find(|kind| kind_word(*kind) == Some(word))
}

pub(super) fn logo_of(word: Option<&str>, picture: Option<Vec<u8>>) -> sqlx::Result<Option<Logo>> {
    let Some((word, picture)) = word.zip(picture) else {
        return Ok(None);
    };
    let kind =
        kind(word).ok_or_else(|| sqlx::Error::Decode("a logo_kind is out of range".into()))?;
    Ok(Some(Logo { kind, picture }))
}

/// Finds the look of a business that has decided one.
///
/// # Errors
/// When the database is away.
pub async fn look(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Option<Kept>> {
    let row = sqlx::query!(
        "select p.colour, p.help_phone, l.button, l.welcome_en, l.welcome_sw, l.banner_en, l.banner_sw, l.terms_en, l.terms_sw,
                l.logo_kind, l.logo, l.trial_on, l.trial_minutes, l.trial_data_mb, l.trial_mbps, l.trial_days, l.trial_a_day
         from portal_looks l join providers p on p.id = l.provider_id where l.provider_id = $1",
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let logo = logo_of(row.logo_kind.as_deref(), row.logo)?;
    let small = |number: i32| u16::try_from(number).unwrap_or(u16::MAX);
    let spoken = |english, swahili| Spoken { english, swahili };
    Ok(Some(Kept {
        draft: Draft {
            colour: row.colour.unsigned_abs(),
            button: row.button.map(i32::unsigned_abs),
            help_phone: row.help_phone,
            welcome: spoken(row.welcome_en, row.welcome_sw),
            banner: spoken(row.banner_en, row.banner_sw),
            terms: spoken(row.terms_en, row.terms_sw),
            trial: Trial {
                is_on: row.trial_on,
                minutes: small(row.trial_minutes),
                data_mb: row.trial_data_mb.map(i32::unsigned_abs),
                mbps: row.trial_mbps.map(small),
                every_days: small(row.trial_days),
                a_day: small(row.trial_a_day),
            },
        },
        logo,
    }))
}

pub(super) fn colour_column(colour: u32) -> i32 {
    i32::try_from(colour & 0x00ff_ffff).unwrap_or(0)
}

/// Keeps colours and words; the logo stays as it is.
///
/// # Errors
/// When the database refuses.
pub async fn put(
    conn: &mut PgConnection,
    provider: ProviderId,
    draft: &Draft,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update providers set colour = $2, help_phone = $3 where id = $1",
        provider.uuid(),
        colour_column(draft.colour),
        draft.help_phone,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into portal_looks (provider_id, button, welcome_en, welcome_sw, banner_en, banner_sw, terms_en, terms_sw, changed_at,
                                   trial_on, trial_minutes, trial_data_mb, trial_mbps, trial_days, trial_a_day)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict (provider_id) do update
         set button = excluded.button, welcome_en = excluded.welcome_en, welcome_sw = excluded.welcome_sw,
             banner_en = excluded.banner_en, banner_sw = excluded.banner_sw, terms_en = excluded.terms_en,
             terms_sw = excluded.terms_sw, changed_at = excluded.changed_at, trial_on = excluded.trial_on,
             trial_minutes = excluded.trial_minutes, trial_data_mb = excluded.trial_data_mb, trial_mbps = excluded.trial_mbps,
             trial_days = excluded.trial_days, trial_a_day = excluded.trial_a_day",
        provider.uuid(),
        draft.button.map(colour_column),
        draft.welcome.english,
        draft.welcome.swahili,
        draft.banner.english,
        draft.banner.swahili,
        draft.terms.english,
        draft.terms.swahili,
        At(now),
        draft.trial.is_on,
        i32::from(draft.trial.minutes),
        draft.trial.data_mb.and_then(|mb| i32::try_from(mb).ok()),
        draft.trial.mbps.map(i32::from),
        i32::from(draft.trial.every_days),
        i32::from(draft.trial.a_day),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps a logo, or takes it away; the rest stays as it is.
///
/// # Errors
/// When the database refuses.
pub async fn put_logo(
    conn: &mut PgConnection,
    provider: ProviderId,
    logo: Option<&Logo>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into portal_looks (provider_id, welcome_en, welcome_sw, banner_en, banner_sw, terms_en, terms_sw, logo_kind, logo, changed_at)
         values ($1, '', '', '', '', '', '', $2, $3, $4)
         on conflict (provider_id) do update
         set logo_kind = excluded.logo_kind, logo = excluded.logo, changed_at = excluded.changed_at",
        provider.uuid(),
        logo.and_then(|logo| kind_word(logo.kind)),
        logo.map(|logo| logo.picture.as_slice()),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}
