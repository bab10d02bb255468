//! What a page offers: plans to buy with M-PESA, the field for a code, and what a buyer accepts.

use std::time::Duration;

use super::html::Html;
use super::words::{Language, Words};
use super::{Look, PlanView, Trial};
use crate::message::ByHand;

/// Plans on the first page; the rest is a press away, so that it stays small.
pub const FIRST: usize = 20;

/// The plans, with the form that buys one.
#[derive(Clone, Copy, Debug)]
pub struct Counter<'a> {
    /// The language.
    pub language: Language,
    /// Whose portal it is.
    pub look: &'a Look,
    /// What is for sale, in the provider's order.
    pub plans: &'a [PlanView],
    /// The plan that was chosen before, as it is now.
    pub chosen: Option<&'a PlanView>,
    /// Whether every plan is shown.
    pub is_whole: bool,
    /// The phone as it was typed.
    pub phone: &'a str,
    /// Whether that cannot be one.
    pub is_phone_wrong: bool,
    /// The proof that the form came from this page.
    pub seal: &'a str,
    /// The folder of the page's addresses, with a slash at its end.
    pub base: &'a str,
    /// How customers may pay by hand, if they may.
    pub by_hand: Option<ByHand>,
    /// Whether no prompts get through at present.
    pub no_prompts: bool,
    /// Whether the code may be asked for by SMS, and whether it was.
    pub sms: Option<bool>,
}

/// Writes the plans and the form that buys one.
pub fn counter(page: &mut Html, counter: &Counter<'_>) {
    let words = counter.language.words();
    let is_open = counter.plans.iter().any(|plan| plan.is_open);
    if !is_open {
        notice(page, words.sold_later, words.sold_later_more);
    }
    if counter.no_prompts && is_open {
        let next = match counter.by_hand {
            Some(_) => words.no_prompts_hand,
            None => words.no_prompts_more,
        };
        notice(page, words.no_prompts, next);
    }
    page.raw("<section><h2>").raw(words.buy).raw("</h2>");
    form(page, counter.language, counter.base, "buy", counter.seal);
    page.raw("<fieldset><legend>")
        .raw(words.choose)
        .raw("</legend>");
    let chosen = match counter.plans {
        [only] => Some(only),
        _ => counter.chosen,
    }
    .filter(|plan| plan.is_open);
    let shown = match chosen {
        _ if counter.is_whole => counter.plans.len(),
        // What was chosen stays in sight.
        Some(chosen) => counter
            .plans
            .iter()
            .position(|plan| plan.id == chosen.id)
            .map_or(FIRST, |place| FIRST.max(place + 1)),
        None => FIRST,
    };
    for plan in counter.plans.iter().take(shown) {
        let is_chosen = chosen.is_some_and(|chosen| chosen.id == plan.id);
        choice(page, words, plan, is_chosen);
    }
    page.raw("</fieldset>");
    if counter.plans.len() > shown {
        page.raw("<p><a class=\"button quiet\" href=\"")
            .text(counter.base)
            .raw("plans?lang=")
            .raw(counter.language.tag())
            .raw("\">")
            .raw(words.all_plans)
            .raw("</a></p>");
    }
    if !is_open {
        page.raw("</form></section>");
        return;
    }
    page.raw("<label for=\"phone\">")
        .raw(words.phone)
        .raw("</label><input id=\"phone\" name=\"phone\" type=\"tel\" inputmode=\"tel\" autocomplete=\"tel\" required maxlength=\"20\" placeholder=\"0712 345 678\" value=\"")
        .text(counter.phone)
        .raw("\" aria-describedby=\"prompt\"");
    if counter.is_phone_wrong {
        page.raw(" aria-invalid=\"true\"");
    }
    page.raw("><p id=\"prompt\">")
        .raw(words.prompt_comes)
        .raw("</p>");
    if let Some(is_wanted) = counter.sms {
        page.raw("<label class=\"tick\"><input type=\"checkbox\" name=\"sms\" value=\"1\"")
            .raw(if is_wanted { " checked> " } else { "> " })
            .raw(words.by_sms)
            .raw("</label>");
    }
    if counter.look.terms.in_words(counter.language).is_some() {
        page.raw("<p>")
            .raw(words.you_accept)
            .raw(" <a href=\"")
            .text(counter.base)
            .raw("terms?lang=")
            .raw(counter.language.tag())
            .raw("\">")
            .raw(words.terms_of_use)
            .raw("</a>.</p>");
    }
    page.raw("<button id=\"pay\" data-pay=\"")
        .raw(words.pay)
        .raw("\">")
        .raw(words.pay)
        .raw(" ");
    match chosen {
        Some(plan) => page.text(&plan.price.to_string()),
        None => page.raw(words.with_mpesa),
    };
    page.raw("</button>");
    if let Some(kind) = counter.by_hand {
        page.raw("<button class=\"quiet\" formaction=\"")
            .text(counter.base)
            .raw("hand\"");
        // A till knows who paid by the number alone.
        if kind != ByHand::Till {
            page.raw(" formnovalidate");
        }
        page.raw(">").raw(words.hand_go).raw("</button>");
    }
    page.raw("</form></section>");
}

