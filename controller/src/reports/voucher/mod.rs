//! The story of one voucher, from its printing or its payment to its end: what every slice knows of it, in the order it happened. What can be
//! done with it from there is in `acts`.

pub mod acts;
pub mod pages;
pub mod store;
mod told;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CustomerId, Mac, ProviderId, SiteId, TicketId};
use mnara_protocol::ticket::EndReason;
use sqlx::PgConnection;

use crate::access::{self, Use};
use crate::rails::msisdn::Msisdn;
use crate::tickets::store::Found;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It was printed with its series.
    Printed,
    /// Somebody asked to buy it.
    Bought,
    /// Nobody printed or bought it: it was given.
    Made,
    /// The site gave it to a device to try.
    Tried(Mac),
    /// The money came.
    Paid,
    /// Its code was used at a site.
    Redeemed {
        /// Where.
        site: SiteId,
        /// Whether that site could not ask us.
        cut_off: bool,
    },
    /// A device was let in.
    Connected(Mac, SiteId),
    /// A device's place was given up.
    LetGo(Mac, SiteId),
    /// Its clock started.
    Started(SiteId),
    /// Its clock has stood still since.
    Held(SiteId),
    /// It ended there.
    Ended(EndReason, SiteId),
    /// Settlement gave it to another site.
    Lost(SiteId),
    /// Somebody did something.
    Deed {
        /// What, in the audit's word.
        act: String,
        /// Who.
        by: By,
        /// For how many seconds, where that is what it is about.
        secs: Option<u32>,
        /// Why, where somebody had to say.
        why: Option<String>,
    },
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// Somebody of the business, by name.
    Person(String),
    /// The platform's staff.
    Admin,
    /// A program of the business, by its key's name.
    Key(String),
    /// Whoever had the command line.
    Command,
    /// The program, by a rule.
    Program,
}

/// What else is known of a voucher.
#[derive(Clone, Debug)]
pub struct Known {
    /// When it was made.
    pub made: Timestamp,
    /// How it was paid for, if it was.
    pub payment: Option<store::Payment>,
    /// Who was given it, if it was not paid for, with their phone.
    pub given: Option<(CustomerId, Option<Msisdn>)>,
    /// Its use at each site.
    pub uses: Vec<Use>,
    /// The devices that it was used by.
    pub devices: Vec<store::Device>,
    /// What people did.
    pub deeds: Vec<store::Deed>,
}

impl Known {
    /// Reads it; none where there is no such voucher.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn read(
        conn: &mut PgConnection,
        provider: ProviderId,
        id: TicketId,
    ) -> sqlx::Result<Option<Self>> {
        let Some(origin) = store::origin(conn, provider, id).await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            made: origin.made,
            payment: origin.payment,
            given: origin.given,
            uses: access::store::uses(conn, provider, id).await?,
            devices: store::devices(conn, provider, id).await?,
            deeds: store::deeds(conn, provider, id).await?,
        }))
    }
}

/// Everything that happened to a voucher, the first first.
#[must_use]
pub fn story(found: &Found, known: &Known) -> Vec<(Timestamp, What)> {
    let mut all = Vec::new();
    match &known.payment {
        Some(payment) => {
            all.push((payment.asked, What::Bought));
            all.extend(payment.settled.map(|at| (at, What::Paid)));
        }
        None if found.printed.is_some() => all.push((known.made, What::Printed)),
        None => match (found.kept.tried_by, found.kept.ticket.redeemed_at()) {
            // It came into being with its use, of which we heard later.
            (Some(mac), at) => all.push((at.unwrap_or(known.made), What::Tried(mac))),
            (None, _) => all.push((known.made, What::Made)),
        },
    }
    for one in &known.uses {
        let site = one.site;
        let cut_off = one.cut_off;
        all.push((one.redeemed_at, What::Redeemed { site, cut_off }));
        all.extend(one.started_at.map(|at| (at, What::Started(site))));
        all.extend(one.paused_at.map(|at| (at, What::Held(site))));
        match one.ended {
            Some((at, EndReason::UsedElsewhere)) => all.push((at, What::Lost(site))),
            Some((at, reason)) => all.push((at, What::Ended(reason, site))),
            None => {}
        }
    }
    for device in &known.devices {
        let (mac, site) = (device.mac, device.site);
        all.extend(device.connected.map(|at| (at, What::Connected(mac, site))));
        all.extend(device.ended.map(|at| (at, What::LetGo(mac, site))));
    }
    for deed in &known.deeds {
        let what = What::Deed {
            act: deed.act.clone(),
            by: deed.by.clone(),
            secs: deed.secs,
            why: deed.why.clone(),
        };
        all.push((deed.at, what));
    }
    // What happened at one moment stays in the order it has above.
    all.sort_by_key(|(at, _)| *at);
    all
}

