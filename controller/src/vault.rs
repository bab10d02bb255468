//! Secrets at rest: a ring of Fernet keys, and plaintexts that know whose they are and which column they belong to, so
//! that a stored token opens in its own place only.
//!
//! Where the tokens are stored is the slices' affair.

use std::fmt;

use fernet::Fernet;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mnara_protocol::ids::ProviderId;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::clock::Clock;

/// First byte of every plaintext, so that its layout may change one day.
const LAYOUT: u8 = 1;
/// What stands before a key of the ring where it becomes one for fingerprints, so that no mark of it tells that.
const PRINTING: &[u8] = b"mnara fingerprints\0";
/// Who owns the platform's own secrets; no provider has this id.
const PLATFORM: [u8; 16] = [0; 16];

/// A column that holds sealed values. Nothing is sealed for any other, and `key reseal` goes through all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Column {
    /// The controller's own keys.
    IdentityKey,
    /// A letter that has not left.
    Letter,
    /// What an SMS says that has not left.
    Text,
    /// What somebody typed who forgot their password.
    ResetContact,
    /// What six digits are made from.
    SecondFactor,
    /// An M-PESA account's consumer key, of the set in use and of those before.
    MpesaKey,
    /// Its consumer secret.
    MpesaSecret,
    /// Its passkey.
    MpesaPasskey,
    /// The credential of its operator.
    MpesaOperator,
    /// With what a buyer asks how a payment stands.
    PaymentToken,
    /// What the codes of a series are made from.
    SeriesKey,
    /// What news to an endpoint is signed with.
    EndpointSecret,
}

impl Column {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::IdentityKey,
        Self::Letter,
        Self::Text,
        Self::ResetContact,
        Self::SecondFactor,
        Self::MpesaKey,
        Self::MpesaSecret,
        Self::MpesaPasskey,
        Self::MpesaOperator,
        Self::PaymentToken,
        Self::SeriesKey,
        Self::EndpointSecret,
    ];

    /// Its name as `table.column`; every sealed value holds it, so it is never changed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdentityKey => "identity_keys.secret",
            Self::Letter => "mails.letter",
            Self::Text => "smses.body",
            Self::ResetContact => "resets.contact",
            Self::SecondFactor => "people.totp_secret",
            Self::MpesaKey => "providers.mpesa_consumer_key",
            Self::MpesaSecret => "providers.mpesa_consumer_secret",
            Self::MpesaPasskey => "providers.mpesa_passkey",
            Self::MpesaOperator => "mpesa_operators.credential",
            Self::PaymentToken => "payments.token",
            Self::SeriesKey => "series.key",
            Self::EndpointSecret => "webhook_endpoints.secret",
        }
    }
}

/// Whose secret it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Owner {
    /// One provider's.
    Provider(ProviderId),
    /// The platform's own, such as the controller's identity key.
    Platform,
}

impl From<ProviderId> for Owner {
    fn from(provider: ProviderId) -> Self {
        Self::Provider(provider)
    }
}

impl Owner {
    fn bytes(&self) -> &[u8; 16] {
        match self {
            Self::Provider(provider) => provider.as_bytes(),
            Self::Platform => &PLATFORM,
        }
    }
}

/// The key ring; the first key seals, all of them open.
pub struct Vault {
    ring: Vec<Fernet>,
    /// SHA-256 of the first key: what tells it from others and does not give it away.
    mark: [u8; 32],
    /// What fingerprints are made with, for each key of the ring.
    printing: Vec<Zeroizing<[u8; 32]>>,
    clock: Clock,
}

/// What tells a secret that is kept elsewhere from others; without the ring it gives nothing of it away.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fingerprint {
    /// By the first key of the ring.
    pub mark: [u8; 32],
    /// By the keys behind it: whoever stored one of these stored it of the same secret.
    pub older: Vec<[u8; 32]>,
}

impl Vault {
    /// Reads a ring from keys separated by commas.
    ///
    /// # Errors
    /// Says which key of the list is not a Fernet key.
    pub fn new(keys: &SecretString, clock: Clock) -> Result<Self, VaultError> {
        let ring = keys
            .expose_secret()
            .split(',')
            .map(str::trim)
            .enumerate()
            .map(|(place, key)| Fernet::new(key).ok_or(VaultError::BadKey { place: place + 1 }))
            .collect::<Result<Vec<_>, _>>()?;
        let first = keys.expose_secret().split(',').next().unwrap_or_default();
        let mark = Sha256::digest(first.trim().as_bytes()).into();
        let printing = keys.expose_secret().split(',').map(|key| {
            let mut hash = Sha256::new();
            hash.update(PRINTING);
            hash.update(key.trim().as_bytes());
            let key: [u8; 32] = hash.finalize().into();
            Zeroizing::new(key)
        });
        Ok(Self {
            ring,
            mark,
            printing: printing.collect(),
            clock,
        })
    }

    /// Makes a new key for `ENCRYPTION_KEY`.
    #[must_use]
    pub fn new_key() -> SecretString {
        SecretString::from(Fernet::generate_key())
    }

