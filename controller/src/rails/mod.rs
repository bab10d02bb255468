//! The outside services: who they are and how they are called. What a payment or a message means is decided in the slices.

use crate::clock::Clock;
use crate::config::{DarajaConfig, MailConfig};

pub mod daraja;
pub mod mail;
pub mod msisdn;

use daraja::Daraja;
use mail::Mail;

/// The clients of all rails, one connection pool each.
#[derive(Clone, Debug)]
pub struct Rails {
    /// M-PESA.
    pub daraja: Daraja,
    /// E-mail.
    pub mail: Mail,
}

impl Rails {
    /// Makes the clients; nothing is called yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(daraja: &DarajaConfig, mail: &MailConfig, clock: &Clock) -> anyhow::Result<Self> {
        Ok(Self {
            daraja: Daraja::new(daraja, clock)?,
            mail: Mail::new(mail.smtp_url.as_ref(), mail.mail_from.as_ref())?,
        })
    }
}
