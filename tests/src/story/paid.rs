//! What businesses pay the platform in the demo: plans, a business that has paid, and one whose trial has run out, which pays on the
//! simulated Pesapal's page and is open again.

use anyhow::{Context, Result, ensure};
use futures_util::future::LocalBoxFuture;
use reqwest::StatusCode;

use super::people::{self, PASSWORD, join_at};
use crate::world::World;
use crate::world::business::Business;
use crate::world::controller::Controller;
use crate::world::http::Caller;

/// What the business is called whose trial has run out, and who owns it.
const LAPSED: &str = "Ziwa Hotspots";
/// With what its owner logs in.
pub const OWNER: &str = "ziwa@example.com";
const PAGE: &str = "/settings/subscription";

/// What was before the demo: its business has paid for two months, and another began a trial of a fortnight more than three weeks ago and never
/// paid. Both did that on their pages, on the days on which they did it.
pub(super) fn past<'a>(
    controller: &'a Controller,
    business: &'a Business,
) -> LocalBoxFuture<'a, Result<()>> {
    Box::pin(lived(controller, business))
}

async fn lived(controller: &Controller, business: &Business) -> Result<()> {
    let (basic, pro) = plans(controller).await?;
    controller.jump(-40).await?;
    join_at(controller, &business.provider, "owner", people::OWNER).await?;
    pay(controller, people::OWNER.0, Some(pro.as_str())).await?;
    controller.jump(18).await?;
    let words = ["provider", "create", "--name", LAPSED, "--email", OWNER];
    let lapsed = controller.command(&words).await?;
    let lapsed = lapsed
        .lines()
        .next()
        .and_then(|line| line.split_whitespace().last())
        .context("no business was made")?;
    join_at(controller, lapsed, "owner", (OWNER, "Atieno Akinyi")).await?;
    let cookies = log_in(controller, OWNER).await?;
    let trial = controller.url("/settings/subscription/trial");
    let caller = Caller::program()?;
    let begun = caller
        .form_with(&trial, &cookies, &[("plan", basic.as_str())])
        .await?;
    ensure!(
        begun.status == StatusCode::SEE_OTHER,
        "{LAPSED} cannot try anything out: {}",
        begun.text
    );
    controller.jump(12).await?;
    pay(controller, people::OWNER.0, Some(pro.as_str())).await?;
    controller.jump(10).await?;
    Ok(())
}

/// Makes what the platform sells; gives the ids of the plan that can be tried out and of the better one by the month.
async fn plans(controller: &Controller) -> Result<(String, String)> {
    let every = "advanced-analytics,api-access,webhooks,custom-portal";
    let trial = ["--sites", "3", "--features", "advanced-analytics"];
    let trial = [&trial[..], &["--trial-days", "14"]].concat();
    let mut made = Vec::new();
    for (name, period, price, more) in [
        ("Basic", "month", "1500", trial.as_slice()),
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
        let id = controller.command(&[&words[..], more].concat()).await?;
        made.push(id.trim().to_owned());
    }
    let mut made = made.into_iter();
    made.next().zip(made.next()).context("no plans were made")
}

/// Somebody orders a plan, the first on the page if none is named, pays it on Pesapal's page, and the money is seen.
async fn pay(controller: &Controller, who: &str, plan: Option<&str>) -> Result<()> {
    let (program, browser) = (Caller::program()?, Caller::browser()?);
    let cookies = log_in(controller, who).await?;
    let page = controller.url(PAGE);
    let shown = browser.get_with(&page, &cookies).await?;
    let first = after(&shown.text, "name=\"plan\" value=\"")?;
    let form = [
        ("plan", plan.unwrap_or(first)),
        ("attempt", after(&shown.text, "name=\"attempt\" value=\"")?),
    ];
    program.form_with(&page, &cookies, &form).await?;
    let shown = browser.get_with(&page, &cookies).await?;
    let hosted = after(&shown.text, "<a class=\"button\" href=\"")?;
    ensure!(
        hosted.contains("OrderTrackingId="),
        "the page does not lead to Pesapal: {hosted}"
    );
    let before = controller.log().end();
    browser.form(hosted, &[("act", "mpesa")]).await?;
    let is_seen = |line: &str| line.contains("an order at Pesapal was settled");
    let log = controller.log();
    log.said(before, "that the money came", is_seen).await?;
    Ok(())
}

/// Has the controller look at all subscriptions now instead of within a minute.
///
/// # Errors
/// When it does not in time.
pub(super) async fn look(world: &World) -> Result<()> {
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
    let cookies = log_in(controller, OWNER).await?;
    let home = browser.get_with(&controller.url("/home"), &cookies).await?;
    ensure!(
        home.text.contains("vouchers that were sold go on working"),
        "a business that has not paid is not led to where it pays:\n{}",
        home.text
    );
    pay(controller, OWNER, None).await?;
    world
        .until("the business is open again", async || {
            let home = browser.get_with(&controller.url("/home"), &cookies).await?;
            Ok((home.status == StatusCode::OK && home.url.ends_with("/home")).then_some(()))
        })
        .await?;
    let cookies = log_in(controller, "admin@example.com").await?;
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

async fn log_in(controller: &Controller, who: &str) -> Result<String> {
    let form = [("who", who), ("password", PASSWORD)];
    let page = controller.url("/log-in");
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
