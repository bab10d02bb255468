//! A customer who buys through the cloud's public pages, vouched for by the site's agent: with the token its portal hands to
//! the browser. The portal's own way of buying is in `phone`.

use anyhow::{Context, Result, ensure};
use ed25519_dalek::SigningKey;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::token::{DeviceToken, LONGEST_SECS};
use serde_json::{Value, json};

use super::business::Plan;
use super::clock::Push;
use super::http::Answer;
use super::phone::Phone;
use super::{Site, World, uuid};

/// A phone with a number.
#[derive(Clone, Debug)]
pub struct Buyer {
    /// The phone on the Wi-Fi.
    pub phone: Phone,
    /// Its number as people type it.
    pub number: String,
    /// Its number as M-PESA writes it.
    pub msisdn: String,
}

/// A payment that has begun.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its id.
    pub payment: String,
    /// What lets its buyer ask how it stands.
    pub token: String,
}

/// How a payment stands in the controller's books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// pending, success or failed.
    pub status: String,
    /// Why it failed.
    pub failure: String,
    /// What a person should look at.
    pub flag: String,
    /// How many tickets it bought.
    pub tickets: usize,
}

impl Buyer {
    /// Joins a site's Wi-Fi with a number of its own.
    ///
    /// # Errors
    /// When the router has no address left.
    pub fn join(site: &Site, last_digits: u32) -> Result<Self> {
        Ok(Self {
            phone: site.join()?,
            number: format!("07{last_digits:08}"),
            msisdn: format!("2547{last_digits:08}"),
        })
    }

    /// The token that the site's portal hands to this device.
    ///
    /// # Errors
    /// When it hands none in time.
    pub async fn handed_token(&self, world: &World) -> Result<String> {
        world
            .until("the portal hands the device its token", async || {
                let answer = self.phone.open(&world.site.router, "token.json").await?;
                ensure!(answer.status == 200, "no token: {}", answer.status);
                let body: Value = serde_json::from_str(&answer.text)?;
                Ok(body["token"].as_str().map(str::to_owned))
            })
            .await
    }

    /// A token as the site's portal would give it to this device now, for drills that buy while the router or the agent is away: their
    /// phone had it before.
    ///
    /// # Errors
    /// When the agent's key cannot be read.
    pub async fn token(&self, world: &World, site: &Site) -> Result<String> {
        let path = site.agent.state().join("agent.key");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("reading {}", path.display()))?;
        let mut key = [0; 32];
        hex::decode_to_slice(text.trim(), &mut key).context("the agent's key is no key")?;
        let now = Timestamp::from_millis(world.controller.push(Push::Read).await?.wall);
        let token = DeviceToken {
            site: site.id.parse()?,
            mac: self.phone.mac.parse()?,
            expires: now.plus_secs(LONGEST_SECS - 60),
        };
        Ok(token.sign(&SigningKey::from_bytes(&key)))
    }

    /// Asks for a plan, with an attempt's id if it is to be repeated.
    ///
    /// # Errors
    /// When the controller does not answer.
    pub async fn ask(&self, world: &World, plan: &Plan, attempt: Option<&str>) -> Result<Answer> {
        let mut body = json!({
            "phone": self.number,
            "plan_id": plan.id,
            "token": self.token(world, &world.site).await?,
        });
        if let Some(attempt) = attempt {
            body["attempt_id"] = Value::from(attempt);
        }
        let path = format!("/api/captive/{}/initiate-mpesa", world.business.provider);
        world.caller.post(&world.controller.url(&path), &body).await
    }

    /// Asks for a plan and expects the phone to be asked. Who is answered late may hear at once that it was paid.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn order(&self, world: &World, plan: &Plan) -> Result<Order> {
        let answer = self.ask(world, plan, None).await?;
        ensure!(
            [200, 202].contains(&answer.status.as_u16()),
            "the order was refused: {answer:?}"
        );
        let body = answer.json()?;
        let text = |name: &str| {
            body[name]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("no {name} in {body}"))
        };
        Ok(Order {
            payment: text("payment_id")?,
            token: text("payment_token")?,
        })
    }
}

impl World {
    /// How a payment stands.
    ///
    /// # Errors
    /// When there is no such payment.
    pub async fn books(&self, payment: &str) -> Result<Books> {
        let rows = self
            .controller
            .ask(&format!(
                "select status, coalesce(failure, ''), coalesce(flag, ''), (select count(*) from tickets t where t.payment_id = p.id)
                 from payments p where id = '{}'",
                uuid(payment)
            ))
            .await?;
        let row = rows
            .first()
            .filter(|row| row.len() == 4)
            .with_context(|| format!("no payment {payment}"))?;
        Ok(Books {
            status: row[0].clone(),
            failure: row[1].clone(),
            flag: row[2].clone(),
            tickets: row[3].parse()?,
        })
    }

    /// Waits until a payment is settled, one way or the other.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn settled(&self, payment: &str) -> Result<Books> {
        self.until("the payment is settled", async || {
            let books = self.books(payment).await?;
            Ok((books.status != "pending").then_some(books))
        })
        .await
    }

    /// Waits until the ticket of a payment has started: the router was read back, and the controller knows.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn started(&self, payment: &str) -> Result<()> {
        self.until("the ticket has started", async || {
            let started = self
                .controller
                .ask(&format!(
                    "select 1 from tickets where payment_id = '{}' and started_at is not null",
                    uuid(payment)
                ))
                .await?;
            Ok((!started.is_empty()).then_some(()))
        })
        .await
    }

    /// Waits until no callback waits to be looked at.
    ///
    /// # Errors
    /// When some still do after a while.
    pub async fn callbacks_handled(&self, count: usize) -> Result<()> {
        self.until("every callback is looked at", async || {
            let handled = self
                .controller
                .value("select count(*) from callbacks where handled_at is not null")
                .await?;
            let open = self
                .controller
                .value("select count(*) from callbacks where handled_at is null")
                .await?;
            Ok((open == "0" && handled.parse::<usize>()? >= count).then_some(()))
        })
        .await
    }
}
