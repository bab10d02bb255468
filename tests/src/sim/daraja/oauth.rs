//! Tokens: one live token per app, made by `GET /oauth/v1/generate` and looked for in every other request.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    Shared,
    clock::later,
    config::{App, ExpiresIn},
    http::{Answer, Call},
    ids,
    json::{digits, object, text},
    refuse,
    script::{Refusal, Reply},
    state::Token,
};

/// Which words an invalid token is refused with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    Push,
    C2bAndStatus,
    Pull,
}

/// Gives an app a new token; the one before stops working.
pub(super) fn generate(shared: &Shared, call: &Call) -> Answer {
    let now = shared.clock.now();
    let named = call.authorization.as_deref().and_then(basic);
    shared.change(|state| {
        state.counters.token_requests += 1;
        if let Some(reply) = state.scripts.tokens.pop_front()
            && let Some(answer) = refuse::scripted(&mut state.rng, &reply)
        {
            return answer;
        }
        let Some((key, secret)) = named else {
            return refuse::coded(
                &mut state.rng,
                400,
                "400.008.01",
                "Invalid authentication type passed",
            );
        };
        if !url::form_urlencoded::parse(call.query.as_bytes())
            .any(|(name, value)| name == "grant_type" && value == "client_credentials")
        {
            return refuse::coded(
                &mut state.rng,
                400,
                "400.008.02",
                "Invalid grant type passed",
            );
        }
        if state
            .apps
            .get(&key)
            .is_none_or(|app| app.consumer_secret != secret)
        {
            let reply = state.knobs.bad_credentials.clone();
            return match reply {
                Reply::Empty => refuse::empty().with_status(400),
                Reply::Html => refuse::html().with_status(400),
                _ => refuse::coded(
                    &mut state.rng,
                    400,
                    "400.008.01",
                    "Invalid Authentication passed",
                ),
            };
        }
        let token = ids::access_token(&mut state.rng);
        let life = state.knobs.token_life_s;
        state.tokens.retain(|_, held| held.app != key);
        state.tokens.insert(
            token.clone(),
            Token {
                app: key,
                until: later(now, Duration::from_secs(life)),
            },
        );
        // The service grants an hour and says one second less.
        let left = life.saturating_sub(1);
        let expires_in = match state.knobs.expires_in {
            ExpiresIn::Text => text(left.to_string()),
            ExpiresIn::Number => digits(left),
        };
        Answer::json(
            200,
            &object([("access_token", text(token)), ("expires_in", expires_in)]),
        )
    })
}

/// Finds the app a request comes from.
pub(super) fn authorize(shared: &Shared, call: &Call, product: Product) -> Result<App, Answer> {
    let now = shared.clock.now();
    shared.change(|state| {
        let Some(header) = call.authorization.as_deref() else {
            return Err(refuse::envelope(&mut state.rng, &Refusal::HeaderMissing));
        };
        let app = credentials(header, "Bearer")
            .and_then(|token| state.tokens.get(token))
            .filter(|token| token.until > now)
            .and_then(|token| state.apps.get(&token.app));
        match app {
            Some(app) => Ok(app.clone()),
            None => {
                state.counters.invalid_tokens += 1;
                Err(match product {
                    Product::Push => refuse::envelope(&mut state.rng, &Refusal::InvalidToken),
                    Product::C2bAndStatus => {
                        refuse::coded(&mut state.rng, 400, "400.003.01", "Invalid Access Token")
                    }
                    Product::Pull => {
                        refuse::coded(&mut state.rng, 401, "401.001", "Invalid Access Token")
                    }
                })
            }
        }
    })
}

/// Reads what follows the scheme, whose case means nothing in HTTP.
fn credentials<'a>(header: &'a str, scheme: &str) -> Option<&'a str> {
    let (named, rest) = header.split_once(' ')?;
    named.eq_ignore_ascii_case(scheme).then_some(rest.trim())
}

fn basic(header: &str) -> Option<(String, String)> {
    let decoded = STANDARD.decode(credentials(header, "Basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (key, secret) = text.split_once(':')?;
    Some((key.to_owned(), secret.to_owned()))
}
