//! What goes onto a site's router: scripts and pages made from the templates in `firmware/`.
//!
//! They are for one RouterOS version, processor and way of running the agent. No password is in them: the router makes its own.

mod disk;
pub mod fetched;
mod image;
pub mod pages;
mod quote;
mod version;
pub mod zip;

use std::fmt;
use std::net::Ipv4Addr;

use askama::Template;
use thiserror::Error;

use self::disk::place;
pub use self::disk::{BadDisk, DISK, disk};
pub use self::image::{BadProgram, image};
use self::quote::q;
pub use self::version::{BadVersion, RouterOs};
use crate::config::AgentUrl;

/// Where a container's agent is, on its own network inside the router.
const CONTAINER: Ipv4Addr = Ipv4Addr::new(172, 31, 255, 2);
/// Where a box is of which nothing is said: beside the router in the network that /ip/hotspot/setup offers.
pub const BOX: Ipv4Addr = Ipv4Addr::new(10, 5, 50, 2);
/// The port of the portal.
const PORT: u16 = 8080;
/// The longest name of a hotspot or a site.
const LONGEST: usize = 80;

/// A router's processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    /// 32-bit ARM.
    Arm,
    /// 64-bit ARM.
    Arm64,
    /// A PC, or the cloud router.
    X86,
}

impl Arch {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Arm, Self::Arm64, Self::X86];

    /// Its name in forms and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arm => "arm",
            Self::Arm64 => "arm64",
            Self::X86 => "x86",
        }
    }

    /// The file of the agent for a container, as it lies on a router's disk.
    #[must_use]
    pub fn image(self) -> String {
        format!("{}.tar", self.program())
    }

    /// The file of the agent for a box.
    #[must_use]
    pub fn program(self) -> String {
        format!("mnara-agent-{}", self.name())
    }

    /// What the router calls it.
    #[must_use]
    pub const fn routeros(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm | Self::Arm64 => self.name(),
        }
    }
}

/// Why there is no way of running the agent by this name, or no such box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadMode {
    /// It is none of those listed.
    #[error("there is no such way of running the agent")]
    Name,
    /// No box can have this address.
    #[error("this is no address a box can have")]
    Address,
}

/// Where the agent runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In a container on the router.
    Container,
    /// On a box beside it, at this address.
    SiteBox(Ipv4Addr),
}

impl Mode {
    /// Reads a form's name of it, with the address of the box if there is one.
    ///
    /// # Errors
    /// [`BadMode`].
    pub fn read(name: &str, address: &str) -> Result<Self, BadMode> {
        match name {
            "container" => Ok(Self::Container),
            "sitebox" => boxed(address).map(Self::SiteBox),
            _ => Err(BadMode::Name),
        }
    }

    /// Its name in forms and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::SiteBox(_) => "sitebox",
        }
    }

    const fn is_container(self) -> bool {
        matches!(self, Self::Container)
    }

    const fn agent(self) -> Ipv4Addr {
        match self {
            Self::Container => CONTAINER,
            Self::SiteBox(address) => address,
        }
    }
}

/// An address a box can have.
fn boxed(text: &str) -> Result<Ipv4Addr, BadMode> {
    let address: Ipv4Addr = text.trim().parse().map_err(|_| BadMode::Address)?;
    let [first, ..] = address.octets();
    // This network, this machine, groups, and what is kept back for later.
    match first {
        0 | 127 | 224.. => Err(BadMode::Address),
        1..=126 | 128..=223 => Ok(address),
    }
}

/// What enrols the agent.
#[derive(Clone)]
pub struct Claim {
    /// Our address.
    pub controller: String,
    /// The code, good once.
    pub code: String,
    /// The fingerprint of our key.
    pub identity: String,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claim(…)")
    }
}

/// What files are made for.
#[derive(Clone, Debug)]
pub struct Order {
    /// The router's version.
    pub version: RouterOs,
    /// Its processor.
    pub arch: Arch,
    /// Where the agent runs.
    pub mode: Mode,
    /// The site's name.
    pub site: String,
    /// The hotspot's name on the router; empty for the only one there is.
    pub hotspot: String,
    /// The disk for a container; empty for the router's own storage.
    pub disk: String,
    /// Where the agent's files are, if a router or a person can have them from somewhere.
    pub downloads: Option<AgentUrl>,
    /// A fresh enrolment code, if one is wanted.
    pub claim: Option<Claim>,
    /// Whether the router fetches what else is needed, with the code, instead of finding it beside the script.
    pub fetched: bool,
}

/// What a version calls things.
struct Names {
    env_key: &'static str,
    env_ref: &'static str,
    mount_key: &'static str,
    mount_ref: &'static str,
    /// More properties of a container.
    extras: &'static str,
    /// Whether a container that has stopped must be started by a schedule.
    watched: bool,
    /// Whether a folder can be made by a command of its own.
    folders: bool,
}

impl Names {
    const fn of(version: RouterOs) -> Self {
        let minor = version.minor();
        Self {
            env_key: if minor >= 20 { "list" } else { "name" },
            env_ref: if minor >= 20 { "envlists" } else { "envlist" },
            mount_key: if minor >= 21 { "list" } else { "name" },
            mount_ref: if minor >= 21 { "mountlists" } else { "mounts" },
            extras: match minor {
                ..20 => "",
                20..23 => " auto-restart-interval=10s memory-high=48M",
                23.. => {
                    " restart-policy=always restart-interval=10s memory-high=48M memory-max=64M"
                }
            },
            watched: minor < 20,
            folders: minor >= 18,
        }
    }
}

