//! The page that makes a series. What somebody who tries codes would win is shown before anything is made, by the function that refuses it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::{PlanId, SeriesId, SiteId};
use mnara_protocol::money::Money;
use mnara_protocol::plan::Plan;
use mnara_protocol::ticket::code::{MAX_LENGTH, MIN_LENGTH};
use mnara_protocol::ticket::series::{
    Alphabet, BadForm, CutOff, check_form, guesses_per_site_year,
};
use sqlx::PgConnection;

use super::super::series::{Batch, PrintError, Risk, SELL_BY_SECS, print, risk};
use crate::app::App;
use crate::fleet;
use crate::plans;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{VoucherWords, Words};
use crate::web::page::{html, onward};
use crate::web::{Raw, show};

const DAY: u32 = 86_400;

/// What the form holds, as typed.
#[derive(Clone, Debug, Default)]
struct Filled {
    /// The id that the series gets: the same form sent twice makes one.
    id: String,
    plan: String,
    count: String,
    letters: String,
    length: String,
    prefix: String,
    home: String,
    also: Vec<String>,
    cut_off: String,
    sell_by: String,
    /// Whether it is only to be looked at.
    checks: bool,
}

impl Filled {
    fn read(body: &[u8]) -> Self {
        let mut filled = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            let value = value.trim().to_owned();
            match name.as_ref() {
                "id" => filled.id = value,
                "plan" => filled.plan = value,
                "count" => filled.count = value,
                "letters" => filled.letters = value,
                "length" => filled.length = value,
                "prefix" => filled.prefix = value.to_ascii_uppercase(),
                "home" => filled.home = value,
                "also" if filled.also.len() < usize::from(fleet::store::ALL) => {
                    filled.also.push(value)
                }
                "cut_off" => filled.cut_off = value,
                "sell_by" => filled.sell_by = value,
                "do" => filled.checks = value == "check",
                _ => {}
            }
        }
        filled
    }

    fn batch(&self) -> Result<Batch, PrintError> {
        let days = match self.sell_by.as_str() {
            "" => None,
            text => Some(text.parse::<u32>().map_err(|_| PrintError::SellBy)?),
        };
        let sell_by_secs = match days.map(|days| days.checked_mul(DAY)) {
            None => None,
            Some(secs) => Some(
                secs.filter(|secs| SELL_BY_SECS.contains(secs))
                    .ok_or(PrintError::SellBy)?,
            ),
        };
        let count = self.count.replace(',', "");
        Ok(Batch {
            id: self.id.parse().ok(),
            plan: self.plan.parse().map_err(|_| PrintError::NoPlan)?,
            count: count.parse().map_err(|_| PrintError::Count)?,
            alphabet: match self.letters.as_str() {
                "digits" => Alphabet::Digits,
                _ => Alphabet::Crockford,
            },
            length: self.length.parse().map_err(|_| BadForm::Length)?,
            prefix: self.prefix.clone(),
            home: self.home.parse().map_err(|_| NO_HOME)?,
            sites: self
                .also
                .iter()
                .map(|site| site.parse::<SiteId>())
                .collect::<Result<_, _>>()
                .map_err(|_| NO_HOME)?,
            cut_off: match self.cut_off.as_str() {
                "anywhere" => CutOff::Anywhere,
                _ => CutOff::HomeOnly,
            },
            sell_by_secs,
        })
    }
}

const NO_HOME: PrintError = PrintError::NoSite(SiteId::from_bytes([0; 16]));

/// The shortest length at which so many codes are safe, as far as these alone are concerned.
fn enough(count: u32, alphabet: Alphabet, prefix: &str) -> Option<u8> {
    let lengths = u8::try_from(MIN_LENGTH).ok()?..=u8::try_from(MAX_LENGTH).ok()?;
    lengths.into_iter().find(|length| {
        check_form(prefix, alphabet, *length)
            .is_ok_and(|free| guesses_per_site_year(count.into(), alphabet, free) <= 1.0)
    })
}

/// A choice of a field.
struct Choice {
    id: String,
    name: String,
    is_chosen: bool,
}

/// What the page says of the risk.
struct Told {
    expected: String,
    worth: String,
    live: String,
    is_small: bool,
    enough: Option<u8>,
}

