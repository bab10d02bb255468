//! What stands before every page: who may open it.
//!
//! A page cannot be listed without saying so, and its handler runs only after the gate has looked at the browser's log-in, the person's role and
//! what the page asks.

use axum::Router;
use axum::extract::{FromRequestParts, Request, State as Given};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{self, MethodRouter};
use axum_extra::extract::CookieJar;
use mnara_protocol::ids::{PersonId, ProviderId};
use tower_http::csrf::CsrfLayer;

use super::log_in::{self, Place, Token, Visit};
use super::pages::cookies;
use super::pages::frame::Frame;
use super::pages::trouble::{Trouble, told};
use super::staff::{By, roles::Permission};
use crate::app::App;
use crate::audit::Actor;
use crate::web::Problem;
use crate::web::page::onward;

/// Who may open a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Whoever comes; the page says what it shows to whom.
    Anyone,
    /// Somebody who gave a password and not yet the second factor.
    HalfIn,
    /// Somebody who is logged in, whatever they may do.
    LoggedIn,
    /// Somebody whose role may do this in the business they look at.
    Staff(Permission),
    /// The platform's own staff.
    Admin,
}

/// A table of pages, each with its door.
pub struct Pages {
    app: App,
    router: Router<App>,
    listed: Vec<Listed>,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Listed {
    /// What is asked of the path.
    pub method: Method,
    /// The path.
    pub path: &'static str,
    /// Who may.
    pub door: Door,
}

impl Pages {
    /// No pages yet.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            router: Router::new(),
            listed: Vec::new(),
        }
    }

    /// Lists what a path shows.
    #[must_use]
    pub fn get<T: 'static>(
        self,
        path: &'static str,
        door: Door,
        handler: impl Handler<T, App>,
    ) -> Self {
        self.page(Method::GET, path, door, routing::get(handler))
    }

    /// Lists what a form sent to a path does.
    #[must_use]
    pub fn post<T: 'static>(
        self,
        path: &'static str,
        door: Door,
        handler: impl Handler<T, App>,
    ) -> Self {
        self.page(Method::POST, path, door, routing::post(handler))
    }

    /// Lists what answers a path whatever is asked of it.
    #[must_use]
    pub fn any<T: 'static>(
        self,
        path: &'static str,
        door: Door,
        handler: impl Handler<T, App>,
    ) -> Self {
        self.page(Method::GET, path, door, routing::any(handler))
    }

    fn page(
        mut self,
        method: Method,
        path: &'static str,
        door: Door,
        methods: MethodRouter<App>,
    ) -> Self {
        let gate = from_fn_with_state((self.app.clone(), door), pass);
        self.router = self.router.route(path, methods.layer(gate));
        self.listed.push(Listed { method, path, door });
        self
    }

    /// The pages and their doors, for whoever checks them.
    #[must_use]
    pub fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// The pages as routes; what another site's page sends is refused.
    pub fn into_router(self) -> Router<App> {
        let foreign = CsrfLayer::new().with_rejection_response(|_| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "another-site",
                "This was sent from another site's page. Open the page here and try again.",
            )
            .into_response()
        });
        self.router.layer(foreign)
    }
}

