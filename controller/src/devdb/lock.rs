//! Who starts, uses and stops the server when several processes of ours share it: two files, whose locks end with the process that holds them.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

/// How often one who waits looks again.
pub(super) const PAUSE: Duration = Duration::from_millis(20);
const TURN: &str = "turn.lock";
const USED: &str = "used.lock";

/// The right to start the server, to join it or to stop it, which one has at a time.
#[derive(Debug)]
pub(super) struct Turn {
    _file: File,
}

impl Turn {
    /// Waits for it.
    pub(super) async fn take(home: &Path) -> io::Result<Self> {
        let file = open(&home.join(TURN))?;
        while !is_taken(file.try_lock())? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Self { _file: file })
    }

    /// Waits for it, and until nobody uses the server; while it lasts nobody begins to.
    pub(super) async fn alone(home: &Path) -> io::Result<Self> {
        let mut is_told = false;
        loop {
            let turn = Self::take(home).await?;
            let used = open(&home.join(USED))?;
            if is_taken(used.try_lock())? {
                return Ok(turn);
            }
            // Others have their turn meanwhile.
            drop(turn);
            if !is_told {
                tracing::info!("waiting for others that use the private database");
                is_told = true;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// That this process uses the server: it is not stopped meanwhile.
#[derive(Debug)]
pub(super) struct Used {
    _file: File,
}

impl Used {
    /// Begins to; in one's turn, so that nobody stops the server now.
    pub(super) fn begin(home: &Path, _: &Turn) -> io::Result<Self> {
        let file = open(&home.join(USED))?;
        file.lock_shared()?;
        Ok(Self { _file: file })
    }
}

/// Opens it to be read, which is enough for a lock: root may have made it, and the server's own account come later.
fn open(path: &Path) -> io::Result<File> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            File::options().create(true).append(true).open(path)
        }
        opened => opened,
    }
}

fn is_taken(tried: Result<(), TryLockError>) -> io::Result<bool> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
