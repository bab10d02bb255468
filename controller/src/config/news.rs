//! The settings of what leaves for people and for their programs: mail and news.

use std::path::PathBuf;

use clap::Args;

use crate::rails::mail::{Mailbox, SmtpUrl};

/// The section of news sent to businesses' own programs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Webhooks")]
pub struct WebhooksConfig {
    /// Lets news go to this machine itself, also without encryption. For tests and the demo: elsewhere a business could call what only this
    /// machine may.
    #[arg(
        long = "webhooks-to-loopback",
        env = "MNARA_WEBHOOKS_TO_LOOPBACK",
        global = true
    )]
    pub to_loopback: bool,
}

/// The mail section.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Mail")]
pub struct MailConfig {
    /// The server that takes our mail: `smtps://user:password@host` (TLS from the start, port 465) or `smtp://user:password@host` (STARTTLS,
    /// port 587). A server that then offers no TLS gets nothing.
    ///
    /// On this machine `smtp://` is plain (port 25) unless `?tls=required` stands behind it; `?tls=none` makes it plain in a private network.
    /// Left out, no mail leaves: nobody gets a new password by mail, and nobody is told of anything.
    #[arg(
        long,
        env = "SMTP_URL",
        hide_env_values = true,
        requires = "mail_from",
        global = true
    )]
    pub smtp_url: Option<SmtpUrl>,

    /// PEM file of the only certificates a mail server is trusted by, instead of the web's: of a CA of one's own, or the server's own if that is no
    /// CA's. For a relay whose certificate nobody else has signed.
    #[arg(long, env = "SMTP_CA", requires = "smtp_url", global = true)]
    pub smtp_ca: Option<PathBuf>,

    /// The sender of our mail, such as `Mnara <no-reply@example.com>`; a server takes only what it may send for.
    #[arg(long, env = "MAIL_FROM", global = true)]
    pub mail_from: Option<Mailbox>,
}
