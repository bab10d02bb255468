//! The world of the demo: three phones, three plans, printed codes, a kiosk with a till, and the guide that says what to open.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::desk::{Brought, Desk};
use super::people::{self, People};
use super::till::{self, Kiosk};
use super::{history, paid};
use crate::measure::now;
use crate::sim::daraja::{self, App};
use crate::sim::pesapal::Pesapal;
use crate::sim::routeros;
use crate::sim::sms::Sms;
use crate::sim::smtp::Smtp;
use crate::world::agent::Agent;
use crate::world::clock::Push;
use crate::world::phone::Phone;
use crate::world::{Setup, Site, World};

/// How long a cloud that somebody killed stays away: long enough to look around.
const AWAY: Duration = Duration::from_secs(90);

/// The world of the demo, up and running.
#[derive(Debug)]
pub struct Stage {
    /// Everything.
    pub world: World,
    /// Phones on the Wi-Fi, each with a port through which a browser on this machine sees what it sees.
    pub phones: Vec<(Phone, SocketAddr)>,
    /// Printed codes for an hour.
    pub hours: Vec<String>,
    /// Printed codes for ten megabytes.
    pub megabytes: Vec<String>,
    /// Who may log in.
    pub people: People,
    /// When the business's past ended, as the database reads it: what happens on stage comes after.
    pub since: String,
    /// Where somebody brings the line of a site.
    pub desk: Desk,
    /// What was brought there, or typed.
    brought: mpsc::Receiver<Brought>,
    /// Another business, whose customers pay a till by hand, where it is looked at.
    pub kiosk: Option<Kiosk>,
    /// Sites whose line somebody brought, so that they live as long as the stage.
    pub newcomers: Vec<Site>,
    /// How much time somebody let pass.
    passed: Duration,
}

/// Who is on stage.
#[derive(Clone, Copy, Debug)]
enum Cast {
    /// The demo's business and the kiosk.
    All,
    /// The demo's business, without a second router and agent that nobody looks at.
    Alone,
}

/// Sets the stage.
///
/// # Errors
/// When anything does not come up.
pub async fn stage() -> Result<Stage> {
    Box::pin(set(Cast::All)).await
}

/// Sets the stage without the kiosk.
///
/// # Errors
/// When anything does not come up.
pub async fn alone() -> Result<Stage> {
    Box::pin(set(Cast::Alone)).await
}

async fn set(cast: Cast) -> Result<Stage> {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = daraja::Mode::Hand;
    setup.daraja.apps.push(App::sandbox_newcomer());
    setup.mail = true;
    setup.pesapal = true;
    setup.sms = true;
    setup.by_name = true;
    setup.past = Some(paid::past);
    let (lines, brought) = mpsc::channel(4);
    let desk = Desk::open(lines).await?;
    setup.first_sale_url = Some(desk.url());
    let world = World::start(setup).await?;
    desk.prompts_at(world.daraja.control_url());
    world.knows_its_plans(&world.site).await?;
    let mut phones = Vec::new();
    for _ in 0..3 {
        let phone = world.site.join()?;
        let port = world
            .site
            .router
            .forward(&phone.mac, 0)
            .context("opening a phone's port")?;
        phones.push((phone, port));
    }
    let past = Box::pin(async {
        let past = history::fill(&world).await;
        past.context("writing a month of history")
    });
    let kiosk = Box::pin(async {
        match cast {
            Cast::All => {
                let kiosk = till::open(&world).await;
                kiosk.context("opening a kiosk").map(Some)
            }
            Cast::Alone => Ok(None),
        }
    });
    let (since, kiosk) = tokio::try_join!(past, kiosk)?;
    let controller = &world.controller;
    let hours = world
        .business
        .print(controller, "One hour", 10, &[])
        .await?;
    let megabytes = world
        .business
        .print(controller, "Ten megabytes", 10, &[])
        .await?;
    // For the cashier to sell from the screen; nobody has seen these codes.
    world
        .business
        .print(controller, "One hour", 40, &["--quiet"])
        .await?;
    let people = People::hire(&world).await?;
    paid::look(&world)
        .await
        .context("seeing who has not paid")?;
    Ok(Stage {
        people,
        since,
        desk,
        brought,
        kiosk,
        newcomers: Vec::new(),
        passed: Duration::ZERO,
        world,
        phones,
        hours,
        megabytes,
    })
}

