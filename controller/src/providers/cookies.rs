//! The cookies a browser is given: its log-in, the mark by which it is known again, its language, and what the next page shows once.

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use cookie::time::Duration;

use super::log_in::Token;
use crate::app::App;

/// How long a browser is known again.
const KNOWN_DAYS: i64 = 400;
/// How long a browser keeps for the next page what that shows once.
const ONCE_MINUTES: i64 = 5;
/// The cookie of the language, which says nothing of anybody.
pub const LANGUAGE: &str = "mnara_lang";

/// A cookie that only this very host gets back, and only over TLS; on a machine of one's own without TLS the name says so.
fn name(app: &App, secure: &'static str, plain: &'static str) -> &'static str {
    if app.config.web.public().is_encrypted() {
        secure
    } else {
        plain
    }
}

fn log_in_name(app: &App) -> &'static str {
    name(app, "__Host-mnara", "mnara")
}

fn mark_name(app: &App) -> &'static str {
    name(app, "__Host-mnara-known", "mnara-known")
}

fn once_name(app: &App) -> &'static str {
    name(app, "__Host-mnara-once", "mnara-once")
}

fn cookie(app: &App, name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(app.config.web.public().is_encrypted())
        .same_site(SameSite::Lax)
        .build()
}

fn sent(jar: &CookieJar, name: &str) -> Option<Token> {
    jar.get(name).and_then(|cookie| Token::sent(cookie.value()))
}

/// The token of the browser's log-in.
#[must_use]
pub fn token(jar: &CookieJar, app: &App) -> Option<Token> {
    sent(jar, log_in_name(app))
}

/// The mark of an earlier log-in.
#[must_use]
pub fn mark(jar: &CookieJar, app: &App) -> Option<Token> {
    sent(jar, mark_name(app))
}

/// Gives the browser its log-in, until it is closed or logs out: the database says how long it counts.
pub fn give(jar: CookieJar, app: &App, token: &Token) -> CookieJar {
    let mut cookie = cookie(app, log_in_name(app), token.expose().to_owned());
    cookie.set_max_age(cookie_days(90));
    jar.add(cookie)
}

/// Gives the browser a mark to be known by.
pub fn give_mark(jar: CookieJar, app: &App, mark: Option<&Token>) -> CookieJar {
    match mark {
        Some(mark) => {
            let mut cookie = cookie(app, mark_name(app), mark.expose().to_owned());
            cookie.set_max_age(cookie_days(KNOWN_DAYS));
            jar.add(cookie)
        }
        None => jar,
    }
}

/// Takes the log-in from the browser.
pub fn take(jar: CookieJar, app: &App) -> CookieJar {
    let mut gone = cookie(app, log_in_name(app), String::new());
    gone.make_removal();
    jar.add(gone)
}

/// Gives the browser what the page that it is sent on to shows once.
///
/// The answer to a form is then no page, and loading a page again does not send the form again. It holds no more than its reader sees.
pub fn give_once(jar: CookieJar, app: &App, shown: String) -> CookieJar {
    let mut cookie = cookie(app, once_name(app), shown);
    cookie.set_max_age(Duration::minutes(ONCE_MINUTES));
    jar.add(cookie)
}

/// What the browser was given to be shown.
#[must_use]
pub fn once<'a>(jar: &'a CookieJar, app: &App) -> Option<&'a str> {
    jar.get(once_name(app)).map(Cookie::value)
}

/// Takes it from the browser, once it is shown.
pub fn take_once(jar: CookieJar, app: &App) -> CookieJar {
    let mut gone = cookie(app, once_name(app), String::new());
    gone.make_removal();
    jar.add(gone)
}

/// Gives the browser its language.
pub fn give_language(jar: CookieJar, tag: &'static str) -> CookieJar {
    let mut cookie = Cookie::build((LANGUAGE, tag))
        .path("/")
        .same_site(SameSite::Lax)
        .build();
    cookie.set_max_age(cookie_days(KNOWN_DAYS));
    jar.add(cookie)
}

fn cookie_days(days: i64) -> Duration {
    Duration::days(days)
}
