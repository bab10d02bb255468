//! A business with one site for benches: the programs as they ship, on real ports, with a durable database.
//!
//! What is measured on it is in `tests/benches`; flows have `world`, which uses the programs that tests build.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::sync::watch;

use super::told;
use crate::sim::daraja::{self, App, Daraja};
use crate::sim::routeros::{self, Router};
use crate::world::agent::{Agent, PASSWORD, USER};
use crate::world::business::{Business, PLANS};
use crate::world::cable::Cable;
use crate::world::controller::Controller;
use crate::world::folder::Folder;
use crate::world::phone::Phone;
use crate::world::program::PATIENCE;

/// How the agent reaches the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Over a cable so long, in the clear: what it costs to be far away.
    Cable(Duration),
    /// Over TLS, as in real life.
    Tls,
}

/// Everything, up and running.
#[derive(Debug)]
pub struct Stage {
    /// The cloud, with its private database.
    pub controller: Controller,
    /// M-PESA; its prompts wait to be answered.
    pub daraja: Daraja,
    /// The business.
    pub business: Business,
    /// The site's router.
    pub router: Router,
    /// The site's agent.
    pub agent: Agent,
    /// The cable between agent and controller; nothing goes over it when they are linked by TLS.
    pub cable: Cable,
    changed: watch::Sender<u64>,
    folder: Folder,
}

impl Stage {
    /// Starts everything and waits until the site is linked to the cloud and to its router.
    ///
    /// # Errors
    /// When anything does not come up.
    pub async fn set(link: Link) -> Result<Self> {
        let folder = Folder::new()?;
        let changed = watch::Sender::new(0);
        let mut config = daraja::Config::sandbox();
        config.knobs.mode = daraja::Mode::Hand;
        let daraja = Daraja::start(config).await?;
        let binary = PathBuf::from(told("MNARA_BENCH_CONTROLLER")?);
        let mut controller = Controller::of(binary, folder.path(), &daraja.url(), &changed).await?;
        if link == Link::Tls {
            certify(&mut controller, &folder)?;
        }
        controller.start().await?;
        let business = Business::open(
            &controller,
            folder.path(),
            "Bench",
            &App::sandbox_paybill(),
            &PLANS,
        )
        .await?;
        let binary = PathBuf::from(told("MNARA_BENCH_AGENT")?);
        let mut agent = Agent::of(binary, folder.path(), "agent", &changed)?;
        let router = Router::start(routeros::Config {
            users: vec![(USER.to_owned(), PASSWORD.to_owned(), "full".to_owned())],
            portal: Some(agent.portal()),
            ..routeros::Config::default()
        })
        .await?;
        let near = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let cable = Cable::lay(near, controller.address()).await?;
        let claim = business.claim(&controller, &business.site).await?;
        match link {
            Link::Cable(one_way) => {
                agent.enrol(&claim, cable.address(), &router).await?;
                cable.lengthen(one_way);
            }
            Link::Tls => enrol(&agent, &claim, &controller, &router, &folder).await?,
        }
        agent.start().await?;
        let stage = Self {
            controller,
            daraja,
            business,
            router,
            agent,
            cable,
            changed,
            folder,
        };
        stage.linked().await?;
        Ok(stage)
    }

    /// Where its files are, and what is measured of the disk with them.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Lets a phone join the Wi-Fi, and gives the address it calls from.
    ///
    /// # Errors
    /// When the router has no address left.
    pub fn join(&self) -> Result<(Phone, Ipv4Addr)> {
        let phone = self.router.join(None).context("joining the Wi-Fi")?;
        Ok((Phone::new(phone.mac, self.agent.portal()), phone.address))
    }

    /// Waits until the agent has both the cloud and its router, and its own past.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn linked(&self) -> Result<()> {
        self.status("the agent reaches cloud and router", |status| {
            status["cloud"] == true && status["router"] == true && status["resyncing"] == false
        })
        .await
    }

    /// Waits until the agent says of itself what fits.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn status(
        &self,
        what: &str,
        fits: impl Fn(&serde_json::Value) -> bool,
    ) -> Result<()> {
        let mut last = serde_json::Value::Null;
        self.until(what, async || {
            last = self.agent.status().await?;
            Ok(fits(&last))
        })
        .await
        .with_context(|| format!("the agent said {last}"))
    }

    /// Looks again after everything any program says, and every so often, until a look finds what it looks for.
    ///
    /// # Errors
    /// When it does not in time; the error has the last reason and the ends of the logs.
    pub async fn until(
        &self,
        what: &str,
        mut look: impl AsyncFnMut() -> Result<bool>,
    ) -> Result<()> {
        let mut changed = self.changed.subscribe();
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        let mut last = None;
        let looking = async {
            loop {
                changed.borrow_and_update();
                match look().await {
                    Ok(true) => return,
                    Ok(false) => last = None,
                    Err(error) => last = Some(error),
                }
                tokio::select! {
                    // The sender lives in `self`.
                    _ = changed.changed() => {}
                    _ = ticks.tick() => {}
                }
            }
        };
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(()) => Ok(()),
            Err(_) => bail!(
                "in vain for {PATIENCE:?}: {what} ({last:?})\ncontroller:\n{}\nagent:\n{}",
                self.controller.log().tail(15),
                self.agent.log().tail(15)
            ),
        }
    }

    /// Ends everything in order, and fails when a program said that something went wrong: such a run measured something else.
    ///
    /// # Errors
    /// When a program does not end well, or said ERROR.
    pub async fn end(mut self) -> Result<()> {
        self.agent.stop().await?;
        self.controller.stop().await?;
        self.daraja.stop().await;
        self.router.stop().await;
        let mut errors = self.controller.log().errors();
        errors.extend(self.agent.log().errors());
        ensure!(
            errors.is_empty(),
            "a program said that something went wrong:\n{}",
            errors.join("\n")
        );
        Ok(())
    }
}

/// Gives the controller a certificate of its own, which `ca.pem` in the folder vouches for.
fn certify(controller: &mut Controller, folder: &Folder) -> Result<()> {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])
        .context("making a certificate")?;
    let (chain, key) = (folder.join("ca.pem"), folder.join("key.pem"));
    std::fs::write(&chain, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    controller.set("MNARA_TLS_CERT", &chain.display().to_string());
    controller.set("MNARA_TLS_KEY", &key.display().to_string());
    Ok(())
}

/// Enrols over TLS, where [`Agent::enrol`] goes by a cable in the clear.
async fn enrol(
    agent: &Agent,
    claim: &str,
    controller: &Controller,
    router: &Router,
    folder: &Folder,
) -> Result<()> {
    let flag = |name: &str| -> Result<&str> {
        let mut words = claim.split_whitespace().skip_while(|word| *word != name);
        words
            .nth(1)
            .with_context(|| format!("no {name} in the line to enrol with"))
    };
    let password = folder.join("router-password");
    std::fs::write(&password, PASSWORD).context("writing the router's password")?;
    let enrolled = agent
        .command(&[
            "enrol",
            "--controller",
            &format!("https://{}", controller.address()),
            "--ca",
            &folder.join("ca.pem").display().to_string(),
            "--claim",
            flag("--claim")?,
            "--identity",
            flag("--identity")?,
            "--router",
            &format!("tls://{USER}@{}", router.api_tls()),
            "--router-pin",
            &router.fingerprint(),
            "--router-password-file",
            &password.display().to_string(),
        ])
        .await;
    std::fs::remove_file(&password).context("removing the router's password")?;
    enrolled.map(drop)
}
