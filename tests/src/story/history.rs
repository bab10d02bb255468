//! Two months of the demo's business that are over, so that one has another to be compared with: sales with their evenings and week-ends,
//! prompts that failed, printed vouchers, time online.
//!
//! No program can make the past, so its rows are written down here as they would have been left behind, under all rules of the tables. They
//! come from a seed, the same each time but for the dates. All of it has ended: nothing is sent to a site and nothing runs.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use ed25519_dalek::SigningKey;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AgentId, AttemptId, CommandId, Mac, PaymentId, SessionId, TicketId};
use mnara_protocol::ticket::code::TicketCode;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::world::business;
use crate::world::controller::Controller;
use crate::world::{World, uuid};

const SEED: u64 = 254;
const DAYS: i64 = 61;
/// For so many days it is known in which minutes the platform was up.
const WATCHED: i64 = 30;
/// What agents call themselves has the version of all of this.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;
/// Nairobi's clock is ahead of UTC.
const AHEAD: i64 = 3 * HOUR;
/// How busy each hour of the day is, from midnight on.
const BUSY: [u32; 24] = [
    6, 3, 2, 1, 1, 3, 8, 14, 18, 20, 22, 26, 34, 32, 26, 26, 32, 44, 60, 72, 74, 60, 34, 14,
];
/// How busy each day of the week is, in hundredths, from Monday on.
const WEEK: [i64; 7] = [82, 80, 84, 92, 124, 150, 132];
/// The second site, which is away when the demo begins.
const SECOND: &str = "Market";
const PRINTED: usize = 300;
const USED: usize = 276;

/// One of the two sites: its id, what it sells on a middling day, and its customers.
struct Place {
    site: String,
    daily: i64,
    customers: Vec<(Mac, String)>,
}

/// What is written down, as lines of the tables that `WRITE` reads.
struct Past {
    rng: StdRng,
    end: i64,
    sales: Vec<String>,
    uses: Vec<String>,
    stays: Vec<String>,
}

/// Writes the time that ends now; says when it ended.
///
/// # Errors
/// When a command fails or the database refuses a row.
pub(super) async fn fill(world: &World) -> Result<String> {
    let (controller, business) = (&world.controller, &world.business);
    let now = controller
        .value("select floor(extract(epoch from clock_timestamp()))::bigint")
        .await?;
    let end = now.parse::<i64>().context("reading the clock")? - 60;
    // Customers may pay by hand as well.
    controller
        .command(&["provider", "c2b-register", &business.provider])
        .await?;
    let second = business::site(controller, &business.provider, SECOND).await?;
    let (series, printed) = print(controller, world, &second).await?;
    let mut past = Past {
        rng: StdRng::seed_from_u64(SEED),
        end,
        sales: Vec::new(),
        uses: Vec::new(),
        stays: Vec::new(),
    };
    let places = [
        past.place(&business.site, 46, 95),
        past.place(&second, 21, 50),
    ];
    let plans = ["One hour", "Whole day", "Ten megabytes"].map(|name| business.plan(name));
    let plans = plans.map(|plan| (uuid(&plan.id).to_owned(), plan.price));
    let first = (end + AHEAD).div_euclid(DAY) - DAYS + 1;
    for day in first..first + DAYS {
        for place in &places {
            past.sell(place, &plans, day, (day - first) * 100 / DAYS);
        }
    }
    let printed_at = (first + DAYS - 25) * DAY - AHEAD + 9 * HOUR;
    past.use_up(&places[1], &printed, printed_at);
    let agent = past.agent(&second, &business.provider);
    let provider = uuid(&business.provider);
    let write = WRITE
        .replace("{provider}", provider)
        .replace("{series}", &series)
        .replace("{printed}", &moment(printed_at))
        .replace("{sales}", &past.sales.join(",\n"))
        .replace("{uses}", &past.uses.join(",\n"))
        .replace("{stays}", &past.stays.join(",\n"));
    controller.write(&format!("{agent}\n{write}")).await?;
    Ok(moment(end + 1))
}

