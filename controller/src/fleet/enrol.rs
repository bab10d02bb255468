//! Enrolling an agent: a claim code that is made for a site, and spent by the first public key that brings it.

use ed25519_dalek::VerifyingKey;
use mnara_protocol::enrol::{Enrolled, fingerprint};
use mnara_protocol::ids::{AgentId, ProviderId, SiteId};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use thiserror::Error;

use super::feed;
use super::identity::{IdentityError, load};
use super::store::{self, Claim};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::bus::{self, Hint};
use crate::db::Reason;
use crate::jobs::{self, NewJob};
use crate::web::show;

/// The job that tells a site everything anew, sealed to its new agent.
pub const REFRESH: &str = "refresh-site";
/// How long a claim code is good, in seconds.
const GOOD_FOR: i64 = 3600;
/// The longest name a software may give itself.
const SOFTWARE: usize = 64;

/// Why a claim was not made.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// There is no such site, or it is closed.
    #[error("there is no such site, or it is closed")]
    NoSite,
    /// The database refused.
    #[error("the claim code could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Why an agent was not enrolled.
#[derive(Debug, Error)]
pub enum EnrolError {
    /// The code is unknown, too old, or another device spent it: all one to a stranger.
    #[error(
        "this claim code is not good: make a new one for the site, it lives an hour and works once"
    )]
    NotGood,
    /// The database refused.
    #[error("the agent could not be enrolled")]
    Database(#[from] sqlx::Error),
}

/// Makes a claim code for a site: 160 random bits, shown once. Whoever has it may put an agent there, so the audit says who made it.
///
/// # Errors
/// [`ClaimError`].
pub async fn claim(
    app: &App,
    provider: ProviderId,
    site: SiteId,
    actor: Actor,
) -> Result<String, ClaimError> {
    let mut tx = app.db.tenant(provider).await?;
    let code = claim_in(app, &mut tx, provider, site, actor).await?;
    tx.commit().await?;
    Ok(code)
}

/// Makes one in the caller's transaction.
async fn claim_in(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    actor: Actor,
) -> Result<String, ClaimError> {
    let code = hex::encode(app.entropy.bytes::<20>());
    let now = app.clock.now();
    store::open_site(conn, provider, site)
        .await?
        .ok_or(ClaimError::NoSite)?;
    let until = now.plus_secs(GOOD_FOR);
    store::insert_claim(conn, provider, site, &hash(&code), until, now).await?;
    let deed = Deed {
        act: "claim",
        subject: &site.to_string(),
        before: None,
        after: Some(json!({"until": show::utc(until)})),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    Ok(code)
}

/// Why there is no line for a site.
#[derive(Debug, Error)]
pub enum LineError {
    /// There is no code.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The controller's own key cannot be had.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The address listened on is every address, so it is none that a site could reach.
    #[error("no site could reach {0}: give the address they reach us by in MNARA_PUBLIC_URL")]
    NoAddress(String),
}

/// What enrols an agent.
pub struct Enrolling {
    /// The address sites reach us by.
    pub controller: String,
    /// The claim code.
    pub code: String,
    /// The fingerprint of our key.
    pub identity: String,
}

impl Enrolling {
    /// The line to type on the machine at the site.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "mnara-agent enrol --controller {} --claim {} --identity {}",
            self.controller, self.code, self.identity
        )
    }
}

/// Makes a claim code, with what else an agent must be told.
///
/// # Errors
/// [`LineError`].
pub async fn enrolling(
    app: &App,
    provider: ProviderId,
    site: SiteId,
    actor: Actor,
) -> Result<Enrolling, LineError> {
    is_reached(app)?;
    let code = claim(app, provider, site, actor).await?;
    by_code(app, code).await
}

/// Whether there is an address that a site could reach us by.
fn is_reached(app: &App) -> Result<(), LineError> {
    let web = &app.config.web;
    if web.public_url.is_none() && web.listen.ip().is_unspecified() {
        return Err(LineError::NoAddress(web.public().as_str().to_owned()));
    }
    Ok(())
}

/// What enrols an agent by a code that was made before; none where it is not this site's, or no longer good.
///
/// # Errors
/// [`LineError`].
pub async fn made(
    app: &App,
    provider: ProviderId,
    site: SiteId,
    code: &str,
) -> Result<Option<Enrolling>, LineError> {
    let now = app.clock.now();
    let mut tx = app
        .db
        .tenant(provider)
        .await
        .map_err(ClaimError::Database)?;
    let is_good = store::is_claim(&mut tx, provider, site, &hash(code), now)
        .await
        .map_err(ClaimError::Database)?;
    drop(tx);
    if !is_good {
        return Ok(None);
    }
    by_code(app, code.to_owned()).await.map(Some)
}

async fn by_code(app: &App, code: String) -> Result<Enrolling, LineError> {
    let identity = hex::encode(fingerprint(&load(app).await?.signing.verifying_key()));
    Ok(Enrolling {
        controller: app.config.web.public().as_str().to_owned(),
        code,
        identity,
    })
}

/// Makes a claim code and the line to type on the machine at the site.
///
/// # Errors
/// [`LineError`].
pub async fn line(
    app: &App,
    provider: ProviderId,
    site: SiteId,
    actor: Actor,
) -> Result<String, LineError> {
    Ok(enrolling(app, provider, site, actor).await?.line())
}

