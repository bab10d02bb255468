//! What an agent asks over plain HTTPS: who the controller is, to be enrolled, and what time it is. The link itself is in `link`.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use ed25519_dalek::VerifyingKey;
use mnara_protocol::enrol::{sign_enrolled, sign_identity, verify_claim};
use mnara_protocol::frame::{KeyId, MAX_PINNED, clock_answer, read_clock_question};
use serde::{Deserialize, Serialize};

use super::enrol::{EnrolError, enrol};
use super::identity::{Identity, IdentityError, Keys};
use crate::app::App;
use crate::ratelimit::{Act, By};
use crate::web::{Answer, Caller, Json, Problem, Query};

/// A nonce to be signed.
#[derive(Debug, Deserialize)]
pub struct Nonce {
    nonce: String,
}

/// The identity and the proof of it.
#[derive(Debug, Serialize)]
pub struct Proven {
    keys: Vec<String>,
    /// What the first key says of the others, in the wire's encoding.
    statements: Vec<String>,
    signature: String,
}

/// Names of the identity keys that whoever asks knows.
#[derive(Debug, Deserialize)]
pub struct Known {
    #[serde(default)]
    keys: String,
}

/// A claim code and the key that spends it.
#[derive(Deserialize)]
pub struct Claimed {
    claim: String,
    public_key: String,
    software: String,
    signature: String,
}

/// Who the new agent is.
#[derive(Debug, Serialize)]
pub struct Welcome {
    agent_id: String,
    site_id: String,
    provider_id: String,
    controller_keys: Vec<String>,
    controller_time: i64,
    proof: String,
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        tracing::error!(error = %format!("{:#}", anyhow::Error::new(error)), "the controller cannot prove who it is");
        Self::internal()
    }
}

impl From<EnrolError> for Problem {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::NotGood => Self::new(
                StatusCode::FORBIDDEN,
                "claim-not-good",
                "This claim code is not good.",
            )
            .detail("Make a new one for the site; a code lives an hour and works once."),
            EnrolError::Database(error) => error.into(),
        }
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

fn shown(keys: &Keys) -> Vec<String> {
    keys.public()
        .map(|key| hex::encode(key.as_bytes()))
        .collect()
}

/// `GET /agent/v1/identity`.
///
/// # Errors
/// A problem document.
pub async fn identity(
    State(app): State<App>,
    Extension(identity): Extension<Identity>,
    Caller(source): Caller,
    Query(Nonce { nonce }): Query<Nonce>,
) -> Answer<Json<Proven>> {
    app.limits.check(Act::Enrol, By::Address(source))?;
    let nonce = bytes(&nonce)
        .ok_or_else(|| Problem::bad_request("nonce: 64 hexadecimal digits are needed."))?;
    let keys = identity.keys(&app).await?;
    let statements = keys.statements.iter().map(minicbor::to_vec);
    Ok(Json(Proven {
        keys: shown(&keys),
        statements: statements
            .map(|bytes| bytes.map(hex::encode))
            .collect::<Result<_, _>>()
            .map_err(|_| Problem::internal())?,
        signature: hex::encode(sign_identity(&keys.signing, &nonce)),
    }))
}

/// `POST /agent/v1/enrol`.
///
/// # Errors
/// A problem document.
pub async fn enrol_agent(
    State(app): State<App>,
    Extension(identity): Extension<Identity>,
    Caller(source): Caller,
    Json(claimed): Json<Claimed>,
) -> Answer<Json<Welcome>> {
    app.limits.check(Act::Enrol, By::Address(source))?;
    let key = bytes(&claimed.public_key).and_then(|key| VerifyingKey::from_bytes(&key).ok());
    let key = key.ok_or_else(|| {
        Problem::bad_request("public_key: 64 hexadecimal digits of an Ed25519 key are needed.")
    })?;
    let signed = bytes(&claimed.signature)
        .is_some_and(|signature| verify_claim(&key, &claimed.claim, &signature).is_ok());
    if !signed {
        return Err(Problem::bad_request(
            "signature: it does not fit the claim and the key.",
        ));
    }
    let keys = identity.keys(&app).await?;
    let controller = &keys.signing;
    let enrolled = enrol(&app, &claimed.claim, &key, &claimed.software).await?;
    Ok(Json(Welcome {
        agent_id: enrolled.agent.to_string(),
        site_id: enrolled.site.to_string(),
        provider_id: enrolled.provider.to_string(),
        controller_keys: shown(&keys),
        controller_time: enrolled.time.as_millis(),
        proof: hex::encode(sign_enrolled(controller, &key, &claimed.claim, &enrolled)),
    }))
}

/// `POST /agent/v1/clock?keys=…`: a bare nonce, answered with the signed time.
///
/// An agent that was away while keys changed names those it knows, and is answered with one of them as long as it is not retired.
///
/// # Errors
/// A problem document.
pub async fn clock(
    State(app): State<App>,
    Extension(identity): Extension<Identity>,
    Caller(source): Caller,
    Query(known): Query<Known>,
    question: Bytes,
) -> Answer<Vec<u8>> {
    app.limits.check(Act::Link, By::Address(source))?;
    let nonce = read_clock_question(&question)
        .ok_or_else(|| Problem::bad_request("The body is not a clock question."))?;
    let known: Vec<KeyId> = known
        .keys
        .split(',')
        .take(MAX_PINNED)
        .filter_map(|name| bytes(name).map(KeyId))
        .collect();
    let keys = identity.keys(&app).await?;
    Ok(clock_answer(keys.known_to(&known), nonce, app.clock.now()))
}
