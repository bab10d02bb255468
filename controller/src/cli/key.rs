//! `mnara-controller key …`: keys for secrets at rest.

use clap::Subcommand;
use mnara_protocol::ids::ProviderId;
use secrecy::ExposeSecret as _;

use crate::app::App;
use crate::db::Reason;
use crate::providers::log_in::{reset, second};
use crate::providers::{mail, mpesa, sms, store};
use crate::tickets::series;
use crate::vault::{Column, Vault};
use crate::{config::Config, fleet::identity, payments, webhooks, with_app};

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
    let (mut after, mut count) = (None, 0);
    for column in Column::ALL {
        count += of_platform(app, column).await?;
    }
    loop {
        let mut tx = app.db.platform(Reason::Admin).await?;
        let page = store::providers(&mut tx, after, PAGE).await?;
        drop(tx);
        for provider in &page {
            for column in Column::ALL {
                count += of_business(app, column, provider.id).await?;
            }
        }
        after = page.last().map(|provider| provider.id);
        if page.len() < usize::from(PAGE) {
            return Ok(count);
        }
    }
}

async fn of_platform(app: &App, column: Column) -> anyhow::Result<u32> {
    Ok(match column {
        Column::IdentityKey => identity::reseal(app).await?,
        Column::Letter => mail::reseal(app).await?,
        Column::ResetContact => reset::reseal(app).await?,
        Column::SecondFactor => second::reseal(app).await?,
        Column::MpesaKey
        | Column::MpesaSecret
        | Column::MpesaPasskey
        | Column::PaymentToken
        | Column::SeriesKey
        | Column::Text
        | Column::EndpointSecret => 0,
    })
}

async fn of_business(app: &App, column: Column, provider: ProviderId) -> anyhow::Result<u32> {
    Ok(match column {
        Column::MpesaKey => mpesa::reseal(app, provider).await?,
        // With the first of a set go the other two.
        Column::MpesaSecret | Column::MpesaPasskey => 0,
        Column::PaymentToken => payments::tokens::reseal(app, provider).await?,
        Column::SeriesKey => series::reseal(app, provider).await?,
        Column::EndpointSecret => webhooks::edit::reseal(app, provider).await?,
        Column::Text => sms::reseal(app, provider).await?,
        Column::IdentityKey | Column::Letter | Column::ResetContact | Column::SecondFactor => 0,
    })
}