impl Stage {
    /// What to open and to try, for a person at this machine who has never seen any of it.
    ///
    /// # Errors
    /// When a program does not run.
    pub fn guide(&self) -> Result<String> {
        let (world, mut text) = (&self.world, String::new());
        let kiosk = self.kiosk.as_ref().context("the kiosk is not there")?;
        let _ = write!(
            text,
            "\nTwo hotspot businesses are running on this machine: their cloud, a site of each with a router and an agent, a simulated M-PESA.\n\
             \nBe a customer. Each address is the browser of one phone on the Wi-Fi; whatever it opens, the hotspot catches it:\n\n"
        );
        for (index, (phone, port)) in self.phones.iter().enumerate() {
            let _ = writeln!(
                text,
                "  phone {}    http://{port}/    ({})",
                index + 1,
                phone.mac
            );
        }
        let (phone, port) = &kiosk.phone;
        let _ = writeln!(
            text,
            "  kiosk      http://{port}/    ({}, at the other business, which has a till)",
            phone.mac
        );
        let _ = write!(
            text,
            "\n  Buy: choose a plan, type any number such as 0712345678, press Pay. The prompt appears on\n\
             \n  M-PESA     {}/phone    accept it, or enter a wrong PIN, cancel, let it ring, have no money\n\
             \n  Or press \"Pay by hand\" there and pay from the phone's own menu, which is {}/menu\n\
             \n  At the kiosk: choose the hour, type {} and press \"Pay by hand\", then pay KSh {} to Buy Goods {} at\n\
             \n  its menu   {}/menu/{}    the phone is online as soon as the money is there\n\
             \n  Or type a printed code on one of the phones:\n\
             \n  one hour         {}\n  ten megabytes    {}\n\
             \nRun the business, at {}. The password is {}:\n\
             \n{}\
             \n  {:<10} {} (its trial is over, as it was written to under mail: log in, pay on Pesapal's page, and it is open again;\
             \n             the admin sees the money at {})\
             \n  mail       {}    whatever Mnara writes to anybody; ask for a new password to see one\n\
             \n  SMS        {}    every phone's texts; choose under Messages who gets a code\n\
             \n  time       {}    an hour, a day or a week passes for everything here: an hour that was sold ends, a trial runs out\n\
             \n{}\
             \nLook behind it:\n\
             \n  router     http://{}/    phones, sessions, power; its API is at {} (TLS {})\
             \n  Pesapal    curl -s {}/orders    what businesses ordered, and how each order stands\
             \n  API        curl -s {}\n             curl -s {}\n\
             \n{}\
             \nCtrl-C ends everything and leaves nothing behind.\n",
            world.daraja.control_url(),
            world.daraja.control_url(),
            till::NUMBER,
            kiosk.business.plans[0].price,
            kiosk.till,
            world.daraja.control_url(),
            till::MSISDN,
            self.hours[..3].join("   "),
            self.megabytes[..3].join("   "),
            world.controller.url("/log-in"),
            people::PASSWORD,
            self.people.list(),
            "lapsed",
            paid::OWNER,
            world.controller.url("/admin"),
            world.mail.as_ref().map(Smtp::inbox).unwrap_or_default(),
            world.sms.as_ref().map(Sms::url).unwrap_or_default(),
            self.desk.url(),
            self.beginning(),
            world.site.router.control(),
            world.site.router.api(),
            world.site.router.api_tls(),
            world
                .pesapal
                .as_ref()
                .map(Pesapal::control_url)
                .unwrap_or_default(),
            world
                .controller
                .url(&format!("/api/captive/{}/plans", world.business.provider)),
            world.controller.url("/metrics"),
            self.kill_line()?,
        );
        Ok(text)
    }

    /// The way of a business of one's own, from the sign-up to the first sale, with all that stands on no page of Mnara.
    fn beginning(&self) -> String {
        let (controller, account) = (&self.world.controller, App::sandbox_newcomer());
        format!(
            "Or begin with a business of your own, in a browser of its own:\n\
             \n  sign up    {}    any name, any e-mail or phone number\
             \n  be let in  log in as the admin in another browser, open {} and press \"Let in\"\
             \n  then       follow \"Next steps\" on your home page. Where customers' money goes:\n\
             \n             Paybill            {}\
             \n             Consumer key       {}\
             \n             Consumer secret    {}\
             \n             Passkey            {}\
             \n             Your own phone     0722000111, to prove it with KSh 1; the prompt appears on {}/phone\n\
             \n  the agent  make a site, press \"Enrol the agent\" and bring the line it shows to {} (or paste it here):\
             \n             a router and its agent come up for it, with a phone on their Wi-Fi that is listed there\n",
            controller.url("/sign-up"),
            controller.url("/admin/providers"),
            account.shortcode,
            account.consumer_key,
            account.consumer_secret,
            account.passkey,
            self.world.daraja.control_url(),
            self.desk.url(),
        )
    }

    /// Brings up a router and the agent that a line enrols, with a phone on their Wi-Fi, and says what to open.
    ///
    /// # Errors
    /// When the line is none, was used, or anything does not come up.
    pub async fn welcome(&mut self, line: &str) -> Result<String> {
        ensure!(
            line.contains("mnara-agent enrol"),
            "that is not the line of a site's page, which begins with \"mnara-agent enrol\""
        );
        let router = routeros::Config {
            boot: Duration::from_millis(500),
            ..routeros::Config::default()
        };
        let id = format!("newcomer {}", self.newcomers.len() + 1);
        let site = self.world.site_by(line, &id, router).await?;
        site.router.advance(self.passed);
        catch_up(&site.agent, self.passed).await?;
        let phone = site.join()?;
        let port = site
            .router
            .forward(&phone.mac, 0)
            .context("opening a phone's port")?;
        let said = format!(
            "Your site is up. Be its first customer, on a phone on its Wi-Fi:\n\
             \n  phone      http://{port}/    ({})\
             \n             choose a plan, type 0733111222, press Pay, and accept the prompt on {}/phone\
             \n  router     http://{}/\n",
            phone.mac,
            self.world.daraja.control_url(),
            site.router.control(),
        );
        self.desk
            .list(&format!("site {}", self.newcomers.len() + 1), port);
        self.newcomers.push(site);
        Ok(said)
    }

