//! `mnara-controller audit …`: proves that nobody changed what was written down.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use mnara_protocol::ids::ProviderId;

use crate::app::App;
use crate::audit::chain::{self, Head};
use crate::db::Reason;

/// Businesses read at once.
const PAGE: u16 = 200;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Follows the chains from their start, computes them again and says the first thing that is wrong.
    Verify {
        /// This business alone, or `platform`; left out, the platform's chain and every business's.
        #[arg(long)]
        provider: Option<String>,
        /// The number of a line somebody noted, with its seal.
        #[arg(long, requires_all = ["hash", "provider"])]
        number: Option<i64>,
        /// The seal that was noted there, as its page or the log showed it.
        #[arg(long, requires = "number")]
        hash: Option<String>,
    },
}

/// Obeys.
///
/// # Errors
/// When a chain is broken, or with words for whoever typed it.
pub async fn run(command: AuditCommand, app: &App) -> anyhow::Result<()> {
    let AuditCommand::Verify {
        provider,
        number,
        hash,
    } = command;
    let noted = match number.zip(hash) {
        Some((number, hash)) => Some(Head {
            number,
            hash: hex::decode(hash.trim())
                .ok()
                .and_then(|hash| hash.try_into().ok())
                .context("a seal is 64 hexadecimal digits")?,
        }),
        None => None,
    };
    let mut broken = 0;
    match provider.as_deref() {
        Some("platform") => broken += verify(app, None, noted).await?,
        Some(id) => {
            let id: ProviderId = id.parse()?;
            super::exists(app, id).await?;
            broken += verify(app, Some(id), noted).await?;
        }
        None => {
            broken += verify(app, None, None).await?;
            let mut after = None;
            loop {
                let mut tx = app.db.platform(Reason::Admin).await?;
                let chains = chain::chains(&mut tx, after, PAGE).await?;
                drop(tx);
                for id in &chains {
                    broken += verify(app, Some(*id), None).await?;
                }
                after = chains.last().copied();
                if after.is_none() {
                    break;
                }
            }
        }
    }
    if broken > 0 {
        bail!("{broken} of the chains are not as they were written");
    }
    Ok(())
}

async fn verify(
    app: &App,
    provider: Option<ProviderId>,
    noted: Option<Head>,
) -> anyhow::Result<u32> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    let proved = chain::verify(&mut tx, provider, noted).await?;
    drop(tx);
    let name = provider.map_or_else(|| "platform".to_owned(), |id| id.to_string());
    let (number, hash) = (proved.head.number, hex::encode(proved.head.hash));
    match proved.broken {
        None => println!("{name} whole {number} {hash}"),
        Some(fault) => println!("{name} BROKEN after {number}: {fault}"),
    }
    Ok(u32::from(proved.broken.is_some()))
}
