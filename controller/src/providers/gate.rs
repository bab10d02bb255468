//! What stands before every page: who may open it.
//!
//! A page cannot be listed without saying so, and its handler runs only after the gate has looked at the browser's log-in, the person's role and
//! what the page asks.

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State as Given};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{self, MethodRouter};
use axum::{RequestExt as _, Router};
use axum_extra::extract::CookieJar;
use tower_http::csrf::CsrfLayer;

use super::cookies;
use super::keys::scopes::Scope;
use super::log_in::{self, Place, Visit};
use super::on_behalf;
use super::pages::enter;
use super::pages::frame::Frame;
use super::pages::trouble::{Trouble, told, told_with};
use super::rights::Shut;
use super::staff::roles::Permission;
use crate::app::App;
use crate::config::SecondFactor;
use crate::web::Problem;
use crate::web::page::onward;

pub use super::seat::Seat;

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
    /// Somebody whose role may do this, or a program whose key may, in the business the path names: what is asked there is answered as to programs.
    Business(Permission, Scope),
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
        let gate = from_fn_with_state((self.app.clone(), Leaf { path, door }), pass);
        self.router = self.router.route(path, methods.layer(gate));
        self.listed.push(Listed { method, path, door });
        self
    }

    /// The pages and their doors, for whoever checks them.
    #[must_use]
    pub fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// The pages as routes; what another site's page sends is refused, and a path that only takes forms leads to the page they are on.
    pub fn into_router(mut self) -> Router<App> {
        for (path, parts) in self.led_up() {
            let lead = move |uri: Uri| async move { onward(up_to(uri.path(), parts)) };
            self.router = self.router.route(path, routing::get(lead));
        }
        // A browser that does not tell whose page a form is on is known by its origin, also behind a proxy that hands on no `Host`.
        let own = self.app.config.web.public().origin();
        let foreign = CsrfLayer::new()
            .add_trusted_origin(own)
            .expect("an address with scheme and host has an origin")
            .with_rejection_response(|_| {
                Problem::new(
                    StatusCode::FORBIDDEN,
                    "another-site",
                    "This was sent from another site's page. Open the page here and try again.",
                )
                .into_response()
            });
        self.router
            .method_not_allowed_fallback(enter::no_method)
            .layer(foreign)
    }

    /// The paths that only take forms, each with how many of its parts the next page above it has. A browser comes back to such an address
    /// with the other language, or from its history.
    fn led_up(&self) -> Vec<(&'static str, usize)> {
        let gets = self.listed.iter().filter(|page| page.method == Method::GET);
        let opens: BTreeSet<&str> = gets.map(|page| page.path).collect();
        let taking = self.listed.iter().filter(|page| {
            let is_page = !matches!(page.door, Door::Business(..));
            is_page && !opens.contains(page.path)
        });
        taking
            .map(|page| {
                let ends = page.path.match_indices('/').skip(1);
                let above = ends.map(|(end, _)| &page.path[..end]);
                let parts = above
                    .zip(1..)
                    .filter(|(above, _)| opens.contains(above))
                    .map(|(_, parts)| parts)
                    .last();
                (page.path, parts.unwrap_or(0))
            })
            .collect()
    }
}

/// The first parts of a path; none of them is the front door.
fn up_to(path: &str, parts: usize) -> &str {
    let end = path.match_indices('/').nth(parts);
    let above = end.map_or(path, |(end, _)| &path[..end]);
    if above.is_empty() { "/" } else { above }
}

/// Forms that somebody who looks at a business for the platform can send all the same: both end it.
const WAYS_OUT: [&str; 2] = ["/admin/view/end", "/log-out"];
/// Ends of paths that take many rows out at once, which is no looking.
const TAKEN_OUT: [&str; 7] = [".csv", ".pdf", ".json", ".zip", "/csv", "/pdf", "/monthly"];

/// What the gate knows of a page.
#[derive(Clone, Copy)]
struct Leaf {
    path: &'static str,
    door: Door,
}

impl Leaf {
    /// Whether somebody who only looks may ask this of the page.
    fn only_looks(self, method: &Method) -> bool {
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        (is_read && !TAKEN_OUT.iter().any(|end| self.path.ends_with(end)))
            || WAYS_OUT.contains(&self.path)
    }
}

