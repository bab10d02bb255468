//! `mnara-controller books …`: whether the books agree with what they were written from.

use anyhow::bail;
use clap::Subcommand;
use mnara_protocol::ids::ProviderId;

use crate::app::App;
use crate::db::Reason;
use crate::providers::store::providers;
use crate::reports::books;

/// Businesses read at once.
const PAGE: u16 = 200;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum BooksCommand {
    /// Compares the books of every day with payments, refunds and the queue, and says what does not balance; the business's page shows it too.
    Check {
        /// This business alone.
        #[arg(long)]
        provider: Option<ProviderId>,
    },
}

/// Obeys.
///
/// # Errors
/// When something does not balance, or with words for whoever typed it.
pub async fn run(command: BooksCommand, app: &App) -> anyhow::Result<()> {
    let BooksCommand::Check { provider } = command;
    let mut wrong = 0;
    if let Some(provider) = provider {
        super::exists(app, provider).await?;
        wrong += one(app, provider).await?;
    } else {
        let mut after = None;
        loop {
            let mut tx = app.db.platform(Reason::Admin).await?;
            let page = providers(&mut tx, after, PAGE).await?;
            drop(tx);
            for business in &page {
                wrong += one(app, business.id).await?;
            }
            after = page.last().map(|business| business.id);
            if after.is_none() {
                break;
            }
        }
    }
    if wrong > 0 {
        bail!("{wrong} sums do not balance");
    }
    Ok(())
}

async fn one(app: &App, provider: ProviderId) -> anyhow::Result<usize> {
    let found = books::check_all(app, provider).await?;
    println!("{provider} {} days compared", found.days);
    for one in &found.wrong {
        let site = one.site.map(|site| format!(" {site}"));
        println!(
            "{provider} {} {}{} DIFFERS: rows {} cents in {}, books {} cents in {}",
            one.day.iso(),
            one.part.word(),
            site.unwrap_or_default(),
            one.rows.cents,
            one.rows.count,
            one.books.cents,
            one.books.count
        );
    }
    Ok(found.wrong.len())
}
