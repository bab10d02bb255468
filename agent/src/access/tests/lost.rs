//! Routers that restart or fall silent, and a loop that ends.

use tokio::time::sleep;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_restarted_router_is_noticed_and_its_sessions_come_back() {
    let router = Router::new();
    router.phone(1);
    let mut core = Core::start(&router, wanting(1));
    core.online(1).await;
    {
        let mut memory = router.memory();
        memory.unreachable = true;
        memory.tables.remove("/ip/hotspot/active");
        memory.tables.remove("/ip/hotspot/host");
    }
    router.cut.notify_waiters();
    let lost = |event: &Event| {
        if let Event::RouterLost { why } = event {
            Some(why.clone())
        } else {
            None
        }
    };
    assert!(matches!(core.wait(1, lost).await, Error::ConnectionLost(_)));
    let later: Vec<_> = core.idle(300).await.iter().filter_map(lost).collect();
    assert!(
        matches!(
            later.as_slice(),
            [Error::Timeout {
                doing: Doing::Connecting
            }]
        ),
        "told once for each reason: {later:?}"
    );
    assert!(matches!(
        core.handle.host_at("10.0.0.1".parse().unwrap()).await,
        Err(LookupError::NoRouter)
    ));
    router.phone(1);
    {
        let mut memory = router.memory();
        memory.unreachable = false;
        memory.tables.get_mut("/system/resource").unwrap()[0]
            .insert("uptime".to_owned(), "30s".to_owned());
    }
    let rebooted = |event: &Event| {
        if let Event::Rebooted { uptime_secs } = event {
            Some(*uptime_secs)
        } else {
            None
        }
    };
    assert_eq!(core.wait(25, rebooted).await, 30);
    core.online(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_router_up_for_longer_than_the_last_look_but_not_long_enough_has_restarted() {
    let router = Router::new();
    router.memory().tables.get_mut("/system/resource").unwrap()[0]
        .insert("uptime".to_owned(), "1m".to_owned());
    let mut core = Core::start(&router, wanting(1));
    core.idle(1).await;
    router.memory().unreachable = true;
    router.cut.notify_waiters();
    core.idle(600).await;
    {
        let mut memory = router.memory();
        memory.unreachable = false;
        memory.tables.get_mut("/system/resource").unwrap()[0]
            .insert("uptime".to_owned(), "2m".to_owned());
    }
    let rebooted = |event: &Event| {
        if let Event::Rebooted { uptime_secs } = event {
            Some(*uptime_secs)
        } else {
            None
        }
    };
    assert_eq!(core.wait(25, rebooted).await, 120);
}

#[tokio::test(start_paused = true)]
async fn a_short_cut_is_no_restart() {
    let router = Router::new();
    router.phone(1);
    let mut core = Core::start(&router, wanting(1));
    core.online(1).await;
    router.cut.notify_waiters();
    let events = core.idle(30).await;
    assert!(
        matches!(events.as_slice(), [Event::RouterLost { .. }]),
        "{events:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_router_that_stops_answering_is_lost_within_a_minute() {
    let router = Router::new();
    let mut core = Core::start(&router, wanting(1));
    core.idle(1).await;
    router.memory().silent = true;
    let lost = |event: &Event| {
        if let Event::RouterLost { why } = event {
            Some(why.clone())
        } else {
            None
        }
    };
    assert!(matches!(
        core.wait(60, lost).await,
        Error::Timeout {
            doing: Doing::Command
        }
    ));
    router.memory().silent = false;
    let seen = |event: &Event| matches!(event, Event::Observed(_)).then_some(());
    core.wait(30, seen).await;
}

#[tokio::test(start_paused = true)]
async fn a_core_that_does_not_answer_does_not_stop_the_loop() {
    let router = Router::new();
    router.phone(1);
    let (handle, seat, mut events) = channel();
    let running = tokio::spawn(run_over(
        seat,
        dialling(&router),
        Backoff::USUAL,
        CancellationToken::new(),
        || 0,
    ));
    handle.want(wanting(1));
    let online = timeout(Duration::from_secs(10), async {
        loop {
            match events.recv().await {
                Some(Event::Observed(observed)) if !observed.active.is_empty() => {
                    break observed.number;
                }
                Some(_) => {}
                None => panic!("the loop has ended"),
            }
        }
    });
    assert!(online.await.unwrap() > ObservationNo(1));
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_device_can_be_looked_up_past_the_last_look() {
    let router = Router::new();
    let mut core = Core::start(&router, Desired::nothing());
    core.idle(1).await;
    router.phone(3);
    let host = core
        .handle
        .host_at("10.0.0.3".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(host.mac, mac(3));
    assert!(
        core.handle
            .host_at("10.0.0.4".parse().unwrap())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test(start_paused = true)]
async fn it_stops_when_told_at_any_moment() {
    let router = Router::new();
    for millis in [0, 1, 500, 3_000] {
        let core = Core::start(&router, wanting(1));
        sleep(Duration::from_millis(millis)).await;
        core.stop.cancel();
        core.running.await.unwrap();
    }
}