    fn kill_line(&self) -> Result<String> {
        Ok(format!(
            "Take the cloud away and watch the site go on:\n\n  kill -9 {}    who is online stays so, printed codes work, pages say that M-PESA is away;\n\
             \x20                  the cloud comes back by itself after {} seconds\n",
            self.world.controller.program()?.pid()?,
            AWAY.as_secs(),
        ))
    }

    /// Brings back what somebody kills, takes the lines of new sites, and tells of it, for as long as it is waited for.
    ///
    /// # Errors
    /// When a program does not come up again.
    pub async fn attend(&mut self, say: &mut dyn FnMut(&str)) -> Result<()> {
        let mut back = None;
        loop {
            let (world, brought) = (&mut self.world, &mut self.brought);
            let due = async move {
                match back {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = world.controller.ended() => {
                    say("The cloud is gone. The phones still work; look at them.");
                    back = Some(Instant::from(now()) + AWAY);
                }
                () = world.site.agent.ended() => {
                    world.site.agent.start().await?;
                    catch_up(&world.site.agent, self.passed).await?;
                    say("The agent was gone and is back, as if its machine had lost power.");
                }
                Some(brought) = brought.recv() => match brought {
                    Brought::Line(line) if line.trim().is_empty() => self.desk.say("Nothing was brought."),
                    Brought::Line(line) => match self.welcome(line.trim()).await {
                        Ok(said) => {
                            self.desk.say("Your site is up: its phone stands first in the list.");
                            say(&said);
                        }
                        Err(error) => {
                            let said = format!("No site came of it: {error:#}");
                            self.desk.say(&said);
                            say(&said);
                        }
                    },
                    Brought::Time(by) => {
                        let said = self.let_pass(by).await;
                        self.desk.say(&said);
                        say(&said);
                    }
                },
                () = due => {
                    back = None;
                    self.bring_back().await?;
                    say("The cloud is back and takes over what happened meanwhile.\n");
                    say(&self.kill_line()?);
                }
            }
        }
    }

    fn sites(&self) -> impl Iterator<Item = &Site> {
        std::iter::once(&self.world.site)
            .chain(self.kiosk.as_ref().map(|kiosk| &kiosk.site))
            .chain(&self.newcomers)
    }

    /// Lets time pass and says what came of it.
    async fn let_pass(&mut self, by: Duration) -> String {
        if !self.world.controller.runs() {
            return "The cloud is away; wait until it is back.".to_owned();
        }
        // A site that is told the new time before its own clock was moved would add the same time twice.
        self.sites().for_each(|site| site.cable.cut());
        let moved = self.move_clocks(by).await;
        self.sites().for_each(|site| site.cable.mend());
        match moved {
            Ok(()) => format!(
                "Time has passed for everything here, {} h in all.",
                self.passed.as_secs() / 3_600
            ),
            Err(error) => format!("Time has not passed everywhere: {error:#}"),
        }
    }

    async fn move_clocks(&mut self, by: Duration) -> Result<()> {
        // What the controller asks when it wakes bears the new time, and is refused where it is ten minutes off.
        self.world.daraja.advance(by);
        if let Some(pesapal) = &self.world.pesapal {
            pesapal.clock().advance(by);
        }
        self.world.controller.advance(by).await?;
        self.passed += by;
        for site in self.sites() {
            if site.agent.runs() {
                site.agent.advance(by).await?;
            }
            site.router.advance(by);
        }
        Ok(())
    }

    /// Brings the cloud back to where time has come to here: a program that starts knows no time but the machine's.
    async fn bring_back(&mut self) -> Result<()> {
        if self.passed.is_zero() {
            return self.world.controller.start().await;
        }
        // No site hears of the time in between.
        self.sites().for_each(|site| site.cable.cut());
        self.world.controller.start().await?;
        self.world.controller.advance(self.passed).await?;
        self.sites().for_each(|site| site.cable.mend());
        Ok(())
    }

    /// Ends everything.
    ///
    /// # Errors
    /// When a program does not end well, or said that something went wrong.
    pub async fn end(self) -> Result<()> {
        self.desk.close();
        let kiosk = self.kiosk.map(|kiosk| kiosk.site);
        for mut site in self.newcomers.into_iter().chain(kiosk) {
            if site.agent.runs() {
                site.agent.stop().await?;
            }
            site.router.stop().await;
        }
        self.world.end().await
    }
}

/// Puts the wall clock of an agent that has just started to where time has come to: it compares it with the controller's.
async fn catch_up(agent: &Agent, passed: Duration) -> Result<()> {
    if !passed.is_zero() {
        let millis = i64::try_from(passed.as_millis())?;
        agent.push(Push::Jump(millis)).await?;
    }
    Ok(())
}
