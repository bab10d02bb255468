//! The server as a program: where it is installed, who it runs as, its folder, its first set-up, its process. What is done with
//! the running server is not here.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::{DevDbError, PATIENCE, PAUSE};

/// Where PostgreSQL writes down its process.
const PID: &str = "postmaster.pid";

/// Who the server runs as, when we are root: PostgreSQL refuses to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

/// The folder things are kept in when none is named: root's or the user's own.
#[must_use]
pub fn default_folder(home: Option<&Path>, state_home: Option<&Path>) -> PathBuf {
    match (state_home, home) {
        _ if is_root() => PathBuf::from("/var/lib/mnara"),
        (Some(state), _) if state.is_absolute() => state.join("mnara"),
        (_, Some(home)) => home.join(".local/state/mnara"),
        _ => PathBuf::from("mnara-data"),
    }
}

fn is_root() -> bool {
    effective_uid() == 0
}

#[expect(
    unsafe_code,
    reason = "there is no safe geteuid in std; it cannot fail and touches nothing"
)]
fn effective_uid() -> u32 {
    // SAFETY: geteuid has no preconditions.
    unsafe { libc::geteuid() }
}

#[expect(
    unsafe_code,
    reason = "there is no safe kill in std; the pid is our own child, not yet waited for"
)]
pub(super) fn interrupt(pid: i32) {
    // SAFETY: kill has no memory preconditions.
    unsafe { libc::kill(pid, libc::SIGINT) };
}

/// The folder of PostgreSQL's programs: the newest of Debian's, else whatever PATH has.
///
/// # Errors
/// When there is none.
pub fn binaries() -> Result<PathBuf, DevDbError> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            (version >= 15 && has_server(&bin)).then_some((version, bin))
        })
        .collect();
    found.sort();
    if let Some((_, bin)) = found.pop() {
        return Ok(bin);
    }
    crate::config::search_path()
        .into_iter()
        .find(|bin| has_server(bin))
        .ok_or(DevDbError::NotInstalled)
}

fn has_server(bin: &Path) -> bool {
    bin.join("initdb").is_file() && bin.join("postgres").is_file()
}

pub(super) fn account(home: &Path) -> Option<Account> {
    if !is_root() {
        return None;
    }
    // Somebody else's database, as a service under an account of its own leaves it, stays theirs.
    if let Ok(found) = fs::metadata(home)
        && found.uid() != 0
    {
        return Some(Account {
            uid: found.uid(),
            gid: found.gid(),
        });
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let is_it = fields.next() == Some(name);
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            is_it.then_some(Account { uid, gid })
        })
    };
    // 65534 is nobody by convention even where no such line exists.
    find("postgres")
        .or_else(|| find("nobody"))
        .or(Some(Account {
            uid: 65534,
            gid: 65534,
        }))
}

pub(super) fn prepare_folder(
    folder: &Path,
    home: &Path,
    account: Option<Account>,
) -> io::Result<()> {
    let is_new = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let made: Vec<&Path> = folder.ancestors().take_while(is_new).collect();
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(folder)?;
    if account.is_some() {
        // The server passes as somebody else than root, whose umask may have shut them.
        for folder in made {
            fs::set_permissions(folder, Permissions::from_mode(0o755))?;
        }
    }
    DirBuilder::new().recursive(true).mode(0o700).create(home)?;
    fs::set_permissions(home, Permissions::from_mode(0o700))?;
    if let Some(Account { uid, gid }) = account {
        let is_ours = fs::metadata(home).is_ok_and(|found| found.uid() == uid);
        if !is_ours {
            chown(home, Some(uid), Some(gid))?;
        }
    }
    Ok(())
}

