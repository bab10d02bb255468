//! What businesses pay the platform in the demo: plans, a business that has paid, and one whose trial has run out, which pays on the
//! simulated Pesapal's page and is open again.

use anyhow::{Context, Result, ensure};
use reqwest::StatusCode;

use super::people::PASSWORD;
use crate::world::http::Caller;
use crate::world::{World, uuid};

/// What the business is called whose trial has run out, and who owns it.
const LAPSED: &str = "Ziwa Hotspots";
/// With what its owner logs in.
pub const OWNER: &str = "ziwa@example.com";

/// The demo's plans, a paid past for the demo's business, and a business whose trial ended more than a week ago.
///
/// # Errors
/// When a command fails or the database refuses a row.
pub(super) async fn set_up(world: &World) -> Result<()> {
    let controller = &world.controller;
    let every = "advanced-analytics,api-access,webhooks,custom-portal";
    for (name, period, price, more) in [
        (
            "Basic",
            "month",
            "1500",
            &[
                "--sites",
                "3",
                "--features",
                "advanced-analytics",
                "--trial-days",
                "14",
            ][..],
        ),
        ("Pro", "month", "4000", &["--features", every]),
        ("Pro", "year", "40000", &["--features", every]),
    ] {
        let words = [
            "platform-plan",
            "create",
            "--name",
            name,
            "--period",
            period,
            "--price",
            price,
        ];
        controller.command(&[&words[..], more].concat()).await?;
    }
    let words = ["provider", "create", "--name", LAPSED, "--email", OWNER];
    let lapsed = controller.command(&words).await?;
    let lapsed = lapsed
        .lines()
        .next()
        .and_then(|line| line.split_whitespace().last())
        .context("no business was made")?;
    let words = [
        "provider",
        "invite",
        lapsed,
        "--name",
        "Atieno Akinyi",
        "--role",
        "owner",
    ];
    let address = controller.command(&words).await?;
    let form = [
        ("name", "Atieno Akinyi"),
        ("who", OWNER),
        ("password", PASSWORD),
    ];
    let answer = Caller::program()?.form(address.trim(), &form).await?;
    ensure!(
        answer.status == StatusCode::SEE_OTHER,
        "the owner of {LAPSED} cannot join: {}",
        answer.text
    );
    let past = PAST
        .replace("{provider}", uuid(&world.business.provider))
        .replace("{lapsed}", uuid(lapsed));
    controller.write(&past).await?;
    look(world).await
}

/// Has the controller look at all subscriptions now instead of within a minute.
async fn look(world: &World) -> Result<()> {
    world
        .until("the subscriptions are looked at", async || {
            let said = world.controller.command(&["task", "subscriptions"]).await?;
            Ok(said.contains("went well").then_some(()))
        })
        .await
}

/// Its owner was written to, pays, and everything is open; the platform's staff see the money.
pub(super) async fn pays(world: &World) -> Result<()> {
    let (controller, browser) = (&world.controller, Caller::browser()?);
    let mail = world.mail.as_ref().context("there is no mail")?;
    world
        .until("its owner is written to", async || {
            let letters = mail.letters().into_iter();
            let mut told = letters.filter(|letter| letter.is_to(OWNER));
            Ok(told
                .any(|letter| letter.subject.contains("new sales have stopped"))
                .then_some(()))
        })
        .await?;
    let cookies = log_in(world, OWNER).await?;
    let home = browser.get_with(&controller.url("/home"), &cookies).await?;
    ensure!(
        home.text.contains("vouchers that were sold go on working"),
        "a business that has not paid is not led to where it pays:\n{}",
        home.text
    );
    let form = [
        ("plan", after(&home.text, "name=\"plan\" value=\"")?),
        ("attempt", after(&home.text, "name=\"attempt\" value=\"")?),
    ];
    let page = controller.url("/settings/subscription");
    Caller::program()?.form_with(&page, &cookies, &form).await?;
    let shown = browser.get_with(&page, &cookies).await?;
    let hosted = after(&shown.text, "<a class=\"button\" href=\"")?;
    let rail = world.pesapal.as_ref().context("there is no Pesapal")?;
    ensure!(
        hosted.starts_with(&rail.url()),
        "the page does not lead to Pesapal: {hosted}"
    );
    browser.form(hosted, &[("act", "mpesa")]).await?;
    world
        .until("the business is open again", async || {
            let home = browser.get_with(&controller.url("/home"), &cookies).await?;
            Ok((home.status == StatusCode::OK && home.url.ends_with("/home")).then_some(()))
        })
        .await?;
    let cookies = log_in(world, "admin@example.com").await?;
    let earned = browser
        .get_with(&controller.url("/admin"), &cookies)
        .await?;
    // Two months of the demo's business before, each for 4,000.
    let all = controller
        .value(
            "select sum(amount_cents)::bigint / 100 from platform_orders where state = 'completed'",
        )
        .await?;
    ensure!(all == "9500", "businesses paid KSh {all} in all");
    let month = controller
        .value(
            "select to_char(sum(amount_cents) / 100, 'FM999,999') from platform_orders where state = 'completed'
             and to_char(settled_at at time zone 'Africa/Nairobi', 'YYYY-MM') = to_char(clock_timestamp() at time zone 'Africa/Nairobi', 'YYYY-MM')",
        )
        .await?;
    ensure!(
        earned.text.contains("What businesses paid us") && earned.text.contains(&month),
        "the platform does not see the money, which is {month} this month:\n{}",
        earned.text
    );
    Ok(())
}

