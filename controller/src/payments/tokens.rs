//! Buyers' tokens at rest. They are made and read in `checkout`.

use futures_util::FutureExt as _;
use mnara_protocol::ids::ProviderId;

use super::checkout::TOKEN;
use super::store::tokens as store;
use crate::app::App;
use crate::db::sealed::{NotRenewed, renew};

/// Seals a business's tokens anew where an older key of the ring sealed them; says how many.
///
/// # Errors
/// [`NotRenewed`].
pub async fn reseal(app: &App, provider: ProviderId) -> Result<u32, NotRenewed> {
    renew(
        app,
        (provider.into(), TOKEN),
        move |conn, after, limit| store::sealed(conn, provider, after, limit).boxed(),
        move |conn, anew| async move { store::set_sealed(conn, provider, &anew).await }.boxed(),
    )
    .await
}