pub(super) async fn initialise(
    bin: &Path,
    home: &Path,
    data: &Path,
    account: Option<Account>,
) -> Result<(), DevDbError> {
    // A first start that was killed leaves half a cluster, which initdb refuses to touch; nothing was ever stored in it.
    let half = home.join("data.new");
    if half.exists() {
        fs::remove_dir_all(&half).map_err(|source| DevDbError::Folder {
            folder: half.clone(),
            source,
        })?;
    }
    let mut command = Command::new(bin.join("initdb"));
    command
        .args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
        ])
        .arg("-D")
        .arg(&half)
        .current_dir(home)
        .stdin(Stdio::null());
    become_account(&mut command, account);
    let output = command
        .output()
        .await
        .map_err(|source| DevDbError::Spawn { source })?;
    if !output.status.success() {
        return Err(DevDbError::Initdb {
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    fs::rename(&half, data).map_err(|source| DevDbError::Folder {
        folder: data.to_owned(),
        source,
    })
}

/// Waits for a server that is still shutting down after our predecessor died, and removes a pid file whose process is none: it may
/// name a stranger by now, and PostgreSQL would refuse to start.
pub(super) async fn await_previous(data: &Path) -> io::Result<()> {
    let gone = async {
        while is_running(data) {
            tokio::time::sleep(PAUSE).await;
        }
    };
    if tokio::time::timeout(PATIENCE, gone).await.is_err() {
        return Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another server is running in it",
        ));
    }
    match fs::remove_file(data.join(PID)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether a server of ours runs in it, or is on its way out.
pub(super) fn is_running(data: &Path) -> bool {
    let text = fs::read_to_string(data.join(PID)).unwrap_or_default();
    let Some(pid) = text
        .lines()
        .next()
        .and_then(|pid| pid.trim().parse::<u32>().ok())
    else {
        return false;
    };
    let process = PathBuf::from(format!("/proc/{pid}"));
    fs::read_link(process.join("exe"))
        .is_ok_and(|exe| exe.file_name().is_some_and(|name| name == "postgres"))
        && fs::read_link(process.join("cwd")).is_ok_and(|cwd| {
            // What a process tells is without links, and the folder may be named by one.
            fs::canonicalize(data).is_ok_and(|data| cwd == data)
        })
}

pub(super) fn spawn(
    bin: &Path,
    home: &Path,
    data: &Path,
    account: Option<Account>,
) -> Result<Child, DevDbError> {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(home.join("log"))
        .map_err(|source| DevDbError::Folder {
            folder: home.to_owned(),
            source,
        })?;
    let errors = log
        .try_clone()
        .map_err(|source| DevDbError::Spawn { source })?;
    let mut command = Command::new(bin.join("postgres"));
    command
        .arg("-D")
        .arg(data)
        .arg("-k")
        .arg(home)
        .args([
            "-c",
            "listen_addresses=",
            "-c",
            "unix_socket_permissions=0700",
            "-c",
            "port=5432",
        ])
        .args([
            "-c",
            "max_connections=100",
            "-c",
            "logging_collector=off",
            "-c",
            "timezone=UTC",
        ])
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .kill_on_drop(true)
        // A Ctrl-C in the terminal is ours to pass on, after we have finished with the database.
        .process_group(0);
    become_account(&mut command, account);
    command
        .spawn()
        .map_err(|source| DevDbError::Spawn { source })
}

#[expect(
    unsafe_code,
    reason = "pre_exec is the only place where the child can ask to die with us"
)]
fn become_account(command: &mut Command, account: Option<Account>) {
    let us = std::process::id();
    // The uid is changed in here and not by `Command::uid`, since changing it clears the parent-death signal and must come first.
    // SAFETY: between fork and exec only system calls are made; nothing allocates and no lock is taken.
    unsafe {
        command.pre_exec(move || {
            if let Some(Account { uid, gid }) = account {
                check(libc::setgroups(0, std::ptr::null()))?;
                check(libc::setgid(gid))?;
                check(libc::setuid(uid))?;
            }
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGINT, 0, 0, 0))?;
            // The parent may have died before the request above.
            if u32::try_from(libc::getppid()) != Ok(us) {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            Ok(())
        });
    }
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_passes_to_its_folder_whoever_it_runs_as() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("var").join("mnara");
        let account = Account {
            uid: effective_uid(),
            gid: 0,
        };
        prepare_folder(&folder, &folder.join("postgres"), Some(account)).unwrap();
        for (path, mode) in [
            ("var", 0o755),
            ("var/mnara", 0o755),
            ("var/mnara/postgres", 0o700),
        ] {
            let found = fs::metadata(place.path().join(path)).unwrap();
            assert_eq!(found.permissions().mode() & 0o777, mode, "{path}");
        }
    }

    /// A umask is of a whole process, so this is one of its own.
    #[test]
    fn the_server_passes_to_its_folder_whatever_the_umask() {
        let told = std::process::Command::new("sh")
            .args(["-c", "umask 077; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .arg("--exact")
            .arg("devdb::server::tests::the_server_passes_to_its_folder_whoever_it_runs_as")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&told.stdout);
        assert!(told.status.success() && said.contains("1 passed"), "{said}");
    }
}
