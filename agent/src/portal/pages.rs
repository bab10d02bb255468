//! The pages: one layout, and sections for what is the case. A page works without script, storage or cookies and names no other host but
//! the one a phone opens when it is online.

use mnara_protocol::grant::Step;
use mnara_protocol::ticket::Status;

use super::html::Html;
use super::trouble::Trouble;
use super::words::{Language, Words, data};
use crate::core::portal::{Device, Home, Look, PlanView, PurchaseState, TicketView};

/// Where a phone goes when it is online: plain http at top level, so that it probes again and closes its sign-in window.
const OUTSIDE: &str = "http://neverssl.com/";
/// How often a page that waits for something looks again, in seconds.
const REFRESH: &str = "4";
/// The style sheet.
pub(super) const STYLE: &str = include_str!("style.css");

/// A page's part: how it stands, in which language, and what went wrong.
pub(super) struct View<'a> {
    pub(super) language: Language,
    pub(super) home: Option<&'a Home>,
    pub(super) trouble: Option<Trouble>,
    /// The proof that a form came from this page.
    pub(super) seal: &'a str,
}

impl View<'_> {
    /// The page.
    pub(super) fn render(&self) -> String {
        let words = self.language.words();
        let mut page = Html::default();
        let waits = self.waits();
        self.head(&mut page, words, waits);
        let trouble = self.trouble.or_else(|| self.standing_trouble());
        if let Some(trouble) = trouble {
            self.trouble(&mut page, words, trouble);
        }
        if let Some(home) = self.home {
            self.body(&mut page, words, home, waits);
        }
        if trouble.is_some() {
            page.raw("<p><a class=\"button quiet\" href=\"/portal/?lang=")
                .text(self.language.tag())
                .raw("\">");
            page.text(words.back).raw("</a></p>");
        }
        page.raw("</main></body></html>");
        page.finish()
    }

    /// Whether something is under way that the page should look for again.
    fn waits(&self) -> bool {
        self.home.is_some_and(|home| {
            let paying = home.purchase.as_ref().is_some_and(|purchase| {
                matches!(
                    purchase.state,
                    PurchaseState::Asking
                        | PurchaseState::CheckPhone { .. }
                        | PurchaseState::LateUnknown
                )
            });
            let connecting = home.ticket.as_ref().is_some_and(is_connecting);
            paying || connecting
        }) && self.trouble.is_none()
    }

    fn standing_trouble(&self) -> Option<Trouble> {
        let home = self.home?;
        match home.device {
            Device::NotInHotspot => return Some(Trouble::NotInHotspot),
            Device::RouterAway if home.ticket.is_none() => return Some(Trouble::RouterAway),
            Device::RouterAway | Device::Known { .. } => {}
        }
        home.purchase
            .as_ref()
            .and_then(|purchase| Trouble::of_purchase(purchase.state))
    }

    fn head(&self, page: &mut Html, words: &Words, waits: bool) {
        let look = self.home.map(|home| &home.look);
        let name = look
            .map(|look| look.business.as_str())
            .filter(|name| !name.is_empty())
            .unwrap_or(words.wifi);
        page.raw("<!doctype html><html lang=\"")
            .text(self.language.tag())
            .raw("\"><head><meta charset=\"utf-8\">");
        page.raw("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
        if waits {
            page.raw("<meta http-equiv=\"refresh\" content=\"")
                .text(REFRESH)
                .raw("\">");
        }
        page.raw("<title>")
            .text(name)
            .raw("</title><link rel=\"stylesheet\" href=\"/portal/style.css?c=");
        page.text(&colours(look))
            .raw("\"></head><body><header><h1>")
            .text(name)
            .raw("</h1><p>");
        page.text(look.map_or("", |look| look.site.as_str()))
            .raw("</p><a href=\"/portal/?lang=")
            .text(words.other_tag);
        page.raw("\" hreflang=\"")
            .text(words.other_tag)
            .raw("\">")
            .text(words.other_language)
            .raw("</a></header><main>");
    }

    fn trouble(&self, page: &mut Html, words: &Words, trouble: Trouble) {
        let (what, next) = trouble.words(self.language);
        page.raw("<section class=\"trouble\" role=\"alert\"><h2>")
            .text(what)
            .raw("</h2><p>")
            .text(next)
            .raw("</p>");
        if let Some(secs) = trouble.retry_secs() {
            page.raw("<p class=\"wait\">")
                .text(&words.duration(std::time::Duration::from_secs(secs.into())))
                .raw("</p>");
        }
        if let Some(phone) = self.home.and_then(|home| home.look.help_phone.as_ref()) {
            page.raw("<p>")
                .text(words.help)
                .raw(" <strong>")
                .text(phone)
                .raw("</strong></p>");
        }
        page.raw("</section>");
    }

    fn body(&self, page: &mut Html, words: &Words, home: &Home, waits: bool) {
        let using = home
            .ticket
            .as_ref()
            .filter(|ticket| ticket.status == Status::Active && ticket.held);
        if let Some(ticket) = &home.ticket {
            self.ticket(page, words, ticket);
        }
        for ticket in &home.waiting {
            page.raw("<section><h2>")
                .text(words.waiting_ticket)
                .raw("</h2>");
            credentials(page, words, ticket);
            page.raw("</section>");
        }
        let mut asking = false;
        if let Some(purchase) = home.purchase.as_ref().filter(|_| waits) {
            let under_way = matches!(
                purchase.state,
                PurchaseState::Asking | PurchaseState::CheckPhone { .. }
            );
            if under_way {
                asking = true;
                let is_asking = purchase.state == PurchaseState::Asking;
                page.raw("<section role=\"status\" aria-live=\"polite\"><h2>")
                    .text(if is_asking {
                        words.asking
                    } else {
                        words.check_phone
                    });
                page.raw("</h2><p>")
                    .text(words.enter_pin)
                    .raw("</p><p class=\"big\">");
                page.text(purchase.plan_name.as_deref().unwrap_or_default())
                    .raw(" ");
                page.text(
                    &purchase
                        .price
                        .map(|price| price.to_string())
                        .unwrap_or_default(),
                )
                .raw("</p><p>");
                page.text(words.updates_itself).raw("</p>");
                self.refresh(page, words);
                page.raw("</section>");
            }
        }
        let known = matches!(home.device, Device::Known { .. });
        if known && using.is_none() && !asking {
            self.plans(page, words, home);
            self.code(page, words);
        }
    }

    fn ticket(&self, page: &mut Html, words: &Words, ticket: &TicketView) {
        page.raw("<section class=\"ticket\" role=\"status\" aria-live=\"polite\"><h2>");
        if ticket.status != Status::Active {
            page.text(words.used_up).raw("</h2></section>");
            return;
        }
        if !ticket.held {
            page.text(words.logged_out).raw("</h2>");
            credentials(page, words, ticket);
            page.raw("</section>");
            return;
        }
        if is_connecting(ticket) {
            page.text(words.connecting).raw("</h2><p>");
            page.text(if ticket.router_away {
                words.router_waits
            } else {
                words.connecting_more
            })
            .raw("</p>");
            self.refresh(page, words);
        } else {
            page.text(words.online)
                .raw("</h2><p><a class=\"button\" href=\"")
                .text(OUTSIDE)
                .raw("\">")
                .text(words.go_on)
                .raw("</a></p>");
        }
        page.raw("<dl>");
        let time = [ticket.left.duration, ticket.left.online]
            .into_iter()
            .flatten()
            .min();
        let rows = [
            (words.time_left, time.map(|left| words.duration(left))),
            (words.data_left, ticket.left.bytes.map(data)),
            (
                words.devices,
                Some(format!("{} / {}", ticket.devices_used, ticket.devices)),
            ),
        ];
        for (name, value) in rows
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
        {
            page.raw("<dt>")
                .text(name)
                .raw("</dt><dd>")
                .text(value)
                .raw("</dd>");
        }
        page.raw("</dl><h3>").text(words.your_ticket).raw("</h3>");
        credentials(page, words, ticket);
        self.form(page, "/portal/logout");
        page.raw("<button class=\"quiet\">")
            .text(words.log_out)
            .raw("</button></form></section>");
    }

    fn plans(&self, page: &mut Html, words: &Words, home: &Home) {
        page.raw("<section><h2>").text(words.buy).raw("</h2>");
        if home.plans.is_empty() || !home.sales_open {
            page.raw("<p>").text(words.no_plans).raw("</p></section>");
            return;
        }
        if home.cloud {
            page.raw("<p>").text(words.choose).raw("</p>");
        } else {
            let (what, next) =
                Trouble::Buy(crate::core::portal::BuyError::NoCloud).words(self.language);
            page.raw("<p><strong>")
                .text(what)
                .raw(".</strong> ")
                .text(next)
                .raw("</p></section>");
            return;
        }
        for plan in &home.plans {
            self.plan(page, words, plan);
        }
        page.raw("</section>");
    }

    fn plan(&self, page: &mut Html, words: &Words, plan: &PlanView) {
        let id = plan.id.to_string();
        page.raw("<details name=\"plan\"><summary><span>")
            .text(&plan.name)
            .raw("<small>")
            .text(&words.terms(&plan.terms));
        page.raw("</small></span><strong>")
            .text(&plan.price.to_string())
            .raw("</strong></summary>");
        self.form(page, "/portal/buy");
        page.raw("<input type=\"hidden\" name=\"plan\" value=\"")
            .text(&id);
        page.raw("\"><input type=\"hidden\" name=\"revision\" value=\"")
            .text(&plan.revision.to_string());
        page.raw("\"><label for=\"p-")
            .text(&id)
            .raw("\">")
            .text(words.phone)
            .raw("</label><input id=\"p-")
            .text(&id);
        page.raw("\" name=\"phone\" type=\"tel\" inputmode=\"tel\" autocomplete=\"tel\" required maxlength=\"20\" placeholder=\"0712 345 678\"><button>");
        page.text(words.pay)
            .raw(" ")
            .text(&plan.price.to_string())
            .raw("</button></form></details>");
    }

    fn code(&self, page: &mut Html, words: &Words) {
        page.raw("<section><h2>").text(words.have_code).raw("</h2>");
        self.form(page, "/portal/code");
        page.raw("<label for=\"code\">").text(words.code);
        page.raw("</label><input id=\"code\" name=\"code\" required maxlength=\"40\" autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\"><button>");
        page.text(words.use_code).raw("</button></form></section>");
    }

    fn form(&self, page: &mut Html, action: &'static str) {
        page.raw("<form method=\"post\" action=\"")
            .raw(action)
            .raw("\"><input type=\"hidden\" name=\"lang\" value=\"");
        page.text(self.language.tag())
            .raw("\"><input type=\"hidden\" name=\"seal\" value=\"")
            .text(self.seal)
            .raw("\">");
    }

    fn refresh(&self, page: &mut Html, words: &Words) {
        page.raw("<p><a class=\"button quiet\" href=\"/portal/?lang=")
            .text(self.language.tag())
            .raw("\">")
            .text(words.refresh)
            .raw("</a></p>");
    }
}

