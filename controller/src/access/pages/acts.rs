//! What is done for a customer from the page of a site. The site is told by a command, and the page that follows says what came of it.

use axum::extract::{Form, State};
use axum::response::Response;
use mnara_protocol::ids::{Mac, ProviderId, SiteId, TicketId};
use serde::Deserialize;

use crate::access::act::{Act, NotAsked, ask, extend};
use crate::access::rename::{NotNamed, rename};
use crate::app::App;
use crate::fleet::close::{self, NotClosed};
use crate::providers::gate::Seat;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::tickets::extend::NotExtended;
use crate::web::Path;
use crate::web::page::onward;

/// More minutes are another voucher: a month.
const MOST_MINUTES: u32 = 43_200;

/// Which voucher, and which of its devices.
#[derive(Debug, Deserialize)]
pub struct Which {
    ticket: String,
    #[serde(default)]
    mac: String,
    #[serde(default)]
    minutes: String,
    /// The extra time that the page said it had.
    #[serde(default)]
    was: Option<u32>,
}

impl Which {
    fn ticket(&self) -> Result<TicketId, Trouble> {
        self.ticket.parse().map_err(|_| Trouble::Nothing)
    }

    fn mac(&self) -> Result<Mac, Trouble> {
        self.mac.parse().map_err(|_| Trouble::Nothing)
    }
}

/// The sentence for a word in the address.
pub(super) fn fault(word: &str, w: &'static Words) -> Option<&'static str> {
    let (sites, w) = (&w.sites, &w.site);
    match word {
        "no-address" => Some(sites.no_address),
        "away" => Some(w.away_nothing),
        "no-agent" => Some(w.no_agent),
        "bad-minutes" => Some(w.bad_minutes),
        "bad-name" => Some(w.name_bad),
        "no-time" => Some(w.no_time),
        "not-selling" => Some(w.not_selling),
        "stays-shut" => Some(w.stays_shut),
        "meanwhile" => Some(w.meanwhile),
        "gone" => Some(w.gone),
        "unsure" => Some(w.close_unsure),
        "still-up" => Some(w.close_up),
        _ => None,
    }
}

/// Takes a device off the air once.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn kick(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Trouble> {
    let act = Act::Kick(which.ticket()?, Some(which.mac()?));
    told(&app, &seat, &id, act).await
}

/// Frees a device's place for the customer's next one.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn move_on(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Trouble> {
    let act = Act::Move(which.ticket()?, which.mac()?);
    told(&app, &seat, &id, act).await
}

/// Holds a voucher's clock.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn pause(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Trouble> {
    told(&app, &seat, &id, Act::Pause(which.ticket()?)).await
}

/// Lets a held voucher's clock run on.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn resume(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Trouble> {
    told(&app, &seat, &id, Act::Resume(which.ticket()?)).await
}

/// Has the agent look everything over.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn diagnose(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    told(&app, &seat, &id, Act::Diagnose).await
}

async fn told(app: &App, seat: &Seat, site: &str, act: Act) -> Result<Response, Trouble> {
    let site: SiteId = site.parse().map_err(|_| Trouble::Nothing)?;
    let provider: ProviderId = seat.provider();
    let said = match ask(app, (provider, site), seat.actor(), act).await {
        Ok(command) => format!("asked={command}"),
        Err(NotAsked::NoSite) => return Err(Trouble::Nothing),
        Err(NotAsked::NoTicket) => "said=gone".to_owned(),
        Err(NotAsked::Away) => "said=away".to_owned(),
        Err(NotAsked::NoAgent) => "said=no-agent".to_owned(),
        Err(NotAsked::Database(error)) => return Err(error.into()),
    };
    Ok(onward(&format!("/sites/{site}?{said}")))
}

/// Gives a voucher more time. That is the controller's to decide, so it is done at once and the site hears of it when it can.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn more_time(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Trouble> {
    let site: SiteId = id.parse().map_err(|_| Trouble::Nothing)?;
    let ticket = which.ticket()?;
    let minutes = which.minutes.trim().parse::<u32>().ok();
    let said = match minutes.filter(|minutes| (1..=MOST_MINUTES).contains(minutes)) {
        None => "bad-minutes",
        Some(minutes) => {
            let (secs, provider) = (minutes * 60, seat.provider());
            match extend(&app, provider, ticket, secs, which.was, seat.actor()).await {
                Ok(()) => "extended",
                Err(NotExtended::Missing) => "gone",
                Err(NotExtended::Shut) => "not-selling",
                Err(NotExtended::NoTime) => "no-time",
                Err(NotExtended::StaysShut) => "stays-shut",
                Err(NotExtended::TooMuch) => "bad-minutes",
                Err(NotExtended::Meanwhile) => "meanwhile",
                Err(NotExtended::Database(error)) => return Err(error.into()),
            }
        }
    };
    Ok(onward(&format!("/sites/{site}?said={said}")))
}

/// The form of a site's name.
#[derive(Deserialize)]
pub struct Named {
    name: String,
}

/// Gives the site another name.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn named(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
    Form(named): Form<Named>,
) -> Result<Response, Trouble> {
    let site: SiteId = id.parse().map_err(|_| Trouble::Nothing)?;
    let said = match rename(&app, seat.provider(), site, &named.name, seat.actor()).await {
        Ok(()) => "named",
        Err(NotNamed::Name) => "bad-name",
        Err(NotNamed::NoSite) => return Err(Trouble::Nothing),
        Err(NotNamed::Database(error)) => return Err(error.into()),
        Err(NotNamed::Feed(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a site could not be told of its name"
            );
            return Err(Trouble::Inside);
        }
    };
    Ok(onward(&format!("/sites/{site}?said={said}")))
}

/// The form that closes a site.
#[derive(Deserialize)]
pub struct Closing {
    sure: Option<String>,
}

/// Closes the site for good.
///
/// # Errors
/// When there is no such site, or the database is away.
pub async fn close(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
    Form(Closing { sure }): Form<Closing>,
) -> Result<Response, Trouble> {
    let site: SiteId = id.parse().map_err(|_| Trouble::Nothing)?;
    let said = match sure {
        None => "unsure",
        Some(_) => match close::close(&app, seat.provider(), site, seat.actor()).await {
            Ok(()) => "closed",
            Err(NotClosed::StillUp) => "still-up",
            Err(NotClosed::NoSite) => return Err(Trouble::Nothing),
            Err(NotClosed::Database(error)) => return Err(error.into()),
        },
    };
    Ok(onward(&format!("/sites/{site}?said={said}")))
}