#[cfg(test)]
mod tests {
    use mnara_protocol::ids::{PlanId, SeriesId, TicketId};
    use mnara_protocol::message::Printed;
    use mnara_protocol::money::Money;
    use mnara_protocol::plan::Terms;
    use mnara_protocol::ticket::code::TicketCode;
    use mnara_protocol::ticket::{Right, Ticket};

    use super::*;
    use crate::tickets::Kept;

    fn printed() -> Found {
        let right = Right {
            terms: Terms {
                duration_secs: Some(3600),
                online_secs: None,
                data_bytes: None,
                devices: 1,
                rate: None,
            },
            sell_by: None,
            revoked: None,
            extra_secs: 0,
        };
        Found {
            kept: Kept {
                ticket: Ticket::unused(TicketId::from_bytes([1; 16]), right),
                code: TicketCode::parse("7KQ2M0X190").unwrap(),
                username: String::new(),
                password: String::new(),
                plan: Some(PlanId::from_bytes([2; 16])),
                tried_by: None,
                plan_name: String::new(),
                price: Money::from_shillings(50),
            },
            printed: Some(Printed {
                series: SeriesId::from_bytes([3; 16]),
                index: 0,
            }),
            sold_at: None,
            redeemed_at: None,
            redeemed_at_name: None,
        }
    }

    #[test]
    fn a_story_is_told_in_the_order_it_happened() {
        let at = |secs: i64| Timestamp::from_secs(1_800_000_000 + secs);
        let [home, other] = [1, 2].map(|n| SiteId::from_bytes([n; 16]));
        let mac = Mac::from_bytes([2, 0, 0, 0, 0, 1]);
        let mut first = Use::begin(home, at(10));
        first.started_at = Some(at(12));
        first.ended = Some((at(3612), EndReason::Duration));
        let mut second = Use::begin(other, at(20));
        second.cut_off = true;
        second.ended = Some((at(30), EndReason::UsedElsewhere));
        let known = Known {
            made: at(0),
            payment: None,
            given: None,
            uses: vec![first, second],
            devices: vec![store::Device {
                mac,
                site: home,
                connected: Some(at(12)),
                ended: None,
            }],
            deeds: vec![store::Deed {
                at: at(40),
                act: "extend".to_owned(),
                by: By::Command,
                secs: Some(60),
                why: None,
            }],
        };
        let told = story(&printed(), &known);
        let redeemed = |site, cut_off| What::Redeemed { site, cut_off };
        let deed = What::Deed {
            act: "extend".to_owned(),
            by: By::Command,
            secs: Some(60),
            why: None,
        };
        assert_eq!(
            told,
            [
                (at(0), What::Printed),
                (at(10), redeemed(home, false)),
                (at(12), What::Started(home)),
                (at(12), What::Connected(mac, home)),
                (at(20), redeemed(other, true)),
                (at(30), What::Lost(other)),
                (at(40), deed),
                (at(3612), What::Ended(EndReason::Duration, home)),
            ]
        );
    }
}
