//! The API does what its description says: Schemathesis reads the description and tries every call on the demo's business, with what the
//! description allows and with what it does not.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mnara_tests::story::{PASSWORD, Stage, alone};
use mnara_tests::world::http::Caller;
use mnara_tests::world::program::built;
use tokio::process::Command;

/// Another one tries other values: `MNARA_SEED=7 cargo xtask test described`.
const SEED: u32 = 20_261_126;
/// Values tried of each call beside those that every description of its kind calls for.
const EXAMPLES: &str = "3";
/// Keys that take turns, so that the limit of each is never met.
const KEYS: usize = 6;
/// However slow a machine is; it takes half a minute.
const LONGEST: Duration = Duration::from_secs(600);

/// What must hold of every answer. Left out are checks that ask more than a description can say (`positive_data_acceptance` knows no rule between
/// two fields, and no id that must exist) and those on keys, since our own tests open every call with every kind of key.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,negative_data_rejection,unsupported_method,allow_header_conformance";

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the seed of a run is given from outside, so that a failure can be repeated"
)]
async fn every_call_does_what_its_description_says() {
    let stage = alone().await.unwrap();
    let keys = keys(&stage).await.unwrap();
    let seed = std::env::var("MNARA_SEED").unwrap_or_else(|_| SEED.to_string());
    println!("Schemathesis with seed {seed}");
    let folder = stage.world.folder();
    let run = Command::new(schemathesis().unwrap())
        .arg("run")
        .arg(stage.world.controller.url("/api/v1/openapi.json"))
        .args(["--phases", "examples,coverage,fuzzing"])
        .args([
            "--checks",
            CHECKS,
            "--seed",
            &seed,
            "--max-examples",
            EXAMPLES,
        ])
        .args([
            "--generation-database",
            "none",
            "--no-color",
            "--warnings",
            "off",
        ])
        .args(["--suppress-health-check", "all", "--continue-on-failure"])
        .env("SCHEMATHESIS_HOOKS", hooks())
        .env("MNARA_KEYS", keys.join(" "))
        // Whoever runs this may reach the world by a proxy, which reaches nothing here; this one reaches nothing at all.
        .env("http_proxy", "http://127.0.0.1:9")
        .envs(["NO_PROXY", "no_proxy"].map(|name| (name, "localhost,127.0.0.1")))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let run = tokio::time::timeout(LONGEST, run).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&run.stderr)
    );
    // A run that reads no description would prove nothing.
    assert!(said.contains("Test cases:"), "{said}");
    println!("{said}");
    stage.end().await.unwrap();
}

/// The program that `cargo xtask test` installs beside what it builds.
fn schemathesis() -> Result<PathBuf> {
    let controller = built("mnara-controller")?;
    let target = controller.ancestors().nth(2).context("no target folder")?;
    let path = target.join("schemathesis/bin/schemathesis");
    ensure!(
        path.is_file(),
        "Schemathesis is missing: `cargo xtask test` installs it, {} is not there",
        path.display()
    );
    Ok(path)
}

fn hooks() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/flows/described/keys.py")
}

/// Logs the owner in and makes keys that are good for everything, as they are made in the settings.
async fn keys(stage: &Stage) -> Result<Vec<String>> {
    let caller = Caller::program()?;
    let (_, owner) = stage.people.who()[0];
    let url = |path| stage.world.controller.url(path);
    let form = [("who", owner), ("password", PASSWORD)];
    let entered = caller.form(&url("/log-in"), &form).await?;
    let document = caller.get(&url("/api/v1/openapi.json")).await?.json()?;
    let wish = wish(&document);
    let mut keys = Vec::with_capacity(KEYS);
    for _ in 0..KEYS {
        let page = caller
            .form_with(&url("/settings/keys"), &entered.cookies, &wish)
            .await?
            .text;
        let (_, rest) = page
            .split_once("<code class=\"whole\">")
            .with_context(|| format!("no key was made:\n{page}"))?;
        let (key, _) = rest.split_once('<').context("a key without an end")?;
        keys.push(key.to_owned());
    }
    Ok(keys)
}

/// The form of a key that may do everything a call of the description needs.
fn wish(document: &serde_json::Value) -> Vec<(&str, &str)> {
    let calls = document["paths"]
        .as_object()
        .into_iter()
        .flat_map(|paths| paths.values())
        .filter_map(|path| path.as_object())
        .flat_map(|calls| calls.values());
    let scopes: BTreeSet<&str> = calls.filter_map(|call| call["x-scope"].as_str()).collect();
    let mut form = vec![("name", "Schemathesis"), ("password", PASSWORD)];
    form.extend(scopes.into_iter().map(|scope| ("scope", scope)));
    form
}
