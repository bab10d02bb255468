//! The demo as people use it: on its desk they let time pass, and they close its terminal.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use mnara_tests::sim::daraja::Answer;
use mnara_tests::story::{PASSWORD, Stage, alone};
use mnara_tests::world::controller::Controller;
use mnara_tests::world::folder::lent;
use mnara_tests::world::http::Caller;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

/// Presses a button of the desk and waits for what comes of it.
async fn press(stage: &mut Stage, pass: &str) -> String {
    let page = format!("{}/time", stage.desk.url());
    let caller = Caller::program().unwrap();
    let pressed = caller.form(&page, &[("pass", pass)]).await.unwrap();
    assert_eq!(pressed.status, 303, "{}", pressed.text);
    let (said, mut heard) = mpsc::channel(4);
    let mut say = move |line: &str| {
        let _ = said.try_send(line.to_owned());
    };
    let attended = Box::pin(stage.attend(&mut say));
    tokio::select! {
        gone = attended => panic!("nobody attends any more: {gone:?}"),
        line = heard.recv() => line.unwrap(),
    }
}

#[tokio::test]
async fn an_hour_that_passes_on_the_desk_ends_an_hour_that_was_sold_and_sales_go_on() {
    let mut stage = alone().await.unwrap();
    let phone = stage.phones[0].0.clone();
    let router = &stage.world.site.router;
    phone.redeem(router, &stage.hours[0]).await.unwrap();
    phone.comes_online(router).await.unwrap();
    let live = async |stage: &Stage| {
        let status = stage.world.site.agent.status().await?;
        anyhow::Ok(status["live_tickets"].as_u64())
    };
    stage
        .world
        .until("its hour runs", async || {
            Ok((live(&stage).await? == Some(1)).then_some(()))
        })
        .await
        .unwrap();
    for hours in [1, 2] {
        let said = press(&mut stage, "hour").await;
        assert!(said.ends_with(&format!("{hours} h in all.")), "{said}");
    }
    stage
        .world
        .until("its hour is over", async || {
            Ok((live(&stage).await? == Some(0)).then_some(()))
        })
        .await
        .unwrap();
    let (world, router) = (&stage.world, &stage.world.site.router);
    phone.goes_offline(router).await.unwrap();

    // The next is bought as if nothing had been: M-PESA's clock is where the controller's is.
    world.linked(&world.site).await.unwrap();
    let plan = world.business.plan("One hour");
    let home = world
        .until("the portal sells", async || {
            let home = phone.home(router).await?;
            Ok(home.form("/portal/buy").is_some().then_some(home))
        })
        .await
        .unwrap();
    phone
        .order(router, &home, &plan.id, "0712345678")
        .await
        .unwrap();
    world.daraja.await_prompt("254712345678").await.unwrap();
    world
        .daraja
        .answer("254712345678", &Answer::Accept)
        .unwrap();
    phone.comes_online(router).await.unwrap();
    stage.end().await.unwrap();
}

const TRIES: &str = "achieng@example.com";

async fn log_in(controller: &Controller) -> String {
    let form = [("who", TRIES), ("password", PASSWORD)];
    let page = controller.url("/log-in");
    let inside = Caller::program().unwrap().form(&page, &form).await.unwrap();
    assert!(!inside.cookies.is_empty(), "{}", inside.text);
    inside.cookies
}

#[tokio::test]
async fn weeks_that_pass_on_the_desk_end_a_trial() {
    let mut stage = alone().await.unwrap();
    let (controller, caller) = (&stage.world.controller, Caller::program().unwrap());
    let words = ["provider", "create", "--name", "Pwani Hotspots"];
    let words = [&words[..], &["--email", TRIES]].concat();
    let made = controller.command(&words).await.unwrap();
    let made = made.lines().next().unwrap();
    let provider = made.split_whitespace().last().unwrap();
    let words = ["provider", "invite", provider, "--name", "Achieng Odhiambo"];
    let words = [&words[..], &["--role", "owner"]].concat();
    let invited = controller.command(&words).await.unwrap();
    let form = [
        ("name", "Achieng Odhiambo"),
        ("who", TRIES),
        ("password", PASSWORD),
    ];
    let joined = caller.form(invited.trim(), &form).await.unwrap();
    assert_eq!(joined.status, 303, "{}", joined.text);
    let cookies = log_in(controller).await;
    let sql = "select id from platform_plans where name = 'Basic'";
    let plan = controller.value(sql).await.unwrap();
    let page = controller.url("/settings/subscription/trial");
    let form = [("plan", plan.as_str())];
    let begun = caller.form_with(&page, &cookies, &form).await.unwrap();
    assert_eq!(begun.status, 303, "{}", begun.text);

    let ended = "vouchers that were sold go on working";
    let (home, browser) = (controller.url("/home"), Caller::browser().unwrap());
    let shown = browser.get_with(&home, &cookies).await.unwrap();
    assert!(!shown.text.contains(ended), "{}", shown.text);
    // A fortnight to try, a week to pay, and one more.
    for _ in 0..4 {
        let said = press(&mut stage, "week").await;
        assert!(said.starts_with("Time has passed"), "{said}");
    }
    // The log-in of a month ago may be over.
    let cookies = log_in(&stage.world.controller).await;
    stage
        .world
        .until("home leads to where it is paid", async || {
            let shown = browser.get_with(&home, &cookies).await?;
            Ok(shown.text.contains(ended).then_some(()))
        })
        .await
        .unwrap();
    stage.end().await.unwrap();
}

/// The folders of a process that are there.
fn folders(pid: &str) -> Vec<PathBuf> {
    let of_it = format!("mnara-{pid}-");
    let places = [std::env::temp_dir(), Path::new("/tmp").to_owned()];
    let entries = places
        .into_iter()
        .chain(lent())
        .filter_map(|place| std::fs::read_dir(place).ok())
        .flatten()
        .filter_map(Result::ok);
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&of_it))
        .map(|entry| entry.path())
        .collect()
}

/// Whether a process ignores a signal.
fn ignores(pid: &str, signal: libc::c_int) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .unwrap();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
    (mask >> (signal - 1)) & 1 == 1
}

#[tokio::test]
async fn a_terminal_that_is_closed_leaves_nothing_of_the_demo_behind() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mnara-demo"));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    // Who runs the tests may ignore the signals, which goes on to what they start.
    // SAFETY: signal() may be called between fork and exec, and nothing is allocated.
    #[expect(unsafe_code, reason = "only pre_exec runs inside the new process")]
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGHUP, libc::SIG_DFL);
            libc::signal(libc::SIGTTIN, libc::SIG_DFL);
            Ok(())
        });
    }
    let mut demo = command.spawn().unwrap();
    let pid = demo.id().unwrap().to_string();
    let mut printed = BufReader::new(demo.stdout.take().unwrap()).lines();
    loop {
        let line = printed.next_line().await.unwrap();
        let line = line.expect("the demo says what to open");
        if line.contains("Ctrl-C ends everything") {
            break;
        }
    }
    // The end of what it says.
    printed.next_line().await.unwrap();
    assert!(!folders(&pid).is_empty());
    assert!(
        ignores(&pid, libc::SIGTTIN),
        "in the background it would be stopped"
    );

    // Nobody reads on.
    drop(printed);
    let told = Command::new("sh")
        .args(["-c", "kill -HUP \"$0\"", &pid])
        .status()
        .await;
    assert!(told.unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(120), demo.wait())
        .await
        .expect("it ends");
    assert!(ended.unwrap().success());
    assert_eq!(folders(&pid), Vec::<PathBuf>::new());
}
