//! Callbacks that the database has no room for, in a file of our own until it has: a rail does not send twice, and what it sent was money.
//!
//! Written and synced before the rail is answered, up to a limit; read back in order. Reading back may happen twice, since callbacks are
//! known by their secret and body.

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use mnara_protocol::clock::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::store::NewCallback;

/// The most that waits, in bytes.
const MOST: u64 = 64 << 20;

/// A file of callbacks, cheap to clone.
#[derive(Clone, Debug)]
pub struct Spool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    most: u64,
    /// Open while something waits.
    file: Mutex<Option<File>>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    id: String,
    secret: String,
    body: String,
    source: String,
    at: i64,
}

impl Spool {
    /// One in a folder, which is made when it is needed.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self::with_limit(folder, MOST)
    }

    fn with_limit(folder: PathBuf, most: u64) -> Self {
        Self(Arc::new(Inner {
            folder,
            most,
            file: Mutex::default(),
        }))
    }

    /// Keeps a callback: it is on the disk when this is done.
    ///
    /// # Errors
    /// When it cannot be written, or too much waits already.
    pub async fn keep(&self, item: &NewCallback) -> io::Result<()> {
        let line = Line {
            id: item.id.to_string(),
            secret: hex::encode(item.secret_hash),
            body: hex::encode(&item.body),
            source: item.source.clone(),
            at: item.received_at.as_millis(),
        };
        // A line of its own, also after one that was torn.
        let text = format!("\n{}\n", serde_json::to_string(&line)?);
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || inner.append(text.as_bytes())).await?
    }

    /// What waits, the oldest first. It waits on until [`Self::forget`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn waiting(&self) -> io::Result<Vec<NewCallback>> {
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || inner.take()).await?
    }

    /// Forgets what [`Self::waiting`] gave.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub async fn forget(&self) -> io::Result<()> {
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || fs::remove_file(inner.taken())).await?
    }
}

impl Inner {
    fn path(&self) -> PathBuf {
        self.folder.join("callbacks")
    }

    fn taken(&self) -> PathBuf {
        self.folder.join("callbacks.taken")
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match file.take() {
            Some(open) => open,
            None => {
                DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(&self.folder)?;
                let open = fs::OpenOptions::new()
                    .append(true)
                    .create(true)
                    .mode(0o600)
                    .open(self.path())?;
                // The name of the file has to survive too.
                File::open(&self.folder)?.sync_all()?;
                open
            }
        };
        let length = open.metadata()?.len();
        if length + line.len() as u64 > self.most {
            *file = Some(open);
            return Err(io::Error::other("too many callbacks wait already"));
        }
        // After a failure nobody knows what is in the file's cache: it is opened anew, and a torn line is passed over.
        (&open).write_all(line)?;
        open.sync_data()?;
        *file = Some(open);
        Ok(())
    }

    fn take(&self) -> io::Result<Vec<NewCallback>> {
        if !self.taken().exists() {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            *file = None;
            match fs::rename(self.path(), self.taken()) {
                // A folder that is not there, or not ours, holds nothing of ours.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound
                            | io::ErrorKind::NotADirectory
                            | io::ErrorKind::PermissionDenied
                    ) =>
                {
                    return Ok(Vec::new());
                }
                renamed => renamed?,
            }
        }
        let found = read(&self.taken())?;
        if found.is_empty() {
            // Nobody would come to forget it, and what waits behind it would wait for ever.
            fs::remove_file(self.taken())?;
        }
        Ok(found)
    }
}

fn read(path: &Path) -> io::Result<Vec<NewCallback>> {
    let mut found = Vec::new();
    for line in BufReader::new(File::open(path)?).split(b'\n') {
        // A line that does not read was never answered for.
        if let Ok(line) = serde_json::from_slice::<Line>(&line?)
            && let Some(item) = item(line)
        {
            found.push(item);
        }
    }
    Ok(found)
}

fn item(line: Line) -> Option<NewCallback> {
    let mut secret_hash = [0; 32];
    hex::decode_to_slice(&line.secret, &mut secret_hash).ok()?;
    let body = hex::decode(&line.body).ok()?;
    Some(NewCallback {
        id: line.id.parse().ok()?,
        secret_hash,
        body_hash: Sha256::digest(&body).into(),
        body,
        source: line.source,
        received_at: Timestamp::from_millis(line.at),
    })
}

#[cfg(test)]
mod tests {
    use mnara_protocol::ids::CallbackId;

    use super::*;

    fn callback(n: u8) -> NewCallback {
        NewCallback {
            id: CallbackId::from_bytes([n; 16]),
            secret_hash: [n; 32],
            body_hash: Sha256::digest([n, b'\n']).into(),
            body: vec![n, b'\n'],
            source: "192.0.2.1".to_owned(),
            received_at: Timestamp::from_secs(1_800_000_000),
        }
    }

    fn ids(found: &[NewCallback]) -> Vec<u8> {
        found.iter().map(|one| one.id.as_bytes()[0]).collect()
    }

    #[tokio::test]
    async fn what_waits_comes_back_in_order_also_after_a_kill() {
        let folder = tempfile::tempdir().unwrap();
        let at = || Spool::in_folder(folder.path().join("spool"));
        let spool = at();
        assert!(spool.waiting().await.unwrap().is_empty());
        for n in 1..=3 {
            spool.keep(&callback(n)).await.unwrap();
        }
        let found = at().waiting().await.unwrap();
        assert_eq!(ids(&found), [1, 2, 3]);
        assert_eq!(found[0].body_hash, callback(1).body_hash);
        // Nothing was forgotten, and what comes meanwhile waits behind it.
        let spool = at();
        spool.keep(&callback(4)).await.unwrap();
        assert_eq!(ids(&spool.waiting().await.unwrap()), [1, 2, 3]);
        spool.forget().await.unwrap();
        assert_eq!(ids(&spool.waiting().await.unwrap()), [4]);
        spool.forget().await.unwrap();
        assert!(spool.waiting().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_torn_line_is_passed_over_and_too_much_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::with_limit(folder.path().to_owned(), 700);
        spool.keep(&callback(1)).await.unwrap();
        let path = folder.path().join("callbacks");
        let mut torn = fs::read(&path).unwrap();
        torn.truncate(torn.len() - 9);
        fs::write(&path, &torn).unwrap();
        spool.keep(&callback(2)).await.unwrap();
        let mut refused = 0;
        for n in 3..=9 {
            refused += usize::from(spool.keep(&callback(n)).await.is_err());
        }
        assert!(refused > 0);
        assert_eq!(ids(&spool.waiting().await.unwrap())[0], 2);
    }

    #[tokio::test]
    async fn a_torn_line_alone_holds_up_nothing_that_comes_after_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("callbacks"), "\n{\"id\":").unwrap();
        let spool = Spool::in_folder(folder.path().to_owned());
        assert!(spool.waiting().await.unwrap().is_empty());
        spool.keep(&callback(1)).await.unwrap();
        assert_eq!(ids(&spool.waiting().await.unwrap()), [1]);
    }
}
