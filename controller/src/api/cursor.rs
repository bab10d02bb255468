//! Where a list goes on: the place of its last row, as letters that mean nothing to whoever hands them back.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use super::gate::Key;
use crate::app::App;
use crate::db::{LAST, RowId};
use crate::web::{Answer, Json, Problem};

/// Rows of a list where nothing is said.
const USUAL: u16 = 50;
/// Rows of a list at most.
pub const MOST: u16 = 200;

/// The place of a row: a number that the list is in order of (a time, a count), and the row's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// What the list is in order of.
    pub place: i64,
    /// The row.
    pub id: [u8; 16],
}

impl Cursor {
    /// The place of a row in a list by time.
    #[must_use]
    pub fn at<I: RowId>(at: Timestamp, id: I) -> Self {
        Self {
            place: at.as_millis(),
            id: id.uuid().into_bytes(),
        }
    }

    /// What a list by time goes on after. One that no list has given out may hold any number, and the database takes only some.
    #[must_use]
    pub fn row<I: RowId>(&self) -> (Timestamp, I) {
        let at = Timestamp::from_millis(self.place.clamp(0, LAST.as_millis()));
        (at, I::from_uuid(Uuid::from_bytes(self.id)))
    }

    /// As letters.
    #[must_use]
    pub fn letters(&self) -> String {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.place.to_be_bytes());
        bytes[8..].copy_from_slice(&self.id);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(letters: &str) -> Option<Self> {
        let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(letters).ok()?.try_into().ok()?;
        let (place, id) = bytes.split_first_chunk::<8>()?;
        Some(Self {
            place: i64::from_be_bytes(*place),
            id: id.try_into().ok()?,
        })
    }
}

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Rows at most.
    pub limit: u16,
    /// After this one.
    pub after: Option<Cursor>,
}

impl Part {
    /// Reads the two parameters that every list has.
    ///
    /// # Errors
    /// When one is none.
    pub fn read(limit: Option<u16>, cursor: Option<&str>) -> Answer<Self> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::bad_request(format!(
                "limit: give a number from 1 to {MOST}."
            )));
        }
        let after = cursor.map(|letters| {
            Cursor::read(letters).ok_or_else(|| {
                Problem::bad_request(
                    "cursor: give the `next` of an earlier answer, or leave it out to begin.",
                )
            })
        });
        Ok(Self {
            limit,
            after: after.transpose()?,
        })
    }

    /// One more than asked for, by which it is known whether there are more.
    #[must_use]
    pub const fn reach(&self) -> u16 {
        self.limit + 1
    }

    /// Leaves what comes after the last part of a list that is short enough to be read whole.
    #[must_use]
    pub fn rest<R>(&self, mut found: Vec<R>, place: impl Fn(&R) -> Cursor) -> Vec<R> {
        if let Some(after) = self.after {
            found.retain(|row| {
                let here = place(row);
                (here.place, here.id) > (after.place, after.id)
            });
        }
        found
    }

    /// Makes a part of a list out of what was found, which may be one more than asked for.
    #[must_use]
    pub fn list<R, T>(
        &self,
        mut found: Vec<R>,
        place: impl Fn(&R) -> Cursor,
        show: impl FnMut(R) -> T,
    ) -> List<T> {
        let is_more = found.len() > usize::from(self.limit);
        found.truncate(usize::from(self.limit));
        let next = found
            .last()
            .filter(|_| is_more)
            .map(|last| place(last).letters());
        List {
            items: found.into_iter().map(show).collect(),
            next,
        }
    }
}

/// Answers with a part of a list by time: reads where it goes on, asks for one row more than wanted, and says where the next part begins.
///
/// # Errors
/// A problem document.
pub async fn listed<I: RowId, R, T>(
    app: &App,
    key: &Key,
    (limit, cursor): (Option<u16>, Option<&str>),
    find: impl for<'a> FnOnce(
        &'a mut PgConnection,
        Option<(Timestamp, I)>,
        u16,
    ) -> BoxFuture<'a, sqlx::Result<Vec<R>>>,
    place: impl Fn(&R) -> (Timestamp, I),
    show: impl FnMut(R) -> T,
) -> Answer<Json<List<T>>> {
    let part = Part::read(limit, cursor)?;
    // Every list goes along one index by its text, whatever is looked for.
    let mut tx = app.db.steady(key.provider()).await?;
    let found = find(&mut tx, part.after.map(|after| after.row()), part.reach()).await?;
    let place = |row: &R| {
        let (at, id) = place(row);
        Cursor::at(at, id)
    };
    Ok(Json(part.list(found, place, show)))
}

/// The parameters of a list that can be had in parts and in no other way.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Rows at most, 50 if nothing is said.
    #[schema(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
    /// The `next` of the part before.
    #[schema(pattern = "^[A-Za-z0-9_-]{32}$")]
    pub cursor: Option<String>,
}

impl Listing {
    /// The two, as [`listed`] takes them.
    #[must_use]
    pub fn part(&self) -> (Option<u16>, Option<&str>) {
        (self.limit, self.cursor.as_deref())
    }
}

/// A part of a list.
#[derive(Debug, Serialize)]
pub struct List<T> {
    /// The things.
    pub items: Vec<T>,
    /// The cursor of what comes after them; null where nothing does.
    pub next: Option<String>,
}

/// The parameters after the question mark: those of the call and no other, so that a mistyped filter is not passed over.
#[derive(Clone, Copy, Debug)]
pub struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let axum::extract::Query(value) = query.map_err(|rejection| {
            // Which parameter it is may be said; what was sent may not, it could be a number or a code.
            let text = rejection.body_text();
            let named = text
                .split_once('`')
                .and_then(|(_, rest)| rest.split_once('`'))
                .map(|(name, _)| name)
                .filter(|name| {
                    name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') && name.len() <= 32
                });
            match named {
                Some(name) => Problem::bad_request(format!(
                    "{name}: this parameter is unknown, missing or stands twice."
                )),
                None => {
                    Problem::bad_request("A parameter after the question mark has the wrong form.")
                }
            }
        })?;
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_nothing_else_is_one() {
        let cursor = Cursor {
            place: -5,
            id: [7; 16],
        };
        assert_eq!(Cursor::read(&cursor.letters()), Some(cursor));
        for letters in ["", "x", "////", &"A".repeat(31), &"A".repeat(33)] {
            assert_eq!(Cursor::read(letters), None);
        }
        assert!(cursor.row::<mnara_protocol::ids::SiteId>().0 >= Timestamp::from_millis(0));
    }

    #[test]
    fn a_list_says_whether_there_is_more() {
        let part = Part::read(Some(2), None).unwrap();
        let place = |n: &u8| Cursor {
            place: i64::from(*n),
            id: [0; 16],
        };
        let list = part.list(vec![1, 2, 3], place, |n| n);
        assert_eq!(list.items, [1, 2]);
        let next = Part::read(None, list.next.as_deref()).unwrap().after;
        assert_eq!(next.unwrap().place, 2);
        assert_eq!(part.list(vec![1, 2], place, |n| n).next, None);
        assert!(Part::read(Some(0), None).is_err());
        assert!(Part::read(Some(201), None).is_err());
    }
}
