//! Starting other programs so that none outlives us: they end on Ctrl-C, on a kill, with the terminal, and when this program dies.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use anyhow::{Context, Result, bail};

// A signal handler can reach nothing but statics.
static STOPPED: AtomicBool = AtomicBool::new(false);
static FOREGROUND: AtomicI32 = AtomicI32::new(0);

extern "C" fn on_signal(signal: libc::c_int) {
    STOPPED.store(true, Ordering::SeqCst);
    let child = FOREGROUND.load(Ordering::SeqCst);
    if child > 0 {
        // SAFETY: kill() may be called from a signal handler and touches no memory of ours.
        #[expect(unsafe_code, reason = "passing a signal on has no safe form in std")]
        unsafe {
            libc::kill(child, signal);
        }
    }
}

/// Takes Ctrl-C, SIGTERM and the end of the terminal as "stop what runs and clean up" instead of dying on the spot.
pub(crate) fn listen() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: the handler only uses atomics and kill(), both allowed there. Programs we start get the default back.
        #[expect(unsafe_code, reason = "std installs no signal handlers")]
        unsafe {
            let before = libc::signal(signal, on_signal as *const () as libc::sighandler_t);
            // Under `nohup` the end of the terminal is to be outlived.
            if signal == libc::SIGHUP && before == libc::SIG_IGN {
                libc::signal(signal, libc::SIG_IGN);
            }
        }
    }
}

/// Whether somebody asked us to stop.
pub(crate) fn stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

/// Makes a program receive `signal` when this one dies, however it dies.
pub(crate) fn dies_with_us(command: &mut Command, signal: libc::c_int) {
    let us = std::process::id();
    // SAFETY: prctl() and getppid() are async-signal-safe, as code between fork and exec must be; it allocates nothing.
    // The closure runs after the change of user, which would clear the setting.
    #[expect(unsafe_code, reason = "only pre_exec runs inside the new process")]
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, signal) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            // We may have died before prctl() was called.
            if u32::try_from(libc::getppid()) != Ok(us) {
                return Err(std::io::Error::from_raw_os_error(libc::ECHILD));
            }
            Ok(())
        });
    }
}

/// Starts the one program that runs in front; signals are passed on to it.
pub(crate) fn start(command: &mut Command) -> Result<Child> {
    if stopped() {
        bail!("stopped");
    }
    dies_with_us(command, libc::SIGTERM);
    let child = command
        .spawn()
        .with_context(|| format!("starting {}", command.get_program().display()))?;
    FOREGROUND.store(i32::try_from(child.id())?, Ordering::SeqCst);
    Ok(child)
}

/// Waits for what [`start`] started.
pub(crate) fn finish(child: &mut Child) -> Result<ExitStatus> {
    let status = child.wait().context("waiting for a program")?;
    FOREGROUND.store(0, Ordering::SeqCst);
    if stopped() {
        bail!("stopped");
    }
    Ok(status)
}

/// Runs a program in front to its end.
///
/// # Errors
/// When it cannot be started or does not end well.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = finish(&mut start(command)?)?;
    if !status.success() {
        bail!("{} ended with {status}", command.get_program().display());
    }
    Ok(())
}
