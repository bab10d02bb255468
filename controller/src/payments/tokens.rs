//! Buyers' tokens at rest. They are made and read in `checkout`.

use mnara_protocol::ids::ProviderId;

use super::checkout::TOKEN;
use super::store::tokens as store;
use crate::app::App;

/// Payments in one transaction.
const PAGE: u16 = 500;

/// Seals a business's tokens anew where an older key of the ring sealed them; says how many.
///
/// # Errors
/// When one does not open: its key must be in the list still.
pub async fn reseal(app: &App, provider: ProviderId) -> anyhow::Result<u32> {
    let (mut after, mut count) = (None, 0);
    loop {
        let mut tx = app.db.tenant(provider).await?;
        let tokens = store::sealed(&mut tx, provider, after, PAGE).await?;
        let mut renewed = Vec::new();
        for (id, sealed) in &tokens {
            if let Some(anew) = app.vault.reseal(provider, TOKEN, sealed)? {
                renewed.push((*id, anew));
                count += 1;
            }
        }
        store::set_sealed(&mut tx, provider, &renewed).await?;
        tx.commit().await?;
        after = tokens.last().map(|(id, _)| *id);
        if tokens.len() < usize::from(PAGE) {
            return Ok(count);
        }
    }
}
