//! What a page offers: plans to buy with M-PESA and the field for a code. Nothing is offered for money while it could not be paid, or
//! while a payment is under way.

use mnara_protocol::portal::{Counter, Html, Words, code_form, counter, notice, trial_form};

use super::super::state::{Situation, is_payment_unknown};
use super::super::trouble::Trouble;
use super::{BASE, Place, View};
use crate::core::portal::{BuyError, Home, PlanView};

/// With more plans than this the code field is out of sight, and a link leads to it.
const WITHOUT_JUMP: usize = 3;

impl View<'_> {
    /// Plans and the code field, what works first.
    pub(super) fn offers(&self, page: &mut Html, words: &Words, home: &Home) {
        if let Some(trial) = home.trial.as_ref().filter(|_| !self.is_about_code()) {
            trial_form(page, self.language, BASE, self.seal, trial);
        }
        let for_sale = home.cloud && home.sales_open && !home.plans.is_empty();
        if for_sale && !self.is_about_code() {
            if home.plans.len() > WITHOUT_JUMP {
                page.raw("<p class=\"jump\"><a href=\"#code\">")
                    .raw(words.have_code)
                    .raw("</a></p>");
            }
            self.plans(page, words, home);
            self.code(page);
        } else {
            self.code(page);
            self.plans(page, words, home);
        }
        self.paid_before(page, words, home);
    }

    /// The way in for who has paid already, also where nothing is sold now.
    pub(super) fn paid_before(&self, page: &mut Html, words: &Words, home: &Home) {
        if home.cloud {
            self.claim_link(page, words);
        }
    }

    /// Plans and the code field, folded away below what matters more.
    pub(super) fn more(&self, page: &mut Html, words: &Words, home: &Home) {
        let is_open = self.trouble.is_some() || self.is_scanned() || self.place == Place::Plans;
        page.raw(if is_open {
            "<details open><summary>"
        } else {
            "<details><summary>"
        })
        .raw(words.buy_more)
        .raw("</summary>");
        if is_payment_unknown(home) {
            self.code(page);
            self.paid_before(page, words, home);
            self.plans_again(page, words, home);
        } else {
            self.offers(page, words, home);
        }
        page.raw("</details>");
    }

    /// The plans behind a question, while what was paid for last may still come.
    pub(super) fn plans_again(&self, page: &mut Html, words: &Words, home: &Home) {
        page.raw(
            if matches!(self.trouble, Some(Trouble::Buy(_) | Trouble::NoPlan)) {
                "<details open><summary>"
            } else {
                "<details><summary>"
            },
        )
        .raw(words.not_charged)
        .raw("</summary>");
        self.plans(page, words, home);
        page.raw("</details>");
    }

    /// The plans, or why none can be bought.
    pub(super) fn plans(&self, page: &mut Html, words: &Words, home: &Home) {
        if home.plans.is_empty() || !home.sales_open {
            notice(page, words.closed, words.closed_more);
            return;
        }
        if !home.cloud {
            // What is paid by hand has said it above.
            if Situation::of(home) != Situation::ByHand {
                self.no_cloud(page, words);
            }
            // Else there is nothing to press, and a sign-in window has no way of its own to look again.
            self.link(page, Place::Home, words.try_again, "button quiet");
            return;
        }
        let shelf = Counter {
            language: self.language,
            look: &home.look,
            plans: &home.plans,
            chosen: self.wanted_plan(),
            is_whole: self.place == Place::Plans,
            phone: &self.typed.phone,
            is_phone_wrong: self.trouble == Some(Trouble::Buy(BuyError::BadPhone)),
            seal: self.seal,
            base: BASE,
            by_hand: home.by_hand,
            no_prompts: home.no_prompts,
            sms: home.sms.then_some(self.typed.by_sms),
        };
        counter(page, &shelf);
    }

    /// That M-PESA cannot be asked now. Who has paid reads it too, so it says nothing of what was charged.
    pub(super) fn no_cloud(&self, page: &mut Html, words: &Words) {
        let is = self.home.map(Situation::of);
        let trouble = self.trouble.or_else(|| self.standing_trouble(is));
        // Else the page would say it twice.
        if trouble != Some(Trouble::Buy(BuyError::NoCloud)) {
            notice(page, words.no_cloud, words.no_cloud_more);
        }
    }

    /// The field for a code.
    pub(super) fn code(&self, page: &mut Html) {
        let about = self.is_code_wrong().then_some("trouble");
        code_form(
            page,
            self.language,
            BASE,
            self.seal,
            &self.typed.code,
            about,
        );
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
