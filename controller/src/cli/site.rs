//! `mnara-controller site …`: places with a hotspot, and the line that enrols their agent.

use anyhow::bail;
use clap::Subcommand;
use mnara_protocol::ids::{Mac, ProviderId, SiteId};
use mnara_protocol::message::{Finding, Report, Verdict};
use mnara_protocol::ticket::code::TicketCode;
use sqlx::PgConnection;

use super::{exists, shown};
use crate::access::act::{Act, tell_in};
use crate::app::App;
use crate::audit::Actor;
use crate::fleet::close::close;
use crate::fleet::command::{self, Patience};
use crate::fleet::create::{create, let_go};
use crate::fleet::enrol::line;
use crate::fleet::store;
use crate::tickets::feed::refresh_site;
use crate::tickets::{self, Stage};

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
    /// Lists a provider's sites that are not closed.
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
    /// Closes a site for good: it sells nothing any more and counts for no plan. Its sales and vouchers stay in the books.
    Close {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
        /// The site.
        site: SiteId,
    },
    /// Lists what a person should know about a site, the newest first: time, what, and a number that goes with it.
    Events {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
        /// The site.
        site: SiteId,
        /// How many at most.
        #[arg(long, default_value_t = 50)]
        most: u16,
    },
    /// Has a site's agent look everything over (router, portal, link, clock) and prints what it found.
    Diagnose {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
        /// The site.
        site: SiteId,
    },
    /// Takes the devices of a ticket off the air once; the ticket stays good, and they may come back.
    Kick {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
        /// The site.
        site: SiteId,
        /// The code of the ticket.
        #[arg(long)]
        code: String,
        /// One device only.
        #[arg(long)]
        mac: Option<Mac>,
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

async fn known(conn: &mut PgConnection, provider: ProviderId, site: SiteId) -> anyhow::Result<()> {
    match store::site(conn, provider, site).await? {
        Some(_) => Ok(()),
        None => bail!("this business has no such site: `site list` shows them"),
    }
}

/// Obeys.
///
/// # Errors
/// With words for whoever typed it.
pub async fn run(command: SiteCommand, app: &App) -> anyhow::Result<()> {
    match command {
        SiteCommand::Create { provider, name } => {
            exists(app, provider).await?;
            let site = create(app, provider, &name, Actor::Command).await?;
            let mut tx = app.db.tenant(provider).await?;
            refresh_site(app, &mut tx, provider, site).await?;
            tx.commit().await?;
            println!("{site}");
        }
        SiteCommand::List { provider } => {
            exists(app, provider).await?;
            let mut tx = app.db.tenant(provider).await?;
            for site in store::sites(&mut tx, provider, None, PAGE).await? {
                println!("{}\t{}", site.id, site.name);
            }
        }
        SiteCommand::Claim { provider, site } => {
            println!("{}", line(app, provider, site, Actor::Command).await?);
        }
        SiteCommand::Revoke { provider, site } => {
            let mut tx = app.db.tenant(provider).await?;
            known(&mut tx, provider, site).await?;
            drop(tx);
            let_go(app, provider, site, Actor::Command).await?;
            println!("Let go. `site claim` prints the line that enrols another.");
        }
        SiteCommand::Close { provider, site } => {
            close(app, provider, site, Actor::Command).await?;
            println!("Closed. Its sales and vouchers stay in the books.");
        }
        SiteCommand::Events {
            provider,
            site,
            most,
        } => {
            let mut tx = app.db.tenant(provider).await?;
            known(&mut tx, provider, site).await?;
            for event in store::events::events(&mut tx, provider, site, None, most).await? {
                let value = event
                    .value
                    .map_or_else(String::new, |value| value.to_string());
                println!("{}\t{}\t{value}", shown(event.at), event.kind);
            }
        }
        SiteCommand::Diagnose { provider, site } => {
            let mut tx = app.db.tenant(provider).await?;
            known(&mut tx, provider, site).await?;
            let id = tell_in(
                app,
                &mut tx,
                (provider, site),
                Actor::Command,
                Act::Diagnose,
                None,
            );
            let id = id.await?;
            tx.commit().await?;
            let patience = Patience::of_a_person(app);
            match command::report(app, provider, id, patience).await? {
                Report::Findings(report) => tell(&report.findings),
                Report::Done | Report::TooLate | Report::Refused(_) => {
                    bail!("the site did not say what it found")
                }
            }
        }
        SiteCommand::Kick {
            provider,
            site,
            code,
            mac,
        } => {
            let mut tx = app.db.tenant(provider).await?;
            known(&mut tx, provider, site).await?;
            let code = TicketCode::parse(&code)?;
            let now = app.clock.now();
            let found = tickets::store::by_code(&mut tx, provider, &code, now).await?;
            let Some(found) = found else {
                bail!("this business has no ticket of that code");
            };
            let ticket = found.kept.ticket;
            let (act, stage) = (Act::Kick(ticket.id, mac), Stage::of(&ticket, now));
            let id = tell_in(
                app,
                &mut tx,
                (provider, site),
                Actor::Command,
                act,
                Some(stage),
            );
            let id = id.await?;
            tx.commit().await?;
            match command::report(app, provider, id, Patience::of_a_person(app)).await? {
                Report::Done => println!("Done."),
                Report::Refused(_) => bail!("this ticket is not in use at this site"),
                Report::TooLate | Report::Findings(_) => {
                    bail!("the site heard of it too late and did nothing; try again")
                }
            }
        }
        SiteCommand::Show { provider, site } => {
            let mut tx = app.db.tenant(provider).await?;
            known(&mut tx, provider, site).await?;
            match store::standing::standing(&mut tx, provider, site).await? {
                None => println!("no agent is enrolled"),
                Some(standing) => {
                    let seen = standing.last_seen.map_or_else(|| "never".to_owned(), shown);
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

/// Prints what a site found, as its own doctor does.
fn tell(findings: &[Finding]) {
    for finding in findings {
        let mark = match finding.verdict {
            Verdict::Good => "ok  ",
            Verdict::Doubtful => "look",
            Verdict::Bad => "BAD ",
        };
        println!("{mark} {}: {}", finding.about, finding.says);
        if let Some(next) = &finding.next {
            println!("     -> {next}");
        }
    }
}
