//! Every address of the controller stands behind a door of the gate or a scope of the API, or in the list here, with what guards it instead.

use super::{code_lines, none, sources};

/// Addresses without a door, each with what guards it.
const DOORLESS: [(&str, &str); 20] = [
    ("/api/pay/{provider}/{secret}", "the secret in the address"),
    (
        "/api/pay/{provider}/{secret}/validation",
        "the secret in the address",
    ),
    (
        "/api/pay/{provider}/{secret}/confirmation",
        "the secret in the address",
    ),
    (
        "/api/mpesa/callback/{provider}/{secret}",
        "the secret in the address",
    ),
    (
        "/api/mpesa/callback/{provider}",
        "nothing it says is believed before the rail was asked",
    ),
    (
        "/api/payments/pesapal/callback",
        "nothing it says is believed before Pesapal was asked",
    ),
    (
        "/api/payments/pesapal/webhook",
        "nothing it says is believed before Pesapal was asked",
    ),
    ("/api/sms/{secret}/delivery", "the secret in the address"),
    ("/api/sms/{secret}/opt-out", "the secret in the address"),
    ("IDENTITY_PATH", "public keys"),
    ("ENROL_PATH", "a claim that is good once"),
    ("CLOCK_PATH", "the time, signed"),
    ("LINK_PATH", "the agent's signature"),
    ("/router/install.rsc", "a claim that is good once"),
    ("/router/files/{*path}", "a claim that is good once"),
    ("/api/captive/{provider}/plans", "what is on sale is public"),
    (
        "/api/captive/{provider}/initiate-mpesa",
        "a device token of one of the provider's sites",
    ),
    ("/api/payments/{payment}", "the payment's own token"),
    (
        "/api/tickets/{code}/status",
        "a device token, or the payment's own",
    ),
    ("/api/tickets/{code}/activate", "a device token"),
];
/// For whoever runs the program; they say nothing of anybody.
const HEALTH: [&str; 3] = ["/healthz", "/readyz", "/metrics"];
/// The files that may hand an address to the router: the two gates, and the table.
const ROUTERS: [&str; 3] = [
    "controller/src/api/gate.rs",
    "controller/src/providers/gate.rs",
    "controller/src/routes/mod.rs",
];
const WAYS: [&str; 5] = [
    ".route(",
    ".route_service(",
    ".nest(",
    ".nest_service(",
    ".fallback_service(",
];

#[test]
fn every_address_has_a_door_or_a_reason_to_have_none() {
    let (mut faults, mut found) = (Vec::new(), Vec::new());
    for file in sources(&["controller/src"], ".rs") {
        if file.is_tests() {
            continue;
        }
        if !ROUTERS.contains(&file.path.as_str()) {
            for (number, line) in code_lines(file.product()) {
                if WAYS.iter().any(|way| line.contains(way)) {
                    faults.push(format!(
                        "{}:{number}: an address is listed in routes/",
                        file.path
                    ));
                }
            }
        }
        if file.path == "controller/src/routes/mod.rs" {
            let calls = file.product().split(".route(").skip(1);
            found.extend(calls.filter_map(|call| {
                let path = call.trim_start().split(',').next()?;
                Some(path.trim_matches('"').to_owned())
            }));
        }
    }
    let has_reason = |path: &str| {
        DOORLESS
            .iter()
            .any(|(listed, reason)| *listed == path && !reason.is_empty())
            || HEALTH.contains(&path)
    };
    for path in &found {
        if !has_reason(path) {
            faults.push(format!(
                "{path} has no door: list it in pages.rs, or here with what guards it"
            ));
        }
    }
    for (path, _) in DOORLESS {
        if !found.iter().any(|found| found == path) {
            faults.push(format!("{path} is no address any more"));
        }
    }
    none(faults);
}
