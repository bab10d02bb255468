//! One running program with its log kept: waited for by what it says, killed or stopped, and searched for errors at the
//! end. What the programs are told is in the files beside this one.

use std::fmt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long anything may take before it is called a failure. Generous, because test machines are slow and shared; nothing
/// waits this long unless it has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Lines kept of one program; the oldest go first.
const MOST_LINES: usize = 50_000;

/// Finds a program that was built beside the one that runs.
///
/// # Errors
/// When it was not built.
pub fn built(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("finding our own program")?;
    let folder = own
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps"))
        .context("our own program lies in no folder")?;
    let path = folder.join(name);
    ensure!(
        path.is_file(),
        "{name} was not built; `cargo xtask test` and `cargo xtask demo` build it"
    );
    Ok(path)
}

/// Everything one program has said, over all its starts.
#[derive(Clone)]
pub struct Log {
    name: Arc<str>,
    lines: Arc<Mutex<Lines>>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Lines {
    kept: std::collections::VecDeque<String>,
    dropped: usize,
}

/// A place in a log: what was said before it does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(usize);

impl Log {
    /// An empty log; `changed` is counted up at every line.
    #[must_use]
    pub fn new(name: &str, changed: &watch::Sender<u64>) -> Self {
        Self {
            name: name.into(),
            lines: Arc::default(),
            changed: changed.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: String) {
        {
            let mut lines = self.lock();
            if lines.kept.len() == MOST_LINES {
                lines.kept.pop_front();
                lines.dropped += 1;
            }
            lines.kept.push_back(line);
        }
        self.changed
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// The end of the log as it is now.
    #[must_use]
    pub fn end(&self) -> Place {
        let lines = self.lock();
        Place(lines.dropped + lines.kept.len())
    }

    /// The first line from a place on that fits.
    pub fn find(&self, from: Place, fits: impl Fn(&str) -> bool) -> Option<String> {
        let lines = self.lock();
        let skip = from.0.saturating_sub(lines.dropped);
        lines
            .kept
            .iter()
            .skip(skip)
            .find(|line| fits(line))
            .cloned()
    }

    /// Waits for a line from a place on that fits.
    ///
    /// # Errors
    /// When it is not said in time; the error carries the end of the log.
    pub async fn said(
        &self,
        from: Place,
        what: &str,
        fits: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let mut changed = self.changed.subscribe();
        let wait = async {
            loop {
                changed.borrow_and_update();
                if let Some(line) = self.find(from, &fits) {
                    return line;
                }
                // The sender lives in `self`.
                let _ = changed.changed().await;
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(line) => Ok(line),
            Err(_) => bail!(
                "{} did not say {what} in {PATIENCE:?}; its last lines:\n{}",
                self.name,
                self.tail(40)
            ),
        }
    }

    /// The lines that say something went wrong.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        self.lock()
            .kept
            .iter()
            .filter(|line| is_error(line))
            .map(|line| format!("{}: {line}", self.name))
            .collect()
    }

    /// The last lines.
    #[must_use]
    pub fn tail(&self, count: usize) -> String {
        let lines = self.lock();
        let skip = lines.kept.len().saturating_sub(count);
        lines
            .kept
            .iter()
            .skip(skip)
            .fold(String::new(), |mut text, line| {
                text.push_str(line);
                text.push('\n');
                text
            })
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Log")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Both programs write `TIME LEVEL target: message`; a panic counts as an error, too.
fn is_error(line: &str) -> bool {
    line.split_whitespace().nth(1) == Some("ERROR") || line.contains("panicked at ")
}

/// A running program; it is killed when dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    readers: Vec<JoinHandle<()>>,
}

impl Program {
    /// Starts a program whose lines go to a log.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(mut command: Command, log: &Log) -> Result<Self> {
        dies_with_us(&mut command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Out of reach of Ctrl-C: whoever started the world ends it in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", log.name))?;
        let mut readers = Vec::new();
        if let Some(out) = child.stdout.take() {
            readers.push(tokio::spawn(keep(out, log.clone())));
        }
        if let Some(err) = child.stderr.take() {
            readers.push(tokio::spawn(keep(err, log.clone())));
        }
        Ok(Self { child, readers })
    }

    /// Ends it with no warning, as `kill -9` and a cut of the power do.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("killing a program")?;
        self.drain().await;
        Ok(())
    }

    /// Asks it to end, and waits.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(self) -> Result<ExitStatus> {
        self.stop_with(libc::SIGTERM).await
    }

    /// Ends it with a signal of its own, and waits.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop_with(mut self, signal: libc::c_int) -> Result<ExitStatus> {
        self.signal(signal)?;
        let status = tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .context("a program did not end when it was told to")?
            .context("waiting for a program")?;
        self.drain().await;
        Ok(status)
    }

