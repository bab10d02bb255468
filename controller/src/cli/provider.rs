//! `mnara-controller provider …`: businesses and their M-PESA account.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use mnara_protocol::ids::ProviderId;
use secrecy::SecretString;

use super::{exists, secret};
use crate::app::App;
use crate::audit::Actor;
use crate::payments::hand;
use crate::providers::c2b::Choice;
use crate::providers::open::{Opening, open};
use crate::providers::staff::By;
use crate::providers::staff::invite::invite;
use crate::providers::staff::roles::Role;
use crate::providers::{parse_colour, store};
use crate::rails::daraja::{Credentials, Registered, ShortcodeKind};
use crate::{db, payments};

/// Providers printed at once.
const PAGE: u16 = 500;

/// What to do with businesses.
#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// Opens a business and prints its id.
    Create(Create),
    /// Lists businesses.
    List,
    /// Asks somebody to join a business and prints the address they open: it is good once, for 7 days.
    Invite {
        /// The business.
        provider: ProviderId,
        /// What they are called.
        #[arg(long)]
        name: String,
        /// What they will be: owner, manager, cashier, technician or reader.
        #[arg(long, default_value = "owner")]
        role: Role,
    },
    /// Sets the M-PESA account customers pay into.
    Mpesa(Mpesa),
    /// Registers where M-PESA posts payments nobody was asked for. In production that happens once.
    C2bRegister {
        /// The business.
        provider: ProviderId,
    },
}

/// A new business.
#[derive(Debug, Args)]
pub struct Create {
    /// What customers know it by.
    #[arg(long)]
    name: String,
    /// Where its owner is written to.
    #[arg(long)]
    email: String,
    /// Brand colour, six hexadecimal digits.
    #[arg(long, default_value = "0a7d4b")]
    colour: String,
    /// A number customers can call.
    #[arg(long)]
    help_phone: Option<String>,
    /// Asks M-PESA about every success before anybody is let online: safer, some seconds slower.
    #[arg(long)]
    confirm_by_query: bool,
}

/// What kind of shortcode it is.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Pay bill.
    Paybill,
    /// Buy goods: a till under a store number.
    Till,
}

/// An M-PESA account. The credentials come as JSON, so that they stand in no process list.
#[derive(Debug, Args)]
pub struct Mpesa {
    /// The business.
    provider: ProviderId,
    /// Paybill number, or the store number of a till.
    #[arg(long)]
    shortcode: String,
    /// What kind it is.
    #[arg(long, value_enum)]
    kind: Kind,
    /// The till number, of a till.
    #[arg(long)]
    till: Option<String>,
    /// A JSON file with `consumer_key`, `consumer_secret` and `passkey`; `-` reads standard input.
    #[arg(long, default_value = "-")]
    credentials: PathBuf,
}

#[derive(serde::Deserialize)]
struct Keys {
    consumer_key: String,
    consumer_secret: String,
    passkey: String,
}

/// Obeys.
///
/// # Errors
/// With words for whoever typed it.
pub async fn run(command: ProviderCommand, app: &App) -> anyhow::Result<()> {
    match command {
        ProviderCommand::Create(create) => {
            let opening = Opening {
                colour: parse_colour(&create.colour)?,
                business_name: create.name,
                contact_email: create.email,
                help_phone: create.help_phone,
                confirm_by_query: create.confirm_by_query,
            };
            println!("{}", open(app, opening).await?.id);
        }
        ProviderCommand::List => list(app).await?,
        ProviderCommand::Invite {
            provider,
            name,
            role,
        } => {
            exists(app, provider).await?;
            let by = By {
                actor: Actor::Command,
                role: Role::Owner,
            };
            let code = invite(app, provider, by, &name, role).await?;
            println!("{}", app.config.web.public().join(&format!("/join/{code}")));
        }
        ProviderCommand::Mpesa(account) => set_account(account, app).await?,
        ProviderCommand::C2bRegister { provider } => {
            match hand::open(app, provider, Choice::USUAL, Actor::Command).await? {
                Registered::Now => println!("Registered."),
                Registered::Before => bail!(
                    "addresses were registered for this shortcode before, and M-PESA keeps them: if they are not ours, delete them on the \
                 Daraja portal and run this again"
                ),
            }
        }
    }
    Ok(())
}

async fn list(app: &App) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let mut tx = app.db.platform(db::Reason::Admin).await?;
        let page = store::providers(&mut tx, after, PAGE).await?;
        for provider in &page {
            println!(
                "{}\t{}\t{}",
                provider.id,
                provider.business_name,
                provider.contact_email.as_deref().unwrap_or("-")
            );
        }
        after = page.last().map(|provider| provider.id);
        if page.len() < usize::from(PAGE) {
            return Ok(());
        }
    }
}

async fn set_account(account: Mpesa, app: &App) -> anyhow::Result<()> {
    let kind = match (account.kind, account.till) {
        (Kind::Paybill, None) => ShortcodeKind::Paybill,
        (Kind::Till, Some(number)) => ShortcodeKind::Till { number },
        (Kind::Paybill, Some(_)) => bail!("a paybill has no till number: leave out --till"),
        (Kind::Till, None) => {
            bail!("give the till number with --till; --shortcode is the store number")
        }
    };
    let text = secret(&account.credentials)
        .with_context(|| format!("cannot read {}", account.credentials.display()))?;
    // serde's message could repeat a secret, so it is not passed on.
    let Ok(keys) = serde_json::from_str::<Keys>(&text) else {
        bail!("the credentials are not JSON with consumer_key, consumer_secret and passkey");
    };
    let set = Credentials {
        shortcode: account.shortcode,
        kind,
        consumer_key: SecretString::from(keys.consumer_key),
        consumer_secret: SecretString::from(keys.consumer_secret),
        passkey: SecretString::from(keys.passkey),
    };
    payments::account::set(app, account.provider, &set, Actor::Command).await?;
    println!(
        "M-PESA account set. An owner proves it with one shilling on the page {}",
        app.config.web.public().join("/settings/mpesa")
    );
    Ok(())
}