#[derive(Template)]
#[template(path = "install.rsc.tmpl", escape = "none")]
struct Install<'a> {
    version: RouterOs,
    arch: Arch,
    mode: Mode,
    site: &'a str,
    hotspot: &'a str,
    agent: &'a str,
    disk: &'a str,
    image: &'a str,
    /// Where a router without the image fetches it.
    download: Option<String>,
    claim: Option<&'a Claim>,
    source: Option<fetched::Source>,
    names: Names,
    /// Whether a password that was made before stays: the script is imported again for other reasons than a new box.
    keeps_password: bool,
}

impl Install<'_> {
    /// A text in the quotes of RouterOS.
    #[expect(
        clippy::unused_self,
        reason = "templates call methods of what they are made of"
    )]
    fn q(&self, text: impl AsRef<str>) -> String {
        q(text.as_ref()).to_string()
    }
}

#[derive(Template)]
#[template(path = "remove.rsc.tmpl", escape = "none")]
struct Remove {
    version: RouterOs,
    mode: Mode,
    names: Names,
}

#[derive(Template)]
#[template(path = "README.txt.tmpl", escape = "none")]
struct Readme<'a> {
    version: RouterOs,
    arch: Arch,
    mode: Mode,
    site: &'a str,
    hotspot: &'a str,
    agent: &'a str,
    portal: &'a str,
    /// What stands before the names of files on the disk.
    place: &'a str,
    image: &'a str,
    download: Option<String>,
    claim: Option<&'a Claim>,
}

/// One file, by its path inside the folder `mnara`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where.
    pub path: String,
    /// What.
    pub text: String,
}

/// Makes all files of a site.
///
/// # Errors
/// When a template fails, which none does.
pub fn render(order: &Order) -> Result<Vec<File>, askama::Error> {
    let (site, hotspot) = (plain(&order.site), plain(&order.hotspot));
    let agent = order.mode.agent().to_string();
    let portal = format!("http://{agent}:{PORT}/portal/");
    let image = order.arch.image();
    let place = place(&plain(&order.disk));
    let download = order.downloads.as_ref().map(|url| match order.mode {
        Mode::Container => url.join(&image),
        Mode::SiteBox(_) => url.join(""),
    });
    let install = Install {
        version: order.version,
        arch: order.arch,
        mode: order.mode,
        site: &order.site,
        hotspot: &order.hotspot,
        agent: &agent,
        disk: &order.disk,
        image: &image,
        download: download.clone(),
        claim: order.claim.as_ref(),
        source: fetched::Source::of(order),
        names: Names::of(order.version),
        keeps_password: !order.mode.is_container() && order.claim.is_none(),
    };
    let remove = Remove {
        version: order.version,
        mode: order.mode,
        names: Names::of(order.version),
    };
    let readme = Readme {
        version: order.version,
        arch: order.arch,
        mode: order.mode,
        site: &site,
        hotspot: &hotspot,
        agent: &agent,
        portal: &portal,
        place: &place,
        image: &image,
        download,
        claim: order.claim.as_ref(),
    };
    let file = |path: &str, text: String| File {
        path: path.to_owned(),
        text,
    };
    let mut files = vec![
        file("install.rsc", install.render()?),
        file("remove.rsc", remove.render()?),
        file("README.txt", readme.render()?),
    ];
    for (name, page) in PAGES {
        let text = page.replace("{{portal}}", &portal);
        files.push(file(&format!("hotspot/{name}"), text));
    }
    Ok(files)
}

/// A name for people to read: no line of its own, nothing a terminal obeys.
fn plain(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect()
}

macro_rules! page {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../../firmware/hotspot/", $name)),
        )
    };
}

/// The pages of the router's own servlet.
const PAGES: [(&str, &str); 10] = [
    page!("alogin.html"),
    page!("api.json"),
    page!("error.html"),
    page!("errors.txt"),
    page!("login.html"),
    page!("logout.html"),
    page!("redirect.html"),
    page!("rlogin.html"),
    page!("rstatus.html"),
    page!("status.html"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn install(version: &str) -> String {
        let files = render(&Order {
            version: version.parse().unwrap(),
            arch: Arch::Arm64,
            mode: Mode::Container,
            site: "Kilimani".to_owned(),
            hotspot: "hotspot1".to_owned(),
            disk: DISK.to_owned(),
            downloads: None,
            claim: None,
            fetched: false,
        });
        files.unwrap().swap_remove(0).text
    }

    #[test]
    fn every_release_is_written_to_in_its_own_words() {
        let says = |version: &str, envs: [&str; 2], mounts: [&str; 2], other: [&str; 2]| {
            let script = install(version);
            let [holds, lacks] = other;
            for said in [
                &format!("/container/envs/add {}=MNARA", envs[0]),
                &format!(" {}=MNARA ", envs[1]),
                &format!("/container/mounts/add {}=MNARA", mounts[0]),
                &format!(" {}=MNARA ", mounts[1]),
                holds,
            ] {
                assert!(script.contains(said), "{version}: {said}");
            }
            assert!(!script.contains(lacks), "{version}: {lacks}");
        };
        let (old, new) = (["name", "envlist"], ["list", "envlists"]);
        let (early, late) = (["name", "mounts"], ["list", "mountlists"]);
        for version in ["7.14", "7.18.2", "7.19.6"] {
            says(version, old, early, ["/system/scheduler/add", "restart-"]);
        }
        let interval = " auto-restart-interval=10s";
        for version in ["7.20", "7.20.8 (long-term)"] {
            says(version, new, early, [interval, "restart-policy"]);
        }
        for version in ["7.21", "7.21.3", "7.22.3 (stable)", "7.22rc2"] {
            says(version, new, late, [interval, "restart-policy"]);
        }
        let policy = " restart-policy=always restart-interval=10s";
        for version in ["7.23", "7.23.1", "7.24", "7.25beta2", "7.30"] {
            says(version, new, late, [policy, "auto-restart"]);
        }
    }
}