    /// Stops it from running without ending it: its connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it has ended.
    pub fn freeze(&self) -> Result<()> {
        self.signal(libc::SIGSTOP)
    }

    /// Lets it run on.
    ///
    /// # Errors
    /// When it has ended.
    pub fn thaw(&self) -> Result<()> {
        self.signal(libc::SIGCONT)
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) {
        // A child that cannot be waited for has ended as well.
        let _ = self.child.wait().await;
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The number of its process.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> Result<libc::pid_t> {
        let pid = self.child.id().context("the program has ended already")?;
        Ok(libc::pid_t::try_from(pid)?)
    }

    /// Lets no file of it grow beyond a size, as on a full disk; `None` lifts it.
    ///
    /// # Errors
    /// When it has ended.
    pub fn limit_files(&self, bytes: Option<u64>) -> Result<()> {
        let pid = self.pid()?;
        let mut limit = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: both pointers are to our own struct, and the process is our own child, not waited for yet.
        #[expect(unsafe_code, reason = "std knows no limits")]
        let set = unsafe {
            libc::prlimit(pid, libc::RLIMIT_FSIZE, std::ptr::null(), &raw mut limit) == 0 && {
                limit.rlim_cur = bytes.unwrap_or(limit.rlim_max);
                libc::prlimit(
                    pid,
                    libc::RLIMIT_FSIZE,
                    &raw const limit,
                    std::ptr::null_mut(),
                ) == 0
            }
        };
        ensure!(
            set,
            "the size of its files could not be limited: {}",
            std::io::Error::last_os_error()
        );
        Ok(())
    }

    fn signal(&self, signal: libc::c_int) -> Result<()> {
        let pid = self.pid()?;
        // SAFETY: signals our own child, which has not been waited for, so the number is still its own.
        #[expect(unsafe_code, reason = "std and tokio can only kill")]
        let sent = unsafe { libc::kill(pid, signal) };
        ensure!(
            sent == 0,
            "a signal could not be sent: {}",
            std::io::Error::last_os_error()
        );
        Ok(())
    }

    /// Waits for the last lines, so that nothing said before the end is missed.
    async fn drain(&mut self) {
        for reader in self.readers.drain(..) {
            // A grandchild may hold the pipe open for as long as it lives; what it says is not ours.
            let _ = tokio::time::timeout(Duration::from_secs(2), reader).await;
        }
    }
}

/// A program over all its starts: it runs or does not, and its log stays.
#[derive(Debug)]
pub(super) struct Run {
    /// What it is called when something goes wrong.
    what: &'static str,
    log: Log,
    program: Option<Program>,
}

impl Run {
    /// One that does not run yet.
    pub(super) const fn new(what: &'static str, log: Log) -> Self {
        Self {
            what,
            log,
            program: None,
        }
    }

    /// Everything it has said.
    pub(super) const fn log(&self) -> &Log {
        &self.log
    }

    /// Makes sure that it does not run.
    pub(super) fn rests(&self) -> Result<()> {
        ensure!(self.program.is_none(), "the {} runs already", self.what);
        Ok(())
    }

