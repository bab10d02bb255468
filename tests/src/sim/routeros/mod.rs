//! A simulated MikroTik router with a hotspot: the API on real ports, pages for phones, a clock that can be pushed.
//!
//! Built from what real routers send, not from our client. It forwards no packets and runs no scripts.
mod anonymous;
mod browser;
mod chap;
mod clock;
mod control;
mod device;
mod exec;
mod faults;
mod hotspot;
mod menu;
mod panel;
mod phone;
mod query;
mod record;
mod sentence;
mod server;
mod servlet;
mod session;
mod shared;
mod stream;
mod tls;
mod value;
mod version;
mod wire;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;

pub use browser::{Seen, Unseen};
pub use clock::{Clock, Pace};
pub use device::Knobs;
pub use faults::{Cut, Faults, Latency};
pub use hotspot::Reboot;
pub use phone::{NoPhone, Phone};
pub use version::{BadVersion, Version};

use device::Device;
use shared::{Shared, lock};

/// What a router is like at its first start.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address its ports are on.
    pub host: IpAddr,
    /// The port of the plain API; 0 takes any.
    pub api_port: u16,
    /// The port of the API over TLS; 0 takes any.
    pub tls_port: u16,
    /// The port of the hotspot's own pages; 0 takes any.
    pub http_port: u16,
    /// The port of the control API; 0 takes any.
    pub control_port: u16,
    /// What it runs.
    pub version: Version,
    /// Whether its clock runs by itself.
    pub pace: Pace,
    /// How long it takes to boot.
    pub boot: Duration,
    /// Its name.
    pub identity: String,
    /// Who may log in to the API: name, password, group (`read`, `write`, `full`).
    pub users: Vec<(String, String, String)>,
    /// The loopback network whose addresses phones get; the third and fourth byte are counted up.
    pub phones: Ipv4Addr,
    /// Where the agent's portal listens, if it is known already.
    pub portal: Option<SocketAddr>,
    /// Behaviour that differs between real routers or is not known.
    pub knobs: Knobs,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            api_port: 0,
            tls_port: 0,
            http_port: 0,
            control_port: 0,
            version: Version::DEFAULT,
            pace: Pace::Real,
            boot: Duration::from_secs(20),
            identity: "MikroTik".to_owned(),
            users: vec![("admin".to_owned(), "admin".to_owned(), "full".to_owned())],
            phones: Ipv4Addr::new(127, 88, 0, 0),
            portal: None,
            knobs: Knobs::default(),
        }
    }
}

impl Config {
    fn boot_ms(&self) -> u64 {
        u64::try_from(self.boot.as_millis()).unwrap_or(u64::MAX / 4)
    }
}

/// The last second of the year 9999, where calendars end.
const LAST_SECOND: i64 = 253_402_300_799;

/// A refusal in the router's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// A running simulator; its ports close when it is dropped.
#[derive(Debug)]
pub struct Router {
    shared: Arc<Shared>,
    api: SocketAddr,
    tls: SocketAddr,
    control: SocketAddr,
    /// Ends everything when it is dropped; the control API's own handle has none.
    _stop: Option<DropGuard>,
}

impl Router {
    /// Opens the ports and starts the clock.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let clock = Clock::new(config.pace);
        let identity =
            tls::Identity::make(&[config.host.to_string()]).context("make the certificate")?;
        let mut device = Device::new(config.version, config.knobs, clock::today());
        device.set_up(&config);
        device.install_certificate(Arc::new(identity));
        let listen = async |what: &str, port: u16| -> anyhow::Result<(TcpListener, SocketAddr)> {
            let listener = TcpListener::bind((config.host, port))
                .await
                .with_context(|| format!("{what} cannot listen on {}:{port}", config.host))?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (api_listener, api) = listen("the API", config.api_port).await?;
        let (tls_listener, tls) = listen("the API over TLS", config.tls_port).await?;
        let (http_listener, http) = listen("the hotspot's pages", config.http_port).await?;
        let (control_listener, control) = listen("the control API", config.control_port).await?;
        let portal = config.portal;
        let shared = Arc::new(Shared::new(config, clock, device, http));
        for (service, listener, address) in
            [("api", api_listener, api), ("api-ssl", tls_listener, tls)]
        {
            let handle = Arc::clone(&shared);
            server::serve(&shared, listener, address, move |stream, peer| {
                server::caller(Arc::clone(&handle), service, stream, peer)
            });
        }
        let handle = Arc::clone(&shared);
        server::serve(&shared, http_listener, http, move |stream, peer| {
            browser::serve_pages(Arc::clone(&handle), stream, peer)
        });
        let guard = Some(shared.stop.clone().drop_guard());
        let router = Self {
            shared,
            api,
            tls,
            control,
            _stop: guard,
        };
        router.set_portal(portal);
        router.keep_time();
        let handle = Self {
            shared: Arc::clone(&router.shared),
            _stop: None,
            ..router
        };
        control::serve(handle, control_listener);
        Ok(router)
    }

