//! Who did what in the business: the audit as people read it, and as a file.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PersonId;
use mnara_protocol::money::Money;
use serde::Deserialize;
use serde_json::Value;

use super::frame::Frame;
use super::trouble::Trouble;
use super::words::Words;
use crate::app::App;
use crate::audit::chain::{self, Head};
use crate::audit::difference::{Changed, between};
use crate::audit::names::{Kind, Named, brief, names};
use crate::audit::read::{self, Line, Wanted};
use crate::nairobi::Day;
use crate::providers::gate::Seat;
use crate::providers::notices::Topic;
use crate::providers::staff::roles::{Permission, Role};
use crate::web::csv::{self, Csv};
use crate::web::page::html;
use crate::web::{Query, show};

/// Lines on one page, and in one file.
pub const PAGE: u16 = 50;
const FILE: u16 = 5_000;

/// What somebody asked to see.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    person: String,
    #[serde(default)]
    act: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    before: String,
}

impl Asked {
    /// Reads it; what cannot be read asks for nothing.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let day = Day::read(&self.day);
        Wanted {
            person: self.person.parse().ok(),
            act: Some(self.act.clone()).filter(|act| !act.is_empty()),
            from: day.map(Day::begin),
            to: day.map(|day| day.plus(1).begin()),
            before: self.before.parse().ok(),
        }
    }

    fn is_all(&self) -> bool {
        self.person.is_empty() && self.act.is_empty() && self.day.is_empty()
    }

    fn query(&self, before: Option<String>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("person", self.person.as_str()),
            ("act", &self.act),
            ("day", &self.day),
            ("before", before.as_deref().unwrap_or("")),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

/// A line as people read it.
struct Row {
    when: String,
    who: String,
    what: String,
    /// What that is called now, or its id in short.
    name: String,
    /// Its id, where the name is none.
    id: Option<String>,
    /// Its page, where whoever reads may open it.
    path: Option<String>,
    business: Option<String>,
    changes: Vec<Change>,
    number: Option<i64>,
}

struct Change {
    field: String,
    before: Option<String>,
    after: Option<String>,
}

/// Whose audit is shown.
#[derive(Clone, Debug)]
pub struct Whose {
    /// The path of its page.
    pub path: &'static str,
    /// What stands above it.
    pub title: &'static str,
    /// What is said of it.
    pub text: &'static str,
    /// Whether names of the platform's staff are told.
    pub tells_admins: bool,
    /// Whether it can be had as a file.
    pub has_file: bool,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    whose: &'a Whose,
    asked: &'a Asked,
    rows: Vec<Row>,
    people: Vec<(String, String)>,
    older: Option<String>,
    query: String,
    seal: Option<(i64, String)>,
}

/// Shows the audit of the business.
///
/// # Errors
/// When the database is away.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let (provider, role) = (seat.provider(), seat.place.role);
    let mut tx = app.db.tenant(provider).await?;
    let lines = read::of_provider(&mut tx, provider, &asked.wanted(), PAGE).await?;
    let people = read::people_of(&mut tx, provider).await?;
    let names = names(&mut tx, Some(provider), &lines).await?;
    let head = chain::head(&mut tx, Some(provider)).await?;
    drop(tx);
    let w = frame.words();
    let whose = Whose {
        path: "/audit",
        title: w.audit.title,
        text: w.audit.text,
        tells_admins: false,
        has_file: true,
    };
    let known = Known {
        names,
        path: |kind, subject| path(kind, subject, role),
    };
    Ok(shown(&frame, &whose, &asked, (lines, people, head), known))
}

/// What the things are called that lines are about, and how one comes to them.
pub struct Known<P: Fn(Kind, &str) -> Option<String>> {
    /// What those are called that are still there.
    pub names: HashMap<String, Named>,
    /// The page of one.
    pub path: P,
}

/// The page of a thing of the business, for a role that may open it.
fn path(kind: Kind, subject: &str, role: Role) -> Option<String> {
    let (path, needs) = match kind {
        Kind::Site => (format!("/sites/{subject}"), Permission::SeeSites),
        Kind::Plan => (format!("/plans/{subject}"), Permission::EditPlans),
        Kind::Series => (
            format!("/vouchers/series/{subject}"),
            Permission::SeeVouchers,
        ),
        Kind::Ticket => (format!("/vouchers/{subject}"), Permission::SeeVouchers),
        Kind::Payment => (format!("/payments/{subject}"), Permission::SeePayments),
        Kind::Customer => (format!("/customers/{subject}"), Permission::SeePayments),
        Kind::Staff | Kind::Invitation => ("/staff".to_owned(), Permission::SeeStaff),
        Kind::Endpoint => (
            format!("/settings/webhooks/{subject}"),
            Permission::ManageKeys,
        ),
        Kind::Key => ("/settings/keys".to_owned(), Permission::ManageKeys),
        Kind::Provider | Kind::Person | Kind::PlatformPlan => return None,
    };
    role.may(needs).then_some(path)
}

