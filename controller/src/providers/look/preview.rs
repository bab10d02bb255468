//! The portal as customers will see it, shown to whoever works on it: the very code that draws a site's first page, in a frame of ours where
//! nothing can be pressed.

use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mnara_protocol::portal::{
    self, Counter, Html, Language, Look, PlanView, Top, Trial, begin, code_form, counter, notice,
    terms_page, trial_form, welcome,
};
use serde::Deserialize;

use super::Logo;

/// The folder of a preview's addresses.
const BASE: &str = "/settings/portal/preview/";
/// Our own pages may frame it, and nothing in it does anything.
const POLICY: &str = "sandbox; default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// A part of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first page.
    Home,
    /// The same with every plan.
    Plans,
    /// What a buyer accepts.
    Terms,
}

impl Part {
    /// The part of an address.
    #[must_use]
    pub fn at(name: &str) -> Option<Self> {
        match name {
            "home" => Some(Self::Home),
            "plans" => Some(Self::Plans),
            "terms" => Some(Self::Terms),
            _ => None,
        }
    }
}

/// What is to be shown.
#[derive(Debug)]
pub struct Preview<'a> {
    /// The look.
    pub look: &'a Look,
    /// The picture it names.
    pub logo: Option<&'a Logo>,
    /// What is given away to try.
    pub trial: Option<&'a Trial>,
    /// What is for sale, in order.
    pub plans: &'a [PlanView],
    /// In which language.
    pub language: Language,
    /// Which part.
    pub part: Part,
    /// What stands above everything, if something is wrong with what was typed.
    pub fault: Option<&'static str>,
}

impl Preview<'_> {
    /// Draws it.
    #[must_use]
    pub fn draw(&self) -> Response {
        let words = self.language.words();
        let logo = self.logo.and_then(|logo| {
            let kind = logo.kind.media_type()?;
            Some(format!(
                "data:{kind};base64,{}",
                STANDARD.encode(&logo.picture)
            ))
        });
        let mut page = Html::default();
        let top = Top {
            language: self.language,
            look: Some(self.look),
            plans: self.plans,
            news: None,
            base: BASE,
            here: "/settings/portal/preview/home",
            scanned: None,
            logo: logo.as_deref().unwrap_or_default(),
        };
        begin(&mut page, self.language);
        top.title(&mut page);
        top.header(&mut page);
        if let Some(fault) = self.fault {
            page.raw("<section class=\"trouble\"><p>")
                .text(fault)
                .raw("</p></section>");
        }
        match self.part {
            Part::Terms => {
                let back = "/settings/portal/preview/home";
                terms_page(&mut page, self.language, self.look, back);
            }
            Part::Home | Part::Plans => {
                welcome(&mut page, self.language, self.look);
                if let Some(trial) = self.trial {
                    trial_form(&mut page, self.language, BASE, "", trial);
                }
                if self.plans.is_empty() {
                    notice(&mut page, words.closed, words.closed_more);
                } else {
                    counter(
                        &mut page,
                        &Counter {
                            language: self.language,
                            look: self.look,
                            plans: self.plans,
                            chosen: None,
                            is_whole: self.part == Part::Plans,
                            phone: "",
                            is_phone_wrong: false,
                            seal: "",
                            base: BASE,
                            by_hand: None,
                            no_prompts: false,
                            sms: None,
                        },
                    );
                }
                code_form(&mut page, self.language, BASE, "", "", None);
            }
        }
        page.raw("</main></body></html>");
        let mut response = page.finish().into_response();
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
            (header::CACHE_CONTROL, "no-store"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// The language somebody asked for, else that of the pages.
#[must_use]
pub fn language(asked: Option<&str>, pages: Language) -> Language {
    asked.and_then(Language::parse).unwrap_or(pages)
}

/// The colours of a style sheet, as the portal writes them.
#[derive(Debug, Default, Deserialize)]
pub struct Colours {
    c: Option<String>,
    b: Option<String>,
    p: Option<String>,
}

/// Gives the portal's own style sheet in the colours asked for.
pub async fn style(Query(colours): Query<Colours>) -> Response {
    let [brand, button, plans] =
        [&colours.c, &colours.b, &colours.p].map(|colour| colour.as_deref());
    let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    let keep = (header::CACHE_CONTROL, "max-age=86400");
    let sheet = portal::style(brand, button, plans);
    (StatusCode::OK, [kind, keep], sheet).into_response()
}
