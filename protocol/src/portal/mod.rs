//! How the captive portal looks to whoever has nothing yet: its head, its offers, its terms, in both languages.
//!
//! The agent serves it, and the
//! controller shows owners the same page before it is anybody's; what stands on a page while something is under way is the agent's.

mod html;
mod offers;
mod style;
mod top;
mod words;

use crate::ids::PlanId;
use crate::message::{LogoId, LookRow, SiteRow, Spoken, TrialRow};
use crate::money::Money;
use crate::plan::{Hours, Plan, Terms};

pub use html::Html;
pub use offers::{Counter, FIRST, code_form, counter, notice, terms_page, trial_form};
pub use style::{is_lost_on_white, style, style_query};
pub use top::{Top, begin, welcome};
pub use words::{Language, Words, data};

/// Whose portal it is, and how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The business; empty until the controller has said.
    pub business: String,
    /// The site.
    pub site: String,
    /// Brand colour as 0xRRGGBB.
    pub colour: u32,
    /// Colour of buttons; none for the brand's.
    pub button: Option<u32>,
    /// A number customers can call.
    pub help_phone: Option<String>,
    /// What is said above the plans.
    pub welcome: Spoken,
    /// What everybody should know now, above everything.
    pub banner: Spoken,
    /// What a buyer accepts.
    pub terms: Spoken,
    /// The picture beside the name.
    pub logo: Option<LogoId>,
}

impl Look {
    /// Until the controller has said.
    #[must_use]
    pub const fn unknown() -> Self {
        Self {
            business: String::new(),
            site: String::new(),
            colour: style::COLOUR,
            button: None,
            help_phone: None,
            welcome: Spoken::NOTHING,
            banner: Spoken::NOTHING,
            terms: Spoken::NOTHING,
            logo: None,
        }
    }

    /// Takes what a site's own row says.
    pub fn take_site(&mut self, row: SiteRow) {
        self.business = row.business_name;
        self.site = row.site_name;
        self.colour = row.colour & 0xff_ff_ff;
        self.help_phone = row.help_phone;
    }

    /// Takes what the row of the look says; without one the portal looks plain.
    pub fn take_look(&mut self, row: Option<LookRow>) {
        let row = row.unwrap_or_default();
        self.button = row.button.map(|colour| colour & 0xff_ff_ff);
        self.welcome = row.welcome.unwrap_or_default();
        self.banner = row.banner.unwrap_or_default();
        self.terms = row.terms.unwrap_or_default();
        self.logo = row.logo;
    }
}

/// A plan on the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanView {
    /// Its id.
    pub id: PlanId,
    /// Its revision, to be sent back with an order.
    pub revision: u32,
    /// Its name.
    pub name: String,
    /// Its price.
    pub price: Money,
    /// What it gives.
    pub terms: Terms,
    /// When it is sold, if not always.
    pub hours: Option<Hours>,
    /// Whether it is sold now.
    pub is_open: bool,
    /// The colour of its card as 0xRRGGBB.
    pub colour: Option<u32>,
}

impl PlanView {
    /// How a plan stands on the portal at a time.
    #[must_use]
    pub fn of(plan: &Plan, now: crate::clock::Timestamp) -> Self {
        Self {
            id: plan.id,
            revision: plan.revision,
            name: plan.name.clone(),
            price: plan.price,
            terms: plan.terms,
            hours: plan.hours,
            is_open: plan.is_sold_at(now),
            colour: plan.colour.map(|colour| colour & 0xff_ff_ff),
        }
    }
}

/// What the portal gives away to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// What it gives.
    pub terms: Terms,
    /// After so many days the same device may have it again.
    pub every_days: u16,
}

impl From<&TrialRow> for Trial {
    fn from(row: &TrialRow) -> Self {
        Self {
            terms: row.terms,
            every_days: row.every_days.max(1),
        }
    }
}

#[cfg(test)]
mod tests;
