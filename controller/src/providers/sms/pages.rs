//! The page of SMS: what a month cost, what is sent and when, the latest with what became of each, and who wants none. What a text said is shown
//! to nobody, and phones with their middle hidden.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, SmsId};
use mnara_protocol::money::Money;
use mnara_protocol::portal::Language;
use serde::Deserialize;

use super::State as TextState;
use super::choose::{NotChosen, choose};
use super::customers::{self, Sent};
use super::store::{self, Listed, Spent};
use super::{BadSettings, Codes, Quiet, Settings, clock};
use crate::app::App;
use crate::nairobi::{self, Day};
use crate::providers::gate::Seat;
use crate::providers::notices::{BILLING, SECURITY, STANDING, Topic};
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{MessageWords, Words};
use crate::web::page::{before, html, onward};
use crate::web::{Query, show};

/// Texts on a page.
const PAGE: u16 = 30;
/// Phones shown that want none.
const STOPPED: u16 = 50;

/// What one kind of text came to.
struct Line {
    name: String,
    sent: i64,
    delivered: i64,
    failed: i64,
    parts: i64,
    cost: String,
}

/// One text.
struct Row {
    id: SmsId,
    name: String,
    to: String,
    person: Option<String>,
    payment: Option<PaymentId>,
    /// What it is charged as, where that is more than one message.
    parts: Option<String>,
    state: &'static str,
    look: &'static str,
    why: Option<&'static str>,
    cost: Option<String>,
    at: String,
    may_again: bool,
}

struct Stopped {
    phone: String,
    masked: String,
    by_network: bool,
    since: String,
}

struct Choice {
    word: &'static str,
    name: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "messages/messages.html")]
struct MessagesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    is_set_up: bool,
    is_first: bool,
    month: String,
    month_name: String,
    latest_month: String,
    totals: Vec<String>,
    lines: Vec<Line>,
    filled: &'a Filled,
    codes: Vec<Choice>,
    languages: Vec<Choice>,
    example: Option<(String, String)>,
    rows: Vec<Row>,
    older: Option<String>,
    stopped: Vec<Stopped>,
    phone: &'a str,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What is asked for, as the address has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    month: String,
    before: String,
    done: String,
}

impl Asked {
    fn cursor(&self) -> Option<store::Cursor> {
        before(&self.before)
    }
}

/// The settings as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    codes: String,
    receipts: String,
    language: String,
    quiet: String,
    from: String,
    until: String,
    day: String,
    phone: String,
}

impl Filled {
    fn of(settings: &Settings) -> Self {
        let quiet = settings.quiet.unwrap_or(Quiet {
            from: 21 * 60,
            until: 7 * 60,
        });
        let on = |is_on: bool| if is_on { "on" } else { "" }.to_owned();
        Self {
            codes: settings.codes.word().to_owned(),
            receipts: on(settings.receipts),
            language: settings.language.tag().to_owned(),
            quiet: on(settings.quiet.is_some()),
            from: clock(quiet.from),
            until: clock(quiet.until),
            day: settings.most_a_day.to_string(),
            phone: settings.most_a_phone.to_string(),
        }
    }

    /// Reads what was typed, or says which sentence tells what is wrong with it.
    fn read(&self, w: &MessageWords) -> Result<Settings, &'static str> {
        let time = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let quiet = if self.quiet.is_empty() {
            None
        } else {
            let times = time(&self.from).zip(time(&self.until));
            let (from, until) = times.ok_or(w.bad_hours)?;
            Some(Quiet { from, until })
        };
        let number = |text: &str| {
            text.trim()
                .replace(',', "")
                .parse::<u32>()
                .map_err(|_| w.bad_caps)
        };
        Ok(Settings {
            codes: Codes::parse(&self.codes).ok_or(w.bad_codes)?,
            receipts: !self.receipts.is_empty(),
            language: Language::parse(&self.language).unwrap_or(Language::English),
            quiet,
            most_a_day: number(&self.day)?,
            most_a_phone: number(&self.phone)?,
        })
    }
}

