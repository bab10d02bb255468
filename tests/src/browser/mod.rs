//! A real browser, Debian's Chromium, for tests and pictures of pages. Each person in it has cookies of their own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use self::wire::Wire;
use crate::world::folder::Folder;
use crate::world::program::PATIENCE;

mod key;
mod paper;
mod tab;
mod walk;
mod wire;

pub use tab::Tab;
pub use walk::{Seen, Walk};

/// What a page is looked at with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// Whether it is touched and not pointed at.
    pub is_phone: bool,
    /// Whether its owner likes dark pages.
    pub is_dark: bool,
}

impl Screen {
    /// A cheap phone.
    pub const PHONE: Self = Self {
        width: 360,
        height: 740,
        is_phone: true,
        is_dark: false,
    };
    /// A laptop.
    pub const DESKTOP: Self = Self {
        width: 1_280,
        height: 800,
        is_phone: false,
        is_dark: false,
    };

    /// The same in the dark.
    #[must_use]
    pub const fn dark(self) -> Self {
        Self {
            is_dark: true,
            ..self
        }
    }
}

/// A running browser; ends when it is dropped.
#[derive(Debug)]
pub struct Chromium {
    _program: Child,
    wire: Wire,
    _profile: Folder,
}

impl Chromium {
    /// Starts it.
    ///
    /// # Errors
    /// When there is none, or it does not start.
    pub async fn start() -> Result<Self> {
        let profile = Folder::quick()?;
        let mut command = Command::new(program()?);
        command
            .args([
                "--headless",
                // Tests run as root in places where the sandbox has no user namespaces; what it opens is our own pages only.
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                // Until a page was painted once, Chromium drops what is pressed; on a busy machine that is well after its load.
                "--allow-pre-commit-input",
                "--remote-debugging-port=0",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut program = command.spawn().context("starting Chromium")?;
        let said = program.stderr.take().context("Chromium has no log")?;
        let mut lines = BufReader::new(said).lines();
        let address = async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, address)) = line.split_once("DevTools listening on ") {
                    return Ok(address.trim().to_owned());
                }
            }
            anyhow::bail!("Chromium ended before it listened")
        };
        let address = tokio::time::timeout(PATIENCE, address)
            .await
            .context("Chromium does not listen")??;
        // What it says later is read, so that it never waits for us, and is nobody's concern.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let wire = Wire::open(&address).await?;
        Ok(Self {
            _program: program,
            wire,
            _profile: profile,
        })
    }

    /// A tab of somebody who was never here.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn person(&self, screen: Screen) -> Result<Tab> {
        self.somebody(screen, json!({})).await
    }

    /// A tab of somebody on a Wi-Fi whose router carries each of their requests, whatever host it is for.
    ///
    /// # Errors
    /// When the browser refuses.
    pub async fn on_wifi(&self, screen: Screen, router: SocketAddr) -> Result<Tab> {
        let proxy =
            json!({"proxyServer": format!("http://{router}"), "proxyBypassList": "<-loopback>"});
        self.somebody(screen, proxy).await
    }

    async fn somebody(&self, screen: Screen, way: Value) -> Result<Tab> {
        let context = self
            .wire
            .call(None, "Target.createBrowserContext", way)
            .await?;
        let target = json!({"url": "about:blank", "browserContextId": context["browserContextId"]});
        let target = self.wire.call(None, "Target.createTarget", target).await?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self
            .wire
            .call(None, "Target.attachToTarget", attach)
            .await?;
        let session = session["sessionId"].as_str().context("no session")?;
        let tab = Tab::new(self.wire.clone(), session.to_owned());
        tab.begin(screen).await?;
        Ok(tab)
    }
}

fn program() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("chromium"))
        .find(|program| program.is_file())
        .context("Chromium is missing; `cargo xtask test` installs it")
}
