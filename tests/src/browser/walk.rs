//! A walk through all pages that somebody can reach by links, the first few of each kind.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context, Result, ensure};
use url::Url;

use super::Tab;

/// Pages of one kind that are looked at: the first, and one that may differ.
const OF_A_KIND: u32 = 2;
/// Pages in all; far more than there are.
const MOST: usize = 400;
/// What the controller said of the page with it, after any page that sent the browser on.
const STATUS: &str = "performance.getEntriesByType('navigation')[0]?.responseStatus";

/// A page that was reached.
#[derive(Clone, Debug)]
pub struct Seen {
    /// A name that files can have.
    pub name: String,
    /// Its address.
    pub address: String,
}

/// A walk in progress.
#[derive(Debug)]
pub struct Walk {
    origin: url::Origin,
    /// Each with the page whose link leads there, if it is not where the walk begins.
    waiting: VecDeque<(Url, Option<Url>)>,
    kinds: BTreeMap<String, u32>,
    known: Vec<Url>,
}

impl Walk {
    /// A walk that begins at some addresses and stays at their host.
    ///
    /// # Errors
    /// When an address is none.
    pub fn from(addresses: &[String]) -> Result<Self> {
        let known = addresses
            .iter()
            .map(|address| Url::parse(address).with_context(|| format!("{address} is no address")))
            .collect::<Result<Vec<_>>>()?;
        let first = known.first().context("a walk begins somewhere")?;
        Ok(Self {
            origin: first.origin(),
            waiting: known.iter().map(|url| (url.clone(), None)).collect(),
            kinds: BTreeMap::new(),
            known,
        })
    }

    /// Opens the next page that was not seen yet.
    ///
    /// # Errors
    /// When a page does not come, or a link leads to one that is not there or not for this person.
    pub async fn next(&mut self, tab: &Tab) -> Result<Option<Seen>> {
        while let Some((url, from)) = self.waiting.pop_front() {
            let kind = kind(&url);
            let count = self.kinds.entry(kind.clone()).or_default();
            if *count == OF_A_KIND {
                continue;
            }
            *count += 1;
            let name = match *count {
                1 => kind,
                count => format!("{kind}-{count}"),
            };
            // Files that are not shown but saved come without a page.
            if let Err(error) = tab.open(url.as_str()).await {
                if format!("{error:#}").contains("ERR_ABORTED") {
                    continue;
                }
                return Err(error);
            }
            let is_page = tab.eval("document.contentType").await? == "text/html";
            if let Some(from) = from {
                let status = tab.eval(STATUS).await?.as_u64();
                ensure!(
                    is_there(is_page, status),
                    "a link on {from} leads to {url}, which answers {status:?}"
                );
            }
            // What is meant for programs is no page.
            if !is_page {
                continue;
            }
            for link in tab.links().await? {
                self.learn(&link, &url);
            }
            let address = url.to_string();
            return Ok(Some(Seen { name, address }));
        }
        Ok(None)
    }

    fn learn(&mut self, link: &str, from: &Url) {
        let Ok(mut url) = Url::parse(link) else {
            return;
        };
        url.set_fragment(None);
        let leads_out = url.origin() != self.origin || url.path().starts_with("/language/");
        if !leads_out && self.known.len() < MOST && !self.known.contains(&url) {
            self.known.push(url.clone());
            self.waiting.push_back((url, Some(from.clone())));
        }
    }
}

/// Whether what a link leads to is there, by its status: a page that says that there is nothing is a page as well. Of a file that the browser
/// shows in a frame of its own the status may be unknown.
fn is_there(is_page: bool, status: Option<u64>) -> bool {
    if is_page {
        status == Some(200)
    } else {
        status.is_none_or(|status| status < 400)
    }
}

/// What kind of page an address is of: its path without ids, and the names in its query.
fn kind(url: &Url) -> String {
    let path = url.path_segments().into_iter().flatten();
    let mut words: Vec<String> = path
        .filter(|segment| !segment.is_empty())
        .map(|segment| if is_id(segment) { "one" } else { segment })
        .map(str::to_owned)
        .collect();
    words.extend(url.query_pairs().map(|(name, _)| name.into_owned()));
    if words.is_empty() {
        words.push("front".to_owned());
    }
    words.join("-")
}

fn is_id(segment: &str) -> bool {
    segment.len() >= 16 && segment.contains(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_what_is_not_there_is_found() {
        assert!(is_there(true, Some(200)));
        for status in [403, 404, 405, 422, 500, 503] {
            assert!(!is_there(true, Some(status)), "{status}");
            assert!(!is_there(false, Some(status)), "{status}");
        }
        assert!(is_there(false, Some(200)) && is_there(false, None));
    }

    #[test]
    fn pages_that_differ_by_id_are_of_a_kind() {
        let kind = |text: &str| kind(&Url::parse(text).unwrap());
        assert_eq!(kind("http://a.example/"), "front");
        assert_eq!(
            kind("http://a.example/sites/site_0192f0a1-7c3d-7000-8000-000000000001/files"),
            "sites-one-files"
        );
        assert_eq!(
            kind("http://a.example/plans/new?preset=hour"),
            "plans-new-preset"
        );
    }
}
