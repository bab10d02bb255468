//! `mnara-controller admin …`: the platform's own staff, and what they decide about businesses.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use mnara_protocol::ids::ProviderId;
use secrecy::SecretString;

use super::secret;
use crate::admin::{begin, end, factors, standing};
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
        #[arg(
            long,
            required_unless_present = "existing",
            conflicts_with = "existing"
        )]
        name: Option<String>,
        /// The e-mail address or phone number they log in with.
        #[arg(long)]
        contact: String,
        /// A file with their password, and nothing else; `-` reads standard input.
        #[arg(long, default_value = "-", conflicts_with = "existing")]
        password: PathBuf,
        /// Takes whoever logs in with that already, as they are: their name and password stay. Signing up proves no address, so be sure who that is.
        #[arg(long)]
        existing: bool,
    },
    /// Ends somebody's place among the platform's staff, and all their log-ins. What they are to a business stays.
    End {
        /// The e-mail address or phone number they log in with.
        #[arg(long)]
        contact: String,
        /// Also if nobody is left then who works for the platform.
        #[arg(long)]
        last: bool,
    },
    /// Takes the six digits and all passkeys away from somebody who lost them, and ends all their log-ins. Be sure that it is they who ask: until they
    /// set up others, their password is all it takes.
    EndSecond {
        /// The e-mail address or phone number they log in with.
        #[arg(long)]
        contact: String,
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
            name: Some(name),
            contact,
            password,
            existing: false,
        } => return create(app, &name, &contact, &password).await,
        AdminCommand::Create { contact, .. } => return promote(app, &contact).await,
        AdminCommand::End { contact, last } => return end_place(app, &contact, last).await,
        AdminCommand::EndSecond { contact } => return end_second(app, &contact).await,
        AdminCommand::ResetLink { who } => return reset_link(app, &who).await,
        AdminCommand::Approve { provider } => (provider, Move::Approve),
        AdminCommand::Suspend { provider } => (provider, Move::Suspend),
        AdminCommand::Reinstate { provider } => (provider, Move::Reinstate),
    };
    let state = standing::stand(app, provider, to, Actor::Command).await?;
    println!("{provider} is {} now.", state.word());
    Ok(())
}

async fn end_second(app: &App, contact: &str) -> anyhow::Result<()> {
    let gone = factors::forget(app, &contact.parse()?).await?;
    println!(
        "{:?} has no second factor now. Six digits that are gone: {}; passkeys: {}; log-ins that ended: {}.",
        gone.name,
        if gone.had_digits { "yes" } else { "none" },
        gone.passkeys,
        gone.log_ins
    );
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

async fn promote(app: &App, contact: &str) -> anyhow::Result<()> {
    let known = begin::promote(app, &contact.parse()?).await?;
    println!("{} {:?}", known.person, known.name);
    Ok(())
}

async fn end_place(app: &App, contact: &str, last: bool) -> anyhow::Result<()> {
    let last = if last {
        end::Last::Goes
    } else {
        end::Last::Stays
    };
    let ended = end::end(app, &contact.parse()?, last).await?;
    println!(
        "{:?} works for the platform no more. Log-ins ended with that: {}.",
        ended.name, ended.log_ins
    );
    Ok(())
}
