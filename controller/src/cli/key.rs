//! `mnara-controller key …`: keys for secrets at rest.

use clap::Subcommand;
use secrecy::ExposeSecret as _;

use crate::admin::reseal;
use crate::vault::Vault;
use crate::{config::Config, with_app};

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Prints a new key for `ENCRYPTION_KEY`. Keep it where the backups are not.
    New,
    /// Seals all that is stored with the first key of `ENCRYPTION_KEY`: put the new key before the old one, restart every process, run this. The
    /// old one may go once `/admin/jobs` says so and no backup needs it.
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
            let count = with_app(config, async |app| reseal::all(app).await).await?;
            println!("{count} secrets were sealed anew; the rest had the first key already.");
        }
    }
    Ok(())
}