/// Shows lines that were found.
#[must_use]
pub fn shown(
    frame: &Frame,
    whose: &Whose,
    asked: &Asked,
    (lines, people, head): (Vec<Line>, Vec<(PersonId, String)>, Option<Head>),
    known: Known<impl Fn(Kind, &str) -> Option<String>>,
) -> Response {
    let w = frame.words();
    let last = lines.get(usize::from(PAGE) - 1).map(|line| line.id);
    let page = AuditPage {
        frame,
        w,
        whose,
        asked,
        rows: lines
            .iter()
            .map(|line| row(line, w, whose.tells_admins, &known))
            .collect(),
        people: people
            .into_iter()
            .map(|(id, name)| (id.to_string(), name))
            .collect(),
        older: last.map(|id| asked.query(Some(id.to_string()))),
        query: asked.query(None),
        seal: head.map(|head| (head.number, hex::encode(head.hash))),
    };
    html(StatusCode::OK, &page)
}

fn row(
    line: &Line,
    w: &'static Words,
    tells_admins: bool,
    known: &Known<impl Fn(Kind, &str) -> Option<String>>,
) -> Row {
    let named = known.names.get(&line.subject);
    let changes = between(line.before.as_ref(), line.after.as_ref());
    let short = brief(&line.subject);
    let name = named.and_then(|named| named.name.clone());
    Row {
        when: w.calendar.moment(line.at),
        who: who(line, w, tells_admins),
        what: w.audit.act(&line.act).to_owned(),
        id: short
            .as_ref()
            .map(|_| line.subject.clone())
            .filter(|_| name.is_none()),
        name: name
            .or(short)
            .unwrap_or_else(|| subject(&line.subject, w).to_owned()),
        path: named.and_then(|named| (known.path)(named.kind, &line.subject)),
        business: line.business.clone(),
        changes: changes
            .into_iter()
            .map(|changed| change(changed, line, w, &known.names))
            .collect(),
        number: line.number,
    }
}

fn who(line: &Line, w: &'static Words, tells_admins: bool) -> String {
    let name = line.name.as_deref();
    match line.actor.as_str() {
        "admin" if !tells_admins => w.audit.platform.to_owned(),
        "command" => w.audit.command.to_owned(),
        "program" => w.audit.program.to_owned(),
        "key" => format!("{}: {}", w.audit.by_key, name.unwrap_or_default()),
        _ => name.unwrap_or(w.audit.somebody).to_owned(),
    }
}

/// What a line is about that has no id.
fn subject<'a>(subject: &'a str, w: &'static Words) -> &'a str {
    match subject {
        "look" => w.portal.title,
        "logo" => w.portal.logo,
        "platform" => w.audit.platform,
        other => other,
    }
}

fn change(
    changed: Changed,
    line: &Line,
    w: &'static Words,
    names: &HashMap<String, Named>,
) -> Change {
    let after = line.after.as_ref();
    let told = |value: String, side: Option<&Value>| {
        let name = names.get(&value).and_then(|named| named.name.clone());
        let is_shillings = is_shillings(&changed.field, &line.act, [side, after]);
        name.or_else(|| undone(&line.act, &changed.field, &value, w))
            .unwrap_or_else(|| told(&changed.field, &value, is_shillings, w))
    };
    let was = line.before.as_ref();
    Change {
        field: field(&line.act, &changed.field, w),
        before: changed.before.map(|value| told(value, was)),
        after: changed.after.map(|value| told(value, after)),
    }
}

/// What a site was asked to do and did not, and why not, of a line that says so.
fn undone(act: &str, field: &str, value: &str, w: &'static Words) -> Option<String> {
    match (act, field) {
        ("not-done", "asked") => Some(w.audit.act(value).to_owned()),
        ("not-done", "reason") => Some(w.site.undone(value).to_owned()),
        _ => None,
    }
}

