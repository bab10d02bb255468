//! Paying by hand: what to type on the phone, step by step, and the form for a receipt that brought nothing.

use mnara_protocol::message::ByHand;
use mnara_protocol::portal::{Html, Words, notice};

use super::super::trouble::Trouble;
use super::{Place, View};
use crate::core::portal::{ClaimError, Home};

impl View<'_> {
    /// What the title says first.
    pub(super) fn hand_news(&self, words: &Words) -> &'static str {
        match self.home {
            Some(home) if home.named => words.claim_waits,
            Some(home) if home.hand.is_none() => words.claim_found,
            _ => words.hand,
        }
    }

    /// What to type on the phone, or what is waited for.
    pub(super) fn by_hand(&self, page: &mut Html, words: &Words, home: &Home) {
        if !home.cloud {
            self.no_cloud(page, words);
        }
        if home.named {
            self.named(page, words, home);
        }
        let Some(hand) = &home.hand else {
            if home.named {
                return;
            }
            page.raw("<section class=\"news moving\" role=\"status\" aria-live=\"polite\"><h2>")
                .raw(words.claim_found)
                .raw("</h2><p>")
                .raw(words.updates_itself)
                .raw("</p></section>");
            return;
        };
        let is_till = hand.place.kind == ByHand::Till;
        page.raw("<section class=\"news\"><h2>")
            .raw(words.hand)
            .raw("</h2><p class=\"big\">")
            .text(&hand.plan_name)
            .raw(" · ")
            .text(&hand.price.to_string())
            .raw("</p><ol class=\"hand\"><li>")
            .raw(if is_till {
                words.hand_menu_till
            } else {
                words.hand_menu
            })
            .raw("</li>");
        let number = if is_till {
            words.hand_till
        } else {
            words.hand_paybill
        };
        step(page, number, &hand.place.number);
        if let Some(account) = &hand.place.account {
            step(page, words.hand_account, account);
        }
        step(page, words.hand_amount, &hand.price.to_string());
        if is_till && let Some(tail) = &hand.phone_tail {
            step(page, words.hand_from, tail);
        }
        page.raw("<li>").raw(words.hand_pin).raw("</li></ol>");
        // With the cloud away nobody hears of the money so soon.
        if home.cloud {
            page.raw("<p role=\"status\" aria-live=\"polite\">")
                .raw(words.hand_waits)
                .raw("</p>");
        }
        self.link(page, Place::Wait, words.refresh, "button quiet");
        self.claim_link(page, words);
        page.raw("</section>");
    }

    /// A payment that is waited for because its receipt was named.
    fn named(&self, page: &mut Html, words: &Words, home: &Home) {
        page.raw("<section class=\"news moving\" role=\"status\" aria-live=\"polite\"><h2>")
            .raw(words.claim_waits)
            .raw("</h2><p>");
        if home.cloud {
            page.raw(words.claim_waits_more).raw("</p><p>");
        }
        page.raw(words.updates_itself).raw("</p>");
        // What to type on the phone, which follows then, has them too.
        if home.hand.is_none() {
            self.link(page, Place::Wait, words.refresh, "button quiet");
            self.claim_link(page, words);
        }
        page.raw("</section>");
    }

    /// The way to the form for a receipt.
    pub(super) fn claim_link(&self, page: &mut Html, words: &Words) {
        page.raw("<p class=\"jump\"><a href=\"")
            .raw(Place::Claim.path())
            .raw("?lang=")
            .raw(self.language.tag())
            .raw("\">")
            .raw(words.claim)
            .raw("</a></p>");
    }

    /// The form for a receipt.
    pub(super) fn claim(&self, page: &mut Html, words: &Words, home: &Home) {
        page.raw("<section><h2>").raw(words.claim).raw("</h2>");
        if !home.cloud && self.trouble.is_none() {
            let (what, next) = Trouble::Claim(ClaimError::NoCloud).words(self.language);
            notice(page, what, next);
        }
        page.raw("<p>").raw(words.claim_text).raw("</p>");
        self.form(page, "/portal/claim");
        let is_wrong = |error| self.trouble == Some(Trouble::Claim(error));
        page.raw("<label for=\"receipt\">")
            .raw(words.claim_receipt)
            .raw("</label><input id=\"receipt\" name=\"receipt\" required maxlength=\"24\" autocomplete=\"off\" autocapitalize=\"characters\" autocorrect=\"off\" spellcheck=\"false\" placeholder=\"TKL51ZDR4F\" value=\"")
            .text(&self.typed.receipt)
            .raw("\"");
        invalid(page, is_wrong(ClaimError::BadReceipt));
        page.raw("><label for=\"phone\">")
            .raw(words.claim_phone)
            .raw("</label><input id=\"phone\" name=\"phone\" type=\"tel\" inputmode=\"tel\" autocomplete=\"tel\" required maxlength=\"20\" placeholder=\"0712 345 678\" value=\"")
            .text(&self.typed.phone)
            .raw("\"");
        invalid(page, is_wrong(ClaimError::BadPhone));
        page.raw("><button>")
            .raw(words.claim_go)
            .raw("</button></form>");
        self.link(page, Place::Home, words.back, "button quiet");
        page.raw("</section>");
    }
}

fn invalid(page: &mut Html, is_wrong: bool) {
    if is_wrong {
        page.raw(" aria-invalid=\"true\" aria-describedby=\"trouble\"");
    }
}

fn step(page: &mut Html, name: &'static str, value: &str) {
    page.raw("<li>")
        .raw(name)
        .raw(" <b>")
        .text(value)
        .raw("</b></li>");
}
