//! `mnara-controller key …`: keys for secrets at rest.

use clap::Subcommand;
use secrecy::ExposeSecret as _;

use crate::app::App;
use crate::db::Reason;
use crate::providers::log_in::{reset, second};
use crate::providers::{mail, mpesa, store};
use crate::tickets::series;
use crate::vault::Vault;
use crate::{config::Config, fleet::identity, webhooks, with_app};

/// Providers taken at once.
const PAGE: u16 = 500;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Prints a new key for `ENCRYPTION_KEY`. Keep it where the backups are not.
    New,
    /// Seals all that is stored with the first key of `ENCRYPTION_KEY`: put the new key before the old one, restart, run this, and the
    /// old one may go once no backup needs it.
    Reseal,
}

/// Runs the command.
///
/// # Errors
/// With words for whoever typed it.
pub async fn run(command: KeyCommand, config: Config) -> anyhow::Result<()> {
    match command {
        KeyCommand::New => println!("{}", Vault::new_key().expose_secret()),
        KeyCommand::Reseal => {
            let count = with_app(config, async |app| reseal(app).await).await?;
            println!("{count} secrets were sealed anew; the rest had the first key already.");
        }
    }
    Ok(())
}

/// Seals everything stored anew; says how many secrets an older key had sealed.
///
/// # Errors
/// When a secret does not open: its key must be in the list still.
pub async fn reseal(app: &App) -> anyhow::Result<u32> {
    let mut count = identity::reseal(app).await?;
    count += mail::reseal(app).await?;
    count += reset::reseal(app).await?;
    count += second::reseal(app).await?;
    let mut after = None;
    loop {
        let mut tx = app.db.platform(Reason::Admin).await?;
        let page = store::providers(&mut tx, after, PAGE).await?;
        drop(tx);
        for provider in &page {
            count += mpesa::reseal(app, provider.id).await?;
            count += series::reseal(app, provider.id).await?;
            count += webhooks::edit::reseal(app, provider.id).await?;
        }
        after = page.last().map(|provider| provider.id);
        if page.len() < usize::from(PAGE) {
            return Ok(count);
        }
    }
}
