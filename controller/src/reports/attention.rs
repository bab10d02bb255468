//! What somebody should see to, the most urgent first, each with where the next step is.

use std::collections::BTreeSet;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;

use super::store::{self, Counted, Scarce, Since};
use crate::fleet::presence::is_up;
use crate::fleet::store::SiteSeen;
use crate::payments::store::list::Offline;
use crate::providers::pages::words::HomeWords;
use crate::providers::staff::roles::{Permission, Role};
use crate::web::show;

/// Marked payments are looked at for so long.
const FLAGGED_SECS: i64 = 30 * 86_400;
/// Keys that were refused yesterday may be in order by now.
const REFUSED_SECS: i64 = 86_400;
/// A prompt and its first questions are over by then.
const STUCK_SECS: i64 = 15 * 60;
const DOUBLED_SECS: i64 = 7 * 86_400;
const SCARCE_SECS: i64 = 180 * 86_400;
/// Sites that are named one by one.
const NAMED: usize = 20;

/// What was found out.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// What was counted.
    pub counted: Counted,
    /// Sites whose key two machines used.
    pub doubled: Vec<(SiteId, String)>,
    /// Batches that are nearly used up.
    pub scarce: Vec<Scarce>,
}

/// Looks for what may need somebody.
///
/// # Errors
/// When the database is away.
pub async fn find(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
) -> sqlx::Result<Found> {
    let since = Since {
        flagged: now.plus_secs(-FLAGGED_SECS),
        refused: now.plus_secs(-REFUSED_SECS),
        stuck: now.plus_secs(-STUCK_SECS),
        offline: Offline::at(now),
    };
    Ok(Found {
        counted: store::counted(conn, provider, since).await?,
        doubled: store::doubled(conn, provider, now.plus_secs(-DOUBLED_SECS)).await?,
        scarce: store::scarce(conn, provider, now.plus_secs(-SCARCE_SECS)).await?,
    })
}

/// One thing to see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub text: &'static str,
    /// How many, or which.
    pub what: String,
    /// Where the next step is, for those who may go there.
    pub path: Option<String>,
}

/// What somebody in this role is shown of it, and of sites, some of which have lost their routers.
#[must_use]
pub fn items(
    found: &Found,
    (sites, lost): (&[SiteSeen], &BTreeSet<SiteId>),
    role: Role,
    now: Timestamp,
    w: &HomeWords,
) -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |text, what: String, path: String, permission| {
        items.push(Item {
            text,
            what,
            path: role.may(permission).then_some(path),
        });
    };
    let counted = &found.counted;
    if counted.refused > 0 {
        let path = "/settings/mpesa".to_owned();
        add(
            w.refused,
            number(counted.refused),
            path,
            Permission::SetMpesa,
        );
    }
    for (site, name) in &found.doubled {
        let path = format!("/sites/{site}");
        add(w.doubled, name.clone(), path, Permission::SeeSites);
    }
    let trouble = |site: &SiteSeen| {
        // One that was never up is among the first steps.
        if site.seen.is_some() && !is_up(site.seen, now) {
            Some(w.site_away)
        } else {
            lost.contains(&site.site).then_some(w.router_away)
        }
    };
    let troubled = sites.iter().filter_map(|site| Some((trouble(site)?, site)));
    let mut unnamed = 0;
    for (nth, (text, site)) in troubled.enumerate() {
        if nth < NAMED {
            let path = format!("/sites/{}", site.site);
            add(text, site.name.clone(), path, Permission::SeeSites);
        } else {
            unnamed += 1;
        }
    }
    if unnamed > 0 {
        let path = "/sites".to_owned();
        add(w.sites_more, number(unnamed), path, Permission::SeeSites);
    }
    if counted.books > 0 {
        let path = "/books".to_owned();
        add(w.books, number(counted.books), path, Permission::SeeReports);
    }
    for (text, count, path) in [
        (w.unmatched, counted.unmatched, "/payments/unmatched"),
        (
            w.unconfirmed,
            counted.unconfirmed,
            "/payments?state=offline",
        ),
        (w.pending, counted.pending, "/payments?state=waiting"),
        (w.flagged, counted.flagged, "/payments?state=look"),
    ] {
        if count > 0 {
            add(
                text,
                number(count),
                path.to_owned(),
                Permission::SeePayments,
            );
        }
    }
    for scarce in &found.scarce {
        let what = format!("{}, {}", scarce.plan, number(scarce.left));
        add(
            w.scarce,
            what,
            "/vouchers".to_owned(),
            Permission::SeeVouchers,
        );
    }
    items
}

fn number(count: i64) -> String {
    show::thousands(count.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use mnara_protocol::portal::Language;

    use super::*;
    use crate::providers::pages::words::Words;

    #[test]
    fn of_many_sites_in_trouble_some_are_named_and_all_are_counted() {
        let now = Timestamp::from_secs(1_800_000_000);
        let sites: Vec<SiteSeen> = (0..150)
            .map(|n: u8| SiteSeen {
                site: SiteId::from_bytes([n; 16]),
                name: format!("Site {n:03}"),
                seen: match n {
                    // Up, and one that was never heard of.
                    0..=119 => Some(now),
                    149 => None,
                    _ => Some(now.plus_secs(-3_600)),
                },
            })
            .collect();
        let lost = BTreeSet::from([SiteId::from_bytes([119; 16])]);
        let w = &Words::of(Language::English).home;
        let items = items(&Found::default(), (&sites, &lost), Role::Owner, now, w);
        assert_eq!(items.len(), NAMED + 1);
        assert_eq!(
            (items[0].text, &*items[0].what),
            (w.router_away, "Site 119")
        );
        assert_eq!((items[1].text, &*items[1].what), (w.site_away, "Site 120"));
        let more = Item {
            text: w.sites_more,
            what: "10".to_owned(),
            path: Some("/sites".to_owned()),
        };
        assert_eq!(items.last(), Some(&more));
    }
}
