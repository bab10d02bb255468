//! Passwords: what is kept of one, and whether one fits. What a password must look like and whose it is are the slices' affair.
//!
//! Argon2id with OWASP's first choice of 19 MiB and two passes (Password Storage Cheat Sheet). A hash takes a core for a while, so few are
//! made at once and the rest wait their turn: a flood of log-ins must not take the cores from callbacks.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::entropy::Entropy;

/// Hashes made at once by this process.
const AT_ONCE: usize = 2;
/// Kibibytes, passes and lanes of one hash.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Makes and compares hashes, a few at once. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    entropy: Entropy,
    cost: (u32, u32, u32),
}

impl Passwords {
    /// As passwords are kept.
    #[must_use]
    pub fn new(entropy: Entropy) -> Self {
        Self::costing(entropy, COST)
    }

    /// At the least cost there is, for tests that log in often.
    #[cfg(test)]
    pub(crate) fn cheap(entropy: Entropy) -> Self {
        Self::costing(entropy, (8, 1, 1))
    }

    fn costing(entropy: Entropy, cost: (u32, u32, u32)) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            entropy,
            cost,
        }
    }

    /// What is kept of a password.
    ///
    /// # Errors
    /// When the program is ending.
    pub async fn hash(&self, password: SecretString) -> Result<String, Ending> {
        let salt = self.entropy.bytes::<16>();
        self.in_turn(move |argon| {
            argon
                .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
                .expect("a salt of 16 bytes and a password of bounded length are taken")
                .to_string()
        })
        .await
    }

    /// Whether a password is the one something was kept of. With nothing kept the answer is no and takes as long.
    ///
    /// # Errors
    /// When the program is ending.
    pub async fn fits(&self, password: SecretString, kept: Option<String>) -> Result<bool, Ending> {
        let Some(kept) = kept else {
            self.hash(password).await?;
            return Ok(false);
        };
        self.in_turn(move |argon| {
            argon
                .verify_password(password.expose_secret().as_bytes(), kept.as_str())
                .is_ok()
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'_>) -> T + Send + 'static,
    ) -> Result<T, Ending> {
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| Ending)?;
        let (memory, passes, lanes) = self.cost;
        tokio::task::spawn_blocking(move || {
            // A hash goes on after whoever asked for it has hung up, and so does its turn.
            let _turn = turn;
            let params = Params::new(memory, passes, lanes, None)
                .expect("these numbers are within what Argon2 takes");
            work(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
        })
        .await
        .map_err(|_| Ending)
    }
}

/// The program is ending.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the program is ending")]
pub struct Ending;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_turn_lasts_as_long_as_the_work_though_nobody_waits_for_it() {
        let passwords = Passwords::cheap(Entropy::seeded(1));
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (let_go, is_let_go) = mpsc::channel::<()>();
        let asking = passwords.clone();
        let asked = tokio::spawn(async move {
            asking
                .in_turn(move |_| {
                    begun.send(()).unwrap();
                    is_let_go.recv().unwrap_err();
                })
                .await
        });
        has_begun.await.unwrap();
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
        assert_eq!(passwords.turns.available_permits(), AT_ONCE - 1);
        drop(let_go);
        let all = u32::try_from(AT_ONCE).unwrap();
        drop(passwords.turns.acquire_many(all).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_fits_what_was_kept_of_it_and_nothing_else_does() {
        let passwords = Passwords::new(Entropy::seeded(1));
        let kept = passwords.hash("correct horse".into()).await.unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert_ne!(kept, passwords.hash("correct horse".into()).await.unwrap());
        for (password, kept, fits) in [
            ("correct horse", Some(kept.clone()), true),
            ("correct horse ", Some(kept.clone()), false),
            ("", Some(kept), false),
            ("correct horse", None, false),
            ("correct horse", Some("correct horse".to_owned()), false),
        ] {
            assert_eq!(passwords.fits(password.into(), kept).await, Ok(fits));
        }
    }
}
