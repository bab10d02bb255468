//! The page that leads a business to its first sale: a phone on its own Wi-Fi.

use askama::Template;
use axum::extract::State;

use super::home::{Step, steps};
use super::store;
use crate::app::App;
use crate::fleet;
use crate::fleet::presence::is_up;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Permission;
use crate::tickets::paper::Picture;
use crate::web::page::Page;

/// Sites on the page.
const SITES: usize = 5;

/// The page.
#[derive(Debug, Template)]
#[template(path = "sale.html")]
pub struct SalePage {
    frame: Frame,
    w: &'static Words,
    /// What is left to do before somebody can buy.
    before: Vec<Step>,
    /// Names, and whether each is up.
    sites: Vec<(String, bool)>,
    picture: Option<Picture>,
    address: String,
    has_sold: bool,
    may_see_portal: bool,
}

/// Shows it.
///
/// # Errors
/// When the database is away.
pub async fn sale(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
) -> Result<Page<SalePage>, Trouble> {
    let now = app.clock.now();
    let (provider, w) = (seat.provider(), frame.words());
    let mut tx = app.db.tenant(provider).await?;
    let sites = fleet::store::sites_seen(&mut tx, provider, None, fleet::store::ALL).await?;
    let has_sold = store::has_sold(&mut tx, provider).await?;
    let steps = steps(&mut tx, &seat, &sites, w).await?;
    drop(tx);
    let address = app.config.web.first_sale_url.join("/");
    Ok(Page(SalePage {
        w,
        before: steps
            .into_iter()
            .filter(|step| step.is_before_sale && !step.is_done && !has_sold)
            .collect(),
        sites: sites
            .into_iter()
            .take(SITES)
            .map(|site| (site.name, is_up(site.seen, now)))
            .collect(),
        picture: Picture::of_address(&address),
        address,
        has_sold,
        may_see_portal: seat.place.role.may(Permission::EditPortal),
        frame,
    }))
}
