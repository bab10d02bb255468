//! Worlds for flows and the demo: real programs on real ports with the simulated outside around them. A world is set up,
//! pushed about and looked at here; what ought to happen is in the flows.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::sync::watch;

pub mod agent;
pub mod business;
pub mod buyer;
pub mod cable;
pub mod clock;
pub mod controller;
pub mod database;
pub mod folder;
pub mod http;
pub mod phone;
pub mod ports;
pub mod program;
pub mod setup;
pub mod sql;

use self::agent::{Agent, PASSWORD, USER};
use self::business::Business;
use self::cable::Cable;
use self::controller::Controller;
use self::database::Database;
use self::folder::Folder;
use self::http::Caller;
use self::phone::Phone;
use self::program::{Log, PATIENCE};
pub use self::setup::{Past, Setup};
use crate::sim::daraja::{self, Daraja};
use crate::sim::pesapal::{self, Pesapal};
use crate::sim::routeros::{self, Router};
use crate::sim::sms::{self, Sms};
use crate::sim::smtp::{self, Smtp};

/// What stands in the address that tells of deliveries.
const SMS_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// One site: a router, an agent beside it, and its cable to the cloud.
#[derive(Debug)]
pub struct Site {
    /// Its id.
    pub id: String,
    /// Its router.
    pub router: Router,
    /// Its agent.
    pub agent: Agent,
    /// The cable.
    pub cable: Cable,
}

impl Site {
    /// A phone joins the site's Wi-Fi.
    ///
    /// # Errors
    /// When the router has no address left.
    pub fn join(&self) -> Result<Phone> {
        let phone = self.router.join(None).context("joining the Wi-Fi")?;
        Ok(Phone::new(phone.mac, self.agent.portal()))
    }
}

/// Everything together. Programs end when it is dropped; [`World::end`] ends it in order and looks for errors.
#[derive(Debug)]
pub struct World {
    /// The cloud.
    pub controller: Controller,
    /// M-PESA.
    pub daraja: Daraja,
    /// The mail server, if there is one.
    pub mail: Option<Smtp>,
    /// Pesapal, if businesses are asked to pay.
    pub pesapal: Option<Pesapal>,
    /// Whoever sends SMS, if anybody does.
    pub sms: Option<Sms>,
    /// The business.
    pub business: Business,
    /// Its first site.
    pub site: Site,
    /// A caller from outside.
    pub caller: Caller,
    /// The database, when it is not the controller's own.
    pub database: Option<Database>,
    /// What agents beside the first site's say.
    others: Mutex<Vec<Log>>,
    changed: watch::Sender<u64>,
    allowed: Vec<&'static str>,
    folder: Folder,
}

impl World {
    /// Has the business give fifteen minutes away to try, and its sites told of it with all else.
    ///
    /// # Errors
    /// When a command fails.
    pub async fn give_trials(&self, account: &daraja::App) -> Result<()> {
        let provider = uuid(&self.business.provider);
        let look = format!(
            "insert into portal_looks (provider_id, welcome_en, welcome_sw, banner_en, banner_sw, terms_en, terms_sw, changed_at, trial_on)
             values ('{provider}', '', '', '', '', '', '', to_timestamp(0), true)"
        );
        self.controller.write(&look).await?;
        // Sites are told everything anew when the account is set.
        let (folder, provider) = (self.folder.path(), &self.business.provider);
        business::set_account(&self.controller, folder, provider, account).await
    }

