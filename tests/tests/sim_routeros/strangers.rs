//! An independent client drives the simulator: what it understands, real clients understand.
use std::collections::HashMap;

use mikrotik_rs::{CommandBuilder, Event, MikrotikDevice};
use mnara_tests::sim::routeros::Router;

use super::raw::router;

type Attributes = HashMap<String, Option<String>>;

async fn client(router: &Router) -> MikrotikDevice {
    MikrotikDevice::connect(router.api(), "admin", Some("admin"))
        .await
        .unwrap()
}

/// Runs a command to its end: the rows, or the words of the trap.
async fn ask(
    device: &MikrotikDevice,
    command: mikrotik_rs::Command,
) -> Result<Vec<Attributes>, String> {
    let mut events = device.send_command(command).await.unwrap();
    let mut rows = Vec::new();
    while let Some(event) = events.recv().await {
        match event {
            Event::Reply { response, .. } => rows.push(response.attributes.into_iter().collect()),
            Event::Done { .. } | Event::Empty { .. } => return Ok(rows),
            Event::Trap { response, .. } => return Err(response.message),
            Event::Fatal { reason } => panic!("fatal: {reason}"),
        }
    }
    panic!("the connection ended");
}

#[tokio::test]
async fn an_independent_client_logs_in_and_works() {
    let router = router().await;
    let device = client(&router).await;
    let identity = ask(
        &device,
        CommandBuilder::new()
            .command("/system/identity/print")
            .build(),
    )
    .await
    .unwrap();
    assert_eq!(identity[0]["name"].as_deref(), Some("MikroTik"));
    let add = || {
        let command = CommandBuilder::new().command("/ip/hotspot/user/add");
        command
            .attribute("name", Some("code"))
            .attribute("limit-uptime", Some("1h"))
            .build()
    };
    ask(&device, add()).await.unwrap();
    assert_eq!(
        ask(&device, add()).await.unwrap_err(),
        "failure: already have user with this name for this server"
    );
    let print = CommandBuilder::new()
        .command("/ip/hotspot/user/print")
        .query_equal("name", "code")
        .build();
    let rows = ask(&device, print).await.unwrap();
    assert_eq!(
        (rows.len(), rows[0]["limit-uptime"].as_deref()),
        (1, Some("1h"))
    );
    let none = CommandBuilder::new()
        .command("/ip/hotspot/user/print")
        .query_equal("name", "nobody")
        .build();
    assert!(ask(&device, none).await.unwrap().is_empty());
    let unknown = CommandBuilder::new()
        .command("/ip/hotspot/user/print")
        .attribute("shape", Some("round"))
        .build();
    assert_eq!(
        ask(&device, unknown).await.unwrap_err(),
        "unknown parameter shape"
    );
}

#[tokio::test]
async fn an_independent_client_listens_and_cancels() {
    let router = router().await;
    let device = client(&router).await;
    let listen = CommandBuilder::new()
        .command("/ip/hotspot/host/listen")
        .build();
    let mut events = device.send_command(listen).await.unwrap();
    ask(
        &device,
        CommandBuilder::new()
            .command("/system/identity/print")
            .build(),
    )
    .await
    .unwrap();
    let phone = router.join(None).unwrap();
    let Some(Event::Reply { response, .. }) = events.recv().await else {
        panic!("an event")
    };
    let row: Attributes = response.attributes.into_iter().collect();
    assert_eq!(row["mac-address"].as_deref(), Some(phone.mac.as_str()));
    drop(events);
    for _ in 0..3 {
        router.join(None).unwrap();
        ask(
            &device,
            CommandBuilder::new()
                .command("/ip/hotspot/host/print")
                .build(),
        )
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn many_commands_at_once_each_get_their_own_answer() {
    let router = router().await;
    let device = client(&router).await;
    let mut answers = tokio::task::JoinSet::new();
    for number in 0..200 {
        let device = device.clone();
        answers.spawn(async move {
            let name = format!("u{number}");
            let add = CommandBuilder::new()
                .command("/ip/hotspot/user/add")
                .attribute("name", Some(&name))
                .build();
            ask(&device, add).await.unwrap();
            let print = CommandBuilder::new()
                .command("/ip/hotspot/user/print")
                .query_equal("name", &name)
                .build();
            assert_eq!(
                ask(&device, print).await.unwrap()[0]["name"].as_deref(),
                Some(name.as_str())
            );
        });
    }
    while let Some(answer) = answers.join_next().await {
        answer.unwrap();
    }
    assert_eq!(router.rows("/ip/hotspot/user").len(), 201);
}