    /// Lets time pass over sessions and limits, also when nobody asks.
    fn keep_time(&self) {
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            loop {
                let next = shared.clock.now() + 500;
                tokio::select! {
                    () = shared.clock.reach(next) => shared.with(|_| ()),
                    () = shared.stop.cancelled() => return,
                }
            }
        });
    }

    /// Returns where the plain API listens.
    pub fn api(&self) -> SocketAddr {
        self.api
    }

    /// Returns where the API over TLS listens.
    pub fn api_tls(&self) -> SocketAddr {
        self.tls
    }

    /// Returns where the hotspot's own pages are.
    pub fn http(&self) -> SocketAddr {
        self.shared.http
    }

    /// Returns where the control API listens.
    pub fn control(&self) -> SocketAddr {
        self.control
    }

    /// Returns where pages send phones.
    pub fn portal(&self) -> Option<SocketAddr> {
        lock(&self.shared.site).portal
    }

    /// Installs the pages for a portal and lets phones through to it, as the install script does; nothing takes both away.
    pub fn set_portal(&self, portal: Option<SocketAddr>) {
        let url = {
            let mut site = lock(&self.shared.site);
            site.portal = portal;
            site.portal_url()
        };
        self.shared
            .with(|device| device.install_portal(portal, &url));
    }

    /// Puts a file into the html directory, or takes it away.
    pub fn put_page(&self, name: &str, contents: Option<&str>) {
        let name = format!("{}/{name}", servlet::FOLDER);
        self.shared.with(|device| match contents {
            Some(contents) => device.put_file(&name, contents.as_bytes()),
            None => device.remove_file(&name),
        });
    }

    /// Returns the SHA-256 of the certificate in lower-case hexadecimal; nothing when there is none.
    pub fn fingerprint(&self) -> String {
        let identity = self.shared.with(|device| device.identity());
        identity.map_or_else(String::new, |identity| identity.fingerprint())
    }

    /// Returns the certificate in DER; nothing when there is none.
    pub fn certificate(&self) -> Vec<u8> {
        let identity = self.shared.with(|device| device.identity());
        identity.map_or_else(Vec::new, |identity| identity.certificate.to_vec())
    }

    /// Returns the clock, to be pushed.
    pub fn clock(&self) -> Clock {
        self.shared.clock.clone()
    }

    /// Pushes the clock and works out what happens meanwhile.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
        self.shared.with(|_| ());
    }

    /// Returns the rows of a menu as `print` shows them, secrets too.
    pub fn rows(&self, menu: &str) -> Vec<BTreeMap<String, String>> {
        let Some(menu) = menu::at(menu) else {
            return Vec::new();
        };
        let records = self.shared.with(|device| device.records(menu, true));
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        records
            .iter()
            .map(|record| {
                record
                    .chosen(None)
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), text(value)))
                    .collect()
            })
            .collect()
    }

    /// Runs a command as a user with every right would, and returns `=ret=` if there is one.
    pub fn run(
        &self,
        command: &str,
        attributes: &[(&str, &str)],
    ) -> Result<Option<String>, Refused> {
        let request = sentence::Request {
            command: command.to_owned(),
            attributes: attributes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            ..sentence::Request::default()
        };
        self.shared
            .with(|device| exec::by_hand(device, &request))
            .map_err(|trap| Refused(trap.message))
    }

    /// Reboots the router and returns when it is down.
    pub fn reboot(&self, kind: Reboot) {
        self.shared.reboot(kind);
    }

    /// Waits until the router is up and every port listens.
    pub async fn booted(&self) {
        let ports = 3;
        let mut power = self.shared.power.subscribe();
        let mut listening = self.shared.listening.subscribe();
        // The senders live as long as `self`.
        let _ = power.wait_for(|up| *up).await;
        let _ = listening.wait_for(|open| *open >= ports).await;
    }

    /// Waits until the closed ports of a router that goes down are really closed.
    pub async fn down(&self) {
        let mut listening = self.shared.listening.subscribe();
        // The sender lives as long as `self`.
        let _ = listening.wait_for(|open| *open == 0).await;
    }

    /// Changes what goes wrong.
    pub fn fault(&self, change: impl FnOnce(&mut Faults)) {
        self.shared.faults.send_modify(change);
    }

    /// Changes what differs between real routers.
    pub fn knob(&self, change: impl FnOnce(&mut Knobs)) {
        self.shared.with(|device| change(&mut device.knobs));
    }

    /// Gives the router a new certificate; open connections stay.
    pub fn change_certificate(&self) -> anyhow::Result<()> {
        let identity = tls::Identity::make(&[self.shared.config.host.to_string()])?;
        self.shared
            .with(|device| device.install_certificate(Arc::new(identity)));
        Ok(())
    }

    /// Makes every open API connection half-open: it stays and nothing comes through any more.
    pub fn half_open(&self) {
        for line in lock(&self.shared.lines).values() {
            line.dead.send_replace(true);
        }
    }

    /// Closes every open API connection.
    pub fn disconnect(&self) {
        for line in lock(&self.shared.lines).values() {
            line.close.cancel();
        }
    }

    /// Sets the router's own clock to seconds since 1970, as a time server would.
    pub fn set_calendar(&self, seconds: i64) {
        self.shared.with(|device| {
            let shift = seconds.clamp(0, LAST_SECOND) - device.calendar_now();
            device.calendar += shift;
        });
    }

    /// Waits until a look at the router finds what it looks for.
    pub async fn until<T>(&self, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let mut changes = self.shared.changed.subscribe();
        loop {
            changes.borrow_and_update();
            if let Some(found) = look(self) {
                return found;
            }
            // The sender lives as long as `self`.
            let _ = changes.changed().await;
        }
    }

    /// Closes every port and waits until all tasks have ended.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}
