//! A hotspot business made on the controller's command line, as its owner would: account, site, plans, printed codes.

use std::path::Path;

use anyhow::{Context, Result};
use mnara_protocol::message::Row;
use mnara_protocol::money::Money;
use mnara_protocol::plan::{self, Terms};
use serde_json::json;

use super::controller::Controller;
use crate::sim::daraja::{App, Kind};

/// A plan to be made.
#[derive(Clone, Debug)]
pub struct PlanSpec {
    /// What the portal calls it.
    pub name: &'static str,
    /// Whole shillings.
    pub price: u32,
    /// Further flags of `mnara-controller plan create`.
    pub flags: &'static [&'static str],
}

/// The plans most worlds sell.
pub const PLANS: [PlanSpec; 3] = [
    PlanSpec {
        name: "One hour",
        price: 20,
        flags: &["--duration", "1h", "--rate", "5000/2000"],
    },
    PlanSpec {
        name: "Whole day",
        price: 50,
        flags: &["--duration", "24h", "--devices", "2"],
    },
    PlanSpec {
        name: "Ten megabytes",
        price: 5,
        flags: &["--data-mb", "10"],
    },
];

/// A plan that is for sale.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// What the portal calls it.
    pub name: &'static str,
    /// Whole shillings.
    pub price: u32,
}

/// A business on the controller.
#[derive(Clone, Debug)]
pub struct Business {
    /// The provider's id.
    pub provider: String,
    /// Its first site.
    pub site: String,
    /// What it sells, in order.
    pub plans: Vec<Plan>,
}

impl Plan {
    /// An hour of it as a payment's row keeps what was bought, in hexadecimal.
    ///
    /// # Errors
    /// When its id is none.
    pub fn bought(&self) -> Result<String> {
        let plan = plan::Plan {
            id: self.id.parse()?,
            revision: 1,
            name: self.name.to_owned(),
            price: Money::from_cents(i64::from(self.price) * 100),
            terms: Terms {
                duration_secs: Some(3_600),
                online_secs: None,
                data_bytes: None,
                devices: 1,
                rate: None,
            },
            sell_by_secs: None,
            on_sale: true,
            position: 0,
            hours: None,
            colour: None,
        };
        Ok(hex::encode(Row::Plan(plan).encode()))
    }
}

impl Business {
    /// Opens one that is paid through a Daraja app.
    ///
    /// # Errors
    /// When a command fails.
    pub async fn open(
        controller: &Controller,
        folder: &Path,
        name: &str,
        account: &App,
        plans: &[PlanSpec],
    ) -> Result<Self> {
        let provider = id(&controller
            .command(&[
                "provider",
                "create",
                "--name",
                name,
                "--email",
                "owner@example.com",
                "--help-phone",
                "0712000000",
            ])
            .await?);
        set_account(controller, folder, &provider, account).await?;
        let site = site(controller, &provider, "Main street").await?;
        let mut business = Self {
            provider,
            site,
            plans: Vec::new(),
        };
        for (position, spec) in plans.iter().enumerate() {
            let plan = business.add_plan(controller, spec, position).await?;
            business.plans.push(plan);
        }
        Ok(business)
    }

    async fn add_plan(
        &self,
        controller: &Controller,
        spec: &PlanSpec,
        position: usize,
    ) -> Result<Plan> {
        let (price, position) = (spec.price.to_string(), position.to_string());
        let mut words = vec![
            "plan",
            "create",
            "--provider",
            &self.provider,
            "--name",
            spec.name,
        ];
        words.extend(["--price", &price, "--position", &position]);
        words.extend(spec.flags);
        Ok(Plan {
            id: id(&controller.command(&words).await?),
            name: spec.name,
            price: spec.price,
        })
    }

    /// A plan by its name.
    ///
    /// # Panics
    /// When the business sells none of that name: a mistake in the test.
    #[must_use]
    pub fn plan(&self, name: &str) -> &Plan {
        self.plans
            .iter()
            .find(|plan| plan.name == name)
            .unwrap_or_else(|| panic!("no plan is called {name}"))
    }

    /// Prints codes for a plan, good at the first site.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn print(
        &self,
        controller: &Controller,
        plan: &str,
        count: u32,
        flags: &[&str],
    ) -> Result<Vec<String>> {
        let count = count.to_string();
        let mut words = vec![
            "series",
            "create",
            "--provider",
            &self.provider,
            "--site",
            &self.site,
        ];
        words.extend(["--plan", &self.plan(plan).id, "--count", &count]);
        words.extend(flags);
        let printed = controller.command(&words).await?;
        Ok(printed
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect())
    }

    /// The one line that enrols an agent at a site.
    ///
    /// # Errors
    /// When the command fails or prints no such line.
    pub async fn claim(&self, controller: &Controller, site: &str) -> Result<String> {
        let printed = controller
            .command(&["site", "claim", "--provider", &self.provider, site])
            .await?;
        printed
            .lines()
            .find(|line| line.contains("mnara-agent enrol"))
            .map(|line| line.trim().to_owned())
            .with_context(|| format!("`site claim` printed no line to enrol with:\n{printed}"))
    }
}

/// Makes a site and gives its id.
///
/// # Errors
/// When the command fails.
pub async fn site(controller: &Controller, provider: &str, name: &str) -> Result<String> {
    Ok(id(&controller
        .command(&["site", "create", "--provider", provider, "--name", name])
        .await?))
}

pub(super) async fn set_account(
    controller: &Controller,
    folder: &Path,
    provider: &str,
    account: &App,
) -> Result<()> {
    let credentials = folder.join("credentials.json");
    let text = json!({
        "consumer_key": account.consumer_key,
        "consumer_secret": account.consumer_secret,
        "passkey": account.passkey,
    });
    std::fs::write(&credentials, text.to_string()).context("writing the credentials")?;
    let path = credentials.display().to_string();
    let mut words = vec![
        "provider",
        "mpesa",
        provider,
        "--shortcode",
        &account.shortcode,
    ];
    match &account.kind {
        Kind::Paybill => words.extend(["--kind", "paybill"]),
        Kind::Till { number } => words.extend(["--kind", "till", "--till", number]),
    }
    words.extend(["--credentials", &path]);
    controller.command(&words).await?;
    std::fs::remove_file(&credentials).context("removing the credentials")
}

/// The commands that make something print its id, alone or as the last word of the first line.
fn id(printed: &str) -> String {
    printed
        .lines()
        .next()
        .and_then(|line| line.split_whitespace().last())
        .unwrap_or_default()
        .to_owned()
}
