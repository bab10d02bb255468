//! The files of the hotspot's html directory as our firmware ships them. The portal's address is filled in when they are installed.
use std::collections::BTreeMap;

/// Where the portal's address goes in a page.
const PORTAL: &str = "{{portal}}";

const SHIPPED: [(&str, &str); 10] = [
    (
        "alogin.html",
        include_str!("../../../../../firmware/hotspot/alogin.html"),
    ),
    (
        "api.json",
        include_str!("../../../../../firmware/hotspot/api.json"),
    ),
    (
        "error.html",
        include_str!("../../../../../firmware/hotspot/error.html"),
    ),
    (
        "errors.txt",
        include_str!("../../../../../firmware/hotspot/errors.txt"),
    ),
    (
        "login.html",
        include_str!("../../../../../firmware/hotspot/login.html"),
    ),
    (
        "logout.html",
        include_str!("../../../../../firmware/hotspot/logout.html"),
    ),
    (
        "redirect.html",
        include_str!("../../../../../firmware/hotspot/redirect.html"),
    ),
    (
        "rlogin.html",
        include_str!("../../../../../firmware/hotspot/rlogin.html"),
    ),
    (
        "rstatus.html",
        include_str!("../../../../../firmware/hotspot/rstatus.html"),
    ),
    (
        "status.html",
        include_str!("../../../../../firmware/hotspot/status.html"),
    ),
];

/// The files of one html directory, by path inside it.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    files: BTreeMap<String, String>,
}

impl Directory {
    pub(crate) fn shipped() -> Self {
        let files = SHIPPED
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Self {
            files: files.collect(),
        }
    }

    pub(crate) fn put(&mut self, name: &str, contents: &str) {
        self.files.insert(name.to_owned(), contents.to_owned());
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.files.remove(name);
    }

    /// Returns a file as installed for a portal, in a language when there is one for it.
    pub(crate) fn file(&self, name: &str, language: Option<&str>, portal: &str) -> Option<String> {
        let translated =
            language.and_then(|language| self.files.get(&format!("{language}/{name}")));
        translated
            .or_else(|| self.files.get(name))
            .map(|text| install(text, portal))
    }

    pub(crate) fn has_language(&self, language: &str) -> bool {
        self.files.keys().any(|name| {
            name.strip_prefix(language)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }

    /// Returns a text of `errors.txt`.
    pub(crate) fn error(&self, key: &str) -> Option<String> {
        let lines = self.files.get("errors.txt")?.lines();
        lines
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('='))
            .find(|(have, _)| have.trim() == key)
            .map(|(_, words)| words.trim().to_owned())
    }
}

/// Fills the portal's address into a page, as the installer does before it uploads the file.
pub(crate) fn install(text: &str, portal: &str) -> String {
    text.replace(PORTAL, portal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_opens_a_tag_the_router_would_eat() {
        const KNOWN: [&str; 14] = [
            "if ",
            "elif ",
            "else",
            "endif",
            "error",
            "error-orig",
            "ip",
            "link-status",
            "link-logout",
            "link-login-only",
            "uptime",
            "session-time-left",
            "bytes-",
            "re",
        ];
        for (name, text) in SHIPPED {
            for tag in text.split("$(").skip(1) {
                assert!(
                    KNOWN.iter().any(|known| tag.starts_with(known)),
                    "{name}: $({tag:.20}"
                );
            }
            assert_eq!(
                text.matches("$(if").count(),
                text.matches("$(endif)").count(),
                "{name}"
            );
        }
    }

    #[test]
    fn every_page_works_without_script_and_names_both_languages() {
        for (name, text) in SHIPPED.iter().filter(|(name, _)| name.ends_with(".html")) {
            assert!(!text.contains("<script"), "{name}");
            assert!(
                !text.contains("//"),
                "{name} fetches nothing from elsewhere"
            );
            assert!(
                text.contains("lang=\"en\"") && text.contains("lang=\"sw\""),
                "{name}"
            );
            assert!(text.len() < 4096, "{name}");
        }
    }

    #[test]
    fn errors_carry_no_words_of_the_visitor() {
        let directory = Directory::shipped();
        assert_eq!(
            directory.error("invalid-username").unwrap(),
            "invalid username or password"
        );
        for line in directory.files["errors.txt"].lines() {
            assert!(
                !line.contains("$(username"),
                "{line}: pages have no escape for HTML"
            );
        }
    }

    #[test]
    fn the_portals_address_is_filled_in_everywhere() {
        let directory = Directory::shipped();
        let page = directory
            .file("redirect.html", Some("lv"), "http://10.0.0.2/portal/")
            .unwrap();
        assert_eq!(page.matches("http://10.0.0.2/portal/").count(), 3);
        assert!(!page.contains("{{"));
    }
}
