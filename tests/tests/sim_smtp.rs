//! The simulated mail server held against RFC 5321, spoken to byte by byte, and its inbox as a browser gets it.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected stops there"
)]

use mnara_tests::sim::smtp::{Answer, Config, Fault, Smtp, Stage, Tls};
use mnara_tests::world::http::Caller;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

const LETTER: &str = "From: Mnara <no-reply@mnara.example>\r\nTo: njeri@example.com\r\nSubject: =?utf-8?Q?Habari_=C3=A9?=\r\n\
                      Message-ID: <1@mnara.example>\r\nDate: Thu, 26 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n\
                      Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
                      Open https://mnara.example/reset/abc=\r\ndef today <b>now</b>.\r\n..\r\n";

struct Client {
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
}

impl Client {
    async fn new(server: &Smtp) -> Self {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        let (read, write) = stream.into_split();
        Self {
            read: BufReader::new(read),
            write,
        }
    }

    /// The next answer, its last line.
    async fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.read.read_line(&mut line).await.unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.write
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .unwrap();
        self.hear().await
    }

    #[track_caller]
    fn begins(answer: &str, code: &str) {
        assert!(answer.starts_with(code), "{answer} instead of {code}");
    }

    async fn talk(&mut self, lines: &[(&str, &str)]) {
        for (line, code) in lines {
            let answer = self.say(line).await;
            Self::begins(&answer, code);
        }
    }
}

const BEGUN: [(&str, &str); 4] = [
    ("EHLO client.example", "250"),
    ("MAIL FROM:<no-reply@mnara.example>", "250"),
    ("RCPT TO:<njeri@example.com>", "250"),
    ("DATA", "354"),
];

#[tokio::test]
async fn a_letter_is_taken_in_the_order_of_the_standard_and_read_as_a_mailbox_does() {
    let server = Smtp::start(Config::default()).await.unwrap();
    let mut client = Client::new(&server).await;
    Client::begins(&client.hear().await, "220");
    client
        .talk(&[
            ("MAIL FROM:<a@b.example>", "503"),
            ("RCPT TO:<a@b.example>", "503"),
            ("DATA", "503"),
            ("EHLO", "501"),
            ("BLAH", "500"),
            ("NOOP", "250"),
            ("EHLO client.example", "250"),
            ("MAIL FROM:no-reply", "501"),
            ("MAIL FROM:<a@b.example> SIZE=99999999", "552"),
            ("MAIL FROM:<a@b.example> COLOUR=red", "555"),
            ("MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME", "250"),
            ("MAIL FROM:<a@b.example>", "503"),
            ("DATA", "503"),
            ("RCPT TO:<nobody>", "501"),
            ("RSET", "250"),
        ])
        .await;
    client.talk(&BEGUN).await;
    Client::begins(&client.say(&format!("{LETTER}.")).await, "250");
    client.talk(&[("QUIT", "221")]).await;
    let letter = server.letter_to("NJERI@example.com").await.unwrap();
    assert_eq!(letter.subject, "Habari é");
    assert_eq!(letter.message_id, "1@mnara.example");
    assert_eq!(letter.links(), ["https://mnara.example/reset/abcdef"]);
    assert!(letter.text.ends_with("\n.\n"), "{:?}", letter.text);
    assert_eq!(letter.raw.len(), LETTER.len() - 1, "one dot was taken off");
    server.stop().await;
}

#[tokio::test]
async fn limits_hold_and_no_second_letter_is_smuggled_in() {
    let config = Config {
        largest: 2_000,
        recipients: 1,
        connections: 1,
        ..Config::default()
    };
    let server = Smtp::start(config).await.unwrap();
    let mut client = Client::new(&server).await;
    client.hear().await;
    let mut second = Client::new(&server).await;
    Client::begins(&second.hear().await, "421");
    client.talk(&BEGUN[..3]).await;
    client
        .talk(&[("RCPT TO:<two@example.com>", "452"), ("DATA", "354")])
        .await;
    let smuggled = "Subject: x\r\n\r\none\n.\nMAIL FROM:<thief@example.com>\r\n.";
    Client::begins(&client.say(smuggled).await, "554");
    client.talk(&BEGUN[1..]).await;
    let long = format!("Subject: {}\r\n\r\n.", "x".repeat(1_200));
    Client::begins(&client.say(&long).await, "554");
    client.talk(&BEGUN[1..]).await;
    let large = format!("{}\r\n.", "Subject: x\r\n".repeat(200));
    Client::begins(&client.say(&large).await, "552");
    client
        .talk(&[(&"x".repeat(5_000), "500"), ("NOOP", "250")])
        .await;
    assert!(server.letters().is_empty());
}

