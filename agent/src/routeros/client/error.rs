//! What can go wrong between this program and the router, by what the caller does about it.

use std::io;
use std::sync::Arc;

use thiserror::Error;

use crate::routeros::wire::{Category, Trap, WireError};

/// Says why the router did not do what was asked.
#[derive(Clone, Debug, Error)]
pub enum Error {
    /// No TCP connection: wrong address, service off, or no route.
    #[error("cannot connect to the router at {address}")]
    Connect {
        /// Where to.
        address: String,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// No answer in time. While connecting, the usual cause is an `address=` of the service that leaves this program out.
    #[error("no answer from the router in time while {}", .doing.as_str())]
    Timeout {
        /// What was being done.
        doing: Doing,
    },
    /// No TLS: most often the service has no certificate, since without one it offers only anonymous key exchange.
    #[error("cannot set up TLS with the router; its api-ssl service needs a certificate")]
    Tls(#[source] Arc<io::Error>),
    /// TLS, but not with the certificate that was pinned.
    #[error("the router shows another certificate (SHA-256 {seen}) than the pinned one")]
    WrongCertificate {
        /// The fingerprint of the one shown, in hexadecimal.
        seen: String,
    },
    /// Name or password refused, or the group lacks the `api` policy.
    #[error("the router refuses the user name or password")]
    Auth,
    /// The router said why and closed the connection.
    #[error("the router closed the connection: {0}")]
    Fatal(String),
    /// The command was refused.
    #[error("the router refused: {}", loggable(.0))]
    Trap(Trap),
    /// The command was cancelled.
    #[error("the router interrupted the command")]
    Interrupted,
    /// The connection is gone; whether the router did what was asked is not known.
    #[error("the connection to the router is lost")]
    ConnectionLost(#[source] Option<Arc<io::Error>>),
    /// The other end does not speak the RouterOS API.
    #[error("what the router sends is not the RouterOS API")]
    Protocol(#[from] WireError),
    /// An answer beyond what this program takes in at once.
    #[error("the router's answer is too long")]
    AnswerTooLong,
    /// A stream whose reader fell behind; what it missed is lost.
    #[error("the reader of a stream fell behind")]
    Lagged,
    /// More streams than one connection may hold.
    #[error("too many streams on one connection")]
    TooManyStreams,
}

/// What was being done when time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Opening the TCP connection.
    Connecting,
    /// Agreeing on TLS.
    Handshake,
    /// Logging in.
    LoggingIn,
    /// Waiting for a command's end.
    Command,
    /// Waiting for the sign of life between commands.
    Keepalive,
}

impl Doing {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Handshake => "agreeing on TLS",
            Self::LoggingIn => "logging in",
            Self::Command => "waiting for a command",
            Self::Keepalive => "waiting for a sign of life",
        }
    }
}

impl Error {
    /// Says whether only this command failed; else the connection is of no further use.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Trap(_)
                | Self::Interrupted
                | Self::AnswerTooLong
                | Self::Lagged
                | Self::TooManyStreams
        )
    }

    /// Gives the router's words when it refused.
    #[must_use]
    pub fn trap(&self) -> Option<&Trap> {
        if let Self::Trap(trap) = self {
            Some(trap)
        } else {
            None
        }
    }

    pub(super) fn refused(trap: Trap) -> Self {
        if trap.category == Some(Category::Interrupted) {
            Self::Interrupted
        } else {
            Self::Trap(trap)
        }
    }
}

/// The router's words up to where they may name a user, whose name may be a ticket's code.
fn loggable(trap: &Trap) -> &str {
    let end = trap.message.find("user").unwrap_or(trap.message.len());
    trap.message.get(..end).unwrap_or_default()
}
