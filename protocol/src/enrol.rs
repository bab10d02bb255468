//! Enrolment: what is signed when a new agent spends its claim code, and the JSON both sides exchange. Asking and answering are the
//! programs' business.
//!
//! 1. `GET /agent/v1/identity?nonce=HEX32`: the controller signs the nonce with its identity key. The agent compares the key's SHA-256
//!    with the one in the enrol line before it sends anything.
//! 2. `POST /agent/v1/enrol`: the claim code and the agent's public key, signed with that key.
//! 3. The answer names the agent and its site and is signed by the identity key. The same key repeating the claim gets the same ids.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::clock::Timestamp;
use crate::ids::{AgentId, ProviderId, SiteId};

/// The path of the identity question.
pub const IDENTITY_PATH: &str = "/agent/v1/identity";
/// The path of the enrolment.
pub const ENROL_PATH: &str = "/agent/v1/enrol";
/// The path of the link.
pub const LINK_PATH: &str = "/agent/v1/link";
/// The path of the clock question: an agent that knows no date posts its bare nonce there and nothing else.
pub const CLOCK_PATH: &str = "/agent/v1/clock";
/// The WebSocket subprotocol of the link.
pub const SUBPROTOCOL: &str = "mnara.1";

const IDENTITY: &[u8] = b"mnara identity 1";
const CLAIM: &[u8] = b"mnara claim 1";
const ENROLLED: &[u8] = b"mnara enrolled 1";

/// Says that a signature does not fit.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the signature does not fit")]
pub struct BadSignature;

/// What an enrolment makes known, as both sides sign it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// The new agent.
    pub agent: AgentId,
    /// Where it is.
    pub site: SiteId,
    /// Whose.
    pub provider: ProviderId,
    /// The controller's time.
    pub time: Timestamp,
}

fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> Result<(), BadSignature> {
    key.verify_strict(message, &Signature::from_bytes(signature))
        .map_err(|_| BadSignature)
}

fn identity_message(nonce: &[u8; 32]) -> Vec<u8> {
    [IDENTITY, nonce].concat()
}

/// The controller's answer to a nonce: its signature over "mnara identity 1" ‖ nonce.
#[must_use]
pub fn sign_identity(identity: &SigningKey, nonce: &[u8; 32]) -> [u8; 64] {
    identity.sign(&identity_message(nonce)).to_bytes()
}

/// Checks that answer.
///
/// # Errors
/// [`BadSignature`].
pub fn verify_identity(
    identity: &VerifyingKey,
    nonce: &[u8; 32],
    signature: &[u8; 64],
) -> Result<(), BadSignature> {
    verify(identity, &identity_message(nonce), signature)
}

fn claim_message(claim: &str, agent: &VerifyingKey) -> Vec<u8> {
    [
        CLAIM,
        Sha256::digest(claim.as_bytes()).as_slice(),
        agent.as_bytes(),
    ]
    .concat()
}

/// The agent's signature over "mnara claim 1" ‖ SHA-256(claim code) ‖ its public key.
#[must_use]
pub fn sign_claim(agent: &SigningKey, claim: &str) -> [u8; 64] {
    agent
        .sign(&claim_message(claim, &agent.verifying_key()))
        .to_bytes()
}

/// Checks that the sender of a claim holds the key it names.
///
/// # Errors
/// [`BadSignature`].
pub fn verify_claim(
    agent: &VerifyingKey,
    claim: &str,
    signature: &[u8; 64],
) -> Result<(), BadSignature> {
    verify(agent, &claim_message(claim, agent), signature)
}

fn enrolled_message(agent: &VerifyingKey, claim: &str, enrolled: &Enrolled) -> Vec<u8> {
    [
        ENROLLED,
        Sha256::digest(claim.as_bytes()).as_slice(),
        agent.as_bytes(),
        enrolled.agent.as_bytes(),
        enrolled.site.as_bytes(),
        enrolled.provider.as_bytes(),
        &enrolled.time.as_millis().to_be_bytes(),
    ]
    .concat()
}

/// The controller's signature over "mnara enrolled 1" ‖ SHA-256(claim code) ‖ the agent's public key ‖ agent, site and provider id ‖
/// milliseconds since 1970, big-endian.
#[must_use]
pub fn sign_enrolled(
    identity: &SigningKey,
    agent: &VerifyingKey,
    claim: &str,
    enrolled: &Enrolled,
) -> [u8; 64] {
    identity
        .sign(&enrolled_message(agent, claim, enrolled))
        .to_bytes()
}

/// Checks that signature.
///
/// # Errors
/// [`BadSignature`].
pub fn verify_enrolled(
    identity: &VerifyingKey,
    agent: &VerifyingKey,
    claim: &str,
    enrolled: &Enrolled,
    signature: &[u8; 64],
) -> Result<(), BadSignature> {
    verify(
        identity,
        &enrolled_message(agent, claim, enrolled),
        signature,
    )
}

/// What the enrol line names the identity key by: its SHA-256.
#[must_use]
pub fn fingerprint(identity: &VerifyingKey) -> [u8; 32] {
    Sha256::digest(identity.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signature_fits_its_own_words_only() {
        let identity = SigningKey::from_bytes(&[1; 32]);
        let agent = SigningKey::from_bytes(&[2; 32]);
        let (controller, device) = (identity.verifying_key(), agent.verifying_key());
        let enrolled = Enrolled {
            agent: AgentId::from_bytes([3; 16]),
            site: SiteId::from_bytes([4; 16]),
            provider: ProviderId::from_bytes([5; 16]),
            time: Timestamp::from_secs(1_800_000_000),
        };
        let said = sign_identity(&identity, &[9; 32]);
        assert_eq!(verify_identity(&controller, &[9; 32], &said), Ok(()));
        assert_eq!(
            verify_identity(&controller, &[8; 32], &said),
            Err(BadSignature)
        );
        assert_eq!(verify_identity(&device, &[9; 32], &said), Err(BadSignature));
        let claimed = sign_claim(&agent, "CODE");
        assert_eq!(verify_claim(&device, "CODE", &claimed), Ok(()));
        assert_eq!(verify_claim(&device, "code", &claimed), Err(BadSignature));
        let proof = sign_enrolled(&identity, &device, "CODE", &enrolled);
        assert_eq!(
            verify_enrolled(&controller, &device, "CODE", &enrolled, &proof),
            Ok(())
        );
        let other = Enrolled {
            site: SiteId::from_bytes([6; 16]),
            ..enrolled
        };
        assert_eq!(
            verify_enrolled(&controller, &device, "CODE", &other, &proof),
            Err(BadSignature)
        );
    }
}
