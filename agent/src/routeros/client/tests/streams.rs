//! What a router tells by itself: listening, and how that ends.

use super::*;

#[tokio::test(start_paused = true)]
async fn listening_goes_out_before_printing_and_a_drop_cancels_it() {
    let (client, _running, mut router) = logged_in().await;
    let listen = Command::new("/ip/hotspot/active/listen");
    let print = Command::new("/ip/hotspot/active/print");
    let script = async {
        router
            .expects(&["/ip/hotspot/active/listen", ".tag=1"])
            .await;
        router
            .expects(&["/ip/hotspot/active/print", ".tag=2"])
            .await;
        router.says(&["!re", ".tag=2", "=.id=*A"]).await;
        router
            .says(&["!re", ".tag=1", "=.id=*A", "=.dead=true"])
            .await;
        router.says(&["!done", ".tag=2"]).await;
    };
    let (started, ()) = tokio::join!(client.listen_and_print(&listen, &print), script);
    let (rows, mut changes) = started.unwrap();
    assert_eq!(rows.len(), 1);
    let change = changes.next().await.unwrap().unwrap();
    assert!(change.is_dead());
    assert_eq!(change.id().as_deref(), Some("*A"));
    drop(changes);
    router.expects(&["/cancel", "=tag=1", ".tag=3"]).await;
    // As recorded from a stream without rows: the trap, then an empty, then the end, all on the cancelled tag.
    router
        .says(&["!trap", ".tag=1", "=category=2", "=message=interrupted"])
        .await;
    router.says(&["!done", ".tag=3"]).await;
    router.says(&["!empty", ".tag=1"]).await;
    router.says(&["!done", ".tag=1"]).await;
    let ((), answer) = tokio::join!(
        async {
            router
                .expects(&["/ip/hotspot/active/print", ".tag=4"])
                .await;
            router.says(&["!done", ".tag=4"]).await;
        },
        client.call(&print)
    );
    assert!(answer.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_refused_stream_says_so_and_a_third_is_not_opened() {
    let (client, _running, mut router) = logged_in().await;
    let listen = Command::new("/ip/hotspot/host/listen");
    let mut first = client.listen(&listen).await.unwrap();
    router.expects(&["/ip/hotspot/host/listen", ".tag=1"]).await;
    let _second = client.listen(&listen).await.unwrap();
    router.expects(&["/ip/hotspot/host/listen", ".tag=2"]).await;
    let mut third = client.listen(&listen).await.unwrap();
    assert!(matches!(
        third.next().await,
        Some(Err(Error::TooManyStreams))
    ));
    assert!(third.next().await.is_none());
    router
        .says(&["!trap", ".tag=1", "=message=no such command"])
        .await;
    router.says(&["!done", ".tag=1"]).await;
    assert!(matches!(first.next().await, Some(Err(Error::Trap(_)))));
    assert!(first.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_reader_sleeps_is_ended_with_a_reason() {
    let (client, _running, mut router) = logged_in().await;
    let mut changes = client
        .listen(&Command::new("/ip/hotspot/host/listen"))
        .await
        .unwrap();
    router.hears().await;
    for _ in 0..=STREAM_QUEUE {
        router.says(&["!re", ".tag=1", "=.id=*1"]).await;
    }
    router.expects(&["/cancel", "=tag=1", ".tag=2"]).await;
    let mut taken = 0;
    let end = loop {
        match changes.next().await.unwrap() {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(end, Error::Lagged));
    assert!(taken < STREAM_QUEUE);
}
