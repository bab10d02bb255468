//! What a page offers: plans to buy with M-PESA and the field for a code. Nothing is offered for money while it could not be paid, or
//! while a payment is under way.

use super::super::html::Html;
use super::super::trouble::Trouble;
use super::super::words::Words;
use super::{Place, View};
use crate::core::portal::{BuyError, Home, PlanView};

/// Plans on the first page; the rest is a press away, so that it stays small.
const FIRST: usize = 20;

/// With more plans than this the code field is out of sight, and a link leads to it.
const WITHOUT_JUMP: usize = 3;

impl View<'_> {
    /// Plans and the code field, what works first.
    pub(super) fn offers(&self, page: &mut Html, words: &Words, home: &Home) {
        let for_sale = home.cloud && home.sales_open && !home.plans.is_empty();
        if for_sale && !self.is_about_code() {
            if home.plans.len() > WITHOUT_JUMP {
                page.raw("<p class=\"jump\"><a href=\"#code\">")
                    .raw(words.have_code)
                    .raw("</a></p>");
            }
            self.plans(page, words, home);
            self.code(page, words);
        } else {
            self.code(page, words);
            self.plans(page, words, home);
        }
    }

    /// The same, folded away below what matters more.
    pub(super) fn more(&self, page: &mut Html, words: &Words, home: &Home) {
        let is_open = self.trouble.is_some() || self.is_scanned() || self.place == Place::Plans;
        page.raw(if is_open {
            "<details open><summary>"
        } else {
            "<details><summary>"
        })
        .raw(words.buy_more)
        .raw("</summary>");
        self.offers(page, words, home);
        page.raw("</details>");
    }

    /// The plans, or why none can be bought.
    pub(super) fn plans(&self, page: &mut Html, words: &Words, home: &Home) {
        if home.plans.is_empty() || !home.sales_open {
            notice(page, words.closed, words.closed_more);
            return;
        }
        if !home.cloud {
            let (what, next) = Trouble::Buy(BuyError::NoCloud).words(self.language);
            // Else the page would say it twice.
            if self.trouble != Some(Trouble::Buy(BuyError::NoCloud)) {
                notice(page, what, next);
            }
            return;
        }
        page.raw("<section><h2>").raw(words.buy).raw("</h2>");
        self.form(page, "/portal/buy");
        page.raw("<fieldset><legend>")
            .raw(words.choose)
            .raw("</legend>");
        let chosen = match home.plans.as_slice() {
            [only] => Some(only),
            _ => self.wanted_plan(),
        };
        let shown = match (self.place, chosen) {
            (Place::Plans, _) => home.plans.len(),
            // What was chosen stays in sight.
            (_, Some(chosen)) => home
                .plans
                .iter()
                .position(|plan| plan.id == chosen.id)
                .map_or(FIRST, |place| FIRST.max(place + 1)),
            _ => FIRST,
        };
        for plan in home.plans.iter().take(shown) {
            choice(
                page,
                words,
                plan,
                chosen.is_some_and(|chosen| chosen.id == plan.id),
            );
        }
        page.raw("</fieldset>");
        if home.plans.len() > shown {
            self.link(page, Place::Plans, words.all_plans, "button quiet");
        }
        page.raw("<label for=\"phone\">")
            .raw(words.phone)
            .raw("</label><input id=\"phone\" name=\"phone\" type=\"tel\" inputmode=\"tel\" autocomplete=\"tel\" required maxlength=\"20\" placeholder=\"0712 345 678\" value=\"")
            .text(&self.typed.phone)
            .raw("\" aria-describedby=\"prompt\"");
        if self.trouble == Some(Trouble::Buy(BuyError::BadPhone)) {
            page.raw(" aria-invalid=\"true\"");
        }
        page.raw("><p id=\"prompt\">")
            .raw(words.prompt_comes)
            .raw("</p><button id=\"pay\" data-pay=\"")
            .raw(words.pay)
            .raw("\">")
            .raw(words.pay)
            .raw(" ");
        match chosen {
            Some(plan) => page.text(&plan.price.to_string()),
            None => page.raw(words.with_mpesa),
        };
        page.raw("</button></form></section>");
    }

    /// The field for a code.
    pub(super) fn code(&self, page: &mut Html, words: &Words) {
        page.raw("<section><h2>").raw(words.have_code).raw("</h2>");
        self.form(page, "/portal/code");
        page.raw("<label for=\"code\">")
            .raw(words.code)
            .raw("</label><input id=\"code\" name=\"code\" required maxlength=\"40\" autocomplete=\"off\" autocapitalize=\"characters\" autocorrect=\"off\" spellcheck=\"false\" value=\"")
            .text(&self.typed.code)
            .raw("\"");
        if self.is_code_wrong() {
            page.raw(" aria-invalid=\"true\" aria-describedby=\"trouble\"");
        }
        page.raw("><button>")
            .raw(words.use_code)
            .raw("</button></form></section>");
    }

    /// The plan that was chosen before, as it is now: the next try is a press away.
    pub(super) fn wanted_plan(&self) -> Option<&PlanView> {
        let home = self.home?;
        let before = home
            .purchase
            .as_ref()
            .and_then(|purchase| purchase.plan_name.as_deref());
        let by_id = |plan: &&PlanView| plan.id.to_string() == self.typed.plan;
        let by_name = |plan: &&PlanView| before == Some(plan.name.as_str());
        let plans = home.plans.iter();
        plans
            .clone()
            .find(by_id)
            .or_else(|| plans.clone().find(by_name))
    }
}

fn notice(page: &mut Html, what: &'static str, next: &'static str) {
    page.raw("<section class=\"notice\"><h2>")
        .raw(what)
        .raw("</h2><p>")
        .raw(next)
        .raw("</p></section>");
}

fn choice(page: &mut Html, words: &Words, plan: &PlanView, is_chosen: bool) {
    let price = plan.price.to_string();
    page.raw("<label class=\"plan\"><input type=\"radio\" name=\"plan\" required value=\"")
        .text(&plan.id.to_string())
        .raw(".")
        .text(&plan.revision.to_string())
        .raw("\" data-price=\"")
        .text(&price)
        .raw(if is_chosen { "\" checked>" } else { "\">" })
        .raw("<b>")
        .text(&plan.name)
        .raw("</b><strong>")
        .text(&price)
        .raw("</strong><small>")
        .text(&words.terms(&plan.terms))
        .raw("</small></label>");
}
