//! The variables pages can name, for one visitor at one moment.
use super::super::device::Device;
use super::super::hotspot::Session;
use super::super::value;
use super::template::{self, Variables};
use super::{Site, Story, Visit};

impl Site {
    pub(super) fn variables(
        &mut self,
        device: &Device,
        visit: &Visit,
        login_page: bool,
        story: &Story,
    ) -> Variables {
        let mut vars = Variables::new();
        let mut put = |name: &str, value: String| {
            vars.insert(name.to_owned(), value);
        };
        for (name, value) in &visit.headers {
            put(&name.to_ascii_lowercase(), value.clone());
        }
        let host = device.hosts.get(&visit.from);
        let server = super::server(device, visit);
        let profile = device.server_profile(&server);
        let text = |name: &str| {
            profile
                .map(|row| row.text(name).into_owned())
                .unwrap_or_default()
        };
        let base = &visit.base;
        let orig = visit
            .caught
            .clone()
            .or_else(|| visit.parameters.get("dst").cloned())
            .unwrap_or_default();
        let identity = device
            .table("/system/identity")
            .rows
            .first()
            .map(|row| row.text("name").into_owned());
        put(
            "hostname",
            Some(text("dns-name"))
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| text("hotspot-address")),
        );
        put("identity", identity.unwrap_or_default());
        put("login-by", text("login-by"));
        put(
            "plain-passwd",
            if text("login-by").contains("http-pap") {
                "yes"
            } else {
                "no"
            }
            .to_owned(),
        );
        put(
            "server-address",
            base.trim_start_matches("http://").to_owned(),
        );
        put("ssl-login", "no".to_owned());
        put("server-name", server.clone());
        let link_login = if orig.is_empty() {
            format!("{base}/login")
        } else {
            format!("{base}/login?dst={}", template::escape(&orig))
        };
        let session = device.sessions.get(&visit.from);
        let redirect = match session {
            None => link_login.clone(),
            Some(_) if orig.is_empty() => format!("{base}/status"),
            Some(_) => orig.clone(),
        };
        put("link-login", link_login);
        put("link-login-only", format!("{base}/login"));
        put("link-logout", format!("{base}/logout"));
        put("link-status", format!("{base}/status"));
        put("link-orig", orig);
        put("link-redirect", redirect);
        put("interface-name", "bridge-hotspot".to_owned());
        put("ip", visit.from.to_string());
        put("host-ip", visit.from.to_string());
        put("mac", host.map(|host| host.mac.clone()).unwrap_or_default());
        put(
            "popup",
            visit
                .parameters
                .get("popup")
                .cloned()
                .unwrap_or_else(|| "true".to_owned()),
        );
        put(
            "session-id",
            visit
                .parameters
                .get("session-id")
                .cloned()
                .unwrap_or_default(),
        );
        put(
            "var",
            visit.parameters.get("var").cloned().unwrap_or_default(),
        );
        put(
            "domain",
            visit.parameters.get("domain").cloned().unwrap_or_default(),
        );
        put("username", story.username.clone());
        put(
            "logged-in",
            if session.is_some() { "yes" } else { "no" }.to_owned(),
        );
        let trial = host.is_some_and(|host| {
            device
                .login_methods(&server)
                .iter()
                .any(|way| way == "trial")
                && device.trial_left(&host.mac, &server).is_some()
        });
        put(
            "trial",
            if trial && session.is_none() {
                "yes"
            } else {
                "no"
            }
            .to_owned(),
        );
        for (name, value) in NO_SESSION {
            put(name, value.to_owned());
        }
        for (name, value) in story
            .ended
            .clone()
            .or_else(|| session.map(|s| of_session(device, s)))
            .unwrap_or_default()
        {
            put(&name, value);
        }
        if login_page {
            let (id, challenge) = self.challenge(device, visit).unwrap_or_default();
            put("chap-id", id);
            put("chap-challenge", challenge);
        }
        if let Some((key, words)) = &story.error {
            let words = match device.error_text(&server, key) {
                Some(source) => {
                    vars.insert("error-orig".to_owned(), words.clone());
                    template::render(&source, &vars).body
                }
                None => words.clone(),
            };
            vars.insert("error".to_owned(), words.clone());
            vars.entry("error-orig".to_owned()).or_insert(words);
        }
        vars
    }
}

/// What stands for a limit of bytes one way where there is none. The total is empty then, so that a page can ask for it.
const NO_LIMIT: &str = "---";

/// What a page is told about the time of a visitor who is not logged in: no text, and zero as a number.
const NO_SESSION: [(&str, &str); 4] = [
    ("idle-timeout-secs", "0"),
    ("session-timeout-secs", "0"),
    ("session-time-left-secs", "0"),
    ("refresh-timeout-secs", "0"),
];

/// Returns the variables about a session.
pub(super) fn of_session(device: &Device, session: &Session) -> Variables {
    let mut vars = Variables::new();
    let mut put = |name: &str, value: String| {
        vars.insert(name.to_owned(), value);
    };
    let mut span = |name: &str, span: Option<u64>| {
        put(name, span.map(value::seconds).unwrap_or_default());
        put(
            &format!("{name}-secs"),
            span.map(|span| (span / 1000).to_string())
                .unwrap_or_else(|| "0".to_owned()),
        );
    };
    span("uptime", Some(device.now - session.started));
    span("session-time-left", device.time_left(session));
    span(
        "session-timeout",
        session
            .left_uptime
            .into_iter()
            .chain(session.session_timeout)
            .min(),
    );
    span("idle-timeout", session.idle_timeout);
    span("refresh-timeout", session.refresh);
    put("username", session.user.clone());
    put("domain", session.domain.clone());
    put("login-by", session.login_by.to_owned());
    put("session-id", session.session_id.clone());
    let (sent, fetched) = (session.bytes_in(), session.bytes_out());
    for (name, bytes) in [("bytes-in", sent), ("bytes-out", fetched)] {
        put(name, bytes.to_string());
        put(&format!("{name}-nice"), nice(bytes));
    }
    put("packets-in", sent.div_ceil(700).to_string());
    put("packets-out", fetched.div_ceil(700).to_string());
    let limits = [
        ("limit-bytes-in", "remain-bytes-in", session.left_in, sent),
        (
            "limit-bytes-out",
            "remain-bytes-out",
            session.left_out,
            fetched,
        ),
        (
            "limit-bytes-total",
            "remain-bytes-total",
            session.left_total,
            sent + fetched,
        ),
    ];
    for (limit, remain, left, used) in limits {
        if let Some(left) = left {
            put(limit, left.to_string());
            put(remain, left.saturating_sub(used).to_string());
        } else if limit != "limit-bytes-total" {
            put(limit, NO_LIMIT.to_owned());
            put(remain, NO_LIMIT.to_owned());
        }
    }
    vars
}

/// Writes bytes as pages show them: `12.3 MiB`.
fn nice(bytes: u64) -> String {
    for (unit, size) in [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= size {
            let tenths = bytes * 10 / size;
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}