    /// Starts it and waits until it says that it is up.
    pub(super) async fn start(
        &mut self,
        command: Command,
        up: &str,
        is_up: impl Fn(&str) -> bool,
    ) -> Result<()> {
        let from = self.log.end();
        let mut program = Program::start(command, &self.log)?;
        let said = self.log.said(from, up, is_up);
        tokio::select! {
            said = said => said?,
            () = program.ended() => bail!("the {} ended at once:\n{}", self.what, self.log.tail(40)),
        };
        self.program = Some(program);
        Ok(())
    }

    /// Ends it as `kill -9` and a cut of the power do.
    pub(super) async fn kill(&mut self) -> Result<()> {
        self.take()?.kill().await
    }

    /// Asks it to end.
    pub(super) async fn stop(&mut self) -> Result<()> {
        let status = self.take()?.stop().await?;
        ensure!(
            status.success(),
            "the {} ended with {status}:\n{}",
            self.what,
            self.log.tail(40)
        );
        Ok(())
    }

    fn take(&mut self) -> Result<Program> {
        let program = self.program.take();
        program.with_context(|| format!("the {} does not run", self.what))
    }

    /// Waits until it has ended by itself; then it does not run.
    pub(super) async fn ended(&mut self) {
        match &mut self.program {
            Some(program) => program.ended().await,
            None => std::future::pending().await,
        }
        self.program = None;
    }

    /// The running program.
    pub(super) fn program(&self) -> Result<&Program> {
        let program = self.program.as_ref();
        program.with_context(|| format!("the {} does not run", self.what))
    }

    /// Whether it runs.
    pub(super) const fn runs(&self) -> bool {
        self.program.is_some()
    }
}

/// Has a program end when we do, however we do, and lets a file that may grow no more be an error instead of its death.
fn dies_with_us(command: &mut Command) {
    let us = std::process::id();
    // SAFETY: prctl(), getppid() and signal() are async-signal-safe, as code between fork and exec must be; it allocates
    // nothing. It runs after a change of user, which would clear the setting.
    #[expect(unsafe_code, reason = "only pre_exec runs inside the new process")]
    unsafe {
        command.pre_exec(move || {
            libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            if u32::try_from(libc::getppid()) != Ok(us) {
                return Err(std::io::Error::from_raw_os_error(libc::ECHILD));
            }
            Ok(())
        });
    }
}

async fn keep(from: impl AsyncRead + Unpin, log: Log) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.push(line);
    }
}

#[cfg(test)]
mod tests {
    use tokio::process::Command;
    use tokio::sync::watch;

    use super::{Log, Program, is_error};

    #[tokio::test]
    async fn a_program_is_heard_and_ends_as_it_is_told() {
        let script = "trap 'echo bye; exit 3' TERM; echo 2026 ERROR it: broke; while :; do read x < /dev/null; done";
        let shell = || {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        let log = Log::new("sh", &watch::Sender::new(0));
        let start = log.end();
        let program = Program::start(shell(), &log).unwrap();
        log.said(start, "that it broke", |line| line.contains("broke"))
            .await
            .unwrap();
        program.kill().await.unwrap();
        assert!(log.find(start, |line| line == "bye").is_none());

        let again = log.end();
        let program = Program::start(shell(), &log).unwrap();
        log.said(again, "that it broke", |line| line.contains("broke"))
            .await
            .unwrap();
        let status = program.stop().await.unwrap();
        assert_eq!(status.code(), Some(3));
        assert!(log.find(again, |line| line == "bye").is_some());
        assert_eq!(log.errors().len(), 2);
    }

    #[test]
    fn errors_are_told_from_words() {
        assert!(is_error("2026-11-22T10:00:00Z ERROR mnara: no"));
        assert!(!is_error(
            "2026-11-22T10:00:00Z  INFO mnara: ERROR is only a word here"
        ));
        assert!(is_error("thread 'main' panicked at src/main.rs:1:1:"));
    }
}