/// Makes the line for a site that has no agent; none for one that has, since another machine would take that one's place.
///
/// # Errors
/// [`LineError`].
pub async fn first_line(
    app: &App,
    provider: ProviderId,
    site: SiteId,
    actor: Actor,
) -> Result<Option<String>, LineError> {
    is_reached(app)?;
    let mut tx = app
        .db
        .tenant(provider)
        .await
        .map_err(ClaimError::Database)?;
    // An agent that is being enrolled is seen, or spends this line with its own.
    feed::lock(&mut tx, provider, &[site])
        .await
        .map_err(ClaimError::Database)?;
    let present = store::standing::standing(&mut tx, provider, site)
        .await
        .map_err(ClaimError::Database)?;
    if present.is_some() {
        return Ok(None);
    }
    let code = claim_in(app, &mut tx, provider, site, actor).await?;
    tx.commit().await.map_err(ClaimError::Database)?;
    Ok(Some(by_code(app, code).await?.line()))
}

/// What a claim code that is still good is for.
pub struct Claimed {
    /// The site's name.
    pub site: String,
    /// The fingerprint of our key, which the agent checks before it sends the code.
    pub identity: String,
}

/// Looks a claim code up and does not spend it: none if it is unknown, too old or spent, which looks all the same from outside.
///
/// # Errors
/// When the database or the controller's own key cannot be had.
pub async fn claimed(app: &App, code: &str) -> Result<Option<Claimed>, LineError> {
    let now = app.clock.now();
    let mut tx = app
        .db
        .platform(Reason::Enrol)
        .await
        .map_err(ClaimError::Database)?;
    let site = store::claimed_site(&mut tx, &hash(code), now)
        .await
        .map_err(ClaimError::Database)?;
    drop(tx);
    let Some(site) = site else {
        return Ok(None);
    };
    let identity = hex::encode(fingerprint(&load(app).await?.signing.verifying_key()));
    Ok(Some(Claimed { site, identity }))
}

fn hash(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

/// Spends a claim code for a public key. The same key bringing it again gets the same answer: the first may have been lost.
///
/// # Errors
/// [`EnrolError`].
pub async fn enrol(
    app: &App,
    code: &str,
    key: &VerifyingKey,
    software: &str,
) -> Result<Enrolled, EnrolError> {
    let now = app.clock.now();
    let code_hash = hash(code);
    let mut tx = app.db.platform(Reason::Enrol).await?;
    let Some(claim) = store::lock_claim(&mut tx, &code_hash).await? else {
        return Err(EnrolError::NotGood);
    };
    let Claim { provider, site, .. } = claim;
    if claim.is_closed {
        return Err(EnrolError::NotGood);
    }
    match claim.spent_by.as_deref() {
        Some(spender) if spender == key.as_bytes() => {
            let agent = store::agent_by_key(&mut tx, key.as_bytes())
                .await?
                .ok_or(EnrolError::NotGood)?;
            return Ok(Enrolled {
                agent,
                site,
                provider,
                time: now,
            });
        }
        Some(_) => return Err(EnrolError::NotGood),
        None if claim.expires_at <= now => return Err(EnrolError::NotGood),
        None => {}
    }
    if let Some(agent) = store::agent_by_key(&mut tx, key.as_bytes()).await? {
        // A key belongs to one site for ever: a device that moves makes a new one. The agent the site has now may bring a new line, as when
        // it is told of another router, and stays who it is.
        let present = store::standing::standing(&mut tx, provider, site).await?;
        if present.is_none_or(|present| present.agent != agent) {
            return Err(EnrolError::NotGood);
        }
        store::spend_claim(&mut tx, &code_hash, key.as_bytes(), now).await?;
        tx.commit().await?;
        return Ok(Enrolled {
            agent,
            site,
            provider,
            time: now,
        });
    }
    let agent = AgentId::new(now, app.entropy.bytes());
    let software: String = software.chars().take(SOFTWARE).collect();
    // A site has one agent: the one before is let go, and its link with it.
    for replaced in store::revoke_agents(&mut tx, provider, site, now).await? {
        bus::notify(&mut tx, Hint::Agent(replaced)).await?;
    }
    store::insert_agent(
        &mut tx,
        provider,
        site,
        agent,
        key.as_bytes(),
        &software,
        now,
    )
    .await?;
    // A line that was made before must not bring another machine now: all that are open are spent by this one. The lock keeps apart whoever
    // makes a first line meanwhile.
    feed::lock(&mut tx, provider, &[site]).await?;
    store::spend_claims(&mut tx, provider, site, key.as_bytes(), now).await?;
    let job = NewJob {
        kind: REFRESH,
        key: &site.to_string(),
        payload: json!({}),
        run_at: now,
    };
    jobs::enqueue(&mut tx, Some(provider), job, app).await?;
    tx.commit().await?;
    app.jobs.wake();
    tracing::info!(provider.id = %provider, site.id = %site, agent.id = %agent, "an agent was enrolled");
    Ok(Enrolled {
        agent,
        site,
        provider,
        time: now,
    })
}