/// Prints the vouchers of which most were used; gives the series and its tickets in order.
async fn print(
    controller: &Controller,
    world: &World,
    site: &str,
) -> Result<(String, Vec<String>)> {
    let (business, count) = (&world.business, PRINTED.to_string());
    let plan = &business.plan("One hour").id;
    let words = ["series", "create", "--provider", &business.provider];
    let words = [
        &words[..],
        &["--site", site, "--plan", plan, "--count", &count],
    ]
    .concat();
    controller.command(&words).await?;
    let rows = controller
        .ask(&format!(
            "select t.series_id, t.id from tickets t join series s on s.id = t.series_id where s.home_site_id = '{}' order by t.series_index",
            uuid(site)
        ))
        .await?;
    let series = rows.first().context("no voucher was printed")?[0].clone();
    Ok((series, rows.into_iter().map(|row| row[1].clone()).collect()))
}

/// A moment as PostgreSQL reads it.
fn moment(secs: i64) -> String {
    format!(
        "{}+00",
        jiff::Timestamp::from_second(secs)
            .map_or_else(|_| String::new(), |at| at.strftime("%F %T").to_string())
    )
}

const fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

impl Past {
    fn place(&mut self, site: &str, daily: i64, customers: usize) -> Place {
        let mut customer = || {
            let mut mac: [u8; 6] = self.rng.random();
            // Phones make their own addresses, marked as such.
            mac[0] = mac[0] & 0xfc | 2;
            let phone = format!("2547{:08}", self.rng.random_range(10_000_000..99_999_999));
            (Mac::from_bytes(mac), phone)
        };
        Place {
            site: uuid(site).to_owned(),
            daily,
            customers: std::iter::repeat_with(&mut customer)
                .take(customers)
                .collect(),
        }
    }

