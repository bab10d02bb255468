//! The pages: one layout, and sections for what is the case. A page works without script, storage or cookies and names no other host but
//! the one a phone opens when it is online.

use std::time::Duration;

use mnara_protocol::money::Money;
use mnara_protocol::portal::{Html, Language, Top, Words, begin, terms_page, welcome};
use mnara_protocol::ticket::Status;

use super::state::{LOOK_AGAIN, Situation, is_late, is_payment_unknown};
use super::trouble::Trouble;
use crate::core::portal::{BuyError, Device, Home, Look, PurchaseState, PurchaseView, RedeemError};

mod hand;
mod help;
mod sell;
mod ticket;

/// What makes the pages better where script runs; they work without.
pub(super) const SCRIPT: &str = include_str!("portal.js");

/// The folder of all addresses.
const BASE: &str = "/portal/";

/// How often a page that waits looks again where no script runs, in seconds.
const REFRESH: &str = "4";

/// The same for a page to be read first, or on which something may be typed.
const REFRESH_READ: &str = "60";

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Whatever matters now, with plans and the code form.
    Home,
    /// As home, with every plan there is.
    Plans,
    /// Something is under way.
    Wait,
    /// The ticket, to be kept.
    Ticket,
    /// On the air.
    Online,
    /// Time and data left.
    Status,
    /// What a buyer accepts.
    Terms,
    /// A receipt of what was paid and brought nothing.
    Claim,
}

impl Place {
    /// Its address.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Home => "/portal/",
            Self::Plans => "/portal/plans",
            Self::Wait => "/portal/wait",
            Self::Ticket => "/portal/ticket",
            Self::Online => "/portal/online",
            Self::Status => "/portal/status",
            Self::Terms => "/portal/terms",
            Self::Claim => "/portal/claim",
        }
    }

    /// The place of an address.
    pub(super) fn at(path: &str) -> Option<Self> {
        let all = [
            Self::Home,
            Self::Plans,
            Self::Wait,
            Self::Ticket,
            Self::Online,
            Self::Status,
            Self::Terms,
            Self::Claim,
        ];
        all.into_iter().find(|place| place.path() == path)
    }

    /// Where a device is sent that asks for a page which says nothing about it.
    pub(super) fn instead(self, home: &Home) -> Option<Self> {
        let is = Situation::of(home);
        let has_ticket = home
            .ticket
            .as_ref()
            .is_some_and(|ticket| ticket.status == Status::Active);
        match self {
            Self::Home | Self::Plans | Self::Terms | Self::Claim => None,
            Self::Wait if is == Situation::Online => Some(Self::Online),
            Self::Wait => (!is.is_passing()).then_some(Self::Home),
            Self::Online if matches!(is, Situation::Connecting | Situation::Waiting) => {
                Some(Self::Wait)
            }
            Self::Online => (is != Situation::Online).then_some(Self::Home),
            Self::Ticket => (!has_ticket && home.waiting.is_empty()).then_some(Self::Home),
            Self::Status => home.ticket.is_none().then_some(Self::Home),
        }
    }
}

/// What a person typed or chose, so that a page with a trouble does not ask for it again.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) code: String,
    pub(super) phone: String,
    pub(super) plan: String,
    pub(super) receipt: String,
    pub(super) by_sms: bool,
}

/// A page: which, how things stand, in which language, and what went wrong.
pub(super) struct View<'a> {
    pub(super) language: Language,
    pub(super) place: Place,
    pub(super) home: Option<&'a Home>,
    pub(super) trouble: Option<Trouble>,
    pub(super) typed: &'a Typed,
    /// The proof that a form came from this page.
    pub(super) seal: &'a str,
    /// Where a phone goes when it is online: plain http at top level, so that it probes again and closes its sign-in window.
    pub(super) outside: &'a str,
}

