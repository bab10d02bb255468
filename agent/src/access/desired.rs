//! What the router should have: the words in which the core tells the access loop what it wants. Pure values; deciding them is the
//! core's work, comparing them with the router is `plan`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use mnara_protocol::ids::{Mac, TicketId};
use mnara_protocol::plan::Rate;

/// Starts the name of every user profile of ours; that menu has no comments.
pub const PROFILE_PREFIX: &str = "mnara-";
/// Starts the comment of every hotspot user of ours; the ticket's id follows.
pub const COMMENT_PREFIX: &str = "mnara:";

/// The name or the password of a hotspot user. It may be a ticket's code, so it never shows itself in a log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Credential(String);

impl Credential {
    /// Takes the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Gives the text, for the router or for a page shown to its holder.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

/// Numbers what the loop saw, so that an answer can be told from an older one. Starts at 1 with the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservationNo(pub u64);

/// What the router should have for us. Everything of ours that is not in here is taken off the router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The newest observation the core had taken in when it made this. The loop waits a moment for it before it plans, so that
    /// what is left of a ticket and what the router has counted belong together.
    pub answers: ObservationNo,
    /// By name, each beginning with [`PROFILE_PREFIX`]; others are ignored.
    pub profiles: BTreeMap<String, ProfileSpec>,
    /// One for each ticket that gives access now; a ticket stands here at most once.
    pub users: Vec<UserSpec>,
    /// Devices that must not be online with a ticket although the ticket stays: logged out, or moved to another phone.
    pub cut: BTreeSet<(TicketId, Mac)>,
    /// How long the loop may sleep before it looks again; kept between 2 and 60 seconds.
    pub next_poll: Duration,
}

impl Desired {
    /// Wants nothing on the router, as a site without tickets does.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            answers: ObservationNo(0),
            profiles: BTreeMap::new(),
            users: Vec::new(),
            cut: BTreeSet::new(),
            next_poll: Duration::from_secs(10),
        }
    }
}

/// One user profile: what holds for every user that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileSpec {
    /// Speed limit, if any.
    pub rate: Option<Rate>,
    /// How many devices a user may have online at once; `None` for no limit.
    pub shared_users: Option<u16>,
    /// How long a silent device stays online, in seconds; `None` for ever.
    pub keepalive_secs: Option<u32>,
    /// How long the router may log a known device in by itself, in seconds; `None` when it must not.
    pub mac_cookie_secs: Option<u32>,
}

/// One hotspot user: one ticket that gives access now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSpec {
    /// The ticket; written into the user's comment.
    pub ticket: TicketId,
    /// The user's name on the router.
    pub name: Credential,
    /// The user's password on the router.
    pub password: Credential,
    /// The name of its profile.
    pub profile: String,
    /// The only device that may use it, for tickets of one device.
    pub mac: Option<Mac>,
    /// Connected seconds left: no more than what is left of a duration. Becomes the router's own limit, which ends access
    /// should the agent die.
    pub limit_uptime: Option<u64>,
    /// Bytes left, both directions together.
    pub limit_bytes: Option<u64>,
    /// The devices that must be online now, most important first.
    pub devices: Vec<Mac>,
    /// How many devices may be online with it at once.
    pub max_devices: u16,
}