impl Told {
    fn of(risk: &Risk, enough: Option<u8>, w: &VoucherWords) -> Self {
        Self {
            expected: match risk.expected {
                few if few < 0.001 => w.risk_less.to_owned(),
                few if few < 10.0 => format!("{few:.3}"),
                many => format!("{many:.0}"),
            },
            worth: match risk.shillings {
                little if little < 1.0 => w.risk_cents.to_owned(),
                // Shown in whole shillings; more than a float holds exactly would be refused long before.
                much => format!("KSh\u{a0}{much:.0}"),
            },
            live: show::thousands(risk.live),
            is_small: risk.is_small(),
            enough: enough.filter(|_| !risk.is_small()),
        }
    }
}

#[derive(Template)]
#[template(path = "vouchers/series_new.html")]
struct NewPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    filled: &'a Filled,
    plans: Vec<Choice>,
    homes: Vec<Choice>,
    others: Vec<Choice>,
    risk: Option<Told>,
    fault: Option<&'static str>,
}

/// What can be chosen from.
struct Choices {
    plans: Vec<Plan>,
    sites: Vec<(SiteId, String)>,
}

async fn choices(conn: &mut PgConnection, seat: &Seat) -> sqlx::Result<Choices> {
    let provider = seat.provider();
    let sites = fleet::store::sites_seen(conn, provider, None, fleet::store::ALL).await?;
    Ok(Choices {
        plans: plans::store::plans(conn, provider, plans::edit::MOST).await?,
        sites: sites
            .into_iter()
            .map(|site| (site.site, site.name))
            .collect(),
    })
}

fn shown(
    frame: &Frame,
    status: StatusCode,
    filled: &Filled,
    choices: Choices,
    risk: Option<Told>,
    fault: Option<&'static str>,
) -> Response {
    let site = |chosen: &dyn Fn(&str) -> bool| {
        let sites = choices.sites.iter();
        sites
            .map(|(id, name)| Choice {
                is_chosen: chosen(&id.to_string()),
                id: id.to_string(),
                name: name.clone(),
            })
            .collect()
    };
    let page = NewPage {
        frame,
        w: frame.words(),
        filled,
        homes: site(&|id| id == filled.home),
        others: site(&|id| filled.also.iter().any(|also| also == id)),
        plans: choices
            .plans
            .iter()
            .map(|plan| Choice {
                id: plan.id.to_string(),
                name: format!("{} · {}", plan.name, show::money(plan.price)),
                is_chosen: plan.id.to_string() == filled.plan,
            })
            .collect(),
        risk,
        fault,
    };
    html(status, &page)
}

/// What the risk of a batch is, as far as it can be told yet.
async fn told(
    app: &App,
    conn: &mut PgConnection,
    seat: &Seat,
    batch: &Batch,
    price: Option<Money>,
    w: &VoucherWords,
) -> Result<Told, PrintError> {
    let price = price.ok_or(PrintError::NoPlan)?;
    let risk = risk(conn, seat.provider(), batch, price, app.clock.now()).await?;
    let enough = enough(batch.count, batch.alphabet, &batch.prefix);
    Ok(Told::of(&risk, enough, w))
}

fn price(choices: &Choices, plan: PlanId) -> Option<Money> {
    let found = choices.plans.iter().find(|found| found.id == plan);
    found.map(|plan| plan.price)
}

/// Shows the form as most begin.
///
/// # Errors
/// When the database is away.
pub async fn form(State(app): State<App>, frame: Frame, seat: Seat) -> Result<Response, Trouble> {
    let mut tx = app.db.tenant(seat.provider()).await?;
    let choices = choices(&mut tx, &seat).await?;
    let first = |id: Option<String>| id.unwrap_or_default();
    let filled = Filled {
        id: SeriesId::new(app.clock.now(), app.entropy.bytes()).to_string(),
        plan: first(choices.plans.first().map(|plan| plan.id.to_string())),
        home: first(choices.sites.first().map(|(id, _)| id.to_string())),
        count: "100".to_owned(),
        length: "8".to_owned(),
        ..Filled::default()
    };
    let risk = match filled.batch() {
        Ok(batch) => {
            let price = price(&choices, batch.plan);
            let w = &frame.words().vouchers;
            told(&app, &mut tx, &seat, &batch, price, w).await.ok()
        }
        Err(_) => None,
    };
    drop(tx);
    Ok(shown(&frame, StatusCode::OK, &filled, choices, risk, None))
}

