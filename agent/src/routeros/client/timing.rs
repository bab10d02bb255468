//! How long the client lets things take.

use std::time::Duration;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Opening the TCP connection.
    pub connect: Duration,
    /// TLS, and again logging in.
    pub login: Duration,
    /// One command, from asking to its end.
    pub command: Duration,
    /// Between two signs of life; a router that has not answered one by the next is lost.
    pub keepalive: Duration,
    /// What follows `!empty` or `!trap` and should be `!done`.
    pub grace: Duration,
}

impl Timing {
    /// Fits routers on the same site.
    pub const USUAL: Self = Self {
        connect: Duration::from_secs(5),
        login: Duration::from_secs(10),
        command: Duration::from_secs(30),
        keepalive: Duration::from_secs(45),
        grace: Duration::from_secs(1),
    };
}
