//! What goes wrong: at which step, for whom, how often, and how.

use serde::{Deserialize, Serialize};

use super::State;

/// A step of the conversation.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// When a client connects.
    Greeting,
    /// At `AUTH`, once name and password were said.
    Auth,
    /// At `MAIL FROM`.
    Mail,
    /// At `RCPT TO`.
    Rcpt,
    /// At `DATA`.
    Data,
    /// After the letter's last line.
    Text,
}

/// What happens instead.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum Answer {
    /// Another answer, such as `451 4.3.0 try again later` or `550 5.1.1 no such mailbox`.
    Say {
        /// Code and text.
        line: String,
    },
    /// The answer comes late.
    Slow {
        /// By how much.
        millis: u64,
    },
    /// The connection is closed and nothing said.
    HangUp,
    /// What was asked is done, and the connection closed before the answer: the client cannot know.
    Lose,
}

/// One thing that goes wrong.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Fault {
    /// At which step.
    pub at: Stage,
    /// Only for letters to this address, from `rcpt` on.
    #[serde(default)]
    pub to: Option<String>,
    /// How often; once if nothing is said.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens.
    #[serde(flatten)]
    pub answer: Answer,
}

const fn once() -> u32 {
    1
}

impl Fault {
    /// Something that goes wrong once.
    #[must_use]
    pub const fn once(at: Stage, answer: Answer) -> Self {
        Self {
            at,
            to: None,
            times: 1,
            answer,
        }
    }
}

/// Takes the first fault that is meant for this step.
pub(super) fn take(state: &mut State, at: Stage, to: &[String]) -> Option<Answer> {
    let place = state.faults.iter().position(|fault| {
        let is_theirs = |wanted: &String| to.iter().any(|one| one.eq_ignore_ascii_case(wanted));
        fault.at == at && fault.to.as_ref().is_none_or(is_theirs)
    })?;
    let fault = state.faults.get_mut(place)?;
    fault.times = fault.times.saturating_sub(1);
    let answer = fault.answer.clone();
    if fault.times == 0 {
        state.faults.remove(place);
    }
    Some(answer)
}
