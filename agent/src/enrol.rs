//! Enrolment: check who the controller is, hand in the claim with a key made here, keep the answer.
//!
//! Run once per site; repeating it with the same claim and key gives the same answer, since the first may have been lost. A key belongs
//! to one site for ever, so a machine that moves, or comes back after another took its place, asks with a new one.

use anyhow::{Context, anyhow, bail, ensure};
use ed25519_dalek::{SigningKey, VerifyingKey};
use hyper::StatusCode;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::enrol::{self, ENROL_PATH, Enrolled, IDENTITY_PATH};
use mnara_protocol::frame::{KeyStatement, MAX_PINNED, Pinned};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::config::{EnrolConfig, Enrolment, RouterFile, StateDir, verifying_key};
use crate::dial::{Body, Dates, Declined, DialError, Target};

/// Says that whoever answers does not hold the pinned identity key.
#[derive(Debug, Error)]
#[error(
    "{host} is not the controller this line was made by: its identity key is another one. Nothing was sent to it"
)]
pub(crate) struct Stranger {
    host: String,
}

#[derive(Deserialize)]
struct IdentityAnswer {
    keys: Vec<String>,
    #[serde(default)]
    statements: Vec<String>,
    signature: String,
}

#[derive(Serialize)]
struct EnrolRequest<'a> {
    claim: &'a str,
    public_key: String,
    software: &'a str,
    signature: String,
}

#[derive(Deserialize)]
struct EnrolAnswer {
    agent_id: String,
    site_id: String,
    provider_id: String,
    controller_time: i64,
    proof: String,
}

/// Enrols this machine; where it had another place, the new one is taken over when the agent starts.
///
/// `system_now` is what the system thinks the time is: nothing better is known yet, and all it does is date the web certificate; who the
/// controller is rests on the fingerprint.
///
/// # Errors
/// A sentence for the person who pasted the line.
pub async fn enrol(
    config: &EnrolConfig,
    state: &StateDir,
    system_now: Timestamp,
    random: impl Fn() -> [u8; 32],
) -> anyhow::Result<Enrolment> {
    let router = router(config)?;
    let ca = config
        .ca
        .as_deref()
        .map(|path| {
            std::fs::read_to_string(path)
                .with_context(|| format!("could not read {}", path.display()))
        })
        .transpose()?;
    let mut expected = [0; 32];
    hex::decode_to_slice(config.identity.trim(), &mut expected)
        .context("--identity is 64 hexadecimal digits; copy the whole line")?;
    let target = Target::new(&config.controller, ca.as_deref())?;
    let had_key = state.has_key();
    let key = state.key(&random)?;
    let claim = config.claim.trim();
    let hash = claim_hash(claim);

    let (dates, identity, statements) = identify(&target, system_now, &expected, random()).await?;
    let mut answer = hand_in(&target, dates, claim, &key, &identity).await;
    let mut next = None;
    if had_key && answer.as_ref().is_err_and(is_refusal) {
        // Either the claim is not good, or it is and the key is another site's or was let go.
        let key = state.next_key(&hash, &random)?;
        answer = hand_in(&target, dates, claim, &key, &identity).await;
        next = Some(key);
    }
    let enrolled = answer?;
    let mut pinned = Pinned {
        keys: vec![identity],
        serial: 0,
    };
    // A spare kept offline is pinned with the one in use, by the word of that one alone: a proxy may have written the rest of the answer.
    for statement in &statements {
        let _ = pinned.apply(statement);
    }
    let enrolment = Enrolment {
        controller: config.controller.clone(),
        ca,
        agent: enrolled.agent,
        site: enrolled.site,
        provider: enrolled.provider,
        pinned,
        enrolled_at: enrolled.time,
        claim: Some(hash),
    };
    if let Some(router) = router {
        state.keep_router(&router)?;
    }
    if let Some(key) = next {
        state.keep_next(&key, &enrolment)?;
    } else {
        // A place asked for before and not taken over is not wanted any more.
        state.drop_next()?;
        state.keep_enrolment(&enrolment)?;
    }
    Ok(enrolment)
}

/// What is kept of a claim code, to know it again.
#[must_use]
pub fn claim_hash(claim: &str) -> String {
    hex::encode(Sha256::digest(claim.trim().as_bytes()))
}

