//! The demo's second business: a kiosk with a till, where a customer pays by hand, from the phone's own M-PESA menu.
//!
//! A till's payment names no account, so it is known by the number and the amount of who was shown how to pay.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::says;
use crate::sim::daraja::{App, Kind};
use crate::sim::routeros;
use crate::world::business::{Business, PLANS};
use crate::world::http::Caller;
use crate::world::phone::Phone;
use crate::world::{Site, World};

/// What the business is called.
const NAME: &str = "Kibanda Hotspot";
/// Who pays there, as they type it and as M-PESA does.
pub(super) const NUMBER: &str = "0722345678";
pub(super) const MSISDN: &str = "254722345678";

/// The business, up and running, with a phone on its Wi-Fi.
#[derive(Debug)]
pub struct Kiosk {
    /// The business.
    pub business: Business,
    /// The number of its till.
    pub till: String,
    /// Its site.
    pub site: Site,
    /// The phone, and a port through which a browser on this machine sees what it sees.
    pub phone: (Phone, SocketAddr),
}

/// Opens it.
///
/// # Errors
/// When anything does not come up.
pub(super) async fn open(world: &World) -> Result<Kiosk> {
    let (controller, account) = (&world.controller, App::sandbox_till());
    let folder = world.folder().path();
    let business = Business::open(controller, folder, NAME, &account, &PLANS[..1]).await?;
    controller
        .command(&["provider", "c2b-register", &business.provider])
        .await?;
    let line = business.claim(controller, &business.site).await?;
    let router = routeros::Config {
        boot: Duration::from_millis(500),
        ..routeros::Config::default()
    };
    let site = world.site_by(&line, &business.site, router).await?;
    let phone = site.join()?;
    let port = site
        .router
        .forward(&phone.mac, 0)
        .context("opening a phone's port")?;
    let till = match account.kind {
        Kind::Till { number } => number,
        Kind::Paybill => account.shortcode,
    };
    Ok(Kiosk {
        business,
        till,
        site,
        phone: (phone, port),
    })
}

/// A customer is told where to pay, does so on the phone's own menu, and is online.
pub(super) async fn pays(world: &World, kiosk: &Kiosk) -> Result<()> {
    world.linked(&kiosk.site).await?;
    let ((phone, _), router) = (&kiosk.phone, &kiosk.site.router);
    let plan = &kiosk.business.plans[0];
    let home = world
        .until("the kiosk's portal says how to pay by hand", async || {
            let home = phone.home(router).await?;
            Ok(home.text.contains("/portal/hand").then_some(home))
        })
        .await?;
    let page = phone.ask_by_hand(router, &home, &plan.id, NUMBER).await?;
    let price = plan.price.to_string();
    says(&page, &["Buy Goods", kiosk.till.as_str(), price.as_str()])?;
    ensure!(!phone.online(router), "a phone that has not paid is online");
    let menu = format!("{}/menu", world.daraja.control_url());
    let typed = [
        ("msisdn", MSISDN),
        ("shortcode", kiosk.till.as_str()),
        ("amount", price.as_str()),
    ];
    let paid = Caller::program()?.form(&menu, &typed).await?;
    ensure!(
        paid.text.contains("Confirmed"),
        "M-PESA does not take the money:\n{}",
        paid.text
    );
    phone.comes_online(router).await?;
    world
        .until("the page says that it is online", async || {
            let page = phone.home(router).await?;
            Ok(page.says("You are online").then_some(()))
        })
        .await
}