    /// Somebody; a few come often.
    fn customer<'a>(&mut self, place: &'a Place) -> &'a (Mac, String) {
        let most = place.customers.len();
        let (one, other) = (
            self.rng.random_range(0..most),
            self.rng.random_range(0..most),
        );
        &place.customers[one.min(other)]
    }

    /// A time on a day, more often in the evening.
    fn time(&mut self, day: i64) -> i64 {
        let mut place = self.rng.random_range(0..BUSY.iter().sum());
        let mut hour = 0;
        for (at, busy) in (0..).zip(BUSY) {
            hour = at;
            if place < busy {
                break;
            }
            place -= busy;
        }
        day * DAY - AHEAD + hour * HOUR + self.rng.random_range(0..HOUR)
    }

    /// What one place sold by M-PESA on one day; business grew by a fifth over the time.
    fn sell(&mut self, place: &Place, plans: &[(String, u32); 3], day: i64, grown: i64) {
        // The first day of 1970 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        let middling = place.daily * WEEK[weekday] * (100 + grown / 5) / 10_000;
        let prompts = middling * self.rng.random_range(85..=115) / 100;
        for _ in 0..prompts {
            let begun = self.time(day);
            let plan = match self.rng.random_range(0..100) {
                ..54 => 0,
                54..80 => 1,
                _ => 2,
            };
            let lasts = [HOUR, DAY, HOUR][plan];
            if begun + lasts + 300 > self.end {
                continue;
            }
            self.prompt(place, &plans[plan], plan, begun);
        }
    }

    /// One prompt and what came of it.
    fn prompt(&mut self, place: &Place, (plan, price): &(String, u32), kind: usize, begun: i64) {
        let (mac, phone) = self.customer(place);
        let payment = PaymentId::new(at(begun), self.rng.random());
        let settled = begun + self.rng.random_range(9..48);
        let (failure, code) = match self.rng.random_range(0..1_000) {
            0..50 => ("'cancelled'", "1032"),
            50..80 => ("'no-answer'", "1037"),
            80..96 => ("'wrong-pin'", "2001"),
            96..112 => ("'no-money'", "1"),
            _ => ("null", "0"),
        };
        let is_paid = code == "0";
        let ticket = TicketId::new(at(settled), self.rng.random());
        let receipt = format!("'{}'", self.letters(10));
        let line = format!(
            "('{}', '{}', '{}', '{}', '{plan}', {price}, '{mac}', '{phone}', '{}', '{}', '{code}', {failure}, {}, '{}', '{}', '{}')",
            uuid(&payment.to_string()),
            uuid(&ticket.to_string()),
            self.code(),
            place.site,
            moment(begun),
            moment(settled),
            if is_paid { receipt.as_str() } else { "null" },
            self.letters(12),
            AttemptId::from_bytes(self.rng.random())
                .as_bytes()
                .map(|byte| format!("{byte:02x}"))
                .concat(),
            hex::encode(self.rng.random::<[u8; 32]>()),
        );
        self.sales.push(line);
        if is_paid {
            let started = settled + self.rng.random_range(3..9);
            self.take(uuid(&ticket.to_string()), &place.site, *mac, kind, started);
        }
    }

    /// A voucher is used until it is used up.
    fn take(&mut self, ticket: &str, site: &str, mac: Mac, kind: usize, started: i64) {
        let (mut online, mut up, mut down) = (0, 0, 0);
        let mut stay = |past: &mut Self, from: i64, secs: i64, bytes: i64| {
            let id = SessionId::new(at(from), past.rng.random());
            let sent = bytes * past.rng.random_range(5..14) / 100;
            past.stays.push(format!(
                "('{}', '{ticket}', '{site}', '{mac}', '{}', '{}', {secs}, {sent}, {})",
                uuid(&id.to_string()),
                moment(from),
                moment(from + secs),
                bytes - sent,
            ));
            online += secs;
            up += sent;
            down += bytes - sent;
        };
        let (ended, reason) = match kind {
            0 => {
                // Most stay; some walk off and come back.
                if self.rng.random_range(0..10) < 7 {
                    let bytes = HOUR * self.rng.random_range(9_000..70_000);
                    stay(self, started, HOUR, bytes);
                } else {
                    let first = self.rng.random_range(300..2_000);
                    let rate = self.rng.random_range(9_000..60_000);
                    stay(self, started, first, first * rate);
                    let rest = self.rng.random_range(300..1_300);
                    stay(self, started + HOUR - rest, rest, rest * rate);
                }
                (started + HOUR, "duration")
            }
            1 => {
                let mut from = started;
                for _ in 0..self.rng.random_range(2..5) {
                    let secs = self.rng.random_range(1_200..11_000);
                    if from + secs >= started + DAY {
                        break;
                    }
                    let bytes = secs * self.rng.random_range(6_000..40_000);
                    stay(self, from, secs, bytes);
                    from += secs + self.rng.random_range(1_800..14_000);
                }
                (started + DAY, "duration")
            }
            _ => {
                let secs = self.rng.random_range(240..2_400);
                let bytes = self.rng.random_range(10_000_000..10_400_000);
                stay(self, started, secs, bytes);
                (started + secs, "data")
            }
        };
        self.uses.push(format!(
            "('{ticket}', '{site}', '{mac}', '{}', '{}', '{}', '{reason}', {online}, {up}, {down})",
            moment(started - 2),
            moment(started),
            moment(ended),
        ));
    }

    /// Most of the printed vouchers are used, a few each day.
    fn use_up(&mut self, place: &Place, printed: &[String], from: i64) {
        let first = (from + AHEAD).div_euclid(DAY) + 1;
        let days = (self.end + AHEAD).div_euclid(DAY) - first;
        for ticket in printed.iter().take(USED) {
            let day = first + self.rng.random_range(0..days);
            let (mac, _) = self.customer(place);
            let mut started = self.time(day);
            if started + HOUR + 300 > self.end {
                started -= DAY;
            }
            self.take(ticket, &place.site, *mac, 0, started);
        }
    }

    /// The agent of the second site, which was last heard of two hours ago.
    fn agent(&mut self, site: &str, provider: &str) -> String {
        let key = SigningKey::from_bytes(&self.rng.random()).verifying_key();
        let (made, seen) = (self.end - DAYS * DAY, self.end - 2 * HOUR - 11 * 60);
        let id = AgentId::new(at(made), self.rng.random());
        format!(
            "insert into agents (id, provider_id, site_id, public_key, software, link_epoch, last_seen_at, created_at)
             values ('{}', '{}', '{}', '\\x{}', 'mnara-agent/{VERSION}', 7, '{}', '{}');
             update sites set created_at = '{}' where id = '{}';
             {}",
            uuid(&id.to_string()),
            uuid(provider),
            uuid(site),
            hex::encode(key.as_bytes()),
            moment(seen),
            moment(made),
            moment(made),
            uuid(site),
            self.away(uuid(site), uuid(provider), seen),
        )
    }

    /// When the platform was up, but for some minutes of one night, and when the second site was away: thrice for a while, and again since it
    /// was last heard of. Whoever wanted to hear of it has.
    fn away(&mut self, site: &str, provider: &str, seen: i64) -> String {
        let night = self.end - 12 * DAY;
        let mut text = format!(
            "insert into health_minutes (minute)
             select m from generate_series(date_trunc('minute', '{}'::timestamptz, 'UTC'), '{}', interval '1 min') m
             where m not between '{}' and '{}' on conflict do nothing;",
            moment(self.end - WATCHED * DAY),
            moment(self.end),
            moment(night),
            moment(night + 9 * 60),
        );
        let outages = [(23, 95), (16, 41), (6, 22)].map(|(days, minutes)| {
            let began = self.end - days * DAY + self.rng.random_range(0..DAY / 2);
            (began, Some(began + minutes * 60))
        });
        for (began, ended) in outages.into_iter().chain([(seen, None)]) {
            let id = CommandId::new(at(began), self.rng.random());
            let ended = ended.map_or_else(|| "null".to_owned(), |at| format!("'{}'", moment(at)));
            let (id, began, noted) = (id.to_string(), moment(began), moment(began + 600));
            let _ = write!(
                text,
                "insert into site_outages (id, provider_id, site_id, began_at, ended_at)
                 values ('{}', '{provider}', '{site}', '{began}', {ended});
                 insert into outage_notices (provider_id, site_id, began_at, noted_at, is_told, ended_at)
                 values ('{provider}', '{site}', '{began}', '{noted}', true, {ended});",
                uuid(&id),
            );
        }
        text
    }

    fn letters(&mut self, count: usize) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
        let mut text = String::new();
        for _ in 0..count {
            let letter = LETTERS[self.rng.random_range(0..LETTERS.len())];
            let _ = write!(text, "{}", char::from(letter));
        }
        text
    }

    fn code(&mut self) -> String {
        loop {
            let code = TicketCode::from_random(self.rng.random());
            if !code.looks_like_mac() {
                return code.as_str().to_owned();
            }
        }
    }
}