    /// Seals a secret for one owner and one column.
    #[must_use]
    pub fn seal(&self, owner: impl Into<Owner>, column: Column, secret: &[u8]) -> String {
        let mut plain = Zeroizing::new(prefix(owner.into(), column));
        plain.extend_from_slice(secret);
        let now = u64::try_from(self.clock.now().as_secs()).unwrap_or(0);
        self.sealing().encrypt_at_time(&plain, now)
    }

    /// Opens a secret in the place it was sealed for.
    ///
    /// # Errors
    /// When no key of the ring fits, or the token was sealed for another owner or column.
    pub fn open(
        &self,
        owner: impl Into<Owner>,
        column: Column,
        token: &str,
    ) -> Result<SecretSlice<u8>, VaultError> {
        let plain = self.ring.iter().find_map(|key| unlock(key, token));
        let plain = plain.ok_or(VaultError::NoKeyFits {
            column: column.name(),
        })?;
        let prefix = prefix(owner.into(), column);
        match plain.split_at_checked(prefix.len()) {
            Some((found, secret)) if bool::from(found.ct_eq(&prefix)) => Ok(secret.to_vec().into()),
            _ => Err(VaultError::Misplaced {
                column: column.name(),
            }),
        }
    }

    /// Opens a secret that is text.
    ///
    /// # Errors
    /// As [`Self::open`], and when what was sealed is not text.
    pub fn open_text(
        &self,
        owner: impl Into<Owner>,
        column: Column,
        token: &str,
    ) -> Result<SecretString, VaultError> {
        let secret = self.open(owner, column, token)?;
        match std::str::from_utf8(secret.expose_secret()) {
            Ok(text) => Ok(SecretString::from(text)),
            Err(_) => Err(VaultError::NotText {
                column: column.name(),
            }),
        }
    }

    /// Seals a token anew if an older key of the ring sealed it; nothing to do gives `None`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reseal(
        &self,
        owner: impl Into<Owner>,
        column: Column,
        token: &str,
    ) -> Result<Option<String>, VaultError> {
        let owner = owner.into();
        let secret = self.open(owner, column, token)?;
        if unlock(self.sealing(), token).is_some() {
            return Ok(None);
        }
        Ok(Some(self.seal(owner, column, secret.expose_secret())))
    }

    /// What tells the first key from others, and does not give it away.
    #[must_use]
    pub const fn mark(&self) -> [u8; 32] {
        self.mark
    }

    /// The fingerprint of a secret in parts.
    #[must_use]
    pub fn fingerprint(&self, parts: &[&str]) -> Fingerprint {
        let print = |key: &Zeroizing<[u8; 32]>| -> [u8; 32] {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key[..])
                .expect("a key of any length makes an HMAC");
            for part in parts {
                mac.update(part.as_bytes());
                // No part goes over into the next.
                mac.update(&[0]);
            }
            mac.finalize().into_bytes().into()
        };
        let (first, older) = self
            .printing
            .split_first()
            .expect("splitting a text gives at least one part, so the ring has a key");
        Fingerprint {
            mark: print(first),
            older: older.iter().map(print).collect(),
        }
    }

    /// Whether there are keys behind the first, which open and do not seal.
    #[must_use]
    pub const fn has_older(&self) -> bool {
        self.ring.len() > 1
    }

    fn sealing(&self) -> &Fernet {
        self.ring
            .first()
            .expect("splitting a text gives at least one part, so the ring has a key")
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} keys)", self.ring.len())
    }
}

fn unlock(key: &Fernet, token: &str) -> Option<Zeroizing<Vec<u8>>> {
    // Fernet refuses tokens from the future; a controller whose clock went back must still read its credentials.
    let end_of_time = u64::MAX / 2;
    key.decrypt_at_time(token, None, end_of_time)
        .ok()
        .map(Zeroizing::new)
}

fn prefix(owner: Owner, column: Column) -> Vec<u8> {
    let mut prefix = vec![LAYOUT];
    prefix.extend_from_slice(owner.bytes());
    prefix.extend_from_slice(column.name().as_bytes());
    prefix.push(0);
    prefix
}