async fn log_in(world: &World, who: &str) -> Result<String> {
    let form = [("who", who), ("password", PASSWORD)];
    let page = world.controller.url("/log-in");
    let answer = Caller::program()?.form(&page, &form).await?;
    ensure!(
        !answer.cookies.is_empty(),
        "{who} is not let in: {}",
        answer.text
    );
    Ok(answer.cookies)
}

/// What stands on a page between some words and the next quotation mark.
fn after<'a>(page: &'a str, words: &str) -> Result<&'a str> {
    let (_, rest) = page
        .split_once(words)
        .with_context(|| format!("{words} is not on the page:\n{page}"))?;
    Ok(rest.split('"').next().unwrap_or_default())
}

/// No program can make the past: rows as they would have been left behind.
const PAST: &str = "
begin;
create temp table past on commit drop as
    select clock_timestamp() as now, (select id from platform_plans where name = 'Pro' and period = 'month') as pro,
           (select id from platform_plans where name = 'Basic') as basic;
insert into platform_orders (id, provider_id, attempt_id, is_current, plan_id, kind, reference, amount_cents, currency, state, tracking_id,
    confirmation_code, payment_method, asked, created_at, expires_at, settled_at)
select gen_random_uuid(), '{provider}', gen_random_uuid(), true, pro, 'once', 'demo_' || n, 400000, 'KES', 'completed', gen_random_uuid(),
    'SKD' || n || 'Q7X2', 'MpesaKE', 3, now - (n * 30 - 20) * interval '1 day', now - (n * 30 - 21) * interval '1 day', now - (n * 30 - 20) * interval '1 day'
from past, generate_series(1, 2) n;
insert into subscription_entries (id, provider_id, number, what, plan_id, period, order_id, at)
select gen_random_uuid(), '{provider}', row_number() over (order by settled_at), 'paid', plan_id, 'month', id, settled_at
from platform_orders where provider_id = '{provider}';
insert into platform_invoices (number, provider_id, order_id, issued_at, business, contact, plan, is_upgrade, amount_cents, currency, from_at,
    until_at)
select row_number() over (order by settled_at), '{provider}', o.id, settled_at, b.business_name, b.contact_email, 'Pro', false, 400000, 'KES',
    settled_at, settled_at + interval '1 month' from platform_orders o join providers b on b.id = o.provider_id where o.provider_id = '{provider}';
insert into platform_numbers (name, last) values ('invoice', 2);
insert into subscriptions (provider_id, plan_id, paid_until, stage, asked_at, look_at, created_at, changed_at)
select '{provider}', pro, now + interval '20 days', 'active', now - interval '40 days', now, now - interval '40 days', now from past
on conflict (provider_id) do update set plan_id = excluded.plan_id, paid_until = excluded.paid_until, stage = excluded.stage,
    asked_at = excluded.asked_at, look_at = excluded.look_at;
insert into subscription_entries (id, provider_id, number, what, plan_id, days, at)
select gen_random_uuid(), '{lapsed}', 1, 'trial', basic, 14, now - interval '22 days' from past;
insert into subscriptions (provider_id, plan_id, paid_until, stage, asked_at, look_at, created_at, changed_at)
select '{lapsed}', basic, now - interval '8 days', 'grace', now - interval '22 days', now, now - interval '22 days', now from past
on conflict (provider_id) do update set plan_id = excluded.plan_id, paid_until = excluded.paid_until, stage = excluded.stage,
    asked_at = excluded.asked_at, look_at = excluded.look_at;
commit;
";
