//! Ports that nobody uses, for programs that must be told theirs and keep it over a restart.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Result, bail};

/// Below the range from which the system takes ports for outgoing connections, so that none of those takes ours.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

static TAKEN: AtomicU16 = AtomicU16::new(0);

/// A loopback address with a free port; the same is not given twice by one process until all were.
///
/// # Errors
/// When all are in use.
pub fn free() -> Result<SocketAddr> {
    // Processes that run at once begin at different places.
    let start = u16::try_from(std::process::id().wrapping_mul(61) % u32::from(COUNT))?;
    for _ in 0..COUNT {
        let taken = TAKEN.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (start + taken) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("every port from {FIRST} on is in use")
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_are_not_the_same() {
        assert_ne!(super::free().unwrap(), super::free().unwrap());
    }
}