    /// Starts everything and waits until the site is linked to the cloud and to its router.
    ///
    /// # Errors
    /// When anything does not come up.
    pub async fn start(mut setup: Setup) -> Result<Self> {
        let folder = Folder::new()?;
        let changed = watch::Sender::new(0);
        setup.daraja.knobs.query_per_minute = Some(2 * setup.queries);
        let daraja = Daraja::start(setup.daraja).await?;
        let mut controller = Controller::new(folder.path(), &daraja.url(), &changed).await?;
        controller.set("MNARA_DARAJA_QUERIES", &setup.queries.to_string());
        let mut database = None;
        if setup.outside_database {
            let outside = Database::start(folder.path(), &changed).await?;
            controller.use_database(&outside).await?;
            database = Some(outside);
        }
        let mut mail = None;
        if setup.mail {
            let server = Smtp::start(smtp::Config::default()).await?;
            controller.set("SMTP_URL", &server.url());
            controller.set("MAIL_FROM", "Mnara <no-reply@mnara.example>");
            mail = Some(server);
        }
        let mut sms = None;
        if setup.sms {
            let config = sms::Config::default();
            let (user, key) = (config.username.clone(), config.key.clone());
            let sender = Sms::start(config).await?;
            controller.set("MNARA_AFRICASTALKING", &sender.url());
            controller.set("AFRICASTALKING_USERNAME", &user);
            controller.set("AFRICASTALKING_API_KEY", &key);
            controller.set("AFRICASTALKING_SENDER_ID", "MNARA");
            controller.set("AFRICASTALKING_CALLBACK_SECRET", SMS_SECRET);
            sms = Some(sender);
        }
        if setup.by_name {
            controller.is_reached_by_name();
        }
        if let Some(address) = &setup.first_sale_url {
            controller.set("MNARA_FIRST_SALE_URL", address);
        }
        let mut rail = None;
        if setup.pesapal {
            let config = pesapal::Config::default();
            controller.set("PESAPAL_CONSUMER_KEY", &config.consumer_key);
            controller.set("PESAPAL_CONSUMER_SECRET", &config.consumer_secret);
            for (name, path) in [
                ("PESAPAL_CALLBACK_URL", "callback"),
                ("PESAPAL_IPN_URL", "webhook"),
            ] {
                let address = controller.url(&format!("/api/payments/pesapal/{path}"));
                controller.set(name, &address);
            }
            let started = Pesapal::start(config).await?;
            controller.set("MNARA_PESAPAL", &started.url());
            rail = Some(started);
        }
        controller.start().await?;
        if let Some(sms) = &sms {
            sms.report_to(&controller.url(&format!("/api/sms/{SMS_SECRET}")));
        }
        let business = Business::open(
            &controller,
            folder.path(),
            setup.business,
            &setup.account,
            &setup.plans,
        )
        .await?;
        if let Some(past) = setup.past {
            past(&controller, &business)
                .await
                .context("living through what was before")?;
        }
        let line = business.claim(&controller, &business.site).await?;
        let site = site(
            &controller,
            &line,
            &business.site,
            &folder,
            "agent",
            setup.router,
            &changed,
        )
        .await?;
        let world = Self {
            controller,
            daraja,
            mail,
            pesapal: rail,
            sms,
            business,
            site,
            caller: Caller::program()?,
            database,
            others: Mutex::default(),
            changed,
            allowed: Vec::new(),
            folder,
        };
        world.linked(&world.site).await?;
        Ok(world)
    }

    /// Opens another site of the same business.
    ///
    /// # Errors
    /// When anything does not come up.
    pub async fn second_site(&self, name: &str, router: routeros::Config) -> Result<Site> {
        let id = business::site(&self.controller, &self.business.provider, name).await?;
        let line = self.business.claim(&self.controller, &id).await?;
        self.site_by(&line, &id, router).await
    }

    /// Brings up whatever site a line enrols the agent of.
    ///
    /// # Errors
    /// When anything does not come up.
    pub async fn site_by(&self, line: &str, id: &str, router: routeros::Config) -> Result<Site> {
        let before = {
            let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            others.len()
        };
        let name = format!("other-{}", before + 1);
        let site = site(
            &self.controller,
            line,
            id,
            &self.folder,
            &name,
            router,
            &self.changed,
        )
        .await?;
        self.watch(site.agent.log());
        self.linked(&site).await?;
        Ok(site)
    }

    /// An agent that is not enrolled, with a folder and a portal of its own.
    ///
    /// # Errors
    /// When it was not built.
    pub fn another_agent(&self, name: &str) -> Result<Agent> {
        let agent = Agent::new(self.folder.path(), name, &self.changed)?;
        self.watch(agent.log());
        Ok(agent)
    }

    fn watch(&self, log: &Log) {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.push(log.clone());
    }

