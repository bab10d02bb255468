//! The router's files: kept by path, written by `/file` and by the hotspot's own set-up. What pages mean is in `servlet/`.
use super::super::sentence::{Request, Trap};
use super::super::servlet::{FIRMWARE, FOLDER, STOCK, install};
use super::edit::missing;
use super::rows::date_and_time;
use super::{Device, Row};

/// The menu files are in.
pub(crate) const FILES: &str = "/file";
/// The most bytes `contents` may have, written or shown; real routers refuse between 61,250 and 61,500.
pub(super) const CONTENTS: usize = 60 * 1024;
/// The most bytes one read gives.
const CHUNK: usize = 32_768;

impl Device {
    /// Returns what a file holds.
    pub(crate) fn file(&self, name: &str) -> Option<&[u8]> {
        let row = self.table(FILES).named(name)?;
        (row.raw("type") != b"directory").then(|| row.raw("contents"))
    }

    pub(crate) fn has_folder(&self, folder: &str) -> bool {
        self.table(FILES).rows.iter().any(|row| {
            row.text("name")
                .strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }

    /// Writes a file, over one of the same name.
    pub(crate) fn put_file(&mut self, name: &str, contents: &[u8]) {
        if self.table(FILES).named(name).is_none() {
            self.table_mut(FILES).seed(None, &[("name", name)]);
        }
        let found = self.table(FILES).named(name).cloned();
        if let Some(mut row) = found {
            row.values.insert("contents", contents.to_vec());
            self.describe_file(&mut row);
            self.make_folders(name);
            if let Some(have) = self.table_mut(FILES).by_id_mut(row.id) {
                *have = row;
            }
        }
        self.touch(FILES);
    }

    pub(crate) fn remove_file(&mut self, name: &str) {
        self.table_mut(FILES)
            .rows
            .retain(|row| row.raw("name") != name.as_bytes());
        self.touch(FILES);
    }

    /// Puts the pages the router came with into a folder.
    pub(crate) fn put_stock_pages(&mut self, folder: &str) {
        for (name, text) in STOCK {
            self.put_file(&format!("{folder}/{name}"), text.as_bytes());
        }
    }

    /// Puts the pages of our install in their place.
    pub(super) fn put_own_pages(&mut self, portal: &str) {
        for (name, text) in FIRMWARE {
            let text = install(text, portal);
            self.put_file(&format!("{FOLDER}/{name}"), text.as_bytes());
        }
    }

    /// Works out what the router itself knows about a file.
    pub(super) fn describe_file(&self, row: &mut Row) {
        let name = row.text("name").into_owned();
        let ending = name
            .rsplit('/')
            .next()
            .and_then(|last| last.rsplit_once('.'))
            .map(|(_, ending)| ending.to_owned());
        let folder = row.raw("type") == b"directory";
        let kind = match ending {
            _ if folder => "directory".to_owned(),
            Some(ending) => format!(".{ending} file"),
            None => "file".to_owned(),
        };
        let size = if folder {
            String::new()
        } else {
            row.raw("contents").len().to_string()
        };
        let (date, time) = date_and_time(self.local_time(), self.version.iso_dates());
        row.values.insert("type", kind.into_bytes());
        row.values.insert("size", size.into_bytes());
        row.values
            .insert("last-modified", format!("{date} {time}").into_bytes());
    }

    /// Checks a file that somebody writes and fills in what the router knows about it.
    pub(super) fn check_file(&self, row: &mut Row) -> Result<(), Trap> {
        if row.raw("contents").len() > CONTENTS {
            return Err(Trap::plain("failure: contents too long"));
        }
        self.describe_file(row);
        Ok(())
    }

    /// Puts the pages the router came with back into the folder of a server.
    pub(super) fn reset_pages(&mut self, server: u32) {
        let name = self
            .table("/ip/hotspot")
            .by_id(server)
            .map(|row| row.text("name").into_owned())
            .unwrap_or_default();
        let folder = self
            .server_profile(&name)
            .map(|profile| profile.text("html-directory").into_owned())
            .filter(|folder| !folder.is_empty())
            .unwrap_or_else(|| FOLDER.to_owned());
        self.put_stock_pages(&folder);
    }

    /// Makes the folders a file lies in.
    pub(super) fn make_folders(&mut self, name: &str) {
        let ends: Vec<usize> = name.match_indices('/').map(|(at, _)| at).collect();
        for end in ends {
            let folder = &name[..end];
            if folder.is_empty() || self.table(FILES).named(folder).is_some() {
                continue;
            }
            let id = self
                .table_mut(FILES)
                .seed(None, &[("name", folder), ("type", "directory")]);
            if let Some(mut row) = self.table(FILES).by_id(id).cloned() {
                self.describe_file(&mut row);
                if let Some(have) = self.table_mut(FILES).by_id_mut(id) {
                    *have = row;
                }
            }
        }
    }

    /// Returns the files in a folder that goes.
    pub(super) fn files_below(&self, id: u32) -> Vec<u32> {
        let Some(row) = self.table(FILES).by_id(id) else {
            return Vec::new();
        };
        if row.raw("type") != b"directory" {
            return vec![id];
        }
        let folder = format!("{}/", row.text("name"));
        let below = self.table(FILES).rows.iter();
        below
            .filter(|row| row.text("name").starts_with(&folder))
            .map(|row| row.id)
            .chain([id])
            .collect()
    }

    /// Returns a part of a file, as `/file/read` gives it.
    pub(crate) fn read_file(&self, request: &Request) -> Result<Vec<u8>, Trap> {
        let name = request
            .text("file")
            .ok_or_else(|| missing(self.version, "file"))?;
        let contents = self
            .file(&name)
            .ok_or_else(|| Trap::value("input does not match any value of file"))?;
        let number = |name: &str, otherwise: usize| match request.text(name) {
            None => Ok(otherwise),
            Some(text) => text
                .parse::<usize>()
                .map_err(|_| Trap::value(format!("invalid value for argument {name}"))),
        };
        let chunk = number("chunk-size", CHUNK)?;
        if !(1..=CHUNK).contains(&chunk) {
            return Err(Trap::value(format!(
                "value of chunk-size is out of range (1..{CHUNK})"
            )));
        }
        let start = number("offset", 0)?.min(contents.len());
        let end = start.saturating_add(chunk).min(contents.len());
        Ok(contents[start..end].to_vec())
    }
}
