//! `mnara-controller site …`: places with a hotspot, and the line that enrols their agent.

use clap::Subcommand;
use mnara_protocol::enrol::fingerprint;
use mnara_protocol::ids::{ProviderId, SiteId};

use crate::app::App;
use crate::fleet::create::{create, let_go};
use crate::fleet::enrol::claim;
use crate::fleet::identity::load;
use crate::fleet::store;
use crate::tickets::feed::refresh_site;

/// Sites printed at once.
const PAGE: u16 = 500;

/// What to do with sites.
#[derive(Debug, Subcommand)]
pub enum SiteCommand {
    /// Makes a site and prints its id.
    Create {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
        /// What its owner calls it.
        #[arg(long)]
        name: String,
    },
    /// Lists a provider's sites.
    List {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
    },
    /// Prints the line that enrols an agent for a site; it is good for an hour and works once.
    Claim {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
        /// The site.
        site: SiteId,
    },
    /// Lets a site's agent go; its link ends at once.
    Revoke {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
        /// The site.
        site: SiteId,
    },
    /// Shows how a site stands: its agent, its journal, its feed.
    Show {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
        /// The site.
        site: SiteId,
    },
}

/// Obeys.
///
/// # Errors
/// With words for whoever typed it.
pub async fn run(command: SiteCommand, app: &App) -> anyhow::Result<()> {
    match command {
        SiteCommand::Create { provider, name } => {
            let site = create(app, provider, &name).await?;
            let mut tx = app.db.tenant(provider).await?;
            refresh_site(app, &mut tx, provider, site).await?;
            tx.commit().await?;
            println!("{site}");
        }
        SiteCommand::List { provider } => {
            let mut tx = app.db.tenant(provider).await?;
            for site in store::sites(&mut tx, provider, None, PAGE).await? {
                println!("{}\t{}", site.id, site.name);
            }
        }
        SiteCommand::Claim { provider, site } => {
            let code = claim(app, provider, site).await?;
            let identity = hex::encode(fingerprint(&load(app).await?.verifying_key()));
            let url = app.config.web.public();
            println!(
                "mnara-agent enrol --controller {url} --claim {code} --identity {identity}",
                url = url.as_str()
            );
        }
        SiteCommand::Revoke { provider, site } => {
            let_go(app, provider, site).await?;
        }
        SiteCommand::Show { provider, site } => {
            let mut tx = app.db.tenant(provider).await?;
            match store::link::standing(&mut tx, provider, site).await? {
                None => println!("no agent is enrolled"),
                Some(standing) => {
                    let seen = standing
                        .last_seen
                        .map_or_else(|| "never".to_owned(), |at| at.as_secs().to_string());
                    println!("agent\t{}", standing.agent);
                    println!("software\t{}", standing.software);
                    println!("last-seen\t{seen}");
                    println!("journal-mark\t{}", standing.mark);
                    println!("feed-revision\t{}", standing.feed);
                }
            }
        }
    }
    Ok(())
}