/// From the lines to the tables, in one transaction.
const WRITE: &str = "
begin;
create temp table sales (payment uuid, ticket uuid, code text, site uuid, plan uuid, price numeric, mac macaddr, phone text, begun timestamptz,
    settled timestamptz, result text, failure text, receipt text, reference text, attempt uuid, secret text) on commit drop;
create temp table uses (ticket uuid, site uuid, mac macaddr, redeemed timestamptz, started timestamptz, ended timestamptz, reason text,
    online bigint, up bigint, down bigint) on commit drop;
create temp table stays (id uuid, ticket uuid, site uuid, mac macaddr, began timestamptz, ended timestamptz, online bigint, up bigint,
    down bigint) on commit drop;
insert into sales values {sales};
insert into uses values {uses};
insert into stays values {stays};

insert into payments (id, provider_id, type, provider_payload, amount, currency, external_txn_id, status, created_at, site_id, plan_id,
    plan_revision, bought, attempt_id, mac, msisdn, account_reference, secret_hash, merchant_request_id, checkout_request_id, push,
    result_code, failure, settled_at, settled_by, queries)
select s.payment, '{provider}', 'mpesa_customer_payment',
    jsonb_build_object('Body', jsonb_build_object('stkCallback', jsonb_build_object('MerchantRequestID', 'm-' || s.reference,
        'CheckoutRequestID', 'ws_CO_' || s.reference, 'ResultCode', s.result::int, 'ResultDesc', coalesce(s.failure, 'The service request is processed successfully.')))),
    s.price, 'KES', s.receipt, case when s.failure is null then 'success' else 'failed' end, s.begun, s.site, s.plan, p.revision,
    (select body from site_feed f where f.row_id = s.plan and f.provider_id = '{provider}' limit 1),
    s.attempt, s.mac, s.phone, s.reference, decode(s.secret, 'hex'), 'm-' || s.reference, 'ws_CO_' || s.reference, 'accepted',
    s.result, s.failure, s.settled, 'callback', 0