#[tokio::test]
async fn letters_are_taken_from_who_logs_in_and_passwords_after_tls_where_there_is_some() {
    let log_in = Some(("mnara".to_owned(), "simulated".to_owned()));
    let config = Config {
        log_in: log_in.clone(),
        ..Config::default()
    };
    let server = Smtp::start(config).await.unwrap();
    let mut client = Client::new(&server).await;
    client.hear().await;
    client
        .talk(&[
            ("AUTH PLAIN AG1uYXJhAHNpbXVsYXRlZA==", "503"),
            ("EHLO client.example", "250"),
            ("MAIL FROM:<a@b.example>", "530"),
            ("AUTH CRAM-MD5", "504"),
            ("AUTH PLAIN !!!", "501"),
            ("AUTH PLAIN AG1uYXJhAHdyb25n", "535"),
            ("AUTH PLAIN", "334"),
            ("*", "501"),
            ("AUTH LOGIN", "334"),
            ("bW5hcmE=", "334"),
            ("d3Jvbmc=", "535"),
            ("AUTH LOGIN bW5hcmE=", "334"),
            ("c2ltdWxhdGVk", "235"),
            ("AUTH PLAIN", "503"),
            ("MAIL FROM:<a@b.example>", "250"),
        ])
        .await;
    let config = Config {
        log_in,
        tls: Tls::Starttls,
        ..Config::default()
    };
    let server = Smtp::start(config).await.unwrap();
    let mut client = Client::new(&server).await;
    client.hear().await;
    client
        .talk(&[
            ("EHLO client.example", "250"),
            ("AUTH PLAIN AG1uYXJhAHNpbXVsYXRlZA==", "538"),
            ("MAIL FROM:<a@b.example>", "530"),
            ("STARTTLS now", "501"),
            ("STARTTLS", "220"),
        ])
        .await;
}

#[tokio::test]
async fn what_is_scripted_goes_wrong_as_often_as_it_should() {
    let server = Smtp::start(Config::default()).await.unwrap();
    let say = |line: &str| Answer::Say {
        line: line.to_owned(),
    };
    server.script(Fault::once(Stage::Greeting, say("421 4.3.2 going down")));
    let mut client = Client::new(&server).await;
    Client::begins(&client.hear().await, "421");
    assert_eq!(client.hear().await, "", "and closed");
    server.script(Fault {
        to: Some("njeri@example.com".to_owned()),
        times: 2,
        ..Fault::once(Stage::Rcpt, say("450 4.2.1 mailbox busy"))
    });
    let mut client = Client::new(&server).await;
    client.hear().await;
    client.talk(&BEGUN[..2]).await;
    client
        .talk(&[
            ("RCPT TO:<other@example.com>", "250"),
            ("RCPT TO:<njeri@example.com>", "450"),
            ("RCPT TO:<njeri@example.com>", "450"),
            ("RSET", "250"),
        ])
        .await;
    server.script(Fault::once(Stage::Text, Answer::Lose));
    client.talk(&BEGUN).await;
    assert_eq!(client.say(&format!("{LETTER}.")).await, "");
    assert_eq!(server.letters().len(), 1, "it was kept all the same");
    server.script(Fault::once(Stage::Text, Answer::HangUp));
    let mut client = Client::new(&server).await;
    client.hear().await;
    client.talk(&BEGUN).await;
    assert_eq!(client.say(&format!("{LETTER}.")).await, "");
    assert_eq!(server.letters().len(), 1);
}

#[tokio::test]
async fn the_inbox_shows_letters_with_links_to_press_and_runs_nothing_of_theirs() {
    let server = Smtp::start(Config::default()).await.unwrap();
    let caller = Caller::program().unwrap();
    let get = async |path: &str| {
        let address = format!("{}{path}", server.inbox());
        caller.get(&address).await.unwrap()
    };
    assert!(get("/").await.text.contains("Nothing yet"));
    let mut client = Client::new(&server).await;
    client.hear().await;
    client.talk(&BEGUN).await;
    Client::begins(&client.say(&format!("{LETTER}.")).await, "250");
    assert!(get("/").await.text.contains("/mail/1"));
    let page = get("/mail/1").await.text;
    assert!(
        page.contains("<a href=\"https://mnara.example/reset/abcdef\""),
        "{page}"
    );
    assert!(!page.contains("<b>now"), "{page}");
    assert!(page.contains("sandbox="), "{page}");
    assert_eq!(get("/mail/2").await.status, 404);
    let all: serde_json::Value = get("/letters").await.json().unwrap();
    assert_eq!(all[0]["to"][0], "njeri@example.com");
    server.clear();
    assert!(server.letters().is_empty());
}