    /// Waits until a site's agent has both the cloud and its router, and its own past.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn linked(&self, site: &Site) -> Result<()> {
        self.until("the agent reaches cloud and router", async || {
            let status = site.agent.status().await?;
            let reached =
                status["cloud"] == true && status["router"] == true && status["resyncing"] == false;
            ensure!(reached, "the agent says: {status}");
            Ok(Some(()))
        })
        .await
    }

    /// Waits until a site's portal offers everything that is for sale.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn knows_its_plans(&self, site: &Site) -> Result<()> {
        let watcher = site.join()?;
        self.until("the portal offers every plan", async || {
            let page = watcher.home(&site.router).await?;
            Ok(self
                .business
                .plans
                .iter()
                .all(|plan| page.text.contains(plan.name))
                .then_some(()))
        })
        .await?;
        site.router.leave(&watcher.mac).context("leaving the Wi-Fi")
    }

    /// Waits until the controller has written down everything the site's journal holds, and gives the number of its last
    /// entry.
    ///
    /// # Errors
    /// When it has not in time, or has more than the site.
    pub async fn drained(&self, site: &Site) -> Result<u64> {
        self.until("the controller has the whole journal", async || {
            let (last, acknowledged) = site.agent.journal().await?;
            // A restored agent has begun a journal anew, and an older one stays as it was.
            let held = self
                .controller
                .value(&format!(
                    "select count(*) from journals where site_id = '{}' and mark_number = {last}",
                    uuid(&site.id)
                ))
                .await?;
            let whole = last == acknowledged && (last == 0 || held != "0");
            Ok(whole.then_some(last))
        })
        .await
    }

    /// Looks again after everything any program says, and every so often, until a look finds what it looks for.
    ///
    /// # Errors
    /// When it does not in time; the error has the last reason and the ends of the logs.
    pub async fn until<T>(
        &self,
        what: &str,
        mut look: impl AsyncFnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let mut changed = self.changed.subscribe();
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        let mut last = None;
        let looking = async {
            loop {
                changed.borrow_and_update();
                match look().await {
                    Ok(Some(found)) => return found,
                    Ok(None) => last = None,
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
            Ok(found) => Ok(found),
            Err(_) => {
                let reason = last
                    .map(|error| format!(" ({error:#})"))
                    .unwrap_or_default();
                bail!(
                    "in vain for {PATIENCE:?}: {what}{reason}\ncontroller:\n{}\nagent:\n{}",
                    self.controller.log().tail(25),
                    self.site.agent.log().tail(25),
                )
            }
        }
    }

    /// Expects an ERROR line with these words, as a flow that breaks something must.
    pub fn allow(&mut self, words: &'static str) {
        self.allowed.push(words);
    }

    /// Where the worlds' files are.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Ends everything in order and fails when a program said that something went wrong.
    ///
    /// # Errors
    /// When a program does not end well, or said ERROR.
    pub async fn end(mut self) -> Result<()> {
        if self.site.agent.runs() {
            self.site.agent.stop().await?;
        }
        if self.controller.runs() {
            self.controller.stop().await?;
        }
        self.daraja.stop().await;
        if let Some(sms) = self.sms {
            sms.stop().await;
        }
        if let Some(mail) = self.mail {
            mail.stop().await;
        }
        if let Some(pesapal) = self.pesapal {
            pesapal.stop().await;
        }
        self.site.router.stop().await;
        let mut errors = self.controller.log().errors();
        errors.extend(self.site.agent.log().errors());
        let others = self
            .others
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        errors.extend(others.iter().flat_map(Log::errors));
        errors.retain(|line| !self.allowed.iter().any(|words| line.contains(words)));
        ensure!(
            errors.is_empty(),
            "a program said that something went wrong:\n{}",
            errors.join("\n")
        );
        Ok(())
    }
}

/// The uuid of an id, which has a prefix in text and none in the database.
#[must_use]
pub fn uuid(id: &str) -> &str {
    id.rsplit_once('_').map_or(id, |(_, uuid)| uuid)
}

async fn site(
    controller: &Controller,
    line: &str,
    id: &str,
    folder: &Folder,
    name: &str,
    router: routeros::Config,
    changed: &watch::Sender<u64>,
) -> Result<Site> {
    let mut agent = Agent::new(folder.path(), name, changed)?;
    let router = Router::start(routeros::Config {
        users: vec![(USER.to_owned(), PASSWORD.to_owned(), "full".to_owned())],
        portal: Some(agent.portal()),
        ..router
    })
    .await?;
    let near = SocketAddr::from(([127, 0, 0, 1], 0));
    let cable = Cable::lay(near, controller.address()).await?;
    agent.enrol(line, cable.address(), &router).await?;
    agent.start().await?;
    Ok(Site {
        id: id.to_owned(),
        router,
        agent,
        cable,
    })
}
