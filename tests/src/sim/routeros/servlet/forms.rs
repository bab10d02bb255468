//! Logging in and out through the pages: PAP, CHAP, trial, browser cookie.
use super::super::chap;
use super::super::device::Device;
use super::super::hotspot::{Attempt, Cause, Cookie, Refusal, Secret};
use super::variables;
use super::{Challenge, Page, Site, Story, Visit};

/// How long a challenge may be answered: an hour.
const CHALLENGE_LIFE: u64 = 3_600_000;

impl Site {
    pub(super) fn login(
        &mut self,
        device: &mut Device,
        visit: &Visit,
        language: Option<&str>,
        online: bool,
    ) -> Page {
        let Some(username) = visit.parameters.get("username") else {
            let names: &[&str] = if online {
                &["alogin.html", "redirect.html"]
            } else {
                &["login.html"]
            };
            return self.first(device, visit, language, names, &Story::default());
        };
        let story = |key: &'static str, words: String| Story {
            error: Some((key, words)),
            username: username.clone(),
            ended: None,
        };
        let Some(host) = device
            .hosts
            .get(&visit.from)
            .filter(|host| !host.blocked)
            .cloned()
        else {
            let words = format!("unknown host IP {}", visit.from);
            return self.first(
                device,
                visit,
                language,
                &["error.html"],
                &story("internal-error", words),
            );
        };
        let ways = device.login_methods(&host.server);
        let has = |way: &str| ways.iter().any(|have| have == way);
        let password = visit
            .parameters
            .get("password")
            .cloned()
            .unwrap_or_default();
        let trial = username == &format!("T-{}", host.mac) && has("trial");
        let (secret, way) = match self
            .chap_secret(device.now, visit, &password)
            .filter(|_| has("http-chap"))
        {
            Some(secret) => (secret, "http-chap"),
            None if has("http-pap") || trial => (Secret::Plain(password), "http-pap"),
            None => {
                let story = story(
                    "chap-missing",
                    "web browser did not send challenge response (try again, enable JavaScript)"
                        .to_owned(),
                );
                return self.first(
                    device,
                    visit,
                    language,
                    &["flogin.html", "login.html"],
                    &story,
                );
            }
        };
        let mut attempt = Attempt::new(visit.from, username, "", way);
        attempt.secret = secret;
        attempt.domain = visit.parameters.get("domain").cloned().unwrap_or_default();
        match device.log_in(&attempt) {
            Ok(()) => {
                self.challenges.remove(&visit.from);
                let cookie = has("cookie").then(|| give_cookie(device, visit)).flatten();
                let names = ["alogin.html", "redirect.html"];
                let mut page = self.first(device, visit, language, &names, &Story::default());
                if let Some(token) = cookie {
                    page.headers
                        .push(("Set-Cookie".to_owned(), format!("session-cookie={token}")));
                }
                page
            }
            Err(refusal) => {
                let words = refusal.words(username, visit.from);
                let story = story(refusal.key(), words);
                let names: &[&str] = match refusal {
                    Refusal::UnknownHost => &["error.html"],
                    _ => &["flogin.html", "login.html"],
                };
                self.first(device, visit, language, names, &story)
            }
        }
    }

    pub(super) fn logout(
        &mut self,
        device: &mut Device,
        visit: &Visit,
        language: Option<&str>,
        online: bool,
    ) -> Page {
        if !online {
            let names = ["flogout.html", "redirect.html"];
            return self.first(device, visit, language, &names, &Story::default());
        }
        let ended = device
            .sessions
            .get(&visit.from)
            .map(|session| variables::of_session(device, session))
            .unwrap_or_default();
        let erase = visit
            .parameters
            .get("erase-cookie")
            .is_some_and(|value| matches!(value.as_str(), "on" | "true"));
        if erase {
            let mac = device
                .hosts
                .get(&visit.from)
                .map(|host| host.mac.clone())
                .unwrap_or_default();
            device.cookies.retain(|cookie| cookie.mac != mac);
        }
        device.log_out(visit.from, Cause::UserRequest);
        let story = Story {
            ended: Some(ended),
            ..Story::default()
        };
        self.first(device, visit, language, &["logout.html"], &story)
    }

    /// Takes a password for the answer to the challenge shown last, when it can be one.
    fn chap_secret(&self, now: u64, visit: &Visit, password: &str) -> Option<Secret> {
        let challenge = self.challenges.get(&visit.from)?;
        let response = hex::decode(password)
            .ok()
            .filter(|bytes| bytes.len() == 16)?;
        if now > challenge.shown + CHALLENGE_LIFE {
            return None;
        }
        Some(Secret::Chap {
            id: challenge.id,
            challenge: challenge.bytes.clone(),
            response,
        })
    }

    /// Returns the challenge to show to a visitor, as octal escapes for a script.
    pub(super) fn challenge(&mut self, device: &Device, visit: &Visit) -> Option<(String, String)> {
        let host = device.hosts.get(&visit.from)?;
        if !device
            .login_methods(&host.server)
            .iter()
            .any(|way| way == "http-chap")
        {
            return None;
        }
        let fresh = || {
            let seed = [host.mac.as_bytes(), &device.now.to_be_bytes()].concat();
            let bytes = chap::response(0, &seed, b"page").to_vec();
            Challenge {
                id: bytes[0],
                bytes,
                shown: device.now,
            }
        };
        let challenge = self.challenges.entry(visit.from).or_insert_with(fresh);
        if device.now > challenge.shown + CHALLENGE_LIFE {
            *challenge = fresh();
        }
        let octal = |bytes: &[u8]| {
            bytes
                .iter()
                .map(|byte| format!("\\{byte:03o}"))
                .collect::<String>()
        };
        Some((octal(&[challenge.id]), octal(&challenge.bytes)))
    }

    /// Lets a browser in that still has the hotspot's cookie.
    pub(super) fn log_in_by_cookie(&self, device: &mut Device, visit: &Visit) {
        let Some(host) = device.hosts.get(&visit.from) else {
            return;
        };
        if !device
            .login_methods(&host.server)
            .iter()
            .any(|way| way == "cookie")
        {
            return;
        }
        let sent = visit
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        let token = sent
            .flat_map(|(_, value)| value.split(';'))
            .find_map(|part| {
                part.trim()
                    .strip_prefix("session-cookie=")
                    .map(str::to_owned)
            });
        let mac = host.mac.clone();
        let found = device
            .cookies
            .iter()
            .find(|cookie| cookie.token.is_some() && cookie.token == token && cookie.mac == mac);
        if let Some(cookie) = found.cloned() {
            let attempt = Attempt::new(visit.from, &cookie.user, &cookie.password, "cookie");
            if device.log_in(&attempt).is_err() {
                device.cookies.retain(|have| have.id != cookie.id);
                device.touch("/ip/hotspot/cookie");
            }
        }
    }
}

fn give_cookie(device: &mut Device, visit: &Visit) -> Option<String> {
    let session = device.sessions.get(&visit.from)?.clone();
    let life = device
        .server_profile(&session.server)?
        .span("http-cookie-lifetime")?;
    let id = device.next_identifier();
    let token = hex::encode(chap::response(1, session.mac.as_bytes(), &id.to_be_bytes()));
    device
        .cookies
        .retain(|have| have.token.is_none() || have.mac != session.mac);
    device.cookies.push(Cookie {
        id,
        user: session.user,
        password: session.password,
        mac: session.mac,
        expires: device.now + life,
        token: Some(token.clone()),
    });
    device.touch("/ip/hotspot/cookie");
    Some(token)
}
