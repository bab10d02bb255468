//! Whoever acts for a business on a path that names it: somebody who is logged in and whose role may, or a program whose key may. The path never
//! decides whose business it is; it only has to agree.

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum_extra::extract::CookieJar;
use mnara_protocol::ids::ProviderId;

use super::cookies;
use super::keys::scopes::Scope;
use super::keys::{self, Secret};
use super::log_in;
use super::staff::roles::Permission;
use crate::app::App;
use crate::audit::Actor;
use crate::ratelimit::{Act, By};
use crate::web::Problem;

/// Whoever acts for a business: the only way a call behind [`Door::Business`](super::gate::Door::Business) comes to know a [`ProviderId`].
#[derive(Clone, Copy, Debug)]
pub struct OnBehalf {
    /// The business.
    pub provider: ProviderId,
    /// Who acts, in the audit.
    pub actor: Actor,
}

impl<S: Send + Sync> FromRequestParts<S> for OnBehalf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>();
        caller.copied().ok_or_else(Problem::unauthorised)
    }
}

/// What is asked, without its body, which nobody may look at from two sides.
pub(super) struct Asked {
    method: Method,
    headers: HeaderMap,
    path: String,
    /// The path as the table of pages has it.
    pattern: &'static str,
}

impl Asked {
    pub(super) fn of(request: &Request, pattern: &'static str) -> Self {
        Self {
            method: request.method().clone(),
            headers: request.headers().clone(),
            path: request.uri().path().to_owned(),
            pattern,
        }
    }
}

/// Finds out who acts, whether they may, and whether the path means their business.
///
/// # Errors
/// The problem to answer with.
pub(super) async fn admit(
    app: &App,
    jar: &CookieJar,
    asked: &Asked,
    (permission, scope): (Permission, Scope),
) -> Result<OnBehalf, Problem> {
    let caller = if asked.headers.contains_key(header::AUTHORIZATION) {
        with_key(app, &asked.headers, scope).await?
    } else {
        logged_in(app, jar, &asked.method, permission).await?
    };
    // Another's business looks like none.
    if named(asked.pattern, &asked.path) == Some(caller.provider) {
        Ok(caller)
    } else {
        Err(Problem::not_found())
    }
}

async fn with_key(app: &App, headers: &HeaderMap, scope: Scope) -> Result<OnBehalf, Problem> {
    let secret = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, key)| Secret::sent(key.trim()))
        .ok_or_else(Problem::unauthorised)?;
    let holder = keys::holder(app, &secret).await?;
    let holder = holder.ok_or_else(Problem::unauthorised)?;
    app.limits.check(Act::Api, By::Key(holder.key))?;
    if !holder.scopes.contains(&scope) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "scope-missing",
            "This key may not do that. Make one that may, in the settings.",
        )
        .with("scope", scope.word()));
    }
    Ok(OnBehalf {
        provider: holder.provider,
        actor: Actor::Key(holder.key),
    })
}

async fn logged_in(
    app: &App,
    jar: &CookieJar,
    method: &Method,
    permission: Permission,
) -> Result<OnBehalf, Problem> {
    let visit = match cookies::token(jar, app) {
        Some(token) => log_in::visit(app, &token).await?,
        None => None,
    };
    let visit = visit.filter(|visit| visit.is_open);
    let visit = visit.ok_or_else(Problem::unauthorised)?;
    let only_looks = visit.view_ends.is_some() && *method != Method::GET;
    let actor = visit.actor();
    match &visit.place {
        Some(place) if visit.may_open(permission) && !only_looks => Ok(OnBehalf {
            provider: place.provider,
            actor,
        }),
        _ => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not-yours",
            "Your role may not do that.",
        )),
    }
}

/// The business that a path names where its pattern has `{id}`.
fn named(pattern: &str, path: &str) -> Option<ProviderId> {
    let at = pattern.split('/').position(|part| part == "{id}")?;
    path.split('/').nth(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_business_in_its_place() {
        let id = ProviderId::from_bytes([7; 16]);
        let pattern = "/api/providers/{id}/subscription-status";
        let path = |id: &str| format!("/api/providers/{id}/subscription-status");
        assert_eq!(named(pattern, &path(&id.to_string())), Some(id));
        assert_eq!(named(pattern, &path("staff_1")), None);
        assert_eq!(named("/x", &path(&id.to_string())), None);
    }
}