/// Whether a ticket in use is not on the air yet.
fn is_connecting(ticket: &TicketView) -> bool {
    ticket.status == Status::Active && ticket.held && !ticket.online && ticket.step < Step::Ended
}

fn credentials(page: &mut Html, words: &Words, ticket: &TicketView) {
    page.raw("<p>")
        .text(&ticket.plan_name)
        .raw(" · ")
        .text(&words.terms(&ticket.terms))
        .raw("</p><p class=\"code\">");
    page.text(&ticket.code_shown)
        .raw("</p><dl><dt>")
        .text(words.username)
        .raw("</dt><dd>")
        .text(ticket.username.reveal());
    page.raw("</dd><dt>")
        .text(words.password)
        .raw("</dt><dd>")
        .text(ticket.password.reveal())
        .raw("</dd></dl><p>");
    page.text(words.keep).raw("</p>");
}

/// The brand colour and the one that is legible on it, as the style sheet's address carries them.
fn colours(look: Option<&Look>) -> String {
    format!(
        "{:06x}",
        look.map_or(0x0a_7d_4b, |look| look.colour & 0xff_ff_ff)
    )
}

/// The style sheet for a brand colour.
pub(super) fn style(colour: u32) -> String {
    let [_, red, green, blue] = colour.to_be_bytes();
    let channel = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    let luminance = 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
    // WCAG's contrast: black is the more legible one from here on.
    let ink = if luminance > 0.179 { "#000" } else { "#fff" };
    format!(
        ":root{{--brand:#{:06x};--ink:{ink}}}{STYLE}",
        colour & 0xff_ff_ff
    )
}
