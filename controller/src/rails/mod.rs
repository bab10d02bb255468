//! The outside services: who they are and how they are called. What a payment or a message means is decided in the slices.

use crate::clock::Clock;
use crate::config::{DarajaConfig, MailConfig, PesapalConfig, SmsConfig};

pub mod daraja;
mod exchange;
mod http;
pub mod mail;
pub mod msisdn;
pub mod pesapal;
pub mod sms;
mod tokens;

use daraja::Daraja;
use mail::Mail;
use pesapal::Pesapal;
use sms::Sms;

/// The clients of all rails, one connection pool each.
#[derive(Clone, Debug)]
pub struct Rails {
    /// M-PESA.
    pub daraja: Daraja,
    /// E-mail.
    pub mail: Mail,
    /// SMS.
    pub sms: Sms,
    /// How businesses pay the platform; none where nobody has to.
    pub pesapal: Option<Pesapal>,
}

impl Rails {
    /// Makes the clients; nothing is called yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        daraja: &DarajaConfig,
        mail: &MailConfig,
        sms: &SmsConfig,
        pesapal: &PesapalConfig,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            daraja: Daraja::new(daraja, clock)?,
            mail: Mail::new(mail)?,
            sms: Sms::new(sms)?,
            pesapal: Pesapal::new(pesapal, clock)?,
        })
    }
}
