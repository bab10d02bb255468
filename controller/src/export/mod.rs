//! Taking all of one's data out: a file with a table for each thing the business has and its pictures, written while it is downloaded.
//!
//! Which tables and columns those are stands in [`tables`]; keys, passwords and hashes are in none of them. Nothing is gathered before
//! it is sent, so a business of any size costs the same memory.

pub mod pages;
pub mod store;
pub mod tables;
pub mod zip;

use std::collections::VecDeque;

use axum::body::Bytes;
use futures_util::stream::{self, Stream};
use mnara_protocol::ids::{ExportId, ProviderId, SiteId};
use sha2::{Digest as _, Sha256};

use self::tables::{TABLES, Table};
use self::zip::Zip;
use crate::app::App;
use crate::audit::{Deed, record};
use crate::db::RowId as _;
use crate::providers::gate::Seat;
use crate::web::csv;

/// How long a link is good.
const GOOD_FOR_SECS: i64 = 15 * 60;
/// Rows read at once.
const ROWS: u16 = 1_000;
/// Pictures read at once.
const LOGOS: u16 = 50;
/// What stands first in the file.
const READ_ME: &str = include_str!("read_me.txt");

/// Makes a link that gives the data once, and soon.
///
/// # Errors
/// When the database refuses.
pub async fn ask(app: &App, seat: &Seat) -> sqlx::Result<String> {
    let now = app.clock.now();
    let link = app.entropy.url_secret();
    let id = ExportId::new(now, app.entropy.bytes());
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let until = now.plus_secs(GOOD_FOR_SECS);
    store::insert(
        &mut tx,
        provider,
        id,
        &hash(&link),
        seat.person,
        (now, until),
    )
    .await?;
    let deed = Deed {
        act: "export",
        subject: &id.to_string(),
        before: None,
        after: None,
    };
    record(app, &mut tx, Some(provider), seat.actor(), deed).await?;
    tx.commit().await?;
    Ok(link)
}

/// Uses a link up; says whether it was good.
///
/// # Errors
/// When the database refuses.
pub async fn take(app: &App, seat: &Seat, link: &str) -> sqlx::Result<bool> {
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let Some(id) = store::take(&mut tx, provider, &hash(link), app.clock.now()).await? else {
        return Ok(false);
    };
    let deed = Deed {
        act: "export-taken",
        subject: &id.to_string(),
        before: None,
        after: None,
    };
    record(app, &mut tx, Some(provider), seat.actor(), deed).await?;
    tx.commit().await?;
    Ok(true)
}

fn hash(link: &str) -> [u8; 32] {
    Sha256::digest(link).into()
}

/// Where the writing of a file is.
struct Writing {
    app: App,
    provider: ProviderId,
    zip: Zip,
    left: VecDeque<&'static Table>,
    after: Option<Vec<String>>,
    /// Which file of its table is written, from one.
    part: u32,
    logos: Logos,
    is_done: bool,
}

/// How far the pictures are written, which come after the tables.
enum Logos {
    /// None is.
    Begin,
    /// The business's is, and those of the sites up to one.
    Sites(Option<SiteId>),
    /// All are.
    Done,
}

/// The file, piece by piece.
pub fn file(
    app: &App,
    provider: ProviderId,
) -> impl Stream<Item = sqlx::Result<Bytes>> + Send + use<> {
    let mut zip = Zip::new(app.clock.now());
    zip.begin("READ-ME.txt");
    zip.write(READ_ME.as_bytes());
    zip.end();
    let writing = Writing {
        app: app.clone(),
        provider,
        zip,
        left: TABLES.iter().collect(),
        after: None,
        part: 1,
        logos: Logos::Begin,
        is_done: false,
    };
    stream::try_unfold(writing, async |mut writing| {
        if writing.is_done {
            return Ok(None);
        }
        // A step that writes nothing makes no piece.
        let mut bytes = Vec::new();
        while bytes.is_empty() {
            writing.go_on().await?;
            bytes = writing.zip.take();
        }
        Ok(Some((Bytes::from(bytes), writing)))
    })
}