/// Writes what is given away to try: one press, and nothing to type.
pub fn trial_form(page: &mut Html, language: Language, base: &str, seal: &str, trial: &Trial) {
    let words = language.words();
    let time = trial.terms.duration_secs.or(trial.terms.online_secs);
    let time = time.map(|secs| words.duration(Duration::from_secs(secs.into())));
    page.raw("<section><h2>")
        .raw(words.free_trial)
        .raw("</h2><p id=\"trial\">")
        .text(&words.terms(&trial.terms))
        .raw(". ")
        .raw(words.try_free_more)
        .raw(" ");
    if trial.every_days <= 1 {
        page.raw(words.try_daily);
    } else {
        let days = Duration::from_secs(u64::from(trial.every_days) * 86_400);
        page.raw(words.try_every)
            .raw(" ")
            .text(&words.duration(days))
            .raw(".");
    }
    page.raw("</p>");
    form(page, language, base, "try", seal);
    page.raw("<button class=\"quiet\" aria-describedby=\"trial\">")
        .raw(words.try_free)
        .raw(" ")
        .text(&time.unwrap_or_default())
        .raw("</button></form></section>");
}

/// Writes the field for a code, as it was typed; `about` is the id of what speaks against that.
pub fn code_form(
    page: &mut Html,
    language: Language,
    base: &str,
    seal: &str,
    typed: &str,
    about: Option<&'static str>,
) {
    let words = language.words();
    page.raw("<section><h2>").raw(words.have_code).raw("</h2>");
    form(page, language, base, "code", seal);
    page.raw("<label for=\"code\">")
        .raw(words.code)
        .raw("</label><input id=\"code\" name=\"code\" required maxlength=\"40\" autocomplete=\"off\" autocapitalize=\"characters\" autocorrect=\"off\" spellcheck=\"false\" value=\"")
        .text(typed)
        .raw("\"");
    if let Some(about) = about {
        page.raw(" aria-invalid=\"true\" aria-describedby=\"")
            .raw(about)
            .raw("\"");
    }
    page.raw("><button>")
        .raw(words.use_code)
        .raw("</button></form></section>");
}

/// Writes what a buyer accepts, line by line as it was written, with the way back.
pub fn terms_page(page: &mut Html, language: Language, look: &Look, back: &str) {
    let words = language.words();
    page.raw("<section><h2>")
        .raw(words.terms_of_use)
        .raw("</h2>");
    let terms = look.terms.in_words(language).unwrap_or(words.no_terms);
    for line in terms.lines().filter(|line| !line.trim().is_empty()) {
        page.raw("<p>").text(line).raw("</p>");
    }
    page.raw("<p><a class=\"button quiet\" href=\"")
        .text(back)
        .raw("?lang=")
        .raw(language.tag())
        .raw("\">")
        .raw(words.back)
        .raw("</a></p></section>");
}

/// Writes something a customer should know.
pub fn notice(page: &mut Html, what: &'static str, next: &'static str) {
    page.raw("<section class=\"notice\"><h2>")
        .raw(what)
        .raw("</h2><p>")
        .raw(next)
        .raw("</p></section>");
}

fn form(page: &mut Html, language: Language, base: &str, action: &'static str, seal: &str) {
    page.raw("<form method=\"post\" action=\"")
        .text(base)
        .raw(action)
        .raw("\"><input type=\"hidden\" name=\"lang\" value=\"")
        .raw(language.tag())
        .raw("\"><input type=\"hidden\" name=\"seal\" value=\"")
        .text(seal)
        .raw("\">");
}

fn choice(page: &mut Html, words: &Words, plan: &PlanView, is_chosen: bool) {
    let price = plan.price.to_string();
    page.raw("<label class=\"plan");
    if let Some(colour) = plan.colour {
        page.raw(" p").text(&format!("{colour:06x}"));
    }
    page.raw("\"><input type=\"radio\" name=\"plan\" required value=\"")
        .text(&plan.id.to_string())
        .raw(".")
        .text(&plan.revision.to_string())
        .raw("\" data-price=\"")
        .text(&price)
        .raw(match (plan.is_open, is_chosen) {
            (false, _) => "\" disabled>",
            (true, true) => "\" checked>",
            (true, false) => "\">",
        })
        .raw("<b>")
        .text(&plan.name)
        .raw("</b><strong>")
        .text(&price)
        .raw("</strong><small>")
        .text(&words.terms(&plan.terms));
    if let Some(hours) = &plan.hours {
        page.raw(" · ").text(&words.hours(hours));
    }
    page.raw("</small></label>");
}
