//! The wire between a site and the cloud, as a TCP relay that can be cut, held and watched in each direction. It does not
//! understand what passes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::program::PATIENCE;
use crate::measure::now;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the site to the cloud.
    Up,
    /// From the cloud to the site.
    Down,
}

/// The relay; it ends when dropped.
#[derive(Debug)]
pub struct Cable {
    address: SocketAddr,
    ends: Arc<Ends>,
    stop: CancellationToken,
}

#[derive(Debug)]
struct Ends {
    far: SocketAddr,
    /// Counts cuts: a connection made under an earlier number is closed.
    cuts: watch::Sender<u64>,
    plugged: watch::Sender<bool>,
    /// Whether only the first answer comes down.
    one_answer: watch::Sender<bool>,
    up: Lane,
    down: Lane,
}

impl Ends {
    /// Something is about to go up. Whoever says more after an answer has all of that answer.
    fn hear(&self) {
        if *self.one_answer.borrow() && *self.down.passed.borrow() > 0 {
            self.down.held.send_replace(true);
        }
    }
}

#[derive(Debug)]
struct Lane {
    held: watch::Sender<bool>,
    passed: watch::Sender<u64>,
    /// How long bytes are under way.
    delay: watch::Sender<Duration>,
}

impl Lane {
    fn new() -> Self {
        Self {
            held: watch::Sender::new(false),
            passed: watch::Sender::new(0),
            delay: watch::Sender::new(Duration::ZERO),
        }
    }
}

impl Cable {
    /// Lays a cable to an address.
    ///
    /// # Errors
    /// When there is no port for it.
    pub async fn lay(near: SocketAddr, far: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(near)
            .await
            .context("binding the cable's near end")?;
        let address = listener.local_addr()?;
        let ends = Arc::new(Ends {
            far,
            cuts: watch::Sender::new(0),
            plugged: watch::Sender::new(true),
            one_answer: watch::Sender::new(false),
            up: Lane::new(),
            down: Lane::new(),
        });
        let stop = CancellationToken::new();
        tokio::spawn(accept(listener, Arc::clone(&ends), stop.clone()));
        Ok(Self {
            address,
            ends,
            stop,
        })
    }

    /// Where the site plugs in.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection and lets none through until [`Self::mend`].
    pub fn cut(&self) {
        self.ends.plugged.send_replace(false);
        self.ends.cuts.send_modify(|count| *count += 1);
    }

    /// Cuts every connection; new ones go through.
    pub fn glitch(&self) {
        self.ends.cuts.send_modify(|count| *count += 1);
    }

    /// Lets connections through again, and everything that was held.
    pub fn mend(&self) {
        self.ends.one_answer.send_replace(false);
        self.ends.up.held.send_replace(false);
        self.ends.down.held.send_replace(false);
        self.ends.plugged.send_replace(true);
    }

    /// Holds back everything that goes one way; the connections stay.
    pub fn hold(&self, way: Way) {
        self.lane(way).held.send_replace(true);
    }

    /// Lets go what was held one way.
    pub fn release(&self, way: Way) {
        self.lane(way).held.send_replace(false);
    }

    /// Lets down the first answer that comes at all; what is said after it has none, until [`Self::mend`].
    pub fn hold_after_one_answer(&self) {
        self.ends.one_answer.send_replace(true);
    }

    /// Makes the cable long: bytes are under way for so long in each direction, from now on.
    pub fn lengthen(&self, one_way: Duration) {
        self.ends.up.delay.send_replace(one_way);
        self.ends.down.delay.send_replace(one_way);
    }

    /// How many bytes have passed one way.
    #[must_use]
    pub fn passed(&self, way: Way) -> u64 {
        *self.lane(way).passed.borrow()
    }

    /// Waits until more bytes have passed one way than a count.
    ///
    /// # Errors
    /// When they do not come in time.
    pub async fn more_than(&self, way: Way, count: u64) -> Result<()> {
        let mut passed = self.lane(way).passed.subscribe();
        tokio::time::timeout(PATIENCE, passed.wait_for(|passed| *passed > count))
            .await
            .with_context(|| format!("nothing went {way:?} the cable"))?
            .context("the cable is gone")?;
        Ok(())
    }

