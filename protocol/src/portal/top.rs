//! What stands above everything on a page of the portal: the head, the name with the logo, the other language, what everybody should know.

use super::html::Html;
use super::style::style_query;
use super::words::Language;
use super::{Look, PlanView};

/// The top of a page.
#[derive(Clone, Copy, Debug)]
pub struct Top<'a> {
    /// The language.
    pub language: Language,
    /// Whose portal it is; none while nobody knows.
    pub look: Option<&'a Look>,
    /// The plans of the page, whose colours the style sheet must know.
    pub plans: &'a [PlanView],
    /// What the title says first.
    pub news: Option<&'a str>,
    /// The folder of the page's addresses, with a slash at its end.
    pub base: &'a str,
    /// The page's own address, for the other language.
    pub here: &'a str,
    /// A voucher's code that was scanned and is kept when the language changes.
    pub scanned: Option<&'a str>,
    /// Where the logo is.
    pub logo: &'a str,
}

/// The beginning of a page, up to where a page says how often it is to be asked for again.
pub fn begin(page: &mut Html, language: Language) {
    page.raw("<!doctype html><html lang=\"")
        .raw(language.tag())
        .raw("\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
}

impl Top<'_> {
    fn name(&self) -> &str {
        self.look
            .map(|look| look.business.as_str())
            .filter(|name| !name.is_empty())
            .unwrap_or(self.language.words().wifi)
    }

    /// The title and the style sheet, up to the attributes of the body.
    pub fn title(&self, page: &mut Html) {
        page.raw("<title>");
        if let Some(news) = self.news {
            page.text(news).raw(" · ");
        }
        page.text(self.name())
            .raw("</title><meta name=\"description\" content=\"")
            .text(self.name())
            .raw(": ")
            .text(self.language.words().buy)
            .raw("\"><link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"")
            .text(self.base)
            .raw("style.css?")
            .text(&style_query(self.look, self.plans))
            .raw("\"></head><body data-moment=\"")
            .text(self.language.words().one_moment);
    }

    /// The end of the body's attributes, the header, and the beginning of what the page is about.
    pub fn header(&self, page: &mut Html) {
        let words = self.language.words();
        page.raw("\"><header>");
        if self.look.is_some_and(|look| look.logo.is_some()) {
            // Beside the name, which says the same.
            page.raw("<img alt=\"\" src=\"").text(self.logo).raw("\">");
        }
        page.raw("<div><h1>").text(self.name()).raw("</h1>");
        let site = self.look.map_or("", |look| look.site.as_str());
        if !site.is_empty() && site != self.name() {
            page.raw("<p>").text(site).raw("</p>");
        }
        page.raw("</div><a href=\"")
            .text(self.here)
            .raw("?lang=")
            .raw(words.other_tag);
        if let Some(code) = self.scanned {
            page.raw("&amp;code=").text(code);
        }
        page.raw("\" hreflang=\"")
            .raw(words.other_tag)
            .raw("\" lang=\"")
            .raw(words.other_tag)
            .raw("\">")
            .raw(words.other_language)
            .raw("</a></header>");
        if let Some(banner) = self
            .look
            .and_then(|look| look.banner.in_words(self.language))
        {
            page.raw("<p class=\"banner\">").text(banner).raw("</p>");
        }
        page.raw("<main>");
    }
}

/// What the business says to whoever comes.
pub fn welcome(page: &mut Html, language: Language, look: &Look) {
    if let Some(welcome) = look.welcome.in_words(language) {
        page.raw("<p class=\"welcome\">").text(welcome).raw("</p>");
    }
}
