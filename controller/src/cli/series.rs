//! `mnara-controller series …`: printed vouchers.

use clap::{Args, Subcommand, ValueEnum};
use mnara_protocol::ids::{PlanId, ProviderId, SeriesId, SiteId};
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::series::{Alphabet, CutOff};

use crate::app::App;
use crate::audit::Actor;
use crate::tickets::series::{Batch, print};
use crate::tickets::{counter, revoke};

/// What to do with printed vouchers.
#[derive(Debug, Subcommand)]
pub enum SeriesCommand {
    /// Prints a series: its id on standard error, one code a line on standard output.
    Create(Create),
    /// Takes a whole series back.
    Revoke {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
        /// The series.
        series: SeriesId,
    },
    /// Takes one ticket back.
    RevokeTicket {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
        /// Its code.
        code: String,
    },
}

/// Letters of the codes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Letters {
    /// Letters and digits without look-alikes.
    Crockford,
    /// Digits only.
    Digits,
}

/// What holds while a site cannot reach the controller.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Policy {
    /// Only the home site honours the codes.
    Home,
    /// Every site of the series does; double use is settled afterwards.
    Anywhere,
}

/// A new series.
#[derive(Debug, Args)]
pub struct Create {
    /// The business.
    #[arg(long)]
    provider: ProviderId,
    /// What each ticket gives.
    #[arg(long)]
    plan: PlanId,
    /// How many tickets.
    #[arg(long)]
    count: u32,
    /// The site where the series is at home.
    #[arg(long)]
    site: SiteId,
    /// Other sites that honour it.
    #[arg(long)]
    also: Vec<SiteId>,
    /// Letters of the codes.
    #[arg(long, value_enum, default_value = "crockford")]
    letters: Letters,
    /// Length of the codes, prefix included.
    #[arg(long, default_value_t = 8)]
    length: u8,
    /// What every code begins with.
    #[arg(long, default_value = "")]
    prefix: String,
    /// What holds while a site is cut off.
    #[arg(long, value_enum, default_value = "home")]
    cut_off: Policy,
    /// Prints the id alone: the codes are for selling at the counter.
    #[arg(long)]
    quiet: bool,
}

/// Obeys.
///
/// # Errors
/// With words for whoever typed it.
pub async fn run(command: SeriesCommand, app: &App) -> anyhow::Result<()> {
    match command {
        SeriesCommand::Create(series) => {
            let batch = Batch {
                id: None,
                sell_by_secs: None,
                plan: series.plan,
                count: series.count,
                alphabet: match series.letters {
                    Letters::Crockford => Alphabet::Crockford,
                    Letters::Digits => Alphabet::Digits,
                },
                length: series.length,
                prefix: series.prefix,
                home: series.site,
                sites: series.also,
                cut_off: match series.cut_off {
                    Policy::Home => CutOff::HomeOnly,
                    Policy::Anywhere => CutOff::Anywhere,
                },
            };
            let printed = print(app, series.provider, &batch, Actor::Command).await?;
            eprintln!("{}", printed.series.id);
            if !series.quiet {
                let mut tx = app.db.tenant(series.provider).await?;
                counter::store::shown(&mut tx, series.provider, printed.series.id, u32::MAX)
                    .await?;
                tx.commit().await?;
                for ticket in printed.tickets {
                    println!("{}", ticket.code.shown());
                }
            }
        }
        SeriesCommand::Revoke { provider, series } => {
            revoke::series(app, provider, series, Actor::Command).await?
        }
        SeriesCommand::RevokeTicket { provider, code } => {
            revoke::ticket(app, provider, &TicketCode::parse(&code)?, Actor::Command).await?
        }
    }
    Ok(())
}