impl View<'_> {
    /// The page.
    pub(super) fn render(&self) -> String {
        let words = self.language.words();
        let is = self.home.map(Situation::of);
        let trouble = self.trouble.or_else(|| self.standing_trouble(is));
        let mut page = Html::default();
        self.head(&mut page, words, is, trouble);
        if let Some(trouble) = trouble {
            self.trouble(&mut page, words, trouble);
        }
        match (self.home, is) {
            (Some(home), Some(is)) => self.body(&mut page, words, home, is),
            _ => self.link(&mut page, Place::Home, words.try_again, "button"),
        }
        page.raw("</main><script src=\"/portal/portal.js?v=")
            .raw(env!("CARGO_PKG_VERSION"))
            .raw("\"></script></body></html>");
        page.finish()
    }

    /// What went wrong before, for as long as it matters.
    fn standing_trouble(&self, is: Option<Situation>) -> Option<Trouble> {
        let of_payment = matches!(
            self.place,
            Place::Home | Place::Plans | Place::Wait | Place::Online
        );
        match is? {
            Situation::NotInHotspot => Some(Trouble::NotInHotspot),
            Situation::LetThrough => Some(Trouble::LetThrough),
            Situation::RouterAway => Some(Trouble::RouterAway),
            // Who is online and buys more is to hear of it as well, or pays twice.
            Situation::Unknown
            | Situation::Failed
            | Situation::Online
            | Situation::Connecting
            | Situation::Waiting
                if of_payment =>
            {
                let purchase = self.home?.purchase.as_ref()?;
                Trouble::of_purchase(purchase.state)
            }
            _ => None,
        }
    }

    fn head(
        &self,
        page: &mut Html,
        words: &Words,
        is: Option<Situation>,
        trouble: Option<Trouble>,
    ) {
        let look = self.home.map(|home| home.look.as_ref());
        let stays = if self.trouble.is_some() {
            Place::Home
        } else {
            self.place
        };
        let news = trouble.map(|trouble| trouble.words(self.language).0);
        let news = news.or_else(|| is.and_then(|is| self.news(words, is)));
        let top = Top {
            language: self.language,
            look,
            plans: self.home.map_or(&[], |home| home.plans.as_slice()),
            news,
            base: BASE,
            here: stays.path(),
            scanned: self.is_scanned().then_some(self.typed.code.as_str()),
            logo: &logo_address(look),
        };
        begin(page, self.language);
        // A page that answers a form is not asked for again by itself, its trouble would vanish unread: only one that says to keep it open.
        let is_kept_open = self.trouble.is_some_and(Trouble::is_waited_out);
        let is_looking = self.trouble.is_none_or(Trouble::is_waited_out)
            && !matches!(self.place, Place::Terms | Place::Claim);
        let looks_again = is.filter(|_| is_looking);
        let is_passing = is_kept_open || trouble == Some(Trouble::PayUnknown);
        let is_passing = is_passing || looks_again.is_some_and(Situation::is_passing);
        if looks_again.is_some() && is_passing && (is_kept_open || self.is_read_first()) {
            // The address itself would give the form without an answer.
            page.raw("<noscript><meta http-equiv=\"refresh\" content=\"")
                .raw(REFRESH_READ)
                .raw(";url=")
                .raw(Place::Wait.path())
                .raw("?lang=")
                .raw(self.language.tag())
                .raw("\"></noscript>");
        } else if looks_again.is_some() && is_passing {
            page.raw("<noscript><meta http-equiv=\"refresh\" content=\"")
                .raw(REFRESH)
                .raw("\"></noscript>");
        }
        top.title(page);
        let every = looks_again.and_then(Situation::look_again_secs);
        let every = every.or_else(|| is_kept_open.then_some(LOOK_AGAIN));
        if let (Some(is), Some(every)) = (looks_again, every) {
            page.raw("\" data-state=\"")
                .raw(is.as_str())
                .raw("\" data-every=\"")
                .raw(every)
                .raw("\" data-ask=\"/portal/state.json?lang=")
                .raw(self.language.tag())
                .raw("\" data-then=\"")
                .raw(self.then(is))
                .raw("?lang=")
                .raw(self.language.tag());
            if self.home.is_some_and(is_payment_unknown) {
                page.raw("\" data-unknown=\"1");
            }
            if self.home.is_some_and(is_late) {
                page.raw("\" data-late=\"1");
            }
        }
        top.header(page);
    }

    /// Whether something may be typed or chosen on the page, or is to be read there.
    fn is_read_first(&self) -> bool {
        match self.place {
            Place::Home | Place::Plans => self
                .home
                .is_some_and(|home| home.device != Device::RouterAway),
            _ => self.place == Place::Online,
        }
    }

    /// Where the script goes when what is the case has changed.
    const fn then(&self, is: Situation) -> &'static str {
        match is {
            Situation::Online => Place::Home.path(),
            _ if matches!(self.place, Place::Ticket | Place::Status) => self.place.path(),
            _ => Place::Wait.path(),
        }
    }

    /// What the title says first.
    fn news(&self, words: &Words, is: Situation) -> Option<&'static str> {
        let ticket = self.home.and_then(|home| home.ticket.as_ref());
        match is {
            Situation::Asking => Some(words.asking),
            Situation::CheckPhone => Some(words.check_phone),
            Situation::ByHand => Some(self.hand_news(words)),
            Situation::Online if self.place == Place::Status => Some(words.status),
            Situation::Online => Some(words.online),
            Situation::Connecting | Situation::Waiting | Situation::NotHere | Situation::Ended => {
                ticket.map(|ticket| ticket::heading(words, ticket).0)
            }
            _ => None,
        }
    }

    fn trouble(&self, page: &mut Html, words: &Words, trouble: Trouble) {
        let (what, next) = trouble.words(self.language);
        page.raw("<section class=\"trouble\" role=\"alert\" id=\"trouble\"><h2>")
            .text(what)
            .raw("</h2><p>")
            .text(next)
            .raw("</p>");
        if trouble == Trouble::Buy(BuyError::PriceChanged)
            && let Some(plan) = self.wanted_plan()
        {
            page.raw("<p class=\"big\">")
                .text(&plan.name)
                .raw(" ")
                .raw(words.now_costs)
                .raw(" ")
                .text(&plan.price.to_string())
                .raw("</p>");
        }
        if trouble == Trouble::Buy(BuyError::NotNow)
            && let Some(plan) = self.wanted_plan()
            && let Some(hours) = &plan.hours
        {
            page.raw("<p class=\"big\">")
                .text(&plan.name)
                .raw(" · ")
                .text(&words.hours(hours))
                .raw("</p>");
        }
        if let Some(secs) = trouble.retry_secs() {
            page.raw("<p class=\"big\">")
                .raw(words.try_again_in)
                .raw(" ")
                .text(&words.duration(Duration::from_secs(secs.into())))
                .raw("</p>");
        }
        self.help(page, words);
        page.raw("</section>");
    }

    fn body(&self, page: &mut Html, words: &Words, home: &Home, is: Situation) {
        // With the router away a page shows what is the device's own, and takes nothing.
        let is_served = home.device != Device::RouterAway;
        match is {
            _ if self.place == Place::Terms && self.trouble.is_none() => {
                terms_page(page, self.language, &home.look, BASE);
            }
            // The trouble has said it; looking again is all there is to do.
            Situation::NotInHotspot | Situation::LetThrough | Situation::RouterAway => {
                self.link(page, Place::Home, words.try_again, "button");
            }
            _ if self.place == Place::Claim || matches!(self.trouble, Some(Trouble::Claim(_))) => {
                self.claim(page, words, home);
            }
            _ if self.place == Place::Ticket => self.kept_tickets(page, words, home),
            _ if self.place == Place::Status => self.status(page, words, home, is),
            Situation::Asking | Situation::CheckPhone => {
                if let Some(purchase) = &home.purchase {
                    self.paying(page, words, purchase);
                }
                if let Some(ticket) = &home.ticket {
                    self.ticket(page, words, ticket);
                }
                if self.place != Place::Wait && is_served {
                    self.code(page);
                }
            }
            Situation::ByHand => {
                self.by_hand(page, words, home);
                if let Some(ticket) = &home.ticket {
                    self.ticket(page, words, ticket);
                }
                if self.place != Place::Wait && is_served {
                    self.more(page, words, home);
                }
            }
            Situation::Connecting | Situation::Waiting | Situation::Online => {
                if let Some(ticket) = &home.ticket {
                    self.ticket(page, words, ticket);
                }
                self.next_tickets(page, words, home);
                if matches!(self.place, Place::Home | Place::Plans) && is_served {
                    self.more(page, words, home);
                }
            }
            Situation::Unknown => {
                self.link(page, Place::Wait, words.refresh, "button");
                self.next_tickets(page, words, home);
                if !is_served {
                    return;
                }
                if self.place == Place::Wait {
                    // Whatever was typed here would be lost when the page looks again.
                    self.paid_before(page, words, home);
                    self.link(page, Place::Home, words.not_charged, "button quiet");
                    return;
                }
                self.code(page);
                self.paid_before(page, words, home);
                self.plans_again(page, words, home);
            }
            Situation::Failed | Situation::NotHere | Situation::Ended | Situation::Free => {
                if self.trouble.is_none() {
                    welcome(page, self.language, &home.look);
                }
                if let Some(ticket) = &home.ticket {
                    self.ticket(page, words, ticket);
                }
                self.next_tickets(page, words, home);
                self.offers(page, words, home);
            }
        }
    }

    fn paying(&self, page: &mut Html, words: &Words, purchase: &PurchaseView) {
        let (what, more) = if matches!(purchase.state, PurchaseState::Asking) {
            (words.asking, words.asking_more)
        } else {
            (words.check_phone, words.enter_pin)
        };
        page.raw("<section class=\"news moving\" role=\"status\" aria-live=\"polite\"><h2>")
            .raw(what)
            .raw("</h2><p>")
            .raw(more)
            .raw("</p><p class=\"big\">")
            .text(purchase.plan_name.as_deref().unwrap_or_default());
        if let Some(price) = &purchase.price {
            page.raw(" · ").text(&price.to_string());
        }
        page.raw("</p>");
        if let (Some(credit), Some(price)) = (&purchase.credit, &purchase.price) {
            let asked = Money::from_cents(price.cents() - credit.cents());
            page.raw("<p>")
                .raw(words.credit_used)
                .raw(" ")
                .text(&credit.to_string())
                .raw(". ")
                .raw(words.phone_asks)
                .raw(" ")
                .text(&asked.to_string())
                .raw(".</p>");
        }
        if let Some(tail) = &purchase.phone_tail {
            page.raw("<p>")
                .raw(words.phone_ending)
                .raw(" ")
                .text(tail)
                .raw("</p>");
        }
        page.raw("<p>").raw(words.updates_itself).raw("</p>");
        self.link(page, Place::Wait, words.refresh, "button quiet");
        page.raw("</section>");
    }

    fn link(&self, page: &mut Html, to: Place, text: &'static str, class: &'static str) {
        page.raw("<p><a class=\"")
            .raw(class)
            .raw("\" href=\"")
            .raw(to.path())
            .raw("?lang=")
            .raw(self.language.tag())
            .raw("\">")
            .raw(text)
            .raw("</a></p>");
    }

    fn form(&self, page: &mut Html, action: &'static str) {
        page.raw("<form method=\"post\" action=\"")
            .raw(action)
            .raw("\"><input type=\"hidden\" name=\"lang\" value=\"")
            .raw(self.language.tag())
            .raw("\"><input type=\"hidden\" name=\"seal\" value=\"")
            .text(self.seal)
            .raw("\">");
    }

    /// Whether a voucher was scanned and waits to be used.
    fn is_scanned(&self) -> bool {
        self.trouble.is_none() && !self.typed.code.is_empty()
    }

    /// Whether the page is about a code, so that the code field comes first.
    fn is_about_code(&self) -> bool {
        self.is_scanned() || matches!(self.trouble, Some(Trouble::Redeem(_)))
    }

    /// Whether the trouble is about what stands in the code field.
    const fn is_code_wrong(&self) -> bool {
        matches!(
            self.trouble,
            Some(Trouble::Redeem(
                RedeemError::BadCode | RedeemError::Refused(_) | RedeemError::CloudAwayUnknown
            ))
        )
    }
}

/// Where the logo is: the address changes when it does.
fn logo_address(look: Option<&Look>) -> String {
    let logo = look.and_then(|look| look.logo);
    logo.map_or_else(String::new, |logo| {
        format!("/portal/logo?h={}", hex::encode(logo))
    })
}
