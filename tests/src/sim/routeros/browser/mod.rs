//! What a phone's browser sees: the servlet when it is caught, the internet when it is let through, the portal from the phone's own address.
//! Each phone has a port on this machine for a real browser; tests ask directly. HTTPS to the outside is not spoken.
mod garden;
mod internet;
mod port;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use super::Router;
use super::phone::NoPhone;
use super::servlet::{Page, Visit};
use super::shared::{Shared, lock};
use super::value;

pub(crate) use port::{open_port, serve_pages};

/// What a phone asked for.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    /// `host[:port]` the request is for.
    pub(crate) host: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The phone's own forwarding port, when the request came there without naming another host.
    pub(crate) forward: Option<SocketAddr>,
}

/// What a browser was shown.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The status code.
    pub status: u16,
    /// The words after it.
    pub reason: String,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the router's own pages answered, in HTTP/1.0.
    pub servlet: bool,
}

impl Seen {
    /// Returns a header by name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self {
            status,
            reason: String::new(),
            headers,
            body: body.into(),
            servlet: false,
        }
    }
}

/// Why a phone saw nothing at all.
#[derive(Debug, thiserror::Error)]
pub enum Unseen {
    /// There is no such phone.
    #[error(transparent)]
    Phone(#[from] NoPhone),
    /// The address is no plain HTTP address.
    #[error("not a plain http address")]
    Address,
    /// The phone sleeps, is away, is blocked, or the router is down.
    #[error("no answer: the phone has no network")]
    NoNetwork,
    /// The other side could not be reached.
    #[error("the other side did not answer")]
    Unreachable(#[source] anyhow::Error),
}

impl Router {
    /// Opens an address in a phone's browser, without following redirects.
    pub async fn open(&self, mac: &str, url: &str) -> Result<Seen, Unseen> {
        self.ask(mac, "GET", url, &[], Vec::new()).await
    }

    /// Sends a form from a phone's browser.
    pub async fn submit(
        &self,
        mac: &str,
        url: &str,
        form: &[(&str, &str)],
    ) -> Result<Seen, Unseen> {
        let body: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        self.ask(mac, "POST", url, &headers, body.into_bytes())
            .await
    }

    /// Sends any request from a phone.
    pub async fn ask(
        &self,
        mac: &str,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Seen, Unseen> {
        let mac = value::parse_mac(mac).ok_or(NoPhone::BadMac)?;
        let url = url::Url::parse(url).map_err(|_| Unseen::Address)?;
        let host = url
            .host_str()
            .filter(|_| url.scheme() == "http")
            .ok_or(Unseen::Address)?;
        let host = url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let query = url
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let ask = Ask {
            method: method.to_owned(),
            host,
            path: format!("{}{query}", url.path()),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body,
            forward: None,
        };
        see(&self.shared, &mac, ask).await
    }

    /// Returns a forwarding port for a phone, opening it on first use; 0 takes any.
    pub fn forward(&self, mac: &str, port: u16) -> anyhow::Result<SocketAddr> {
        let mac = value::parse_mac(mac).ok_or(NoPhone::BadMac)?;
        if let Some(open) = lock(&self.shared.forwards).get(&mac) {
            return Ok(*open);
        }
        open_port(&self.shared, &mac, port)
    }
}

/// Where a request ends up.
enum Way {
    Servlet(Box<Page>),
    Outside,
    Straight(SocketAddr, Ipv4Addr),
}

/// Carries one request of a phone through the router.
pub(crate) async fn see(shared: &Arc<Shared>, mac: &str, ask: Ask) -> Result<Seen, Unseen> {
    let way = shared.with(|device| {
        let station = device.stations.get(mac).ok_or(NoPhone::Unknown)?;
        let (from, awake) = (station.address, station.awake && station.present);
        if !awake || !device.up {
            return Err(Unseen::NoNetwork);
        }
        // Any packet makes the router notice a phone it had forgotten.
        device.appear(mac);
        let host = device.hosts.get(&from).ok_or(Unseen::NoNetwork)?;
        if host.blocked {
            return Err(Unseen::NoNetwork);
        }
        let mut site = lock(&shared.site);
        let target = target(&ask, site.portal);
        let own = is_own(device, shared, &ask);
        let free = host.bypassed || device.sessions.contains_key(&from);
        if own {
            let visit = visit(&ask, from, site.portal_url(), None);
            return Ok(Way::Servlet(Box::new(site.answer(device, &visit))));
        }
        if free || target.is_some_and(|to| garden::accepts(device, from, to)) {
            return Ok(target.map_or(Way::Outside, |to| Way::Straight(to, from)));
        }
        if target.is_none() && garden::allows(device, from, &ask) {
            return Ok(Way::Outside);
        }
        let caught = format!("http://{}{}", ask.host, ask.path);
        let visit = visit(&ask, from, site.portal_url(), Some(caught));
        let page = site.answer(device, &visit);
        Ok(Way::Servlet(Box::new(page)))
    })?;
    match way {
        Way::Servlet(page) => Ok(of_page(*page)),
        Way::Outside => Ok(internet::answer(&ask)),
        Way::Straight(to, from) => port::carry(from, to, ask)
            .await
            .map_err(Unseen::Unreachable),
    }
}

fn of_page(page: Page) -> Seen {
    Seen {
        status: page.status,
        reason: page.reason,
        headers: page.headers,
        body: page.body,
        servlet: true,
    }
}

/// Returns the real address a request goes to: the portal, or any host given as an address.
fn target(ask: &Ask, portal: Option<SocketAddr>) -> Option<SocketAddr> {
    if ask.forward.is_some() {
        let for_portal = ask.path == "/portal"
            || ask.path.starts_with("/portal/")
            || ask.path.starts_with("/portal?");
        return portal.filter(|_| for_portal);
    }
    let literal = ask.host.parse::<SocketAddr>().ok();
    literal
        .or_else(|| {
            ask.host
                .parse::<Ipv4Addr>()
                .ok()
                .map(|ip| SocketAddr::from((ip, 80)))
        })
        .filter(|to| to.ip().is_loopback())
}

/// Returns whether a request is for the hotspot's own pages.
fn is_own(device: &super::device::Device, shared: &Shared, ask: &Ask) -> bool {
    if ask.forward.is_some() {
        let path = ask.path.split('?').next().unwrap_or_default();
        return matches!(path, "/login" | "/status" | "/logout" | "/api");
    }
    if ask.host.parse() == Ok(shared.http) {
        return true;
    }
    let name = ask.host.strip_suffix(":80").unwrap_or(&ask.host);
    device.table("/ip/hotspot/profile").rows.iter().any(|row| {
        row.raw("dns-name") == name.as_bytes() || row.raw("hotspot-address") == name.as_bytes()
    }) && name != "0.0.0.0"
        && !name.is_empty()
}

/// Makes a servlet's request of a browser's.
fn visit(ask: &Ask, from: Ipv4Addr, portal: String, caught: Option<String>) -> Visit {
    let (base, portal) = match ask.forward {
        Some(forward) => (
            format!("http://{forward}"),
            format!("http://{forward}/portal/"),
        ),
        None if caught.is_some() => ("http://10.5.50.1".to_owned(), portal),
        None => (format!("http://{}", ask.host), portal),
    };
    let (path, query) = ask.path.split_once('?').unwrap_or((&ask.path, ""));
    let body = if ask.method == "POST" {
        ask.body.as_slice()
    } else {
        &[]
    };
    let parameters = url::form_urlencoded::parse(query.as_bytes())
        .chain(url::form_urlencoded::parse(body))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    Visit {
        from,
        base,
        portal,
        path: path.to_owned(),
        parameters,
        headers: ask.headers.clone(),
        caught,
    }
}

/// Answers a request that reached the servlet's port directly.
pub(crate) fn direct(shared: &Arc<Shared>, from: Ipv4Addr, ask: &Ask) -> Seen {
    shared.with(|device| {
        let known = device
            .stations
            .values()
            .find(|station| station.address == from && station.present)
            .map(|station| station.mac.clone());
        if let Some(mac) = known {
            device.appear(&mac);
        }
        let mut site = lock(&shared.site);
        let visit = visit(ask, from, site.portal_url(), None);
        of_page(site.answer(device, &visit))
    })
}
