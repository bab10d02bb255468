//! The pages a router has: those it came with, ours in their place, and which file answers for which server. Files are in `device/files.rs`.
use super::super::device::Device;

/// Where the portal's address goes in a page of ours.
const PORTAL: &str = "{{portal}}";

/// Where pages are unless a profile says otherwise.
pub(crate) const FOLDER: &str = "hotspot";

/// The pages a router comes with, as plain as MikroTik's and with the same names, variables and texts.
pub(crate) const STOCK: [(&str, &str); 11] = [
    ("alogin.html", include_str!("stock/alogin.html")),
    ("api.json", include_str!("stock/api.json")),
    ("error.html", include_str!("stock/error.html")),
    ("errors.txt", include_str!("stock/errors.txt")),
    ("login.html", include_str!("stock/login.html")),
    ("logout.html", include_str!("stock/logout.html")),
    ("redirect.html", include_str!("stock/redirect.html")),
    ("rlogin.html", include_str!("stock/rlogin.html")),
    ("rstatus.html", include_str!("stock/rstatus.html")),
    ("status.html", include_str!("stock/status.html")),
    ("md5.js", include_str!("stock/md5.js")),
];

/// The pages our install puts in their place.
pub(crate) const FIRMWARE: [(&str, &str); 10] = [
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

/// Fills the portal's address into a page, as the installer does before it uploads the file.
pub(crate) fn install(text: &str, portal: &str) -> String {
    text.replace(PORTAL, portal)
}

impl Device {
    /// Returns the folder a server's pages come from: the override while there is one with files in it.
    fn folder(&self, server: &str) -> String {
        let profile = self.server_profile(server);
        let text = |name: &str| {
            profile
                .map(|row| row.text(name).trim_matches('/').to_owned())
                .unwrap_or_default()
        };
        let preferred = text("html-directory-override");
        if !preferred.is_empty() && self.has_folder(&preferred) {
            return preferred;
        }
        Some(text("html-directory"))
            .filter(|folder| !folder.is_empty())
            .unwrap_or_else(|| FOLDER.to_owned())
    }

    /// Returns a page of a server, in a language when there is one for it.
    pub(super) fn page(&self, server: &str, name: &str, language: Option<&str>) -> Option<Vec<u8>> {
        let folder = self.folder(server);
        let translated =
            language.and_then(|language| self.file(&format!("{folder}/{language}/{name}")));
        translated
            .or_else(|| self.file(&format!("{folder}/{name}")))
            .map(<[u8]>::to_vec)
    }

    pub(super) fn speaks(&self, server: &str, language: &str) -> bool {
        !language.is_empty() && self.has_folder(&format!("{}/{language}", self.folder(server)))
    }

    /// Returns a text of a server's `errors.txt`.
    pub(super) fn error_text(&self, server: &str, key: &str) -> Option<String> {
        let text = self.page(server, "errors.txt", None)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('='))
            .find(|(have, _)| have.trim() == key)
            .map(|(_, words)| words.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_opens_a_tag_the_router_would_eat() {
        const KNOWN: [&str; 15] = [
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
            "link-orig-esc",
            "uptime",
            "session-time-left",
            "bytes-",
            "re",
        ];
        for (name, text) in FIRMWARE {
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
        for (name, text) in FIRMWARE.iter().filter(|(name, _)| name.ends_with(".html")) {
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
        let (_, texts) = FIRMWARE
            .iter()
            .find(|(name, _)| *name == "errors.txt")
            .unwrap();
        assert!(texts.contains("invalid-username = invalid username or password"));
        for line in texts.lines() {
            assert!(
                !line.contains("$(username"),
                "{line}: pages have no escape for HTML"
            );
        }
    }

    #[test]
    fn the_portals_address_is_filled_in_everywhere() {
        let (_, page) = FIRMWARE
            .iter()
            .find(|(name, _)| *name == "redirect.html")
            .unwrap();
        let page = install(page, "http://10.0.0.2/portal/");
        assert_eq!(page.matches("http://10.0.0.2/portal/").count(), 3);
        assert!(!page.contains("{{"));
    }

    #[test]
    fn every_text_of_the_router_has_one_of_ours() {
        let keys = |pages: &[(&str, &str)]| -> Vec<String> {
            let (_, texts) = pages
                .iter()
                .find(|(name, _)| *name == "errors.txt")
                .unwrap();
            let lines = texts.lines().filter(|line| !line.starts_with('#'));
            lines
                .filter_map(|line| line.split_once(" = "))
                .map(|(key, _)| key.to_owned())
                .collect()
        };
        assert_eq!(keys(&STOCK), keys(&FIRMWARE));
        assert_eq!(keys(&STOCK).len(), 17);
    }
}