async fn pass(
    Given((app, door)): Given<(App, Door)>,
    jar: CookieJar,
    mut request: Request,
    next: Next,
) -> Response {
    let visit = match cookies::token(&jar, &app) {
        Some(token) => log_in::visit(&app, &token).await,
        None => Ok(None),
    };
    let visit = match visit {
        Ok(visit) => visit,
        Err(error) => {
            tracing::warn!(%error, "a log-in could not be looked up");
            let frame = Frame::of(&request, &jar, None);
            return told(&Trouble::Away, &frame);
        }
    };
    // Half in is not in, but where the second factor is asked for.
    let half = door == Door::HalfIn;
    let visit = visit.filter(|visit| visit.is_open || half);
    let frame = Frame::of(&request, &jar, visit.clone());
    match admit(door, visit.as_ref()) {
        Admitted::Yes => {}
        Admitted::LogIn => {
            let is_get = request.method() == Method::GET;
            return onward(&frame.log_in_path(is_get));
        }
        Admitted::No => return told(&Trouble::NotYours, &frame),
    }
    if let Some(visit) = visit {
        request.extensions_mut().insert(visit);
    }
    request.extensions_mut().insert(frame.clone());
    let response = next.run(request).await;
    match response.extensions().get::<Trouble>() {
        Some(trouble) => told(trouble, &frame),
        None => response,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Admitted {
    Yes,
    LogIn,
    No,
}

fn admit(door: Door, visit: Option<&Visit>) -> Admitted {
    match (door, visit) {
        (Door::Anyone, _) | (Door::HalfIn | Door::LoggedIn, Some(_)) => Admitted::Yes,
        (_, None) => Admitted::LogIn,
        (Door::Staff(permission), Some(visit)) => match &visit.place {
            Some(place) if place.role.may(permission) => Admitted::Yes,
            _ => Admitted::No,
        },
        (Door::Admin, Some(visit)) if visit.is_admin => Admitted::Yes,
        (Door::Admin, Some(_)) => Admitted::No,
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let visit = parts.extensions.get::<Self>();
        visit.cloned().ok_or_else(Problem::unauthorised)
    }
}

/// Somebody's place in the business they look at: the only way a page comes to know a [`ProviderId`].
#[derive(Clone, Debug)]
pub struct Seat {
    /// Who.
    pub person: PersonId,
    /// Where, and as what.
    pub place: Place,
}

impl Seat {
    /// The business.
    #[must_use]
    pub const fn provider(&self) -> ProviderId {
        self.place.provider
    }

    /// The person in the audit.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor::Staff(self.person)
    }

    /// The person as whoever changes somebody's place.
    #[must_use]
    pub const fn by(&self) -> By {
        By {
            actor: self.actor(),
            role: self.place.role,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Seat {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let visit = Visit::from_request_parts(parts, state).await?;
        let place = visit.place.ok_or_else(Problem::not_found)?;
        Ok(Self {
            person: visit.person,
            place,
        })
    }
}

/// The token in a browser's cookie.
#[must_use]
pub fn token(jar: &CookieJar, name: &str) -> Option<Token> {
    jar.get(name).and_then(|cookie| Token::sent(cookie.value()))
}

#[cfg(test)]
mod tests {
    use mnara_protocol::ids::{LogInId, StaffId};

    use super::super::staff::roles::Role;
    use super::super::state::State;
    use super::*;

    fn visit(role: Option<Role>, is_admin: bool) -> Visit {
        Visit {
            log_in: LogInId::from_bytes([1; 16]),
            person: PersonId::from_bytes([2; 16]),
            name: "Njeri".to_owned(),
            is_open: true,
            place: role.map(|role| Place {
                provider: ProviderId::from_bytes([3; 16]),
                business: "Njeri Wi-Fi".to_owned(),
                state: State::Active,
                staff: StaffId::from_bytes([4; 16]),
                role,
                moved: None,
            }),
            is_admin,
        }
    }

    #[test]
    fn a_door_opens_to_whom_it_says() {
        use Admitted::{LogIn, No, Yes};
        let manage = Door::Staff(Permission::ManageStaff);
        for (door, visit, expected) in [
            (Door::Anyone, None, Yes),
            (Door::LoggedIn, None, LogIn),
            (manage, None, LogIn),
            (Door::Admin, None, LogIn),
            (Door::LoggedIn, Some(visit(None, false)), Yes),
            (manage, Some(visit(Some(Role::Manager), false)), Yes),
            (manage, Some(visit(Some(Role::Cashier), false)), No),
            // The platform's staff are nobody's staff.
            (manage, Some(visit(None, true)), No),
            (Door::Admin, Some(visit(Some(Role::Owner), false)), No),
            (Door::Admin, Some(visit(None, true)), Yes),
        ] {
            assert_eq!(admit(door, visit.as_ref()), expected, "{door:?} {visit:?}");
        }
    }
}
