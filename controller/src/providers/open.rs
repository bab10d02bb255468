//! Opening a business.

use mnara_protocol::ids::ProviderId;
use thiserror::Error;

use super::state::State;
use super::{BadProvider, Provider, check_email, check_name, store};
use crate::app::App;

/// What a person says about a new business.
#[derive(Clone, Debug)]
pub struct Opening {
    /// What customers know it by.
    pub business_name: String,
    /// Where its owner is written to.
    pub contact_email: String,
    /// Brand colour as 0xRRGGBB.
    pub colour: u32,
    /// A number customers can call.
    pub help_phone: Option<String>,
    /// Whether grants wait for a query to agree with the callback.
    pub confirm_by_query: bool,
}

/// Why a business was not opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// It cannot be set so.
    #[error(transparent)]
    Bad(#[from] BadProvider),
    /// The database refused.
    #[error("the business could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Opens a business; M-PESA and sites come afterwards.
///
/// # Errors
/// [`OpenError`].
pub async fn open(app: &App, opening: Opening) -> Result<Provider, OpenError> {
    check_name(&opening.business_name)?;
    check_email(&opening.contact_email)?;
    if opening
        .help_phone
        .as_ref()
        .is_some_and(|phone| phone.chars().count() > 20)
    {
        return Err(BadProvider::HelpPhone.into());
    }
    let now = app.clock.now();
    let provider = Provider {
        id: ProviderId::new(now, app.entropy.bytes()),
        business_name: opening.business_name.trim().to_owned(),
        contact_email: Some(opening.contact_email),
        colour: opening.colour & 0x00ff_ffff,
        help_phone: opening.help_phone,
        confirm_by_query: opening.confirm_by_query,
    };
    let mut tx = app.db.tenant(provider.id).await?;
    store::insert(
        &mut tx,
        &provider,
        State::Active,
        &callback_path(provider.id),
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(provider)
}

/// The path under which this provider's callbacks come in: without the word Safaricom refuses in addresses.
#[must_use]
pub fn callback_path(provider: ProviderId) -> String {
    format!("/api/pay/{provider}")
}