/// Makes a series, or shows what the risk of one would be.
///
/// # Errors
/// When the database is away.
pub async fn take(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Raw(body): Raw,
) -> Result<Response, Trouble> {
    let w = &frame.words().vouchers;
    let filled = Filled::read(&body);
    let batch = filled.batch();
    let made = match &batch {
        Ok(batch) if !filled.checks => {
            match print(&app, seat.provider(), batch, seat.actor()).await {
                Ok(made) => {
                    return Ok(onward(&format!(
                        "/vouchers/series/{}?done=made",
                        made.series.id
                    )));
                }
                Err(PrintError::Again(id)) => return Ok(onward(&format!("/vouchers/series/{id}"))),
                Err(error) => Some(error),
            }
        }
        Ok(_) | Err(_) => None,
    };
    let mut tx = app.db.tenant(seat.provider()).await?;
    let choices = choices(&mut tx, &seat).await?;
    let (told, unclear) = match batch {
        Ok(batch) => {
            let price = price(&choices, batch.plan);
            match told(&app, &mut tx, &seat, &batch, price, w).await {
                Ok(told) => (Some(told), None),
                Err(error) => (None, Some(error)),
            }
        }
        Err(error) => (None, Some(error)),
    };
    drop(tx);
    let fault = match made.or(unclear) {
        Some(PrintError::Shut) => Some(frame.words().counter.shut),
        Some(error) => Some(why(error, w)?),
        None => None,
    };
    let status = match fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(shown(&frame, status, &filled, choices, told, fault))
}

/// What to change, in words.
fn why(error: PrintError, w: &VoucherWords) -> Result<&'static str, Trouble> {
    Ok(match error {
        PrintError::Count => w.bad_count,
        PrintError::Form(BadForm::Length | BadForm::Alphabet) => w.bad_length,
        PrintError::Form(BadForm::Prefix) => w.bad_prefix,
        PrintError::Form(BadForm::NoRoom) => w.bad_room,
        PrintError::Form(BadForm::MacShaped) => w.bad_mac,
        PrintError::Guessable { .. } => w.risk_large,
        PrintError::Crowded(_) => w.crowded,
        PrintError::NoPlan => w.bad_plan,
        PrintError::NoSite(_) => w.bad_site,
        PrintError::SellBy => w.bad_sell_by,
        PrintError::Database(error) => return Err(error.into()),
        PrintError::Again(_) | PrintError::Shut => return Err(Trouble::Nothing),
        PrintError::Feed(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "sites could not be told of a new series"
            );
            return Err(Trouble::Inside);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Filled {
        let plan = PlanId::from_bytes([1; 16]);
        let [home, also] = [2, 3].map(|n| SiteId::from_bytes([n; 16]));
        let body = format!(
            "plan={plan}&count=1%2C000&letters=digits&length=10&prefix=+07&home={home}&also={also}&also={home}&cut_off=anywhere&sell_by=30&do=check"
        );
        Filled::read(body.as_bytes())
    }

    #[test]
    fn a_form_is_read_as_people_fill_it_in() {
        let batch = filled().batch().unwrap();
        assert_eq!((batch.count, batch.length), (1_000, 10));
        assert_eq!(batch.prefix, "07");
        assert_eq!(batch.sites.len(), 2);
        assert_eq!(batch.cut_off, CutOff::Anywhere);
        assert_eq!(batch.sell_by_secs, Some(30 * DAY));
        assert!(filled().checks && batch.id.is_none());
        let with = |change: fn(&mut Filled)| {
            let mut filled = filled();
            change(&mut filled);
            filled.batch().unwrap_err()
        };
        assert!(matches!(
            with(|f| f.count = "some".into()),
            PrintError::Count
        ));
        assert!(matches!(
            with(|f| f.sell_by = "0".into()),
            PrintError::SellBy
        ));
        assert!(matches!(
            with(|f| f.sell_by = "99999".into()),
            PrintError::SellBy
        ));
        assert!(matches!(
            with(|f| f.home = String::new()),
            PrintError::NoSite(_)
        ));
        assert!(matches!(
            with(|f| f.length = "x".into()),
            PrintError::Form(_)
        ));
    }

    #[test]
    fn the_shortest_safe_length_is_proposed() {
        assert_eq!(enough(100, Alphabet::Crockford, ""), Some(7));
        assert_eq!(enough(300, Alphabet::Digits, ""), Some(10));
        // Twelve digits are passed over.
        assert_eq!(enough(100_000, Alphabet::Digits, ""), Some(13));
        assert_eq!(enough(100, Alphabet::Crockford, "AB"), Some(9));
    }
}