from sales s join plans p on p.id = s.plan;

insert into tickets (id, provider_id, code, username, password, plan_type, duration_hours, data_limit_mb, price, status, created_at,
    plan_id, plan_name, duration_secs, online_secs, data_bytes, devices, rate_down_bps, rate_up_bps, extra_secs, payment_id,
    sold_at_site_id, online_used_secs, bytes_up, bytes_down)
select s.ticket, '{provider}', s.code, s.code, s.code, case when p.duration_secs is null then 'data' else 'time' end,
    p.duration_secs / 3600, p.data_bytes / 1000000, s.price, 'active', s.settled, p.id, p.name, p.duration_secs, p.online_secs, p.data_bytes,
    p.devices, p.rate_down_bps, p.rate_up_bps, 0, s.payment, s.site, 0, 0, 0
from sales s join plans p on p.id = s.plan where s.failure is null;

update series set created_at = '{printed}' where id = '{series}';
update tickets set created_at = '{printed}' where series_id = '{series}';
update tickets t set status = 'used', redeemed_at = u.redeemed, redeemed_site_id = u.site, started_at = u.started, ended_at = u.ended,
    end_reason = u.reason, online_used_secs = u.online, bytes_up = u.up, bytes_down = u.down,
    expires_at = case when t.duration_secs is null then t.expires_at else u.started + t.duration_secs * interval '1 s' end
from uses u where t.id = u.ticket;

insert into redemptions (provider_id, ticket_id, site_id, redeemed_at, started_at, ended_at, end_reason, online_used_secs, bytes_up,
    bytes_down, slots, cut_off)
select '{provider}', ticket, site, redeemed, started, ended, reason, online, up, down, '[]', false from uses;

insert into grants (provider_id, ticket_id, mac, site_id, step, ordered_at, delivered_at, written_at, confirmed_at, ended_at)
select '{provider}', ticket, mac, site, 'ended', redeemed, redeemed, redeemed + interval '1 s', started, ended from uses;

insert into sessions (id, provider_id, site_id, ticket_id, plan_id, mac, began_at, read_at, ended_at, online_secs, bytes_up, bytes_down)
select s.id, '{provider}', s.site, s.ticket, t.plan_id, s.mac, s.began, s.ended, s.ended, s.online, s.up, s.down
from stays s join tickets t on t.id = s.ticket;

do $$
begin
    if to_regclass('customers') is not null then
        insert into customers (id, provider_id, msisdn, created_at)
        select md5(provider_id || msisdn)::uuid, provider_id, msisdn, min(created_at) from payments
        where provider_id = '{provider}' and type = 'mpesa_customer_payment' group by provider_id, msisdn
        on conflict do nothing;
        update payments set account_id = p.mpesa_account_id from providers p
        where p.id = provider_id and provider_id = '{provider}' and account_id is null;
    end if;
    perform ledger_open('{provider}');
end $$;
commit;
analyze payments, tickets, sessions;
";
