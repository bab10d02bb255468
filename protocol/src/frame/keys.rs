//! The controller's identity keys as an agent pins them, and the statements that change the set. Where they are kept is the callers'.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use thiserror::Error;

const CONTEXT: &[u8] = b"mnara key statement 1";
/// How many controller keys an agent pins at most.
pub const MAX_PINNED: usize = 4;

/// Names a controller key: the first eight bytes of its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct KeyId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 8]);

impl KeyId {
    /// The name of this key.
    #[must_use]
    pub fn of(key: &VerifyingKey) -> Self {
        let hash = Sha256::digest(key.as_bytes());
        let mut id = [0; 8];
        id.copy_from_slice(&hash[..8]);
        Self(id)
    }
}

/// Adds a controller key, retires one, or does both; signed by a key that is pinned already.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeyStatement {
    /// Statements are numbered; an agent takes each once and never an older one, so a retired key cannot come back by replay.
    #[n(0)]
    pub serial: u64,
    /// The key to pin.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub adds: Option<[u8; 32]>,
    /// The key to trust no more.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub retires: Option<[u8; 32]>,
    /// The key that says so.
    #[n(3)]
    pub by: KeyId,
    /// Its signature.
    #[cbor(n(4), with = "minicbor::bytes")]
    signature: [u8; 64],
}

/// Why a statement changes nothing.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadStatement {
    /// It is not signed by a pinned key.
    #[error("the statement is not signed by a pinned key")]
    NotSigned,
    /// What it adds is no usable key.
    #[error("the statement adds something that is not a key")]
    NotAKey,
    /// It would leave no key, or too many.
    #[error("the statement would leave no key or too many")]
    Count,
}

impl KeyStatement {
    /// Makes a signed statement.
    #[must_use]
    pub fn sign(
        signing: &SigningKey,
        serial: u64,
        adds: Option<&VerifyingKey>,
        retires: Option<&VerifyingKey>,
    ) -> Self {
        let mut statement = Self {
            serial,
            adds: adds.map(VerifyingKey::to_bytes),
            retires: retires.map(VerifyingKey::to_bytes),
            by: KeyId::of(&signing.verifying_key()),
            signature: [0; 64],
        };
        statement.signature = signing.sign(&statement.covered()).to_bytes();
        statement
    }

    /// Context ‖ serial (8 bytes, big-endian) ‖ signer's id ‖ added key or zeros ‖ retired key or zeros.
    fn covered(&self) -> Vec<u8> {
        let mut covered = CONTEXT.to_vec();
        covered.extend_from_slice(&self.serial.to_be_bytes());
        covered.extend_from_slice(&self.by.0);
        covered.extend_from_slice(&self.adds.unwrap_or([0; 32]));
        covered.extend_from_slice(&self.retires.unwrap_or([0; 32]));
        covered
    }
}

/// The controller keys an agent trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The keys; at least one, at most [`MAX_PINNED`].
    pub keys: Vec<VerifyingKey>,
    /// The number of the last statement taken.
    pub serial: u64,
}

impl Pinned {
    /// The pinned key of this name.
    #[must_use]
    pub fn find(&self, id: KeyId) -> Option<&VerifyingKey> {
        self.keys.iter().find(|key| KeyId::of(key) == id)
    }

    /// Takes a statement. Says whether the set changed; a statement that was taken before changes nothing.
    ///
    /// # Errors
    /// [`BadStatement`] leaves the set as it was.
    pub fn apply(&mut self, statement: &KeyStatement) -> Result<bool, BadStatement> {
        if statement.serial <= self.serial {
            return Ok(false);
        }
        let signer = self.find(statement.by).ok_or(BadStatement::NotSigned)?;
        signer
            .verify_strict(
                &statement.covered(),
                &Signature::from_bytes(&statement.signature),
            )
            .map_err(|_| BadStatement::NotSigned)?;
        let mut keys = self.keys.clone();
        if let Some(added) = &statement.adds {
            let added = VerifyingKey::from_bytes(added)
                .ok()
                .filter(|key| !key.is_weak())
                .ok_or(BadStatement::NotAKey)?;
            if !keys.contains(&added) {
                keys.push(added);
            }
        }
        if let Some(retired) = &statement.retires {
            keys.retain(|key| key.as_bytes() != retired);
        }
        if keys.is_empty() || keys.len() > MAX_PINNED {
            return Err(BadStatement::Count);
        }
        let changed = keys != self.keys;
        self.keys = keys;
        self.serial = statement.serial;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    #[test]
    fn keys_rotate_by_statements_in_order_and_never_come_back() {
        let [a, b, c] = [1, 2, 3].map(key);
        let [pa, pb, pc] = [&a, &b, &c].map(SigningKey::verifying_key);
        let mut pinned = Pinned {
            keys: vec![pa],
            serial: 0,
        };
        let add_b = KeyStatement::sign(&a, 1, Some(&pb), None);
        let swap = KeyStatement::sign(&b, 2, Some(&pc), Some(&pa));

        let mut early = pinned.clone();
        assert_eq!(early.apply(&swap), Err(BadStatement::NotSigned));
        assert_eq!(pinned.apply(&add_b), Ok(true));
        assert_eq!(pinned.apply(&swap), Ok(true));
        assert_eq!(pinned.keys, vec![pb, pc]);
        assert_eq!(pinned.apply(&add_b), Ok(false), "taken before");

        let by_retired = KeyStatement::sign(&a, 3, Some(&pa), None);
        assert_eq!(pinned.apply(&by_retired), Err(BadStatement::NotSigned));
        assert_eq!(pinned.keys, vec![pb, pc]);
    }

    #[test]
    fn a_statement_survives_the_wire_with_and_without_its_halves() {
        let [a, b] = [1, 2].map(|seed| key(seed).verifying_key());
        for (adds, retires) in [
            (Some(&a), Some(&b)),
            (Some(&a), None),
            (None, Some(&b)),
            (None, None),
        ] {
            let statement = KeyStatement::sign(&key(1), 1, adds, retires);
            let bytes = minicbor::to_vec(&statement).unwrap();
            assert_eq!(minicbor::decode::<KeyStatement>(&bytes).unwrap(), statement);
            let fields = 3 + usize::from(adds.is_some()) + usize::from(retires.is_some());
            assert_eq!(usize::from(bytes[0] & 0x1f), fields, "absent is left out");
        }
    }

    #[test]
    fn a_statement_can_neither_empty_nor_flood_the_set_nor_be_altered() {
        let a = key(1);
        let mut pinned = Pinned {
            keys: vec![a.verifying_key()],
            serial: 0,
        };
        let none = KeyStatement::sign(&a, 1, None, Some(&a.verifying_key()));
        assert_eq!(pinned.apply(&none), Err(BadStatement::Count));

        let mut altered = KeyStatement::sign(&a, 1, Some(&key(2).verifying_key()), None);
        altered.adds = Some(key(9).verifying_key().to_bytes());
        assert_eq!(pinned.apply(&altered), Err(BadStatement::NotSigned));

        for serial in 1..4 {
            let seed = u8::try_from(serial).unwrap() + 1;
            let add = KeyStatement::sign(&a, serial, Some(&key(seed).verifying_key()), None);
            assert_eq!(pinned.apply(&add), Ok(true));
        }
        let fifth = KeyStatement::sign(&a, 9, Some(&key(9).verifying_key()), None);
        assert_eq!(pinned.apply(&fifth), Err(BadStatement::Count));
        assert_eq!(pinned.serial, 3);
    }
}
