//! The controller's own sender of mail against the simulated mail server: on which way a letter leaves, and what becomes of one that is refused.

use std::path::Path;

use mnara_controller::config::MailConfig;
use mnara_controller::rails::mail::{Envelope, Fault, Mail, NotSent};
use mnara_protocol::clock::Timestamp;
use mnara_tests::sim::smtp::{self, Answer, Config, Smtp, Stage, Tls};
use tempfile::NamedTempFile;

const NAME: &str = "mnara@example.com";
const PASSWORD: &str = "simu:lated";
/// Both as an address has them.
const LOG_IN: &str = "://mnara%40example.com:simu%3Alated@";

async fn start(tls: Tls, log_in: bool) -> Smtp {
    let config = Config {
        tls,
        log_in: log_in.then(|| (NAME.to_owned(), PASSWORD.to_owned())),
        ..Config::default()
    };
    Smtp::start(config).await.unwrap()
}

/// A sender to an address, which trusts the certificates of a file or those of the web.
fn sender(url: &str, ca: Option<&Path>) -> Mail {
    let config = MailConfig {
        smtp_url: Some(url.parse().unwrap()),
        smtp_ca: ca.map(Path::to_owned),
        mail_from: Some("Mnara <no-reply@mnara.example>".parse().unwrap()),
    };
    Mail::new(&config).unwrap()
}

async fn send(mail: &Mail) -> Result<(), NotSent> {
    let letter = Envelope {
        id: "mail_1".to_owned(),
        to: "njeri@example.com",
        subject: "Habari",
        text: "Karibu.",
        html: "<p>Karibu.</p>",
        files: &[],
    };
    mail.send(&letter, Timestamp::from_secs(1_800_000_000))
        .await
}

fn certificate(server: &Smtp) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), server.certificate().unwrap()).unwrap();
    file
}

#[tokio::test]
async fn a_relay_with_a_certificate_of_its_own_is_reached_and_only_where_it_is_trusted() {
    for tls in [Tls::Starttls, Tls::Wrapped] {
        let server = start(tls, true).await;
        let url = server.url().replace("://", LOG_IN);
        let own = certificate(&server);
        send(&sender(&url, Some(own.path()))).await.unwrap();
        let letter = server.letter_to("njeri@example.com").await.unwrap();
        assert_eq!(letter.from, "no-reply@mnara.example");
        assert_eq!(letter.message_id, "mail_1@mnara.example");
        // Neither those of the web nor another of the same name vouch for it.
        let other = start(tls, false).await;
        let others = certificate(&other);
        for ca in [None, Some(others.path())] {
            let refused = send(&sender(&url, ca)).await;
            assert_eq!(refused, Err(NotSent::Fault(Fault::Tls)), "{tls:?} {ca:?}");
        }
        assert_eq!(server.letters().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_offers_no_tls_is_told_nothing_unless_the_address_says_so() {
    let server = start(Tls::None, true).await;
    let address = server.address();
    let at = |end: &str| format!("smtp{LOG_IN}{address}{end}");
    let stripped = send(&sender(&at("?tls=required"), None)).await;
    assert_eq!(stripped, Err(NotSent::Fault(Fault::Tls)));
    assert!(server.letters().is_empty());
    send(&sender(&at("?tls=none"), None)).await.unwrap();
    send(&sender(&at(""), None)).await.unwrap();
    assert_eq!(server.letters().len(), 2);
}

#[tokio::test]
async fn a_log_in_that_is_refused_gives_no_letter_up() {
    let server = start(Tls::None, true).await;
    let address = server.address();
    for (url, said) in [
        (format!("smtp://mnara:wrong@{address}"), "535 5.7.8"),
        (format!("smtp://{address}"), "530 5.7.0"),
    ] {
        let refused = send(&sender(&url, None)).await.unwrap_err();
        assert!(
            matches!(refused, NotSent::Fault(Fault::LogIn(_))),
            "{refused:?}"
        );
        assert!(refused.to_string().contains(said), "{refused}");
    }
    server.script(smtp::Fault::once(
        Stage::Auth,
        Answer::Say {
            line: "454 4.7.0 later".to_owned(),
        },
    ));
    let url = format!("smtp{LOG_IN}{address}");
    let later = send(&sender(&url, None)).await;
    assert!(matches!(later, Err(NotSent::NotNow(_))), "{later:?}");
    assert!(server.letters().is_empty());
    let open = start(Tls::None, false).await;
    let none = send(&sender(&open.url().replace("://", LOG_IN), None)).await;
    assert_eq!(none, Err(NotSent::Fault(Fault::NoLogIn)));
}

#[tokio::test]
async fn the_same_code_means_another_thing_at_another_step() {
    let server = start(Tls::None, false).await;
    let mail = sender(&server.url(), None);
    for (at, line, expected) in [
        (Stage::Greeting, "554 5.7.1 not from there", "fault"),
        (Stage::Greeting, "421 4.3.2 going down", "not now"),
        (Stage::Mail, "550 not for you", "fault"),
        (Stage::Mail, "553 5.1.8 no such domain", "fault"),
        (Stage::Rcpt, "550 no such mailbox", "final"),
        (Stage::Rcpt, "550 5.1.1 no such mailbox", "final"),
        (Stage::Rcpt, "553 5.7.1 Sender address rejected", "fault"),
        (Stage::Rcpt, "554 5.7.1 Relay access denied", "fault"),
        (Stage::Rcpt, "450 4.2.0 come again", "not now"),
        (Stage::Data, "550 5.2.1 switched off", "final"),
        (Stage::Text, "552 5.3.4 too large", "final"),
        (Stage::Text, "554 5.7.1 refused", "fault"),
        (Stage::Text, "452 4.3.1 no room", "not now"),
    ] {
        let line = line.to_owned();
        server.script(smtp::Fault::once(at, Answer::Say { line: line.clone() }));
        let said = match send(&mail).await.unwrap_err() {
            NotSent::Refused(_) => "final",
            NotSent::Fault(_) => "fault",
            NotSent::NotNow(_) => "not now",
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(said, expected, "{at:?} {line}");
    }
    assert!(server.letters().is_empty());
    server.script(smtp::Fault::once(Stage::Text, Answer::Lose));
    assert_eq!(send(&mail).await, Err(NotSent::Away));
    send(&mail).await.unwrap();
    let ids: Vec<_> = server
        .letters()
        .into_iter()
        .map(|letter| letter.message_id)
        .collect();
    assert_eq!(ids, ["mail_1@mnara.example"; 2], "known again by its id");
}
