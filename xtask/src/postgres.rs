//! A private PostgreSQL for tests and benches: its own folder, a unix socket, gone afterwards. The controller's embedded
//! database is the controller's own affair.

use std::env;
use std::ffi::{CStr, OsString};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::packages::{self, Need};
use crate::process;

/// What a cut of the power may cost.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Everything: for tests, whose data nobody misses.
    None,
    /// Nothing: for benches, whose numbers would lie otherwise.
    Full,
}

/// A running server; dropping it stops it and removes its folder.
pub(crate) struct Postgres {
    server: Child,
    folder: PathBuf,
    programs: PathBuf,
}

impl Postgres {
    /// Finds or installs PostgreSQL, makes an empty cluster and starts it.
    pub(crate) fn start(durability: Durability) -> Result<Self> {
        let programs = programs()?;
        let owner = owner()?;
        sweep();
        let folder = base(durability).join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
        let started = Self::start_in(&folder, programs, owner, durability);
        if started.is_err() {
            // A log of why it failed is worth more than a tidy folder, but it was printed already.
            let _ = fs::remove_dir_all(&folder);
        }
        started
    }

    fn start_in(
        folder: &Path,
        programs: PathBuf,
        owner: Option<(u32, u32)>,
        durability: Durability,
    ) -> Result<Self> {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        if let Some((uid, gid)) = owner {
            chown(folder, Some(uid), Some(gid)).context("giving the folder to PostgreSQL")?;
        }
        let as_owner = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command
                .current_dir(folder)
                .stdin(Stdio::null())
                .env_clear()
                .env("LC_ALL", "C.UTF-8")
                .env("TZ", "UTC");
            if let Some((uid, gid)) = owner {
                command.uid(uid).gid(gid);
            }
            command
        };
        let made = as_owner("initdb")
            .args(["-D", "data", "-A", "trust", "-U", "postgres", "-N"])
            .args(["--locale=C.UTF-8", "--encoding=UTF8"])
            .output()
            .context("starting initdb")?;
        ensure!(
            made.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&made.stderr)
        );

        let mut server = as_owner("postgres");
        server
            .args(["-D", "data", "-h", "", "-k"])
            .arg(folder)
            .args([
                "-c",
                "max_connections=300",
                "-c",
                "log_min_messages=warning",
            ])
            .args([
                "-c",
                "log_destination=stderr",
                "-c",
                "logging_collector=off",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Out of reach of Ctrl-C: it must outlive the tests that use it.
            .process_group(0);
        if durability == Durability::None {
            for setting in [
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                // It may lie in memory.
                "max_wal_size=256MB",
            ] {
                server.args(["-c", setting]);
            }
        }
        process::dies_with_us(&mut server, libc::SIGINT);
        let mut server = server.spawn().context("starting postgres")?;
        let said = server.stderr.take().context("postgres has no log")?;
        let log = File::create(folder.join("log"))?;
        let postgres = Self {
            server,
            folder: folder.to_path_buf(),
            programs,
        };
        await_ready(said, log)?;
        // Roles belong to the server, not to a database, so no migration makes them; `db prepare` does so in real life.
        postgres.psql(
            "postgres",
            &[
                "-c",
                "create role mnara_owner nologin",
                "-c",
                "create role mnara_app login nobypassrls noinherit",
            ],
        )?;
        Ok(postgres)
    }

    /// The address of one of its databases, for sqlx.
    pub(crate) fn url(&self, database: &str) -> String {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{socket}/{database}")
    }

    /// Runs SQL through psql, stopping at the first error.
    pub(crate) fn psql(&self, database: &str, arguments: &[&str]) -> Result<()> {
        let psql = Some(self.programs.join("psql"))
            .filter(|path| path.is_file())
            .or_else(|| packages::program("psql"))
            .context("psql, the client of PostgreSQL, is missing")?;
        process::run(
            Command::new(psql)
                .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"])
                .arg(&self.folder)
                .args(["-d", database])
                .args(arguments)
                .env("PGOPTIONS", "-c client_min_messages=warning")
                .stdin(Stdio::null())
                .stdout(Stdio::null()),
        )
    }

    /// The folder of PostgreSQL's programs.
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    /// Its folder, where its socket is. Whatever else is put there goes with it.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.server.id()) {
            // SAFETY: signals our own child, which has not been waited for, so its number is still its own.
            #[expect(unsafe_code, reason = "std can only kill the hard way")]
            unsafe {
                // "Immediate": nothing in there is worth a checkpoint.
                libc::kill(pid, libc::SIGQUIT);
            }
        }
        // Nothing left to do about a failure in either.
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const PREFIX: &str = "mnara-postgres-";
/// Files here are kept in memory.
const MEMORY: &CStr = c"/dev/shm";
/// Files here are on a disk; those in `/tmp` are in memory on Debian 13.
const DISK: &str = "/var/tmp";
/// The room there that is enough for all tests.
const ENOUGH: u64 = 2 << 30;
const OLDEST: u32 = 15;

