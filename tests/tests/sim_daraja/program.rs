//! `mnara-sim daraja` as a program: what it prints, how it ends, and what it says when it cannot start.

use std::{process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
};

struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    printed: String,
}

impl Program {
    /// Starts the program and reads what it prints until it runs.
    async fn start(flags: &[&str]) -> Self {
        let mut child = command(flags).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut program = Self {
            child,
            lines,
            printed: String::new(),
        };
        while let Some(line) = program.lines.next_line().await.unwrap() {
            program.printed.push_str(&line);
            program.printed.push('\n');
            if line.starts_with("Running") {
                break;
            }
        }
        program
    }

    /// Finds what is printed behind some words.
    fn told(&self, words: &str) -> &str {
        let line = self.printed.lines().find(|line| line.contains(words));
        let line = line.unwrap_or_else(|| panic!("no {words} in\n{}", self.printed));
        line.split(words).nth(1).unwrap().trim()
    }
}

fn command(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mnara-sim"));
    command.arg("daraja").args(flags).kill_on_drop(true);
    command
}

const ANY: [&str; 4] = ["--port", "0", "--control-port", "0"];

#[tokio::test]
async fn what_it_prints_is_enough_to_use_it_and_ctrl_c_ends_it_at_once() {
    let held = [&ANY[..], &["--hold-clock", "2026-11-22T09:00:00Z"]].concat();
    let mut program = Program::start(&held).await;
    let http = super::world::client();
    let token: Value = http
        .get(format!(
            "{}/oauth/v1/generate?grant_type=client_credentials",
            program.told("base URL")
        ))
        .basic_auth(
            program.told("consumer key"),
            Some(program.told("consumer secret")),
        )
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(token["expires_in"], "3599");
    let state: Value = http
        .get(program.told("control API"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(state["now"], "2026-11-22T09:00:00Z");
    let phone = http.get(program.told("phone page")).send().await.unwrap();
    assert_eq!(phone.status(), 200);
    let control = program.told("control API").trim_start_matches("http://");
    let control = control.split('/').next().unwrap().to_owned();
    // A page that waits for changes, and somebody who stops in the middle of a request.
    let waiting = http
        .get(format!("http://{control}/phone/changes?seen="))
        .send();
    let waiting = tokio::spawn(waiting);
    let mut halfway = TcpStream::connect(&control).await.unwrap();
    halfway.write_all(b"POST /kno").await.unwrap();
    let id = program.child.id().unwrap().to_string();
    // The shell's own: a small machine has no program of that name.
    let told = Command::new("sh")
        .args(["-c", "kill -INT \"$0\"", &id])
        .status()
        .await;
    assert!(told.unwrap().success());
    // The page would wait for longer.
    let ended = tokio::time::timeout(Duration::from_secs(20), program.child.wait())
        .await
        .expect("it ends at once");
    assert!(ended.unwrap().success());
    waiting.abort();
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_flag_that_chooses_another() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let port = port.as_str();
    for (flags, what) in [
        (["--port", port, "--control-port", "0"], "for clients"),
        (
            ["--port", "0", "--control-port", port],
            "for the control API",
        ),
    ] {
        let said = refused(&flags).await;
        let address = format!("127.0.0.1:{port} {what}");
        for part in ["--port", "--control-port", address.as_str(), "in use"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
    }
}

#[tokio::test]
async fn unusable_flags_are_explained() {
    let all: [(&[&str], &str); 6] = [
        (&["--app", "key:secret"], "KEY:SECRET:SHORTCODE:PASSKEY"),
        (&["--app", "key:secret:12:pass"], "five to seven digits"),
        (&["--app", "key:secret:174379:"], "may not be empty"),
        (
            &["--app", "k:s:174379:p", "--app", "k:s:174380:p"],
            "two apps have the consumer key k",
        ),
        (&["--callback-ca", "/nowhere.pem"], "/nowhere.pem"),
        (&["--hold-clock", "noon"], "noon"),
    ];
    for (flags, words) in all {
        let said = refused(flags).await;
        assert!(said.contains(words), "{words} is not in {said}");
    }
}

async fn refused(flags: &[&str]) -> String {
    let output = command(flags).output().await.unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}
