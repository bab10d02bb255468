//! The hotspot's own web pages: which page answers which request, logging in and out by form. What a browser outside sees is in `browser/`.
mod forms;
mod pages;
mod template;
mod variables;

pub(crate) use pages::{FIRMWARE, FOLDER, STOCK, install};

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use super::device::Device;
use template::Variables;

/// A CHAP challenge shown on a page.
#[derive(Debug, Clone)]
pub(crate) struct Challenge {
    id: u8,
    bytes: Vec<u8>,
    shown: u64,
}

/// What the servlet keeps between requests.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) portal: Option<SocketAddr>,
    challenges: BTreeMap<Ipv4Addr, Challenge>,
}

/// One request to the servlet.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// From where it comes.
    pub(crate) from: Ipv4Addr,
    /// The beginning of the servlet's links, such as `http://10.5.50.1`.
    pub(crate) base: String,
    /// The portal's address in the visitor's eyes.
    pub(crate) portal: String,
    pub(crate) path: String,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) headers: Vec<(String, String)>,
    /// The address outside that was asked for, when the request was caught.
    pub(crate) caught: Option<String>,
}

/// The servlet's answer; always HTTP/1.0.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Page {
    fn plain(status: u16, words: &str) -> Self {
        Self {
            status,
            reason: words.to_owned(),
            headers: vec![("Content-Type".to_owned(), "text/plain".to_owned())],
            body: words.as_bytes().to_vec(),
        }
    }
}

/// What a page is about beside the visitor's state.
#[derive(Debug, Clone, Default)]
struct Story {
    /// The key in `errors.txt`, the words if there is none, and the original words.
    error: Option<(&'static str, String)>,
    username: String,
    /// A session that has just ended.
    ended: Option<Variables>,
}

impl Site {
    pub(crate) fn new(portal: Option<SocketAddr>) -> Self {
        Self {
            portal,
            challenges: BTreeMap::new(),
        }
    }

    /// Returns the portal's own address.
    pub(crate) fn portal_url(&self) -> String {
        self.portal
            .map(|portal| format!("http://{portal}/portal/"))
            .unwrap_or_default()
    }

    /// Answers a request.
    pub(crate) fn answer(&mut self, device: &mut Device, visit: &Visit) -> Page {
        let (language, path) = self.language(device, visit);
        let language = language.as_deref();
        let online = device.sessions.contains_key(&visit.from);
        if !online && (visit.caught.is_some() || matches!(path.as_str(), "/" | "/login")) {
            self.log_in_by_cookie(device, visit);
        }
        let online = device.sessions.contains_key(&visit.from);
        let quiet = Story::default();
        if visit.caught.is_some() {
            return self.first(
                device,
                visit,
                language,
                &["rlogin.html", "redirect.html"],
                &quiet,
            );
        }
        match path.as_str() {
            "/" if online => self.first(
                device,
                visit,
                language,
                &["rstatus.html", "redirect.html"],
                &quiet,
            ),
            "/" => self.first(
                device,
                visit,
                language,
                &["rlogin.html", "redirect.html"],
                &quiet,
            ),
            "/login" => self.login(device, visit, language, online),
            "/logout" => self.logout(device, visit, language, online),
            "/status" if online => self.first(device, visit, language, &["status.html"], &quiet),
            "/status" => self.first(
                device,
                visit,
                language,
                &["fstatus.html", "redirect.html"],
                &quiet,
            ),
            "/api" => self.first(device, visit, language, &["api.json"], &quiet),
            path => {
                let name = path.trim_start_matches('/').to_owned();
                self.first(device, visit, language, &[&name], &quiet)
            }
        }
    }

    /// Splits the language from a path such as `/lv/login`; `target=lv` does the same.
    fn language(&self, device: &Device, visit: &Visit) -> (Option<String>, String) {
        let server = server(device, visit);
        let parts = visit
            .path
            .strip_prefix('/')
            .and_then(|path| path.split_once('/'));
        if let Some((language, rest)) =
            parts.filter(|(language, _)| device.speaks(&server, language))
        {
            return (Some(language.to_owned()), format!("/{rest}"));
        }
        let target = visit
            .parameters
            .get("target")
            .filter(|target| device.speaks(&server, target));
        (target.cloned(), visit.path.clone())
    }

    /// Renders the first of some pages that exists.
    fn first(
        &mut self,
        device: &Device,
        visit: &Visit,
        language: Option<&str>,
        names: &[&str],
        story: &Story,
    ) -> Page {
        for name in names {
            if let Some(page) = self.page(device, visit, language, name, story) {
                return page;
            }
        }
        Page::plain(404, "Not Found")
    }

    fn page(
        &mut self,
        device: &Device,
        visit: &Visit,
        language: Option<&str>,
        name: &str,
        story: &Story,
    ) -> Option<Page> {
        let source = device.page(&server(device, visit), name, language)?;
        if name == "errors.txt" {
            return None;
        }
        let ending = name.rsplit('.').next().unwrap_or_default();
        let content_type = match ending {
            "html" | "htm" => "text/html; charset=utf-8",
            "json" => "application/captive+json",
            "css" => "text/css",
            "js" => "text/javascript",
            _ => "text/plain",
        };
        let templated = matches!(ending, "html" | "htm" | "txt") || name == "api.json";
        let mut headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        if !templated {
            let (status, reason) = (200, "OK".to_owned());
            return Some(Page {
                status,
                reason,
                headers,
                body: source,
            });
        }
        let login_page = matches!(name, "login.html" | "flogin.html");
        let variables = self.variables(device, visit, login_page, story);
        let mut source = String::from_utf8_lossy(&source).into_owned();
        let portal = self.portal_url();
        if !portal.is_empty() {
            source = source.replace(&portal, &visit.portal);
        }
        let rendered = template::render(&source, &variables);
        headers.extend(rendered.headers);
        Some(Page {
            status: rendered.status.0,
            reason: rendered.status.1,
            headers,
            body: rendered.body.into_bytes(),
        })
    }
}

/// Returns the server a visitor is at: the one of its host row, or the first that runs.
fn server(device: &Device, visit: &Visit) -> String {
    let host = device.hosts.get(&visit.from);
    let running = || device.running_server().map(|row| row.text("name").into());
    host.map(|host| host.server.clone())
        .or_else(running)
        .unwrap_or_default()
}
