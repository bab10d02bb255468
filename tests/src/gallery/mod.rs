//! Pictures of every page and state, for `cargo xtask shots`: the demo's business as each of its people sees it, a business that begins, and
//! the hotspot's pages on a phone.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::browser::{Chromium, Screen, Tab, Walk};
use crate::story::Stage;

mod forms;
mod known;
mod once;
mod rooms;
mod states;
mod troubles;

pub use known::Known;
pub use rooms::{Room, in_swahili, log_in, rooms};
pub use states::{answers, passing};

/// What each page is looked at with.
pub const SCREENS: [(&str, Screen); 4] = [
    ("phone-light", Screen::PHONE),
    ("phone-dark", Screen::PHONE.dark()),
    ("desktop-light", Screen::DESKTOP),
    ("desktop-dark", Screen::DESKTOP.dark()),
];

/// Takes all pictures into a folder, with a page that shows them, and says how many there are.
///
/// # Errors
/// When a page does not come or a file cannot be written.
pub async fn take(stage: &mut Stage, folder: &Path, say: &mut dyn FnMut(&str)) -> Result<usize> {
    let chromium = Chromium::start().await?;
    let mut album = Album::new(folder)?;
    let mut known = Known::default();
    for room in rooms(stage, &chromium).await? {
        let mut walk = Walk::from(&room.doors)?;
        while let Some(seen) = walk.next(&room.tab).await? {
            // Of those who are not in the demo only what nobody else sees.
            if known.is_new(&seen.name, &room.tab).await? || room.in_both {
                album.add(&room.tab, room.name, &seen.name).await?;
            }
        }
        say(&format!("{}: {} pages", room.name, album.of(room.name)));
        if !room.in_both {
            continue;
        }
        let person = format!("{}-sw", room.name);
        let mut walk = in_swahili(stage, &room).await?;
        while let Some(seen) = walk.next(&room.tab).await? {
            if known.is_new(&seen.name, &room.tab).await? {
                album.add(&room.tab, &person, &seen.name).await?;
            }
        }
        say(&format!(
            "{} in Kiswahili: {} pages",
            room.name,
            album.of(&person)
        ));
    }
    states::all(stage, &chromium, &mut album).await?;
    say(&format!("customer: {} pages", album.of("customer")));
    album.close()
}

/// The pages so far.
#[derive(Debug)]
pub struct Album {
    kept: Kept,
    pages: Vec<(String, String)>,
}

/// What is kept of each page.
#[derive(Debug)]
enum Kept {
    /// Pictures, in a folder.
    Pictures(PathBuf),
    /// What the rules for everybody's eyes and hands find in each of these looks.
    Faults(&'static [(&'static str, Screen)], Vec<String>),
}

impl Album {
    /// One that keeps no pictures but what is wrong with pages in some looks, each of which has a name; the first is how the tabs are.
    #[must_use]
    pub const fn of_faults(looks: &'static [(&'static str, Screen)]) -> Self {
        Self {
            kept: Kept::Faults(looks, Vec::new()),
            pages: Vec::new(),
        }
    }

    /// What is wrong with the pages so far, where that is kept, and how many they are.
    #[must_use]
    pub fn faults(&self) -> (&[String], usize) {
        let faults: &[String] = match &self.kept {
            Kept::Pictures(_) => &[],
            Kept::Faults(_, faults) => faults,
        };
        (faults, self.pages.len())
    }

    fn new(folder: &Path) -> Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder).context("clearing the old pictures")?;
        }
        std::fs::create_dir_all(folder).context("making a folder for pictures")?;
        Ok(Self {
            kept: Kept::Pictures(folder.to_owned()),
            pages: Vec::new(),
        })
    }

    /// Adds the page that a tab shows.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub async fn add(&mut self, tab: &Tab, person: &str, name: &str) -> Result<()> {
        match &mut self.kept {
            Kept::Pictures(folder) => {
                for (screen_name, screen) in SCREENS {
                    let file = folder.join(format!("{person}.{name}.{screen_name}.png"));
                    tab.picture(screen, &file).await?;
                }
            }
            Kept::Faults(looks, faults) => {
                for (look, screen) in *looks {
                    tab.look_with(*screen).await?;
                    let found = tab.faults().await?.into_iter();
                    faults.extend(found.map(|fault| format!("{person}: {name} ({look}): {fault}")));
                }
                if let Some((_, first)) = looks.first() {
                    tab.look_with(*first).await?;
                }
            }
        }
        self.pages.push((person.to_owned(), name.to_owned()));
        Ok(())
    }

    fn of(&self, person: &str) -> usize {
        self.pages
            .iter()
            .filter(|(whose, _)| whose == person)
            .count()
    }

    /// Writes the page that shows them.
    fn close(self) -> Result<usize> {
        let Kept::Pictures(folder) = &self.kept else {
            return Ok(self.pages.len());
        };
        let mut html = String::from(
            "<!doctype html><meta charset=utf-8><title>Mnara in pictures</title>\
             <style>body{font:16px system-ui;margin:16px}figure{display:inline-block;margin:8px;vertical-align:top}\
             img{border:1px solid #999;max-height:480px;max-width:420px}</style>",
        );
        for (person, name) in &self.pages {
            let _ = write!(html, "<h2>{person}: {name}</h2>");
            for (screen, _) in SCREENS {
                let _ = write!(
                    html,
                    "<figure><a href=\"{person}.{name}.{screen}.png\"><img loading=lazy alt=\"\" src=\"{person}.{name}.{screen}.png\"></a>\
                     <figcaption>{screen}</figcaption></figure>"
                );
            }
        }
        let file = folder.join("index.html");
        std::fs::write(&file, html).with_context(|| format!("writing {}", file.display()))?;
        Ok(self.pages.len())
    }
}
