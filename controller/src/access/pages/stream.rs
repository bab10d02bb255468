//! The live part of a site's page as server-sent events. A stream is short-lived on purpose: the browser opens another, and whoever has
//! logged out meanwhile gets none.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use futures_util::stream;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PersonId, SiteId};

use super::view::{self, Live, May};
use crate::app::App;
use crate::fleet::sample::watch;
use crate::fleet::store as sites;
use crate::fleet::store::samples;
use crate::providers::cookies;
use crate::providers::gate::Seat;
use crate::providers::log_in::{self, Token};
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Permission;
use crate::web::Path;

/// How often it is looked for a newer reading.
const LOOK: Duration = Duration::from_secs(2);
/// Without a newer one the page is told how the site is all the same, and the line is kept open.
const AGAIN: Duration = Duration::from_secs(20);
/// How often it is asked whether the person is still logged in, and the site told that somebody watches.
const CHECK: Duration = Duration::from_secs(30);
/// How long a stream lasts.
const LONGEST: Duration = Duration::from_secs(600);
/// When the browser opens the next.
const RETRY: Duration = Duration::from_secs(3);
/// Streams of one person, and of this process.
const MOST_OF_ONE: u16 = 6;
const MOST: u16 = 500;

/// Who watches now; one for the process.
#[derive(Clone, Debug, Default)]
pub struct Watchers(Arc<Mutex<BTreeMap<PersonId, u16>>>);

impl Watchers {
    /// Lets one more in, if there is room.
    fn enter(&self, person: PersonId) -> Option<Watching> {
        let mut watching = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: u16 = watching.values().sum();
        let mine = watching.get(&person).copied().unwrap_or(0);
        if all >= MOST || mine >= MOST_OF_ONE {
            return None;
        }
        watching.insert(person, mine + 1);
        drop(watching);
        Some(Watching {
            watchers: self.clone(),
            person,
        })
    }
}

/// A place among the watchers, free again when it is dropped.
#[derive(Debug)]
struct Watching {
    watchers: Watchers,
    person: PersonId,
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut watching = self
            .watchers
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = watching.get_mut(&self.person) {
            *mine -= 1;
            if *mine == 0 {
                watching.remove(&self.person);
            }
        }
    }
}

#[derive(Template)]
#[template(path = "sites/site_part.html")]
struct Part {
    w: &'static Words,
    id: SiteId,
    live: Live,
}

/// One stream.
struct Stream {
    app: App,
    seat: Seat,
    token: Token,
    site: SiteId,
    w: &'static Words,
    began: Duration,
    checked: Duration,
    told: Option<Duration>,
    newest: Timestamp,
    _watching: Watching,
}

/// Opens a stream.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn live(
    State(app): State<App>,
    Extension(watchers): Extension<Watchers>,
    frame: Frame,
    seat: Seat,
    jar: CookieJar,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let site: SiteId = id.parse().map_err(|_| Trouble::Nothing)?;
    let mut tx = app.db.tenant(seat.provider()).await?;
    let known = sites::site(&mut tx, seat.provider(), site).await?;
    drop(tx);
    known.ok_or(Trouble::Nothing)?;
    let token = cookies::token(&jar, &app).ok_or(Trouble::NotYours)?;
    let Some(watching) = watchers.enter(seat.person) else {
        // The browser asks no more by itself: the page says so beside its link to refresh, and its script asks again later.
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let now = app.clock.elapsed();
    let stream = Stream {
        w: frame.words(),
        seat,
        token,
        site,
        began: now,
        checked: now,
        told: None,
        newest: Timestamp::from_millis(0),
        _watching: watching,
        app,
    };
    let events = stream::unfold(stream, |mut stream| async move {
        let html = stream.next().await?;
        let event = Event::default().event("live").retry(RETRY).data(html);
        Some((Ok::<_, Infallible>(event), stream))
    });
    // A proxy like nginx would keep what is told until it has a bufferful.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, Sse::new(events)).into_response())
}

impl Stream {
    /// The next thing to show; nothing when the stream is over.
    async fn next(&mut self) -> Option<String> {
        loop {
            if self.told.is_some() {
                tokio::select! {
                    () = self.app.shutdown.cancelled() => return None,
                    () = self.app.clock.sleep(LOOK) => {}
                }
            }
            let now = self.app.clock.elapsed();
            if now.saturating_sub(self.began) >= LONGEST {
                return None;
            }
            let first = self.told.is_none();
            if first || now.saturating_sub(self.checked) >= CHECK {
                self.checked = now;
                if !first && !self.may_go_on().await {
                    return None;
                }
                self.ask().await;
            }
            let due = self
                .told
                .is_none_or(|told| now.saturating_sub(told) >= AGAIN);
            match self.look(due).await {
                Ok(None) => {}
                Ok(Some(html)) => {
                    self.told = Some(now);
                    return Some(html);
                }
                Err(error) => {
                    tracing::debug!(%error, "a page is not told how its site is");
                    return None;
                }
            }
        }
    }

    /// Whether the person is still logged in and may still see this.
    async fn may_go_on(&self) -> bool {
        let visit = match log_in::visit(&self.app, &self.token).await {
            Ok(visit) => visit,
            Err(error) => {
                tracing::debug!(%error, "a log-in could not be looked up");
                return false;
            }
        };
        visit
            .filter(|visit| visit.is_open)
            .and_then(|visit| visit.place)
            .is_some_and(|place| {
                place.provider == self.seat.provider() && place.role.may(Permission::SeeSites)
            })
    }

    async fn ask(&self) {
        let (app, provider) = (&self.app, self.seat.provider());
        if let Err(error) = watch(app, provider, self.site).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "a site was not told that it is watched"
            );
        }
    }

    /// What the page shows now, if there is a newer reading or it is due all the same.
    async fn look(&mut self, due: bool) -> anyhow::Result<Option<String>> {
        let (provider, now) = (self.seat.provider(), self.app.clock.now());
        let mut tx = self.app.db.tenant(provider).await?;
        let newer = samples::newest_at(&mut tx, provider, self.site, self.newest).await?;
        if newer.is_none() && !due {
            return Ok(None);
        }
        self.newest = newer.unwrap_or(self.newest);
        let standing = sites::standing::standing(&mut tx, provider, self.site).await?;
        let may = May::of(self.seat.place.role);
        let live = view::live(
            &mut tx,
            provider,
            self.site,
            standing.as_ref(),
            may,
            self.w,
            now,
        )
        .await?;
        drop(tx);
        let part = Part {
            w: self.w,
            id: self.site,
            live,
        };
        Ok(Some(part.render()?))
    }
}
