//! `mnara-demo`: a whole hotspot business on one machine, for `cargo xtask demo`. Stays up until Ctrl-C, or with `--once`
//! plays the story of the library and ends. What is started and told is in the library.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that people watch in a terminal"
)]

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;
use std::thread;

use anyhow::bail;
use clap::Parser;
use mnara_tests::story::{Brought, stage, tell};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// A whole hotspot business on this machine.
#[derive(Parser)]
#[command(name = "mnara-demo", version)]
struct Cli {
    /// Plays the whole story without a person and ends, badly at the first step that is not true.
    #[arg(long)]
    once: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(play(Cli::parse().once)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nnot true: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn play(once: bool) -> anyhow::Result<()> {
    if once {
        let mut say = |line: &str| println!("{line}");
        return tokio::select! {
            told = tell(&mut say) => told,
            () = told_to_stop() => bail!("stopped before the end"),
        };
    }
    goes_on_in_the_background();
    // The same throughout, so that no signal falls between two.
    let mut told = Box::pin(told_to_stop());
    let mut stage = tokio::select! {
        stage = stage() => stage?,
        () = &mut told => return Ok(()),
    };
    println!("{}", stage.guide()?);
    let mut say = |line: &str| println!("{line}");
    typed(stage.desk.lines());
    tokio::select! {
        gone = stage.attend(&mut say) => gone?,
        () = &mut told => {}
    }
    // Of a terminal that was closed nothing is left to write to.
    let _ = writeln!(std::io::stdout(), "\nCleaning up.");
    stage.end().await
}

/// Has a look for what is typed fail while the terminal is another's, as after `cargo xtask demo &`, instead of stopping everything here. Lines
/// are brought to the desk then.
fn goes_on_in_the_background() {
    // SAFETY: ignoring a signal runs no code of ours.
    #[expect(unsafe_code, reason = "neither std nor tokio ignores signals")]
    unsafe {
        libc::signal(libc::SIGTTIN, libc::SIG_IGN);
    }
}

/// Hands on what is typed here, line by line. A thread of its own, since nothing can stop one that waits for a line.
fn typed(lines: mpsc::Sender<Brought>) {
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(Brought::Line(line)).is_err() {
                return;
            }
        }
    });
}

async fn told_to_stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        // Without signals Ctrl-C ends this program the hard way.
        return std::future::pending().await;
    };
    let mut hangup = if outlives_its_terminal() {
        None
    } else {
        signal(SignalKind::hangup()).ok()
    };
    let closed = async {
        match &mut hangup {
            Some(hangup) => hangup.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = closed => {}
    }
}

/// Whether SIGHUP, the first of all signals, is ignored, as `nohup` has it.
fn outlives_its_terminal() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut ignored = status
        .lines()
        .filter_map(|line| line.strip_prefix("SigIgn:"));
    ignored.any(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1))
}
