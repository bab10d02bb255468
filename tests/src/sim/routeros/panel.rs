//! A page for people at the control port: phones with a way into their browsers, power and time as buttons. Works without script.
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Form, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;

use super::Router;
use super::hotspot::Reboot;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Simulated router</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em;color:#1c1c1c;background:#fff}h1{font-size:1.4em;margin:0}h2{font-size:1.1em;margin:1.6em 0 .4em}p{margin:.3em 0;color:#555}section{border-top:1px solid #ddd;padding:.8em 0}form{display:inline}button,a.open{font:inherit;padding:.35em .8em;margin:.2em .3em .2em 0;border:1px solid #888;border-radius:.4em;background:#fff;color:#1c1c1c;cursor:pointer;text-decoration:none;display:inline-block}a.open{background:#0b6b4f;border-color:#0b6b4f;color:#fff}code{font-size:.95em}</style></head><body>";

/// What a button asks for.
#[derive(Deserialize)]
pub(super) struct Press {
    what: String,
    #[serde(default)]
    mac: String,
}

/// Shows the router and its phones.
pub(super) async fn show(State(router): State<Arc<Router>>) -> Html<String> {
    let mut page = HEAD.to_owned();
    let (up, version) = router.shared.with(|device| (device.up, device.version));
    let state = if up {
        "running"
    } else {
        "without power or booting"
    };
    let clock = router.rows("/system/clock").pop().unwrap_or_default();
    let time = |name: &str| clock.get(name).cloned().unwrap_or_default();
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<h1>Simulated router</h1><p>RouterOS {version}, {state}. Its clock says {} {}.</p><p>API {}, TLS {}.</p>",
        time("date"),
        time("time"),
        router.api(),
        router.api_tls(),
    );
    page.push_str("<h2>Power and time</h2>");
    for (what, words) in [
        ("power-cut", "Pull the plug"),
        ("graceful", "Reboot"),
        ("minutes", "The router's clock: 10 minutes on"),
        ("hours", "The router's clock: an hour on"),
        ("day", "The router's clock: a day on"),
    ] {
        button(&mut page, what, "", words);
    }
    page.push_str("<h2>Phones</h2>");
    let active = router.rows("/ip/hotspot/active");
    for phone in router.phones() {
        phone_section(&router, &mut page, &phone, &active);
    }
    button(&mut page, "join", "", "A new phone joins");
    page.push_str("</body></html>\n");
    Html(page)
}

type Rows = Vec<std::collections::BTreeMap<String, String>>;

fn phone_section(router: &Router, page: &mut String, phone: &super::Phone, active: &Rows) {
    let (awake, present) = router.shared.with(|device| {
        device
            .stations
            .get(&phone.mac)
            .map_or((false, false), |station| (station.awake, station.present))
    });
    let session = active.iter().find(|row| row["mac-address"] == phone.mac);
    let state = match (present, awake, session) {
        (false, ..) => "away".to_owned(),
        (true, false, _) => "asleep".to_owned(),
        (true, true, None) => "in the hotspot, not logged in".to_owned(),
        (true, true, Some(row)) => {
            let left = row
                .get("session-time-left")
                .map(|left| format!(", {left} left"));
            format!("online for {}{}", row["uptime"], left.unwrap_or_default())
        }
    };
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<section><code>{}</code> {}<p>{state}</p>",
        phone.mac, phone.address
    );
    if let Some(forward) = phone.forward {
        let _ = write!(
            page,
            "<a class=\"open\" href=\"http://{forward}/\">Open its browser</a>"
        );
    }
    let buttons: &[(&str, &str)] = if awake {
        &[
            ("sleep", "Sleep"),
            ("leave", "Walk away"),
            ("rotate", "Change its MAC"),
        ]
    } else {
        &[("wake", "Wake up and be here")]
    };
    for (what, words) in buttons {
        button(page, what, &phone.mac, words);
    }
    page.push_str("</section>");
}

fn button(page: &mut String, what: &str, mac: &str, words: &str) {
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<form method=\"post\" action=\"/press\"><input type=\"hidden\" name=\"what\" value=\"{what}\"><input type=\"hidden\" name=\"mac\" value=\"{mac}\"><button>{words}</button></form>"
    );
}

/// Does what a button says. A button about a phone that has gone meanwhile does nothing.
pub(super) async fn press(State(router): State<Arc<Router>>, Form(press): Form<Press>) -> Redirect {
    let mac = press.mac.as_str();
    let joined = match press.what.as_str() {
        "power-cut" => {
            router.reboot(Reboot::PowerCut);
            None
        }
        "graceful" => {
            router.reboot(Reboot::Graceful);
            None
        }
        "minutes" | "hours" | "day" => {
            let minutes = match press.what.as_str() {
                "minutes" => 10,
                "hours" => 60,
                _ => 1440,
            };
            router.advance(Duration::from_secs(minutes * 60));
            None
        }
        "join" => router.join(None).ok(),
        "rotate" => router.rotate_mac(mac, None).ok(),
        "sleep" => router.sleep(mac).map(|()| None).unwrap_or_default(),
        "leave" => router.leave(mac).map(|()| None).unwrap_or_default(),
        "wake" => router.wake(mac).map(|()| None).unwrap_or_default(),
        _ => None,
    };
    if let Some(phone) = joined
        && let Err(error) = router.forward(&phone.mac, 0)
    {
        tracing::error!(
            error = format!("{error:#}"),
            "a phone got no forwarding port"
        );
    }
    Redirect::to("/")
}