    fn lane(&self, way: Way) -> &Lane {
        match way {
            Way::Up => &self.ends.up,
            Way::Down => &self.ends.down,
        }
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(listener: TcpListener, ends: Arc<Ends>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        let Ok((near, _)) = accepted else { continue };
        if *ends.plugged.borrow() {
            let (ends, stop) = (Arc::clone(&ends), stop.clone());
            tokio::spawn(async move {
                let mut cuts = ends.cuts.subscribe();
                cuts.borrow_and_update();
                tokio::select! {
                    // Either end closing, or an error, closes both; nothing is to be told to anyone.
                    _ = relay(near, &ends) => {}
                    _ = cuts.changed() => {}
                    () = stop.cancelled() => {}
                }
            });
        }
    }
}

async fn relay(near: TcpStream, ends: &Ends) -> io::Result<()> {
    let far = tokio::time::timeout(Duration::from_secs(5), TcpStream::connect(ends.far)).await??;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::select! {
        up = pass(near_in, far_out, &ends.up, || ends.hear()) => up,
        down = pass(far_in, near_out, &ends.down, || {}) => down,
    }
}

/// Pieces under way at once; a longer queue would only hide that one end does not read.
const UNDER_WAY: usize = 1_024;

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    lane: &Lane,
    before: impl Fn(),
) -> io::Result<()> {
    let (leave, mut arrive) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let leaving = async {
        loop {
            let mut bytes = Vec::with_capacity(16 * 1024);
            if from.read_buf(&mut bytes).await? == 0 {
                drop(leave);
                return io::Result::Ok(());
            }
            let due = now() + *lane.delay.borrow();
            if leave.send((due, bytes)).await.is_err() {
                return Ok(());
            }
        }
    };
    let arriving = async {
        let mut held = lane.held.subscribe();
        while let Some((due, bytes)) = arrive.recv().await {
            tokio::time::sleep_until(due.into()).await;
            // The sender lives in the lane.
            let _ = held.wait_for(|held| !*held).await;
            before();
            to.write_all(&bytes).await?;
            let count = u64::try_from(bytes.len()).unwrap_or(0);
            lane.passed.send_modify(|passed| *passed += count);
        }
        Ok(())
    };
    tokio::try_join!(leaving, arriving).map(drop)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Cable, Way};

    #[tokio::test]
    async fn bytes_pass_are_held_and_are_cut() {
        let far = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let cable = Cable::lay("127.0.0.1:0".parse().unwrap(), far.local_addr().unwrap())
            .await
            .unwrap();
        let mut near = TcpStream::connect(cable.address()).await.unwrap();
        let (mut end, _) = far.accept().await.unwrap();
        let mut byte = [0; 1];
        near.write_all(b"a").await.unwrap();
        end.read_exact(&mut byte).await.unwrap();
        cable.more_than(Way::Up, 0).await.unwrap();

        cable.hold(Way::Down);
        end.write_all(b"b").await.unwrap();
        near.write_all(b"c").await.unwrap();
        end.read_exact(&mut byte).await.unwrap();
        assert_eq!((byte, cable.passed(Way::Down)), (*b"c", 0));
        cable.release(Way::Down);
        near.read_exact(&mut byte).await.unwrap();
        assert_eq!(byte, *b"b");

        cable.hold_after_one_answer();
        near.write_all(b"d").await.unwrap();
        end.read_exact(&mut byte).await.unwrap();
        end.write_all(b"e").await.unwrap();

        cable.cut();
        assert_eq!(near.read(&mut byte).await.unwrap_or(0), 0);
        let mut refused = TcpStream::connect(cable.address()).await.unwrap();
        assert_eq!(refused.read(&mut byte).await.unwrap_or(0), 0);
        cable.mend();
        let _again = TcpStream::connect(cable.address()).await.unwrap();
        far.accept().await.unwrap();
    }
}