async fn pass(
    Given((app, leaf)): Given<(App, Leaf)>,
    jar: CookieJar,
    mut request: Request,
    next: Next,
) -> Response {
    if let Door::Business(permission, scope) = leaf.door {
        let may = (permission, scope);
        let asked = on_behalf::Asked::of(&request, leaf.path);
        return match on_behalf::admit(&app, &jar, &asked, may).await {
            Ok(caller) => {
                request.extensions_mut().insert(caller);
                next.run(request).await
            }
            Err(problem) => problem.into_response(),
        };
    }
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
    let half = leaf.door == Door::HalfIn;
    let visit = visit.filter(|visit| visit.is_open || half);
    let mut frame = Frame::of(&request, &jar, visit.clone());
    frame.asks_to_pay = app.rails.pesapal.is_some();
    frame.support.clone_from(&app.config.people.support_contact);
    let needs_second = app.config.people.admin_second_factor == SecondFactor::Required;
    let now = app.clock.now();
    frame.warning = place(visit.as_ref()).and_then(|place| place.rights.warning(now));
    match admit(leaf, request.method(), visit.as_ref(), needs_second) {
        Admitted::Yes => {}
        Admitted::LogIn => {
            let is_get = request.method() == Method::GET;
            return onward(&frame.log_in_path(is_get));
        }
        Admitted::No => return told(&Trouble::NotYours, &frame),
        Admitted::OnlyLooks => return told(&Trouble::OnlyLooking, &frame),
        Admitted::SetUpSecond => return onward("/account/second"),
    }
    if let (Door::Staff(permission), Some(place)) = (leaf.door, place(visit.as_ref()))
        && let Some(shut) = place.rights.page(leaf.path, permission, now)
    {
        return shut_out(shut, place, &frame);
    }
    if let Some(visit) = visit {
        request.extensions_mut().insert(visit);
    }
    request.extensions_mut().insert(frame.clone());
    let request = match readable(leaf, request).await {
        Ok(request) => request,
        Err(trouble) => return told(&trouble, &frame),
    };
    let response = next.run(request).await;
    match response.extensions().get::<Trouble>() {
        Some(trouble) => told(trouble, &frame),
        None if is_bare(&response) => told(&Trouble::Unread, &frame),
        None => response,
    }
}

/// Somebody's own place; whoever looks for the platform has none.
fn place(visit: Option<&Visit>) -> Option<&Place> {
    visit
        .filter(|visit| visit.view_ends.is_none())
        .and_then(|visit| visit.place.as_ref())
}

/// Leads whoever may see the subscription to where it is paid, and tells others whom to ask.
fn shut_out(shut: Shut, place: &Place, frame: &Frame) -> Response {
    let may_see = place.role.may(Permission::SeeSubscription);
    match shut {
        Shut::Restricted if may_see => onward("/settings/subscription?why=restricted"),
        Shut::Lacks(feature) if may_see => {
            onward(&format!("/settings/subscription?why={}", feature.word()))
        }
        Shut::Restricted => {
            let looks_up = place.role.may(Permission::SeeVouchers);
            told_with(&Trouble::Restricted, frame, looks_up)
        }
        Shut::Lacks(_) => told(&Trouble::NotInPlan, frame),
    }
}

/// How a form with files says what it is.
const MULTIPART: &[u8] = b"multipart/";
/// U+0000 as addresses and forms have it. No text of ours can hold it, and the database refuses a statement with one.
const NUL: &[u8] = b"%00";

fn has_nul(sent: &[u8]) -> bool {
    sent.contains(&0) || sent.windows(NUL.len()).any(|letters| letters == NUL)
}

/// A request in which nothing was typed that no text can hold.
///
/// A form is read to its end for that; one with a file is left to the page that takes it, since a file holds anything. In a path it names
/// nothing, or the database says what it is.
async fn readable(leaf: Leaf, request: Request) -> Result<Request, Trouble> {
    // What answers where nothing is reads nothing, and programs come there too.
    if leaf.path.contains("{*") {
        return Ok(request);
    }
    if has_nul(request.uri().query().unwrap_or_default().as_bytes()) {
        return Err(Trouble::Unread);
    }
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_read || has_parts(&request) {
        return Ok(request);
    }
    let (head, body) = request.with_limited_body().into_parts();
    let body = to_bytes(body, usize::MAX).await;
    let body = body.map_err(|_| Trouble::Unread)?;
    if has_nul(&body) {
        return Err(Trouble::Unread);
    }
    Ok(Request::from_parts(head, Body::from(body)))
}

