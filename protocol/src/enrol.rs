//! What is signed before an agent and the controller know each other: the controller's proof of identity, the agent's claim, and the
//! answer to it. The HTTP and JSON around these bytes are the programs'.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::clock::Timestamp;
use crate::ids::{AgentId, ProviderId, SiteId};

/// Where an agent asks for the controller's identity: `GET ?nonce=` 64 hexadecimal digits, answered by JSON
/// `{"keys": [hex], "signatures": [hex]}`, one signature by each key, in order.
pub const IDENTITY_PATH: &str = "/agent/v1/identity";
/// Where an agent hands in its claim: `POST` of JSON `{"claim", "public_key", "software", "signature"}`, answered by JSON
/// `{"agent_id", "site_id", "provider_id", "controller_keys": [hex], "controller_time": milliseconds, "proof": hex}`.
pub const ENROL_PATH: &str = "/agent/v1/enrol";
/// Where an agent that does not know the date asks for the time: `GET ?nonce=` 64 hexadecimal digits, answered by
/// [`clock_answer`](crate::frame::clock_answer) in hexadecimal as plain text. Nothing else travels on that connection.
pub const CLOCK_PATH: &str = "/agent/v1/clock";
/// The WebSocket's path.
pub const LINK_PATH: &str = "/agent/v1/link";

/// Says that something is not signed by whom it should be.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the signature is not that of the expected key")]
pub struct NotSigned;

/// What the enrol line names: the SHA-256 of the controller's identity key.
#[must_use]
pub fn fingerprint(key: &VerifyingKey) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

fn identity_bytes(nonce: &[u8; 32]) -> Vec<u8> {
    [b"mnara identity v1".as_slice(), nonce].concat()
}

/// The controller proves that it holds an identity key.
#[must_use]
pub fn sign_identity(key: &SigningKey, nonce: &[u8; 32]) -> [u8; 64] {
    key.sign(&identity_bytes(nonce)).to_bytes()
}

/// Checks that whoever answered holds this identity key.
///
/// # Errors
/// [`NotSigned`].
pub fn verify_identity(
    key: &VerifyingKey,
    nonce: &[u8; 32],
    signature: &[u8; 64],
) -> Result<(), NotSigned> {
    key.verify_strict(&identity_bytes(nonce), &Signature::from_bytes(signature))
        .map_err(|_| NotSigned)
}

fn claim_bytes(claim: &str, key: &VerifyingKey) -> Vec<u8> {
    [
        b"mnara enrol v1".as_slice(),
        claim.as_bytes(),
        key.as_bytes(),
    ]
    .concat()
}

/// The agent signs its claim with the key it enrols.
#[must_use]
pub fn sign_claim(key: &SigningKey, claim: &str) -> [u8; 64] {
    key.sign(&claim_bytes(claim, &key.verifying_key()))
        .to_bytes()
}

/// Checks that whoever hands in a claim holds the key it enrols.
///
/// # Errors
/// [`NotSigned`].
pub fn verify_claim(
    key: &VerifyingKey,
    claim: &str,
    signature: &[u8; 64],
) -> Result<(), NotSigned> {
    key.verify_strict(&claim_bytes(claim, key), &Signature::from_bytes(signature))
        .map_err(|_| NotSigned)
}

/// What the controller tells a new agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// Who it is.
    pub agent: AgentId,
    /// Which site it serves.
    pub site: SiteId,
    /// Whose site that is.
    pub provider: ProviderId,
    /// The controller's time.
    pub controller_time: Timestamp,
}

impl Enrolled {
    /// "mnara enrolled v1" ‖ SHA-256 of the claim ‖ agent's key ‖ agent ‖ site ‖ provider ‖ milliseconds since 1970, big-endian.
    fn bytes(&self, claim: &str, key: &VerifyingKey) -> Vec<u8> {
        [
            b"mnara enrolled v1".as_slice(),
            &Sha256::digest(claim.as_bytes()),
            key.as_bytes(),
            self.agent.as_bytes(),
            self.site.as_bytes(),
            self.provider.as_bytes(),
            &self.controller_time.as_millis().to_be_bytes(),
        ]
        .concat()
    }

    /// The controller signs its answer with the identity key.
    #[must_use]
    pub fn sign(&self, identity: &SigningKey, claim: &str, agent_key: &VerifyingKey) -> [u8; 64] {
        identity.sign(&self.bytes(claim, agent_key)).to_bytes()
    }

    /// Checks that the answer is the controller's and is for this claim and key.
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn verify(
        &self,
        identity: &VerifyingKey,
        claim: &str,
        agent_key: &VerifyingKey,
        proof: &[u8; 64],
    ) -> Result<(), NotSigned> {
        identity
            .verify_strict(&self.bytes(claim, agent_key), &Signature::from_bytes(proof))
            .map_err(|_| NotSigned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signature_holds_for_its_own_words_only() {
        let identity = SigningKey::from_bytes(&[1; 32]);
        let agent = SigningKey::from_bytes(&[2; 32]);
        let (identity_key, agent_key) = (identity.verifying_key(), agent.verifying_key());

        let proof = sign_identity(&identity, &[7; 32]);
        assert_eq!(verify_identity(&identity_key, &[7; 32], &proof), Ok(()));
        assert_eq!(
            verify_identity(&identity_key, &[8; 32], &proof),
            Err(NotSigned)
        );
        assert_eq!(
            verify_identity(&agent_key, &[7; 32], &proof),
            Err(NotSigned)
        );

        let claim = sign_claim(&agent, "abc");
        assert_eq!(verify_claim(&agent_key, "abc", &claim), Ok(()));
        assert_eq!(verify_claim(&agent_key, "abd", &claim), Err(NotSigned));
        assert_eq!(verify_claim(&identity_key, "abc", &claim), Err(NotSigned));

        let enrolled = Enrolled {
            agent: AgentId::from_bytes([3; 16]),
            site: SiteId::from_bytes([4; 16]),
            provider: ProviderId::from_bytes([5; 16]),
            controller_time: Timestamp::from_secs(1_790_000_000),
        };
        let proof = enrolled.sign(&identity, "abc", &agent_key);
        assert_eq!(
            enrolled.verify(&identity_key, "abc", &agent_key, &proof),
            Ok(())
        );
        let other = Enrolled {
            site: SiteId::from_bytes([9; 16]),
            ..enrolled
        };
        assert_eq!(
            other.verify(&identity_key, "abc", &agent_key, &proof),
            Err(NotSigned)
        );
        assert_eq!(
            enrolled.verify(&identity_key, "abd", &agent_key, &proof),
            Err(NotSigned)
        );
    }
}
