//! A folder for one world, short enough for the unix sockets in it, removed with everything in it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

const PREFIX: &str = "mnara-";
/// Names the folder that `cargo xtask test` lends to the tests, in memory where there is room.
const LENT: &str = "MNARA_LENT_FOLDER";
/// Where folders are made if the temporary folder will not do.
const ELSEWHERE: &str = "/tmp";
/// A unix socket has a path of 107 letters at most, and some are deep in here.
const LONGEST: usize = 50;

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
        Self::within(&base())
    }

    /// Makes an empty one in what is lent to us, for many files that no disk has to keep.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn quick() -> Result<Self> {
        Self::within(&lent().unwrap_or_else(base))
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
        // Root's database runs as somebody else, whom root's umask may shut out.
        std::fs::set_permissions(&path, Permissions::from_mode(0o755))
            .with_context(|| format!("opening {} to others", path.display()))?;
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

/// The temporary folder, or the system's where it will not do.
fn base() -> PathBuf {
    // SAFETY: takes nothing, touches nothing, cannot fail.
    #[expect(unsafe_code, reason = "std does not say who we are")]
    let is_root = unsafe { libc::geteuid() } == 0;
    let named = std::env::temp_dir();
    if will_do(&named, is_root) {
        named
    } else {
        PathBuf::from(ELSEWHERE)
    }
}

/// Whether the paths of sockets in it are short enough, and the database gets there, which runs as somebody else if we are root.
fn will_do(folder: &Path, is_root: bool) -> bool {
    let is_passed = |folder: &Path| {
        std::fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o001 != 0)
    };
    folder.as_os_str().len() <= LONGEST && (!is_root || folder.ancestors().all(is_passed))
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
    let places = [std::env::temp_dir(), PathBuf::from(ELSEWHERE)];
    let entries = places
        .iter()
        .filter_map(|place| std::fs::read_dir(place).ok());
    for entry in entries.flatten().filter_map(Result::ok) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_pass_through_it() {
        let folder = Folder::new().unwrap();
        let found = std::fs::metadata(folder.path()).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o755);
    }

    /// A umask is of a whole process, so this is one of its own.
    #[test]
    fn others_pass_through_it_whatever_the_umask() {
        let told = std::process::Command::new("sh")
            .args(["-c", "umask 077; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "world::folder::tests::others_pass_through_it"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&told.stdout);
        assert!(told.status.success() && said.contains("1 passed"), "{said}");
    }

    #[test]
    fn a_folder_of_roots_own_and_one_with_a_long_name_will_not_do() {
        assert!(will_do(Path::new(ELSEWHERE), true));
        let own = tempfile::tempdir_in(ELSEWHERE).unwrap();
        std::fs::set_permissions(own.path(), Permissions::from_mode(0o700)).unwrap();
        let within = own.path().join("tmp");
        std::fs::create_dir(&within).unwrap();
        std::fs::set_permissions(&within, Permissions::from_mode(0o777)).unwrap();
        assert!(!will_do(&within, true) && will_do(&within, false));
        assert!(!will_do(&within.join("a".repeat(LONGEST)), false));
    }
}
