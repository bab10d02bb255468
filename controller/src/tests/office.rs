//! A mail server for tests: takes what it is told to take, and reads the letters it got.

use std::sync::PoisonError;

use mail_parser::MessageParser;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::*;

/// One letter as it came.
#[derive(Clone, Debug)]
pub(super) struct Got {
    pub(super) to: String,
    pub(super) id: String,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Got {
    /// The first address of ours in the letter, as a path.
    #[track_caller]
    pub(super) fn path(&self, begins: &str) -> String {
        let at = self
            .text
            .find(begins)
            .unwrap_or_else(|| panic!("{}", self.text));
        self.text[at..]
            .split_whitespace()
            .next()
            .unwrap()
            .to_owned()
    }
}

/// The server.
#[derive(Clone, Default)]
pub(super) struct Office(Arc<Mutex<Box_>>);

#[derive(Default)]
struct Box_ {
    got: Vec<Got>,
    files: Vec<(String, Vec<u8>)>,
    answers: VecDeque<String>,
}

impl Office {
    /// Opens one, and gives the flags by which a controller knows it.
    pub(super) async fn open() -> (Self, [String; 4]) {
        let office = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = office.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(serving.clone(), stream));
            }
        });
        let flags = [
            "--smtp-url".to_owned(),
            format!("smtp://{address}"),
            "--mail-from".to_owned(),
            "Mnara <no-reply@mnara.example>".to_owned(),
        ];
        (office, flags)
    }

    /// Opens one with a world that posts its letters there.
    pub(super) async fn world(pool: PgPoolOptions, options: PgConnectOptions) -> (Self, World) {
        let (office, flags) = Self::open().await;
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let world = World::open_with(pool, options, &flags).await;
        (office, world)
    }

    /// The next letter is answered so, after its text.
    pub(super) fn answer(&self, line: &str) {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inside.answers.push_back(line.to_owned());
    }

    /// All letters, and forgets them.
    pub(super) fn empty(&self) -> Vec<Got> {
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut inside.got)
    }

    /// What went with the last letter.
    pub(super) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inside.files.clone()
    }

    /// The one letter that came.
    #[track_caller]
    pub(super) fn one(&self) -> Got {
        let mut all = self.empty();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }
}

async fn talk(office: Office, stream: TcpStream) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write
        .write_all(b"220 office.example ESMTP\r\n")
        .await
        .unwrap();
    let mut to = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = if line.starts_with("EHLO") {
            "250-office.example\r\n250 8BITMIME".to_owned()
        } else if let Some(address) = line.strip_prefix("RCPT TO:<") {
            to = address.split('>').next().unwrap().to_owned();
            "250 OK".to_owned()
        } else if line == "DATA" {
            write.write_all(b"354 go on\r\n").await.unwrap();
            let mut raw = String::new();
            while let Ok(Some(line)) = lines.next_line().await {
                if line == "." {
                    break;
                }
                raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                raw.push_str("\r\n");
            }
            let mut inside = office.0.lock().unwrap_or_else(PoisonError::into_inner);
            let answer = inside.answers.pop_front();
            let answer = answer.unwrap_or_else(|| "250 taken".to_owned());
            if answer.starts_with('2') {
                inside.got.push(read_letter(&to, &raw));
                inside.files = read_files(&raw);
            }
            answer
        } else if line == "QUIT" {
            "221 bye".to_owned()
        } else {
            "250 OK".to_owned()
        };
        if write
            .write_all(format!("{answer}\r\n").as_bytes())
            .await
            .is_err()
        {
            return;
        }
    }
}

fn read_letter(to: &str, raw: &str) -> Got {
    let letter = MessageParser::default().parse(raw).unwrap();
    let body = |text: Option<std::borrow::Cow<'_, str>>| text.unwrap().replace("\r\n", "\n");
    Got {
        to: to.to_owned(),
        id: letter.message_id().unwrap().to_owned(),
        subject: letter.subject().unwrap().to_owned(),
        text: body(letter.body_text(0)),
        html: body(letter.body_html(0)),
    }
}

fn read_files(raw: &str) -> Vec<(String, Vec<u8>)> {
    use mail_parser::MimeHeaders as _;
    let letter = MessageParser::default().parse(raw).unwrap();
    letter
        .attachments()
        .map(|part| {
            let name = part.attachment_name().unwrap().to_owned();
            (name, part.contents().to_vec())
        })
        .collect()
}