impl Writing {
    /// Begins a file of a table: its first, or the next when that has grown large.
    fn begin(&mut self, table: &Table) {
        let name = match self.part {
            1 => format!("{}.csv", table.name),
            part => format!("{}-{part}.csv", table.name),
        };
        self.zip.begin(&name);
        let heads = table
            .columns
            .iter()
            .map(|(name, _)| Some((*name).to_owned()));
        self.zip.write(line(heads).as_bytes());
    }

    /// Writes the next rows, or the end.
    async fn go_on(&mut self) -> sqlx::Result<()> {
        let Some(table) = self.left.front().copied() else {
            return self.pictures().await;
        };
        if self.zip.is_full() && self.after.is_some() {
            self.zip.end();
            self.part += 1;
            self.begin(table);
        }
        if self.after.is_none() {
            self.part = 1;
            self.begin(table);
        }
        let mut tx = self.app.db.tenant(self.provider).await?;
        let after = self.after.as_deref();
        let rows = store::page(&mut tx, self.provider, table, after, ROWS).await?;
        drop(tx);
        let is_last = rows.len() < usize::from(ROWS);
        for (key, cells) in rows {
            self.zip.write(line(cells).as_bytes());
            self.after = Some(key);
        }
        if is_last {
            self.zip.end();
            self.left.pop_front();
            self.after = None;
        }
        Ok(())
    }

    /// Writes the next pictures, or the end of all.
    async fn pictures(&mut self) -> sqlx::Result<()> {
        match self.logos {
            Logos::Begin => {
                let mut tx = self.app.db.tenant(self.provider).await?;
                let logo = store::logo(&mut tx, self.provider).await?;
                drop(tx);
                if let Some(logo) = logo {
                    self.picture("logo", &logo);
                }
                self.logos = Logos::Sites(None);
            }
            Logos::Sites(after) => {
                let mut tx = self.app.db.tenant(self.provider).await?;
                let logos = store::site_logos(&mut tx, self.provider, after, LOGOS).await?;
                drop(tx);
                let is_last = logos.len() < usize::from(LOGOS);
                for (site, logo) in &logos {
                    self.picture(&format!("logo-{}", site.uuid()), logo);
                }
                self.logos = match logos.last() {
                    Some((site, _)) if !is_last => Logos::Sites(Some(*site)),
                    _ => Logos::Done,
                };
            }
            Logos::Done => {
                self.zip.finish();
                self.is_done = true;
            }
        }
        Ok(())
    }

    fn picture(&mut self, name: &str, (kind, bytes): &store::Logo) {
        self.zip.begin(&format!("{name}.{kind}"));
        self.zip.write(bytes);
        self.zip.end();
    }
}

/// One line of a file that spreadsheets read.
fn line(cells: impl IntoIterator<Item = Option<String>>) -> String {
    let cells: Vec<String> = cells.into_iter().map(Option::unwrap_or_default).collect();
    let mut text = String::new();
    csv::line(&mut text, cells.iter().map(String::as_str));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_read_as_it_was_and_never_as_a_formula() {
        for (text, written) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("a;b", "\"a;b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("@x", "\"'@x\""),
            ("-5.00", "-5.00"),
            ("-x", "\"'-x\""),
            ("\n=1", "\"'\n=1\""),
            // Some spreadsheets take the wide signs for the narrow ones.
            ("＝1+1", "\"'＝1+1\""),
            ("＋x", "\"'＋x\""),
            ("－x", "\"'－x\""),
            ("＠x", "\"'＠x\""),
        ] {
            assert_eq!(line([Some(text.to_owned())]), format!("{written}\r\n"));
        }
        let cells = [Some("a".to_owned()), None, Some("b".to_owned())];
        assert_eq!(line(cells), "a,,b\r\n");
    }
}
