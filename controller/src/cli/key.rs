//! `mnara-controller key`: keys for secrets at rest.

use clap::Subcommand;
use secrecy::ExposeSecret as _;

use crate::vault::Vault;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Prints a new key for `ENCRYPTION_KEY`. Keep it where the backups are not.
    New,
}

/// Runs the command.
pub fn run(command: &KeyCommand) {
    match command {
        KeyCommand::New => println!("{}", Vault::new_key().expose_secret()),
    }
}
