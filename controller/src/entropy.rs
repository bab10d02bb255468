//! Where randomness comes from. Rules take bytes as arguments; this hands them out, and tests can seed it. No ids and no
//! tokens are shaped here.

use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};

/// A source of random bytes, cheap to clone.
#[derive(Clone, Debug)]
pub struct Entropy(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Entropy {
    /// The operating system's generator, the only one fit for secrets.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A generator that says the same in every run, for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(
            seed,
        )))))
    }

    /// Draws random bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing made then could be called secret.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::System => SysRng
                .try_fill_bytes(&mut bytes)
                .expect("the operating system has randomness to give"),
            Source::Seeded(rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(&mut bytes),
        }
        bytes
    }

    /// Draws a number for jitter.
    #[must_use]
    pub fn number(&self) -> u32 {
        u32::from_be_bytes(self.bytes())
    }

    /// Draws a secret for an address: 128 bits as 32 lower-case hexadecimal digits, in which no word Safaricom refuses can occur.
    #[must_use]
    pub fn url_secret(&self) -> String {
        hex::encode(self.bytes::<16>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_the_system_does_not() {
        assert_eq!(
            Entropy::seeded(7).bytes::<16>(),
            Entropy::seeded(7).bytes::<16>()
        );
        assert_ne!(
            Entropy::seeded(7).bytes::<16>(),
            Entropy::seeded(8).bytes::<16>()
        );
        let system = Entropy::system();
        assert_ne!(system.bytes::<16>(), system.bytes::<16>());
    }

    #[test]
    fn an_address_secret_is_what_safaricom_accepts() {
        let secret = Entropy::seeded(1).url_secret();
        assert_eq!(secret.len(), 32);
        crate::config::callback_fault(&secret).unwrap();
    }
}
