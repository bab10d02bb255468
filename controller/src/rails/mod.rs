//! The outside services: who they are and how they are called. What a payment or a message means is decided in the slices.

use crate::clock::Clock;
use crate::config::DarajaConfig;

pub mod daraja;
pub mod msisdn;

use daraja::Daraja;

/// The clients of all rails, one connection pool each.
#[derive(Clone, Debug)]
pub struct Rails {
    /// M-PESA.
    pub daraja: Daraja,
}

impl Rails {
    /// Makes the clients; nothing is called yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(daraja: &DarajaConfig, clock: &Clock) -> anyhow::Result<Self> {
        Ok(Self {
            daraja: Daraja::new(daraja, clock)?,
        })
    }
}
