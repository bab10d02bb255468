//! A folder for one world, short enough for the unix sockets in it, removed with everything in it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

const PREFIX: &str = "mnara-";
/// Names the folder that `cargo xtask test` lends to the tests, in memory where there is room.
const LENT: &str = "MNARA_LENT_FOLDER";

/// Tells the worlds of one process apart.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The folder that `cargo xtask test` lends, if it runs us. In it are `first`, the data of a controller that nothing was done with yet, and
/// whatever is made there.
#[must_use]
pub fn lent() -> Option<PathBuf> {
    std::env::var_os(LENT).map(PathBuf::from)
}

/// A folder that goes when this is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes an empty one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> Result<Self> {
        Self::within(&std::env::temp_dir())
    }

    /// Makes an empty one in what is lent to us, for many files that no disk has to keep.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn quick() -> Result<Self> {
        Self::within(&lent().unwrap_or_else(std::env::temp_dir))
    }

    fn within(base: &Path) -> Result<Self> {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        if count == 0 {
            sweep();
        }
        let path = base.join(format!("{PREFIX}{}-{count}", std::process::id()));
        // One of a process that was killed, whose number came round again.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// Copies a folder with everything in it, as a backup or an image of a disk does.
///
/// # Errors
/// When something cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir(to).with_context(|| format!("making {}", to.display()))?;
    for entry in std::fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            std::fs::copy(entry.path(), &target)
                .with_context(|| format!("copying {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Removes what processes left behind that were killed before they could.
fn sweep() {
    let entries = std::fs::read_dir(std::env::temp_dir());
    for entry in entries.into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX))
            .and_then(|rest| rest.split_once('-'))
            .and_then(|(pid, count)| count.parse::<u32>().ok().and(pid.parse::<u32>().ok()));
        let Some(pid) = number else { continue };
        if !Path::new("/proc").join(pid.to_string()).exists() {
            // Somebody else's, or gone already.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A program that was killed a moment ago may still be writing, so once is not always enough. What cannot be removed
        // is in the temporary folder, where the system will.
        for _ in 0..200 {
            let _ = std::fs::remove_dir_all(&self.0);
            if !self.0.exists() {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
}