/// Whether a body is one of several parts.
fn has_parts(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.as_bytes().get(..MULTIPART.len()));
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case(MULTIPART))
}

/// Whether an extractor refused what was sent, which it says in plain text meant for programs.
fn is_bare(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    response.status().is_client_error()
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

#[derive(Debug, PartialEq, Eq)]
enum Admitted {
    Yes,
    LogIn,
    No,
    OnlyLooks,
    SetUpSecond,
}

fn admit(leaf: Leaf, method: &Method, visit: Option<&Visit>, needs_second: bool) -> Admitted {
    if visit.is_some_and(|visit| visit.view_ends.is_some()) && !leaf.only_looks(method) {
        return Admitted::OnlyLooks;
    }
    match (leaf.door, visit) {
        (Door::Anyone, _) | (Door::HalfIn | Door::LoggedIn, Some(_)) => Admitted::Yes,
        (_, None) => Admitted::LogIn,
        (Door::Staff(permission), Some(visit)) if visit.may_open(permission) => Admitted::Yes,
        // Programs have no pages; who calls there is looked at elsewhere.
        (Door::Staff(_) | Door::Business(..), Some(_)) => Admitted::No,
        (Door::Admin, Some(visit)) if visit.is_admin && needs_second && !visit.has_second => {
            Admitted::SetUpSecond
        }
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

#[cfg(test)]
mod tests {
    use mnara_protocol::ids::{LogInId, PersonId, ProviderId, StaffId};

    use super::super::rights::Rights;
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
                rights: Rights::default(),
            }),
            is_admin,
            has_second: false,
            view_ends: None,
        }
    }

    fn leaf(door: Door) -> Leaf {
        Leaf { path: "/x", door }
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
            let admitted = admit(leaf(door), &Method::POST, visit.as_ref(), false);
            assert_eq!(admitted, expected, "{door:?} {visit:?}");
        }
    }

    #[test]
    fn whoever_looks_for_the_platform_sends_nothing_but_the_end_of_it() {
        use Admitted::{No, OnlyLooks, Yes};
        let mut looks = visit(Some(Role::Reader), true);
        looks.view_ends = Some(mnara_protocol::clock::Timestamp::from_secs(1));
        let staff = Door::Staff;
        for (path, door, method, expected) in [
            ("/x", staff(Permission::SeePlans), Method::GET, Yes),
            ("/x", staff(Permission::EditPlans), Method::GET, Yes),
            ("/x", staff(Permission::EditPlans), Method::POST, OnlyLooks),
            ("/x", staff(Permission::PrintVouchers), Method::GET, No),
            ("/x", staff(Permission::Export), Method::GET, No),
            (
                "/x.csv",
                staff(Permission::SeeAudit),
                Method::GET,
                OnlyLooks,
            ),
            ("/x", Door::Admin, Method::POST, OnlyLooks),
            ("/x", Door::LoggedIn, Method::DELETE, OnlyLooks),
            ("/admin/view/end", Door::Admin, Method::POST, Yes),
            ("/log-out", Door::LoggedIn, Method::POST, Yes),
        ] {
            let admitted = admit(Leaf { path, door }, &method, Some(&looks), false);
            assert_eq!(admitted, expected, "{method} {path} {door:?}");
        }
    }

    #[test]
    fn the_platforms_pages_open_to_a_second_factor_only_where_that_is_asked_for() {
        let mut admin = visit(None, true);
        let asked = |admin: &Visit| admit(leaf(Door::Admin), &Method::GET, Some(admin), true);
        assert_eq!(asked(&admin), Admitted::SetUpSecond);
        admin.has_second = true;
        assert_eq!(asked(&admin), Admitted::Yes);
        let door = leaf(Door::LoggedIn);
        admin.has_second = false;
        let set_up = admit(door, &Method::GET, Some(&admin), true);
        assert_eq!(set_up, Admitted::Yes);
    }
}