impl MessageWords {
    /// Why settings were not kept, for people.
    const fn bad(&self, bad: BadSettings) -> &'static str {
        match bad {
            BadSettings::Quiet => self.bad_hours,
            BadSettings::MostADay | BadSettings::MostAPhone => self.bad_caps,
        }
    }
}

/// What stands on the page besides what the database knows.
#[derive(Clone, Copy, Default)]
pub(super) struct Typed<'a> {
    pub(super) filled: Option<&'a Filled>,
    pub(super) phone: &'a str,
    pub(super) fault: Option<&'static str>,
}

/// A month of Nairobi's calendar: its first moment, and the one after its last.
fn month(text: &str, now: Timestamp) -> Option<(Date, Timestamp, Timestamp)> {
    let first = match text {
        "" => Day::of(now).date().first_of_month(),
        text => Day::read(&format!("{text}-01"))?.date(),
    };
    let next = first.last_of_month().tomorrow().ok()?;
    let begins = |date| Day::from_date(date).begin();
    Some((first, begins(first), begins(next)))
}

/// Shows the page.
///
/// # Errors
/// When the database is away.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    shown(&app, &frame, &seat, &asked, Typed::default()).await
}

pub(super) async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    asked: &Asked,
    typed: Typed<'_>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let (provider, now) = (seat.provider(), app.clock.now());
    let (first, from, to) = month(&asked.month, now).ok_or(Trouble::Nothing)?;
    let mut tx = app.db.tenant(provider).await?;
    let settings = store::settings(&mut tx, provider).await?;
    let spent = store::spent(&mut tx, provider, from, to).await?;
    let mut listed = store::list(&mut tx, provider, asked.cursor(), now, PAGE + 1).await?;
    let stopped = store::opt_outs(&mut tx, provider, None, STOPPED).await?;
    let business = crate::providers::store::provider(&mut tx, provider).await?;
    drop(tx);
    let has_more = listed.len() > usize::from(PAGE);
    listed.truncate(usize::from(PAGE));
    let older = listed.last().filter(|_| has_more).map(|last| {
        format!(
            "/settings/messages?before={}.{}",
            last.at.as_millis(),
            last.id
        )
    });
    let stored = Filled::of(&settings);
    let filled = typed.filled.unwrap_or(&stored);
    let business = business.map_or_else(String::new, |business| business.business_name);
    let page = MessagesPage {
        frame,
        w,
        is_set_up: app.rails.sms.is_set_up(),
        is_first: asked.cursor().is_none(),
        month: first.strftime("%Y-%m").to_string(),
        month_name: format!("{} {}", w.calendar.month(first.month()), first.year()),
        latest_month: nairobi::clock(now)
            .map_or_else(String::new, |now| now.strftime("%Y-%m").to_string()),
        totals: totals(&spent),
        lines: spent.into_iter().map(|spent| line(spent, w)).collect(),
        codes: Codes::ALL
            .into_iter()
            .map(|codes| Choice {
                word: codes.word(),
                name: w.messages.codes(codes),
                is_chosen: codes.word() == filled.codes,
            })
            .collect(),
        languages: Language::ALL
            .into_iter()
            .map(|language| Choice {
                word: language.tag(),
                name: language.name(),
                is_chosen: language.tag() == filled.language,
            })
            .collect(),
        example: example(&settings, &business, &w.messages),
        filled,
        rows: listed.into_iter().map(|one| row(one, w)).collect(),
        older,
        stopped: stopped
            .into_iter()
            .map(|one| Stopped {
                phone: one.phone.digits(),
                masked: one.phone.masked(),
                by_network: one.by_network,
                since: w.calendar.moment(one.since),
            })
            .collect(),
        phone: typed.phone,
        done: match asked.done.as_str() {
            "saved" => Some(w.messages.saved),
            "again" => Some(w.messages.sent_again),
            "stopped" => Some(w.messages.stopped),
            "started" => Some(w.messages.started),
            _ => None,
        },
        fault: typed
            .fault
            .or((asked.done == "over").then_some(w.messages.not_again)),
    };
    let status = match typed.fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(html(status, &page))
}

