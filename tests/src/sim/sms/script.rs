//! What goes wrong: for whom, how often, and how.

use serde::{Deserialize, Serialize};

use super::State;

/// What happens to a text instead of arriving.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "fate")]
pub enum Fate {
    /// It is answered with a code of the documented list, and not taken.
    Code {
        /// Such as 501.
        code: u16,
    },
    /// The whole call is answered with a status and a text, and nothing is taken.
    Http {
        /// Such as 429.
        status: u16,
        /// What is said.
        body: String,
    },
    /// It is taken, and the answer is lost on its way.
    LoseAnswer,
    /// It is taken and never arrives.
    Fail {
        /// What the report gives as the reason.
        reason: String,
    },
    /// It is taken, and nothing is ever reported.
    Silence,
    /// It is taken and arrives after so many seconds.
    Late {
        /// Seconds.
        secs: u64,
    },
}

/// A fault that is scripted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Fault {
    /// The phone it is for; anybody's without.
    #[serde(default)]
    pub to: Option<String>,
    /// How often; once without.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens.
    #[serde(flatten)]
    pub fate: Fate,
}

const fn once() -> u32 {
    1
}

impl Fault {
    /// One that happens once, to whoever is next.
    #[must_use]
    pub const fn once(fate: Fate) -> Self {
        Self {
            to: None,
            times: 1,
            fate,
        }
    }
}

impl State {
    /// Takes the first fault that is for this phone.
    pub(super) fn fault(&mut self, to: &str) -> Option<Fate> {
        let is_for = |fault: &Fault| fault.to.as_deref().is_none_or(|phone| phone == to);
        let place = self.faults.iter().position(is_for)?;
        let fault = &mut self.faults[place];
        fault.times = fault.times.saturating_sub(1);
        let fate = fault.fate.clone();
        if fault.times == 0 {
            self.faults.remove(place);
        }
        Some(fate)
    }
}
