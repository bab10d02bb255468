//! `mnara-controller platform-plan …`: what the platform sells to businesses.

use anyhow::bail;
use clap::{Args, Subcommand};
use mnara_protocol::ids::PlatformPlanId;
use mnara_protocol::money::Money;

use crate::app::App;
use crate::audit::Actor;
use crate::rails::pesapal::price::{Currency, Price};
use crate::subscriptions::plans::{Draft, create, offer, offered};
use crate::subscriptions::{Feature, Period};

/// What to do with the platform's plans.
#[derive(Debug, Subcommand)]
pub enum PlatformPlanCommand {
    /// Makes a plan, offers it and prints its id.
    Create(Create),
    /// Lists the plans that are offered.
    List,
    /// Offers a plan again.
    Offer {
        /// The plan.
        plan: PlatformPlanId,
    },
    /// Offers a plan no longer; who has it keeps what was paid for.
    Withdraw {
        /// The plan.
        plan: PlatformPlanId,
    },
}

/// A new plan.
#[derive(Debug, Args)]
pub struct Create {
    /// What businesses call it.
    #[arg(long)]
    name: String,
    /// How long one payment lasts: month or year.
    #[arg(long)]
    period: Period,
    /// The price, with at most two decimals.
    #[arg(long)]
    price: Money,
    /// KES or USD.
    #[arg(long, default_value = "KES")]
    currency: Currency,
    /// How many sites it is for; any number without.
    #[arg(long)]
    sites: Option<u32>,
    /// What it lets a business do, separated by commas: advanced-analytics, api-access, webhooks, custom-portal.
    #[arg(long, value_delimiter = ',')]
    features: Vec<Feature>,
    /// Days a business that never subscribed may have for nothing.
    #[arg(long, default_value_t = 0)]
    trial_days: u16,
}

/// Obeys.
///
/// # Errors
/// With words for whoever typed it.
pub async fn run(command: PlatformPlanCommand, app: &App) -> anyhow::Result<()> {
    let (plan, is_offered) = match command {
        PlatformPlanCommand::Create(plan) => {
            let draft = Draft {
                name: plan.name,
                period: plan.period,
                price: Price::new(plan.price.cents(), plan.currency),
                most_sites: plan.sites,
                features: plan.features,
                trial_days: plan.trial_days,
            };
            println!("{}", create(app, Actor::Command, draft).await?.id);
            return Ok(());
        }
        PlatformPlanCommand::List => {
            for plan in offered(app).await? {
                println!(
                    "{}\t{}\t{} a {}",
                    plan.id,
                    plan.name,
                    plan.price,
                    plan.period.word()
                );
            }
            return Ok(());
        }
        PlatformPlanCommand::Offer { plan } => (plan, true),
        PlatformPlanCommand::Withdraw { plan } => (plan, false),
    };
    if !offer(app, Actor::Command, plan, is_offered).await? {
        bail!("there is no plan {plan}");
    }
    Ok(())
}
