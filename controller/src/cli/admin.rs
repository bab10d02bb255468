//! `mnara-controller admin …`: the platform's own staff, and what they decide about businesses.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use mnara_protocol::ids::ProviderId;
use secrecy::SecretString;

use super::secret;
use crate::admin::{begin, standing};
use crate::app::App;
use crate::audit::Actor;
use crate::providers::log_in::reset;
use crate::providers::people::Contact;
use crate::providers::state::Move;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Makes somebody one of the platform's staff.
    Create {
        /// What they are called.
        #[arg(long)]
        name: String,
        /// The e-mail address or phone number they log in with.
        #[arg(long)]
        contact: String,
        /// A file with their password, and nothing else; `-` reads standard input.
        #[arg(long, default_value = "-")]
        password: PathBuf,
    },
    /// Makes a link by which somebody chooses a new password, owner or staff, and prints it: it is good once, for an hour.
    ResetLink {
        /// The e-mail address or phone number they log in with.
        #[arg(long)]
        who: String,
    },
    /// Lets a business in that signed up.
    Approve {
        /// The business.
        provider: ProviderId,
    },
    /// Stops a business: its sites sell nothing, and what was sold goes on.
    Suspend {
        /// The business.
        provider: ProviderId,
    },
    /// Lets a business go on.
    Reinstate {
        /// The business.
        provider: ProviderId,
    },
}

/// Obeys.
///
/// # Errors
/// With words for whoever typed it.
pub async fn run(command: AdminCommand, app: &App) -> anyhow::Result<()> {
    let (provider, to) = match command {
        AdminCommand::Create {
            name,
            contact,
            password,
        } => return create(app, &name, &contact, &password).await,
        AdminCommand::ResetLink { who } => return reset_link(app, &who).await,
        AdminCommand::Approve { provider } => (provider, Move::Approve),
        AdminCommand::Suspend { provider } => (provider, Move::Suspend),
        AdminCommand::Reinstate { provider } => (provider, Move::Reinstate),
    };
    let state = standing::stand(app, provider, to, Actor::Command).await?;
    println!("{provider} is {} now.", state.word());
    Ok(())
}

async fn reset_link(app: &App, who: &str) -> anyhow::Result<()> {
    let made = reset::by_command(app, &who.parse()?).await?;
    println!("{}", made.context("nobody logs in with that")?);
    Ok(())
}

async fn create(app: &App, name: &str, contact: &str, password: &Path) -> anyhow::Result<()> {
    let contact: Contact = contact.parse()?;
    let password = secret(password).context("cannot read the password")?;
    let password = SecretString::from(password.trim_end_matches(['\r', '\n']));
    let person = begin::make(app, name, contact, password).await?;
    println!("{person}");
    Ok(())
}
