//! Somebody who works at a business, and by which ways they hear of what.

use mnara_protocol::ids::{PersonId, StaffId};
use mnara_protocol::portal::Language;

use super::Topic;
use crate::providers::mail::Reader;
use crate::providers::staff::roles::Role;
use crate::rails::msisdn::Msisdn;

/// Somebody who works here, and what they chose to be told.
#[derive(Clone)]
pub struct Colleague {
    /// Their place.
    pub staff: StaffId,
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// Where they are written to, if they have an address that is not another's.
    pub email: Option<String>,
    /// What they read.
    pub language: Language,
    /// What they are.
    pub role: Role,
    /// Where texts reach them: the phone they log in with, or one that was named for this business.
    pub phone: Option<Msisdn>,
    /// What was chosen for them.
    pub chosen: Vec<(Topic, Ways)>,
}

/// By which ways somebody hears of a topic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ways {
    /// By mail.
    pub by_mail: bool,
    /// By SMS.
    pub by_sms: bool,
}

/// A way to be told.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Way {
    /// A letter.
    Mail,
    /// A text on a phone.
    Sms,
}

impl Colleague {
    /// By which ways they hear of a topic: as chosen, else by their role, and never of what they may not see.
    #[must_use]
    pub fn ways(&self, topic: Topic) -> Ways {
        let chosen = self.chosen.iter().find(|(of, _)| *of == topic);
        let ways = chosen.map_or(
            Ways {
                by_mail: topic.is_told(self.role),
                by_sms: false,
            },
            |(_, ways)| *ways,
        );
        let may = self.role.may(topic.needs());
        let is_on = |way: Way, chosen: bool| chosen || self.is_fixed(topic, way);
        Ways {
            by_mail: is_on(Way::Mail, ways.by_mail) && may,
            by_sms: is_on(Way::Sms, ways.by_sms) && may && topic.is_short(),
        }
    }

    /// Whether a way is on whatever is chosen: nobody is to say that they did not know what they owe.
    #[must_use]
    pub fn is_fixed(&self, topic: Topic, way: Way) -> bool {
        let always = self.safely();
        topic == Topic::Billing
            && match way {
                Way::Mail => always.by_mail,
                Way::Sms => always.by_sms,
            }
    }

    /// Whether they hear of a topic by mail.
    #[must_use]
    pub fn hears(&self, topic: Topic) -> bool {
        self.ways(topic).by_mail
    }

    /// Whether somebody chose how they hear of a topic.
    #[must_use]
    pub fn chose(&self, topic: Topic) -> bool {
        self.chosen.iter().any(|(of, _)| *of == topic)
    }

    /// How an owner hears of what cannot be switched off.
    pub(super) const fn safely(&self) -> Ways {
        Ways {
            by_mail: true,
            by_sms: self.email.is_none(),
        }
    }

    /// How they are written to, if they have an address.
    #[must_use]
    pub fn reader(&self) -> Option<Reader> {
        Some(Reader {
            person: self.person,
            name: self.name.clone(),
            email: self.email.clone()?,
            language: self.language,
        })
    }
}
