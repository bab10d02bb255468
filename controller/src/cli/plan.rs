//! `mnara-controller plan …`: what a provider sells.

use anyhow::bail;
use clap::{Args, Subcommand};
use mnara_protocol::ids::ProviderId;
use mnara_protocol::money::Money;
use mnara_protocol::plan::{Rate, Terms};

use super::exists;
use crate::app::App;
use crate::audit::Actor;
use crate::plans::edit::{MOST, create};
use crate::plans::{Draft, store};

/// What to do with plans.
#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// Makes a plan and prints its id.
    Create(Create),
    /// Lists a provider's plans.
    List {
        /// The business.
        #[arg(long)]
        provider: ProviderId,
    },
}

/// A new plan.
#[derive(Debug, Args)]
pub struct Create {
    /// The business.
    #[arg(long)]
    provider: ProviderId,
    /// What the portal shows.
    #[arg(long)]
    name: String,
    /// The price in shillings.
    #[arg(long)]
    price: Money,
    /// Runs without pause from the first log-in: 30m, 2h, 7d.
    #[arg(long, value_parser = seconds)]
    duration: Option<u32>,
    /// Time online, which stands still while the phone is away: 30m, 2h.
    #[arg(long, value_parser = seconds)]
    online: Option<u32>,
    /// Data in megabytes.
    #[arg(long)]
    data_mb: Option<u64>,
    /// How many devices share a ticket.
    #[arg(long, default_value_t = 1)]
    devices: u16,
    /// Speed to the customer and from the customer in kbit/s, as in 5000/2000.
    #[arg(long, value_parser = rate)]
    rate: Option<Rate>,
    /// How long an unused ticket stays good: 30d.
    #[arg(long, value_parser = seconds)]
    sell_by: Option<u32>,
    /// Where it stands in the list.
    #[arg(long, default_value_t = 0)]
    position: u16,
    /// Keeps it off the portal.
    #[arg(long)]
    hidden: bool,
}

/// Reads a stretch of time such as 45s, 30m, 2h or 7d.
pub(super) fn seconds(text: &str) -> Result<u32, String> {
    let hint = || format!("`{text}` is no stretch of time: write it as 45s, 30m, 2h or 7d");
    let unit = text.chars().next_back().ok_or_else(hint)?;
    let number: u32 = text[..text.len() - unit.len_utf8()]
        .parse()
        .map_err(|_| hint())?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(hint()),
    };
    number.checked_mul(factor).ok_or_else(hint)
}

/// Reads a speed such as 5000/2000.
fn rate(text: &str) -> Result<Rate, String> {
    let hint = || {
        format!(
            "`{text}` is no speed: write kbit/s to the customer and from the customer, as in 5000/2000"
        )
    };
    let (down, up) = text.split_once('/').ok_or_else(hint)?;
    let bits = |text: &str| {
        text.parse::<u64>()
            .ok()
            .and_then(|kilo| kilo.checked_mul(1000))
            .ok_or_else(hint)
    };
    Ok(Rate {
        down_bps: bits(down)?,
        up_bps: bits(up)?,
        burst: None,
    })
}

/// Obeys.
///
/// # Errors
/// With words for whoever typed it.
pub async fn run(command: PlanCommand, app: &App) -> anyhow::Result<()> {
    match command {
        PlanCommand::Create(plan) => {
            exists(app, plan.provider).await?;
            let Some(data_bytes) = plan
                .data_mb
                .map(|mb| mb.checked_mul(1_000_000))
                .map_or(Some(None), |bytes| bytes.map(Some))
            else {
                bail!("that is more data than can be counted");
            };
            let draft = Draft {
                name: plan.name,
                price: plan.price,
                terms: Terms {
                    duration_secs: plan.duration,
                    online_secs: plan.online,
                    data_bytes,
                    devices: plan.devices,
                    rate: plan.rate,
                },
                sell_by_secs: plan.sell_by,
                on_sale: !plan.hidden,
                position: plan.position,
                hours: None,
                colour: None,
            };
            println!(
                "{}",
                create(app, plan.provider, &draft, Actor::Command).await?.id
            );
        }
        PlanCommand::List { provider } => {
            exists(app, provider).await?;
            let mut tx = app.db.tenant(provider).await?;
            for plan in store::plans(&mut tx, provider, MOST).await? {
                println!(
                    "{}\t{}\t{}\t{}",
                    plan.id,
                    plan.name,
                    plan.price,
                    if plan.on_sale { "on sale" } else { "hidden" }
                );
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_and_speeds_are_read_and_the_rest_explained() {
        assert_eq!(seconds("2h"), Ok(7200));
        assert_eq!(seconds("7d"), Ok(604_800));
        for bad in ["", "h", "2", "2w", "99999999d", "2é"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
        assert_eq!(
            rate("5000/2000"),
            Ok(Rate {
                down_bps: 5_000_000,
                up_bps: 2_000_000,
                burst: None
            })
        );
        assert!(rate("fast").is_err());
    }
}