/// Where its folder is made. What no disk has to keep is in memory where there is room: on ext4 a place for a new file is long looked for where
/// thousands were removed in the last seconds, as they are with the database of each test. What is measured is on a disk, or where somebody says.
pub(crate) fn base(durability: Durability) -> PathBuf {
    let named = match durability {
        Durability::None if room(MEMORY) >= ENOUGH => return memory(),
        Durability::None => env::temp_dir(),
        Durability::Full => on_disk(env::var_os("TMPDIR")),
    };
    temporary(named, packages::root())
}

/// The temporary folder that somebody named, or the system's that is on a disk.
fn on_disk(named: Option<OsString>) -> PathBuf {
    named
        .filter(|named| !named.is_empty())
        .map_or_else(|| PathBuf::from(DISK), PathBuf::from)
}

/// The temporary folder, or the system's where that will not do.
///
/// If we are root, the server runs as somebody else and has to get into it; and its socket's path may have 107 letters.
fn temporary(named: PathBuf, is_root: bool) -> PathBuf {
    let is_passed = |folder: &Path| {
        fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o001 != 0)
    };
    if named.as_os_str().len() <= 50 && (!is_root || named.ancestors().all(is_passed)) {
        named
    } else {
        PathBuf::from(DISK)
    }
}

fn memory() -> PathBuf {
    PathBuf::from(MEMORY.to_string_lossy().into_owned())
}

/// The bytes that are free in a folder; none where it is not there.
fn room(folder: &CStr) -> u64 {
    // SAFETY: all zeros are a value of a struct of numbers, and statvfs() is given a terminated string and our own struct.
    #[expect(unsafe_code, reason = "std does not say how much room there is")]
    unsafe {
        let mut found: libc::statvfs = std::mem::zeroed();
        if libc::statvfs(folder.as_ptr(), &raw mut found) == 0 {
            found.f_bavail.saturating_mul(found.f_frsize)
        } else {
            0
        }
    }
}

/// Reads the server's log up to the line that says it is ready, and leaves a thread copying the rest.
fn await_ready(said: std::process::ChildStderr, mut log: File) -> Result<()> {
    let mut lines = BufReader::new(said).lines();
    let mut so_far = String::new();
    for line in lines.by_ref() {
        let line = line.context("reading the log of postgres")?;
        writeln!(log, "{line}")?;
        if line.contains("database system is ready to accept connections") {
            std::thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    let _ = writeln!(log, "{line}");
                }
            });
            return Ok(());
        }
        so_far.push_str(&line);
        so_far.push('\n');
    }
    bail!("postgres did not start:\n{so_far}")
}

/// A server and its tools.
pub(crate) const POSTGRESQL: Need = Need {
    what: "PostgreSQL",
    packages: &["postgresql"],
    is_here: || find().is_some(),
};

