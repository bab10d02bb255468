//! Many phones at once, and phones that say nothing.

use super::*;

/// A phone of its own address.
async fn phone(address: SocketAddr, number: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let own = SocketAddr::from(([127, 0, 9, number], 0));
    socket.bind(own).unwrap();
    socket.connect(address).await.unwrap()
}

/// A phone that asks and waits for its page.
async fn asking(address: SocketAddr, number: u8) -> TcpStream {
    let mut stream = phone(address, number).await;
    let request = "GET /portal/ HTTP/1.1\r\nhost: portal\r\n\r\n";
    // The portal may have turned it away already.
    let _ = stream.write_all(request.as_bytes()).await;
    stream
}

/// What it gets, until the portal closes.
async fn gets(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    // Being turned away may be a reset.
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn one_phone_cannot_take_every_place() {
    let (address, mut asked, stop) = portal().await;
    let mut phones = Vec::new();
    let mut waiting = Vec::new();
    for _ in 0..64 {
        phones.push(asking(address, 1).await);
        waiting.push(asked.recv().await.unwrap());
    }
    assert_eq!(gets(asking(address, 1).await).await, "");
    let _other = asking(address, 2).await;
    let ask = asked.recv().await.unwrap();
    assert_eq!(ask.ask.peer(), IpAddr::V4(Ipv4Addr::new(127, 0, 9, 2)));
    drop(phones.pop());
    // Its place is free once the portal has seen it go; until then the phone is turned away.
    let again = async {
        loop {
            let turned_away = gets(asking(address, 1).await);
            tokio::select! {
                ask = asked.recv() => return ask.unwrap(),
                _ = turned_away => {}
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), again).await;
    assert_eq!(in_time.unwrap().ask.peer(), waiting[0].ask.peer());
    stop.cancel();
}

#[tokio::test]
async fn a_full_portal_lets_the_next_phone_wait_and_then_in() {
    let (address, mut asked, stop) = portal().await;
    let mut waiting = Vec::new();
    let mut phones = Vec::new();
    for number in 0..=255 {
        phones.push(asking(address, number / 48 + 1).await);
        waiting.push(asked.recv().await.unwrap());
    }
    let _late = asking(address, 20).await;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(asked.try_recv().is_err(), "the 257th connection was let in");
    waiting
        .remove(0)
        .answer
        .send(says_home(&Ask::Home { peer: address.ip() }))
        .unwrap();
    let answer = gets(phones.remove(0)).await;
    assert!(
        answer.contains("connection: close") && answer.contains("</html>"),
        "{answer}"
    );
    let next = asked.recv().await.unwrap();
    assert_eq!(next.ask.peer(), IpAddr::V4(Ipv4Addr::new(127, 0, 9, 20)));
    stop.cancel();
}

#[tokio::test]
async fn five_thousand_phones_at_once_are_all_answered() {
    let (address, asked, stop) = portal().await;
    agent(asked, says_home);
    let mut phones = tokio::task::JoinSet::new();
    // As many as this process may have sockets for, both ends being here; they are still more than there are places.
    let places = Arc::new(tokio::sync::Semaphore::new(400));
    for number in 0..5_000_u16 {
        let places = Arc::clone(&places);
        phones.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            let [high, low] = (number / 20).to_be_bytes();
            let socket = TcpSocket::new_v4().unwrap();
            socket
                .bind(SocketAddr::from(([127, 1, high, low], 0)))
                .unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            stream.write_all(get("/portal/").as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("</html>")
        });
    }
    assert!(phones.join_all().await.into_iter().all(|answered| answered));
    stop.cancel();
}

#[tokio::test]
async fn a_phone_that_says_nothing_is_let_go() {
    tokio::time::pause();
    let (address, _asked, stop) = portal().await;
    let mut silent = phone(address, 30).await;
    silent.write_all(b"GET /portal/ HT").await.unwrap();
    let mut rest = String::new();
    // Time runs ahead while nothing else happens; a phone that was kept would hang here.
    silent.read_to_string(&mut rest).await.unwrap();
    assert!(!rest.contains("200"), "{rest}");
    stop.cancel();
}

#[tokio::test]
async fn stopping_ends_every_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asks, mut asked) = mpsc::channel(4);
    let stop = CancellationToken::new();
    let settings = Settings {
        secret: [7; 32],
        outside: String::new(),
    };
    let serving = tokio::spawn(serve(listener, asks, settings, stop.clone()));
    let held = asking(address, 40).await;
    let waiting = asked.recv().await.unwrap();
    stop.cancel();
    // The agent answers its last question, and the phone still gets its page.
    waiting.answer.send(says_home(&waiting.ask)).unwrap();
    serving.await.unwrap();
    assert!(gets(held).await.ends_with("</html>"));
}