/// What the longest text to a buyer looks like, its letters and what it is charged as.
fn example(settings: &Settings, business: &str, w: &MessageWords) -> Option<(String, String)> {
    let sent: Sent = customers::due(settings, true)?;
    let plan = match settings.language {
        Language::English => "1 hour",
        Language::Swahili => "Saa 1",
    };
    let (text, size) =
        customers::text(settings.language, sent, business, &customers::example(plan));
    Some((text, w.size(size.length, size.parts)))
}

fn amount(cents: i64, currency: &str) -> String {
    if currency == "KES" {
        return show::money(Money::from_cents(cents));
    }
    format!("{currency}\u{a0}{}.{:02}", cents / 100, cents % 100)
}

/// What all kinds cost together, for each currency.
fn totals(spent: &[Spent]) -> Vec<String> {
    let mut sums = std::collections::BTreeMap::new();
    for one in spent {
        if let Some(currency) = one.currency.as_deref() {
            *sums.entry(currency).or_insert(0) += one.cents;
        }
    }
    if sums.is_empty() && !spent.is_empty() {
        sums.insert("KES", 0);
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(currency, _)| *currency != "KES");
    sums.into_iter()
        .map(|(currency, cents)| amount(cents, currency))
        .collect()
}

/// What a kind of text is called.
fn name(kind: &str, w: &Words) -> String {
    let topic = Topic::ALL.iter().find(|topic| topic.word() == kind);
    match kind {
        customers::CODE => w.messages.code.to_owned(),
        customers::RECEIPT => w.messages.receipt.to_owned(),
        SECURITY => w.messages.security.to_owned(),
        STANDING => w.messages.standing.to_owned(),
        BILLING => w.messages.billing.to_owned(),
        other => topic.map_or_else(
            || other.to_owned(),
            |topic| w.notices.name(topic).to_owned(),
        ),
    }
}

fn line(spent: Spent, w: &Words) -> Line {
    Line {
        name: name(&spent.kind, w),
        sent: spent.sent,
        delivered: spent.delivered,
        failed: spent.failed,
        parts: spent.parts,
        cost: amount(spent.cents, spent.currency.as_deref().unwrap_or("KES")),
    }
}

fn row(one: Listed, w: &Words) -> Row {
    let look = match one.state {
        TextState::Delivered => "good",
        TextState::Failed | TextState::Dropped => "bad",
        TextState::Unknown | TextState::Waiting => "wait",
        TextState::Sending | TextState::Sent => "",
    };
    Row {
        id: one.id,
        name: name(&one.kind, w),
        to: one.to.masked(),
        person: one.person,
        payment: one.payment,
        parts: (one.parts > 1).then(|| {
            let parts = one.parts.to_string();
            w.messages.many_messages.replace("{n}", &parts)
        }),
        state: w.messages.state(one.state),
        look,
        why: one.why.map(|why| w.messages.why(&why)),
        cost: one
            .cost
            .map(|(cents, currency)| amount(i64::from(cents), &currency)),
        at: w.calendar.moment(one.at),
        may_again: one.may_again,
    }
}

/// Takes the settings.
///
/// # Errors
/// When the database is away.
pub async fn take(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let w = &frame.words().messages;
    let fault = match filled.read(w) {
        Err(fault) => fault,
        Ok(settings) => match choose(&app, seat.provider(), &settings, seat.actor()).await {
            Ok(()) => return Ok(onward("/settings/messages?done=saved")),
            Err(NotChosen::Settings(bad)) => w.bad(bad),
            Err(NotChosen::Database(error)) => return Err(error.into()),
        },
    };
    let typed = Typed {
        filled: Some(&filled),
        fault: Some(fault),
        ..Typed::default()
    };
    shown(&app, &frame, &seat, &Asked::default(), typed).await
}
