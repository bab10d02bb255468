//! Callbacks: headers, bodies, how often they are sent, and to whom.

use std::{sync::Arc, time::Duration};

use mnara_tests::sim::daraja::{Act, Body, Callback, Forged, Script, When};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};

use super::world::{PHONE, PUSH, STAMP, World, config};

#[tokio::test]
async fn the_callback_arrives_with_the_observed_headers_and_items() {
    let mut world = World::automatic().await;
    world
        .daraja
        .tune(|knobs| knobs.forwarded_for = Some("196.201.212.69".into()));
    world.push(10).await;
    let called = world.callbacks.recv().await.unwrap();
    assert_eq!(called.path, "/callback/0123456789abcdef0123456789abcdef");
    assert_eq!(
        called.headers["content-type"],
        "application/json;charset=UTF-8"
    );
    assert_eq!(called.headers["businessshortcode"], "174379");
    assert_eq!(called.headers["x-forwarded-for"], "196.201.212.69");
    let receipt = world.daraja.payments()[0]
        .ended()
        .unwrap()
        .receipt
        .clone()
        .unwrap();
    assert!(called.body.contains(&format!(
        r#"{{"Item":[{{"Name":"Amount","Value":10.00}},{{"Name":"MpesaReceiptNumber","Value":"{receipt}"}},{{"Name":"TransactionDate","Value":{STAMP}}},{{"Name":"PhoneNumber","Value":{PHONE}}}]}}"#
    )));
    let sent = world.daraja.await_deliveries(1, |_| true).await.unwrap();
    assert_eq!(
        (sent[0].status, sent[0].answer.as_str()),
        (Some(200), r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#)
    );
}

#[tokio::test]
async fn a_callback_can_be_answered_before_the_push_is() {
    let mut world = World::hand().await;
    let script = Script {
        prompt: Some(Act::Accept { after_ms: 0 }),
        callback: Callback {
            when: When::BeforeReply,
            ..Callback::default()
        },
        ..Script::default()
    };
    world.daraja.script_next(script);
    let accepted = world.push(10).await;
    let called = world
        .callbacks
        .try_recv()
        .expect("the callback came before the answer to the push");
    assert_eq!(
        called.json()["Body"]["stkCallback"]["CheckoutRequestID"],
        accepted["CheckoutRequestID"]
    );
}

#[tokio::test]
async fn callbacks_are_dropped_delayed_repeated_and_reordered() {
    let mut world = World::automatic().await;
    let with = |callback| Script {
        callback,
        ..Script::default()
    };

    world.daraja.script_next(with(Callback {
        when: When::Never,
        ..Callback::default()
    }));
    let dropped = world.push(1).await["CheckoutRequestID"]
        .as_str()
        .unwrap()
        .to_owned();
    world.daraja.await_end(&dropped).await.unwrap();

    world.daraja.script_next(with(Callback {
        delay_ms: 90_000,
        ..Callback::default()
    }));
    let delayed = world.push(2).await["CheckoutRequestID"].clone();
    world
        .daraja
        .await_end(delayed.as_str().unwrap())
        .await
        .unwrap();

    world.daraja.script_next(with(Callback {
        copies: 4,
        parallel: true,
        ..Callback::default()
    }));
    let repeated = world.push(3).await["CheckoutRequestID"].clone();
    for _ in 0..4 {
        assert_eq!(
            world.next_checkout().await,
            repeated,
            "the delayed one waits for its time"
        );
    }
    world.daraja.advance(Duration::from_secs(90));
    assert_eq!(world.next_checkout().await, delayed);

    let mut held = Vec::new();
    for amount in [4, 5] {
        world.daraja.script_next(with(Callback {
            when: When::Held,
            ..Callback::default()
        }));
        let order = world.order_at(amount, PHONE, "20261122120130");
        let checkout = world.push_order(&order).await["CheckoutRequestID"]
            .as_str()
            .unwrap()
            .to_owned();
        world.daraja.await_end(&checkout).await.unwrap();
        held.push(world.daraja.payment(&checkout).unwrap());
    }
    for payment in held.iter().rev() {
        world.daraja.release(payment).await;
        assert_eq!(
            world.next_checkout().await,
            json!(payment.checkout_request_id)
        );
    }
    world
        .daraja
        .resend(
            &held[0],
            &Callback {
                copies: 2,
                ..Callback::default()
            },
            &Body::default(),
        )
        .await;
    for _ in 0..2 {
        assert_eq!(
            world.next_checkout().await,
            json!(held[0].checkout_request_id)
        );
    }
    assert!(world.callbacks.try_recv().is_err());
    assert!(
        world
            .daraja
            .deliveries()
            .iter()
            .all(|delivery| !delivery.body.contains(&dropped))
    );
}

#[tokio::test]
async fn forged_callbacks_lack_the_secret() {
    let mut world = World::automatic().await;
    for (at, forged) in [Forged::OtherSecret, Forged::NoSecret]
        .into_iter()
        .enumerate()
    {
        world.daraja.script_next(Script {
            body: Body {
                forged,
                ..Body::default()
            },
            ..Script::default()
        });
        world.push(10 + i64::try_from(at).unwrap()).await;
        let called = world.callbacks.recv().await.unwrap();
        assert!(called.path.starts_with("/callback"));
        assert!(
            !called.path.contains("0123456789abcdef0123456789abcdef"),
            "{}",
            called.path
        );
    }
}

#[tokio::test]
async fn repeats_come_minutes_later_and_confirmations_have_their_own_script() {
    let mut world = World::automatic().await;
    world.register_c2b("v2", "Completed").await;
    world.daraja.script_next(Script {
        callback: Callback {
            again_after_ms: vec![120_000],
            ..Callback::default()
        },
        confirmation: Callback {
            delay_ms: 60_000,
            copies: 2,
            ..Callback::default()
        },
        ..Script::default()
    });
    world.push(10).await;
    let first = world.next_code().await;
    world.daraja.advance(Duration::from_secs(60));
    for _ in 0..2 {
        assert_eq!(world.callbacks.recv().await.unwrap().path, "/confirmation");
    }
    world.daraja.advance(Duration::from_secs(60));
    assert_eq!(world.next_code().await, first);
    assert!(world.callbacks.try_recv().is_err());
}

#[tokio::test]
async fn whatever_the_answer_a_callback_is_sent_once() {
    let mut world = World::automatic().await;
    let elsewhere = format!("{}/elsewhere", world.receiver);
    let answers = [
        (500, "broken"),
        (404, ""),
        (302, elsewhere.as_str()),
        (200, "no json"),
    ];
    for (at, (status, words)) in answers.into_iter().enumerate() {
        world.answer.set_status(status, words);
        world.push(10 + i64::try_from(at).unwrap()).await;
        world
            .daraja
            .await_deliveries(at + 1, |_| true)
            .await
            .unwrap();
        assert_eq!(world.next_code().await, json!(0));
        world.daraja.advance(Duration::from_secs(1));
    }
    let statuses: Vec<_> = world
        .daraja
        .deliveries()
        .iter()
        .map(|delivery| delivery.status)
        .collect();
    assert_eq!(statuses, [500, 404, 302, 200].map(Some));
    assert!(
        world.callbacks.try_recv().is_err(),
        "neither again nor elsewhere"
    );
}

#[tokio::test]
async fn a_callback_waits_so_long_for_its_answer() {
    let mut world = World::automatic().await;
    assert_eq!(world.told("/knobs").await["callback-patience-ms"], 5_000);
    world.daraja.tune(|knobs| knobs.callback_patience_ms = 500);
    world.answer.stall();
    world.push(10).await;
    let sent = world.daraja.await_deliveries(1, |_| true).await.unwrap();
    assert_eq!(
        (sent[0].status, sent[0].answer.as_str()),
        (None, "no answer within 500ms")
    );
    assert_eq!(world.next_code().await, json!(0));
    assert!(world.callbacks.try_recv().is_err());
}

#[tokio::test]
async fn nobody_at_the_address_is_told_and_not_tried_again() {
    let world = World::automatic().await;
    // Taken, so that nobody else is there, and nobody listens.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}/paid", closed.local_addr().unwrap());
    let mut order = world.order(10);
    order["CallBackURL"] = json!(url);
    world.push_order(&order).await;
    let sent = world.daraja.await_deliveries(1, |_| true).await.unwrap();
    assert_eq!((sent[0].status, &sent[0].url), (None, &url));
    assert!(!sent[0].answer.is_empty());
    assert!(
        !sent[0].answer.contains("/paid"),
        "an address carries a secret"
    );
}

#[tokio::test]
async fn https_callbacks_need_a_trusted_certificate() {
    for is_authority in [false, true] {
        https_callbacks(is_authority).await;
    }
}

/// What signs itself calls itself an authority or does not, going by the tool that made it.
async fn https_callbacks(is_authority: bool) {
    let (url, root, mut heard) = tls_receiver(is_authority).await;
    let mut trusting = config();
    trusting.roots = vec![root];
    for (config, status) in [(trusting, Some(200)), (config(), None)] {
        let world = World::of(config).await;
        world.daraja.tune(|knobs| knobs.https_only = true);
        let token = world.token().await;
        let (refused, _) = world.post_as(&token, PUSH, &world.order(10)).await;
        assert_eq!(refused, 400, "http is refused in production");
        let mut order = world.order(10);
        order["CallBackURL"] = json!(url);
        world.push_order(&order).await;
        let sent = world.daraja.await_deliveries(1, |_| true).await.unwrap();
        assert_eq!(sent[0].status, status, "{}", sent[0].answer);
    }
    let request = heard.recv().await.unwrap();
    assert!(request.starts_with("POST /paid HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains("Businessshortcode: 174379\r\n"),
        "{request}"
    );
    assert!(heard.try_recv().is_err());
}

/// A receiver behind a certificate of its own.
async fn tls_receiver(
    is_authority: bool,
) -> (String, CertificateDer<'static>, mpsc::Receiver<String>) {
    let mut wanted = rcgen::CertificateParams::new(vec!["127.0.0.1".into()]).unwrap();
    if is_authority {
        wanted.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    }
    let signing_key = rcgen::KeyPair::generate().unwrap();
    let root = wanted.self_signed(&signing_key).unwrap().der().clone();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![root.clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, heard) = mpsc::channel(8);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Who does not trust the certificate ends the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = String::new();
            let mut buffer = [0; 4_096];
            while !request.ends_with("}}}") {
                let read = stream.read(&mut buffer).await.unwrap();
                if read == 0 {
                    break;
                }
                request.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
            }
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
            stream.write_all(answer).await.unwrap();
            sender.send(request).await.unwrap();
        }
    });
    (format!("https://127.0.0.1:{port}/paid"), root, heard)
}
