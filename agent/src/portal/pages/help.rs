//! Whom to call: the number of the people who run the place.

use mnara_protocol::portal::{Html, Words};

use super::View;

impl View<'_> {
    /// The number to call for help, if there is one.
    pub(super) fn help(&self, page: &mut Html, words: &Words) {
        let Some(phone) = self.home.and_then(|home| home.look.help_phone.as_ref()) else {
            return;
        };
        let dialled: String = phone
            .chars()
            .filter(|letter| letter.is_ascii_digit() || *letter == '+')
            .collect();
        page.raw("<p>")
            .raw(words.help)
            .raw(" <a href=\"tel:")
            .text(&dialled)
            .raw("\">")
            .text(phone)
            .raw("</a></p>");
    }
}