/// Finds the newest PostgreSQL's programs, installing Debian's where there is none.
pub(crate) fn programs() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    packages::install_all(&[POSTGRESQL])?;
    find().with_context(|| {
        format!("PostgreSQL {OLDEST} or newer is needed; what was installed is older")
    })
}

fn find() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("bin"));
    let path = env::var_os("PATH")
        .map(|path| env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default();
    debian
        .chain(path)
        .filter(|folder| {
            ["initdb", "postgres"]
                .iter()
                .all(|name| folder.join(name).is_file())
        })
        .filter_map(|folder| Some((version(&folder)?, folder)))
        .filter(|(version, _)| *version >= OLDEST)
        // The first of equals: Debian's own folder, which holds every program.
        .reduce(|best, other| if other.0 > best.0 { other } else { best })
        .map(|(_, folder)| folder)
}

/// "postgres (PostgreSQL) 15.18 (Debian …)" is 15.
fn version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split_whitespace().nth(2)?;
    number
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

/// Whom the server runs as: PostgreSQL refuses root, so root lends it to `postgres` or `nobody`.
fn owner() -> Result<Option<(u32, u32)>> {
    if !packages::root() {
        return Ok(None);
    }
    [c"postgres", c"nobody"]
        .into_iter()
        .find_map(user)
        .map(Some)
        .context("PostgreSQL refuses to run as root, and there is no user postgres or nobody")
}

fn user(name: &CStr) -> Option<(u32, u32)> {
    // SAFETY: getpwnam() is given a terminated string and its result is read before anything else can call it: this
    // program has one thread at this point.
    #[expect(unsafe_code, reason = "std does not read the user database")]
    unsafe {
        let entry = libc::getpwnam(name.as_ptr());
        (!entry.is_null()).then(|| ((*entry).pw_uid, (*entry).pw_gid))
    }
}

/// Where its folder may be: in memory also where there is no room now, since what a killed run left may be what fills it.
fn places() -> [PathBuf; 3] {
    [memory(), env::temp_dir(), PathBuf::from(DISK)]
}

/// Removes folders left by runs that were killed.
fn sweep() {
    for place in places() {
        for entry in fs::read_dir(place)
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
        {
            let name = entry.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
                continue;
            };
            if !Path::new("/proc").join(pid).exists() {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::{DISK, Durability, Postgres, base, on_disk, places, temporary};

    #[test]
    fn what_killed_runs_left_is_looked_for_wherever_it_may_be() {
        let places = places();
        assert!(places.contains(&PathBuf::from("/dev/shm")), "however full");
        for durability in [Durability::None, Durability::Full] {
            assert!(places.contains(&base(durability)));
        }
    }

    #[test]
    fn a_temporary_folder_of_roots_own_is_none_for_the_server() {
        let own = PathBuf::from(DISK).join(format!("mnara-own-{}", std::process::id()));
        fs::create_dir(&own).unwrap();
        fs::set_permissions(&own, Permissions::from_mode(0o700)).unwrap();
        let found = [true, false].map(|is_root| temporary(own.clone(), is_root));
        fs::remove_dir(&own).unwrap();
        assert_eq!(found, [PathBuf::from(DISK), own]);
    }

    #[test]
    fn what_is_measured_is_on_a_disk_unless_somebody_says_where() {
        assert_eq!(on_disk(None), PathBuf::from("/var/tmp"));
        assert_eq!(on_disk(Some("".into())), PathBuf::from("/var/tmp"));
        assert_eq!(on_disk(Some("/mnt/own".into())), PathBuf::from("/mnt/own"));
    }

    #[test]
    fn a_server_answers_and_leaves_nothing_behind() {
        let postgres = Postgres::start(Durability::None).unwrap();
        let folder = postgres.folder().to_path_buf();
        postgres
            .psql("postgres", &["-c", "create table t (i int)"])
            .unwrap();
        assert!(
            postgres
                .psql("postgres", &["-c", "select nothing"])
                .is_err()
        );
        assert!(folder.exists());
        drop(postgres);
        assert!(!folder.exists());
    }
}