/// A field as people know it from the form it was changed in.
fn field(act: &str, field: &str, w: &'static Words) -> String {
    let (word, by_sms) = match field.strip_suffix("-sms") {
        Some(word) => (word, true),
        None => (field, false),
    };
    let topic = Topic::ALL.iter().find(|topic| topic.word() == word);
    match (act, field, topic) {
        ("notice", _, Some(topic)) => {
            let way = if by_sms {
                w.notices.by_sms
            } else {
                w.notices.by_mail
            };
            format!("{}, {way}", w.notices.name(topic))
        }
        ("plan", "sell_by_secs", _) => w.plans.told_sell_by.to_owned(),
        ("plan", "burst.down_below_bps", _) => w.plans.told_below_down.to_owned(),
        ("plan", "burst.up_below_bps", _) => w.plans.told_below_up.to_owned(),
        ("plan", "burst.average_secs", _) => w.plans.told_average.to_owned(),
        ("mpesa-limits", "least", _) => w.hand.told_least.to_owned(),
        ("mpesa-limits", "most", _) => w.hand.told_most.to_owned(),
        ("mpesa-limits", "most_a_day", _) => w.hand.told_most_a_day.to_owned(),
        _ => w.audit.field(field),
    }
}

/// Whether a field of a line is an amount in shillings: what says its currency may be in another, the first of the two that says one.
fn is_shillings(field: &str, act: &str, said: [Option<&Value>; 2]) -> bool {
    let mut said = said.into_iter().flatten();
    let currency = said.find_map(|side| side.get("currency"));
    match field {
        "amount" | "price" | "left" => {
            currency.is_none_or(|currency| currency.as_str() == Some("KES"))
        }
        "least" | "most" | "most_a_day" => act == "mpesa-limits",
        _ => false,
    }
}

/// A value as people read it.
fn told(field: &str, value: &str, is_shillings: bool, w: &'static Words) -> String {
    if let (true, Ok(amount)) = (is_shillings, value.parse::<Money>()) {
        return show::money(amount);
    }
    if let (true, Ok(bits)) = (field.ends_with("_bps"), value.parse()) {
        return show::speed(bits);
    }
    if let (true, Ok(bytes)) = (field.ends_with("bytes"), value.parse()) {
        return show::data(bytes);
    }
    if let ("from", Ok(index)) = (field, value.parse::<u32>()) {
        return index.saturating_add(1).to_string();
    }
    match (field, value) {
        ("period", "month") => return w.sold.month.to_owned(),
        ("period", "year") => return w.sold.year.to_owned(),
        // Of an order by which the business pays.
        ("state", state) => return w.sold.state(state).to_owned(),
        ("refund", refund) => return w.sold.refund(refund).to_owned(),
        _ => {}
    }
    if let Some(brief) = brief(value) {
        return brief;
    }
    if let (true, Ok(secs)) = (field.ends_with("_secs"), value.parse()) {
        return w.calendar.lasting(secs);
    }
    if let ("status", Some(words)) = (field, w.audit.status(value)) {
        return words.to_owned();
    }
    if let Ok(role) = value.parse::<Role>() {
        return w.staff.name(&role).to_owned();
    }
    if let Ok(at) = value.parse::<jiff::Timestamp>() {
        return w
            .calendar
            .moment(Timestamp::from_millis(at.as_millisecond()));
    }
    match value {
        "true" => w.audit.yes.to_owned(),
        "false" => w.audit.no.to_owned(),
        "pending" => w.admin.pending.to_owned(),
        "active" => w.admin.active.to_owned(),
        "suspended" => w.admin.suspended.to_owned(),
        other => other.to_owned(),
    }
}

/// Gives the audit of the business as a file.
///
/// # Errors
/// When the database is away.
pub async fn file(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let lines = read::of_provider(&mut tx, provider, &asked.wanted(), FILE).await?;
    drop(tx);
    let w = frame.words();
    let mut table = Csv::new(&[
        "number",
        "time_nairobi",
        "who",
        "act",
        "subject",
        "before",
        "after",
    ]);
    for line in lines {
        let json = |value: Option<&Value>| value.map_or_else(String::new, ToString::to_string);
        table.row(&[
            line.number.map_or_else(String::new, |n| n.to_string()),
            show::sortable(line.at),
            who(&line, w, false),
            line.act.clone(),
            line.subject.clone(),
            json(line.before.as_ref()),
            json(line.after.as_ref()),
        ]);
    }
    let headers = [
        (header::CONTENT_TYPE, csv::CONTENT_TYPE.to_owned()),
        (header::CONTENT_DISPOSITION, csv::as_file("audit.csv")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, table.take()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_nairobis() {
        let asked = Asked {
            day: "2027-01-15".to_owned(),
            ..Asked::default()
        };
        let wanted = asked.wanted();
        let shown = [wanted.from, wanted.to].map(|at| show::sortable(at.unwrap()));
        assert_eq!(shown, ["2027-01-15 00:00:00", "2027-01-16 00:00:00"]);
    }
}
