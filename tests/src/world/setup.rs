//! What a world begins with.

use std::time::Duration;

use anyhow::Result;
use futures_util::future::LocalBoxFuture;

use super::business::{Business, PLANS, PlanSpec};
use super::controller::Controller;
use crate::sim::daraja::{self, App};
use crate::sim::routeros;

/// What happened at a business before the world begins, while the controller's clock is put back and moved on.
pub type Past = for<'a> fn(&'a Controller, &'a Business) -> LocalBoxFuture<'a, Result<()>>;

/// What a world begins with.
#[derive(Debug)]
pub struct Setup {
    /// The business' name.
    pub business: &'static str,
    /// What it sells.
    pub plans: Vec<PlanSpec>,
    /// The Daraja app it is paid through.
    pub account: App,
    /// The simulated Daraja.
    pub daraja: daraja::Config,
    /// So many questions a minute the controller asks. Daraja lets twice as many through: what is sent evenly does not arrive evenly.
    pub queries: u32,
    /// The simulated router of the first site; its users are set by the world.
    pub router: routeros::Config,
    /// Whether the controller's rows are in a database of somebody else's instead of its own.
    pub outside_database: bool,
    /// Whether the controller has a mail server.
    pub mail: bool,
    /// Whether businesses are asked to pay the platform, through a simulated Pesapal.
    pub pesapal: bool,
    /// Whether SMS leave.
    pub sms: bool,
    /// Whether people reach the controller by this machine's name, which passkeys need, instead of its address.
    pub by_name: bool,
    /// What owners are told to open for their first sale, where no phone asks this machine for just anything.
    pub first_sale_url: Option<String>,
    /// What happened before any site is there, whose agent would hear of the clock.
    pub past: Option<Past>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            business: "Mnara Wi-Fi",
            plans: PLANS.to_vec(),
            account: App::sandbox_paybill(),
            daraja: daraja::Config::sandbox(),
            queries: 600,
            router: routeros::Config {
                boot: Duration::from_millis(500),
                ..routeros::Config::default()
            },
            outside_database: false,
            mail: false,
            pesapal: false,
            sms: false,
            by_name: false,
            first_sale_url: None,
            past: None,
        }
    }
}