/// Whether the controller said no to the claim with this key, which is another thing than not being reached.
fn is_refusal(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Declined>()
        .is_some_and(|declined| declined.status == StatusCode::FORBIDDEN)
}

/// Checks that the controller holds the identity key whose fingerprint the line names. Nothing of ours has been sent before.
pub(crate) async fn identify(
    target: &Target,
    now: Timestamp,
    expected: &[u8; 32],
    nonce: [u8; 32],
) -> anyhow::Result<(Dates, VerifyingKey, Vec<KeyStatement>)> {
    let path = format!("{IDENTITY_PATH}?nonce={}", hex::encode(nonce));
    let mut dates = Dates::Good(now);
    let mut answer = target.request(dates, &path, Body::None).await;
    if answer
        .as_ref()
        .is_err_and(|error| matches!(error.downcast_ref::<DialError>(), Some(DialError::Dates)))
    {
        // The system's date may be wrong, as on a router without a battery. The identity proven below does not rest on it.
        dates = Dates::Any;
        answer = target.request(dates, &path, Body::None).await;
    }
    let answer: IdentityAnswer = serde_json::from_slice(&answer?)
        .context("the address answers, but not as a Mnara controller does")?;
    ensure!(
        answer.keys.len() <= MAX_PINNED,
        "the controller's identity does not make sense"
    );
    let keys = answer
        .keys
        .iter()
        .map(|key| verifying_key(key))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let signature = sixty_four(&answer.signature);
    let identity = keys.iter().copied().find(|key| {
        bool::from(enrol::fingerprint(key).ct_eq(expected))
            && signature
                .is_some_and(|signature| enrol::verify_identity(key, &nonce, &signature).is_ok())
    });
    let identity = identity.ok_or_else(|| Stranger {
        host: target.host().to_owned(),
    })?;
    // One that cannot be read is passed over, as on the link: the key may be known without it.
    let statements = answer
        .statements
        .iter()
        .filter_map(|text| minicbor::decode(&hex::decode(text).ok()?).ok())
        .collect();
    Ok((dates, identity, statements))
}

async fn hand_in(
    target: &Target,
    dates: Dates,
    claim: &str,
    key: &SigningKey,
    identity: &VerifyingKey,
) -> anyhow::Result<Enrolled> {
    let public = key.verifying_key();
    let request = serde_json::to_vec(&EnrolRequest {
        claim,
        public_key: hex::encode(public.as_bytes()),
        software: crate::SOFTWARE,
        signature: hex::encode(enrol::sign_claim(key, claim)),
    })?;
    let answer = target
        .request(dates, ENROL_PATH, Body::Json(request))
        .await
        .context("the controller did not take the claim; make a new line for the site if this one is older than an hour or was used")?;
    let answer: EnrolAnswer =
        serde_json::from_slice(&answer).context("the controller's answer does not make sense")?;
    let enrolled = Enrolled {
        agent: answer.agent_id.parse()?,
        site: answer.site_id.parse()?,
        provider: answer.provider_id.parse()?,
        time: Timestamp::from_millis(answer.controller_time),
    };
    let proof = sixty_four(&answer.proof)
        .ok_or_else(|| anyhow!("the controller's proof does not make sense"))?;
    if enrol::verify_enrolled(identity, &public, claim, &enrolled, &proof).is_err() {
        bail!(
            "the answer was not signed by the controller this line was made by; nothing was kept"
        );
    }
    Ok(enrolled)
}

fn router(config: &EnrolConfig) -> anyhow::Result<Option<RouterFile>> {
    let Some(address) = &config.router else {
        return Ok(None);
    };
    let path = config.router_password_file.as_deref().ok_or_else(|| {
        anyhow!(
            "--router needs --router-password-file, a file with the password of the router's user"
        )
    })?;
    let password = std::fs::read_to_string(path)
        .with_context(|| format!("could not read {}", path.display()))?;
    RouterFile::new(
        address,
        config.router_pin.as_deref(),
        &SecretString::from(password),
    )
    .map(Some)
}

fn sixty_four(text: &str) -> Option<[u8; 64]> {
    let mut bytes = [0; 64];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}