/// Why a secret cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A key of the ring is malformed.
    #[error(
        "key {place} of ENCRYPTION_KEY is not a Fernet key: 32 bytes in URL-safe base64, as `mnara-controller key new` prints"
    )]
    BadKey {
        /// Its place in the list, from one.
        place: usize,
    },
    /// None of the keys opens it: the key is missing from the ring, or the row is damaged.
    #[error("no key of ENCRYPTION_KEY opens the value in {column}")]
    NoKeyFits {
        /// The column it was read from.
        column: &'static str,
    },
    /// It was sealed for another owner or column, so someone moved it.
    #[error("the value in {column} was sealed for another place")]
    Misplaced {
        /// The column it was read from.
        column: &'static str,
    },
    /// Bytes where text was expected.
    #[error("the value in {column} is not text")]
    NotText {
        /// The column it was read from.
        column: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use mnara_protocol::clock::Timestamp;
    use proptest::prelude::*;

    use super::*;

    const PASSKEY: Column = Column::MpesaPasskey;
    const SECRET: Column = Column::MpesaSecret;

    fn provider(n: u8) -> ProviderId {
        ProviderId::from_bytes([n; 16])
    }

    #[test]
    fn a_fingerprint_tells_a_secret_again_after_a_change_of_key_and_needs_the_ring() {
        let (old, new) = (Vault::new_key(), Vault::new_key());
        let both = format!("{}, {}", new.expose_secret(), old.expose_secret());
        let ring = |keys: &SecretString| {
            Vault::new(keys, Clock::still(Timestamp::from_secs(1_800_000_000))).unwrap()
        };
        let (before, between) = (ring(&old), ring(&SecretString::from(both)));
        let parts = ["smtp", "mnara", "Karibu2027"];
        let known = before.fingerprint(&parts);
        assert_eq!(known, ring(&old).fingerprint(&parts));
        assert_eq!(known.older, Vec::<[u8; 32]>::new());
        let then = between.fingerprint(&parts);
        assert_eq!(then.older, [known.mark]);
        assert_eq!(then.mark, ring(&new).fingerprint(&parts).mark);
        assert_ne!(then.mark, known.mark);
        for others in [
            ["smtp", "mnara", "Karibu2028"],
            ["smtp", "mnaraK", "aribu2027"],
        ] {
            assert_ne!(before.fingerprint(&others).mark, known.mark, "{others:?}");
        }
    }

    fn vault(keys: &[&SecretString]) -> Vault {
        let keys: Vec<&str> = keys.iter().map(|key| key.expose_secret()).collect();
        Vault::new(
            &SecretString::from(keys.join(", ")),
            Clock::still(Timestamp::from_secs(1_800_000_000)),
        )
        .unwrap()
    }

    #[test]
    fn a_token_opens_in_its_own_place_only() {
        let vault = vault(&[&Vault::new_key()]);
        let token = vault.seal(provider(1), PASSKEY, b"hush");
        assert_eq!(
            vault
                .open_text(provider(1), PASSKEY, &token)
                .unwrap()
                .expose_secret(),
            "hush"
        );
        for moved in [
            vault.open(provider(2), PASSKEY, &token),
            vault.open(provider(1), SECRET, &token),
            vault.open(Owner::Platform, PASSKEY, &token),
        ] {
            assert!(matches!(moved, Err(VaultError::Misplaced { .. })));
        }
    }

    #[test]
    fn a_new_first_key_seals_and_the_old_one_still_opens() {
        let (old, new) = (Vault::new_key(), Vault::new_key());
        let token = vault(&[&old]).seal(provider(1), PASSKEY, b"hush");
        let both = vault(&[&new, &old]);
        let resealed = both.reseal(provider(1), PASSKEY, &token).unwrap().unwrap();
        assert!(
            both.reseal(provider(1), PASSKEY, &resealed)
                .unwrap()
                .is_none()
        );
        let only_new = vault(&[&new]);
        assert!(matches!(
            only_new.open(provider(1), PASSKEY, &token),
            Err(VaultError::NoKeyFits { .. })
        ));
        assert_eq!(
            only_new
                .open_text(provider(1), PASSKEY, &resealed)
                .unwrap()
                .expose_secret(),
            "hush"
        );
    }

    #[test]
    fn a_clock_that_went_back_still_opens() {
        let clock = Clock::still(Timestamp::from_secs(1_800_000_000));
        let vault = Vault::new(&Vault::new_key(), clock.clone()).unwrap();
        let token = vault.seal(provider(1), PASSKEY, b"hush");
        clock.push_wall(-1_800_000_000_000);
        assert!(vault.open(provider(1), PASSKEY, &token).is_ok());
    }

    #[test]
    fn a_bad_key_is_named_by_its_place_and_nothing_is_shown() {
        let good = Vault::new_key();
        let keys = SecretString::from(format!("{},hunter2", good.expose_secret()));
        let error = Vault::new(&keys, Clock::still(Timestamp::from_secs(0))).unwrap_err();
        assert!(matches!(error, VaultError::BadKey { place: 2 }));
        assert!(!error.to_string().contains("hunter2"));
        assert!(
            Vault::new(
                &SecretString::from(""),
                Clock::still(Timestamp::from_secs(0))
            )
            .is_err()
        );
        assert_eq!(format!("{:?}", vault(&[&good])), "Vault(1 keys)");
    }

    proptest! {
        #[test]
        fn any_bytes_come_back_and_any_other_text_is_refused(secret: Vec<u8>, noise in "[A-Za-z0-9_=-]{0,200}") {
            let vault = vault(&[&Vault::new_key()]);
            let token = vault.seal(provider(3), PASSKEY, &secret);
            let opened = vault.open(provider(3), PASSKEY, &token).unwrap();
            prop_assert_eq!(opened.expose_secret(), secret.as_slice());
            prop_assert!(vault.open(provider(3), PASSKEY, &noise).is_err());
        }
    }
}
