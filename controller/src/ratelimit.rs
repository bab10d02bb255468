//! How often somebody may do something: one table of acts and of what they are counted by, in memory of this process,
//! with a bound on how many callers are remembered.
//!
//! What must hold across replicas is a row, not this.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Reference as _;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use mnara_protocol::ids::{AgentId, KeyId, LogInId, Mac, PersonId, ProviderId, SiteId};

use crate::clock::Clock;
use crate::rails::msisdn::Msisdn;

/// Callers remembered for each line of the table; past it, all new ones share what one would have.
const MOST_CALLERS: usize = 50_000;
/// The caller that stands for all that are not remembered.
const CROWD: u128 = u128::MAX;

/// What is limited.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Act {
    /// Asking for a payment prompt.
    Checkout,
    /// Trying a code or a receipt, wherever it is typed.
    Guess,
    /// Asking how a payment or a ticket stands.
    Status,
    /// Spending a claim code.
    Enrol,
    /// Fetching what a router runs and shows.
    Install,
    /// Opening a link.
    Link,
    /// Posting a body that no secret vouches for.
    Unvouched,
    /// A callback that nobody can look up while the database is away, from an address that is not the rail's.
    Spooled,
    /// Having a payment by hand sent back before it is made.
    SentBack,
    /// Handing in a kilobyte of journal.
    Journal,
    /// Handing in a live reading.
    Sample,
    /// Trying a password.
    LogIn,
    /// Trying a second factor.
    Second,
    /// Opening a business from outside.
    SignUp,
    /// Looking an invitation up, or taking it.
    Join,
    /// Calling the API with a key.
    Api,
    /// Asking for a new password.
    Forgot,
    /// Sending somebody a link for it by SMS.
    ForgotBySms,
    /// Beginning to use a passkey.
    Passkey,
    /// Making an order by which the platform is paid.
    Order,
    /// Asking M-PESA for something in the name of an operator.
    Operator,
    /// Telling us that something changed at Pesapal, or coming back from there.
    Notice,
    /// Telling us of a charge that we have not heard of.
    Charge,
    /// Having a statement of the rail read.
    Statement,
}

/// Whom it is counted by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By<'a> {
    /// A phone number.
    Phone(&'a Msisdn),
    /// A device on a site.
    Device(Mac),
    /// A site.
    Site(SiteId),
    /// An agent.
    Agent(AgentId),
    /// A provider.
    Provider(ProviderId),
    /// An account that strangers try, by a number that stands for it.
    Account(u128),
    /// A stranger: an account that is tried from an address, in a browser that nobody knows.
    Stranger(u128, IpAddr),
    /// A browser in which somebody logged in before, by the hash of its mark.
    Browser([u8; 32]),
    /// A link that stands for a password, by its hash.
    Link([u8; 32]),
    /// A browser that is logged in.
    LogIn(LogInId),
    /// A person who is logged in.
    Person(PersonId),
    /// A key of the API.
    Key(KeyId),
    /// An address; a whole site may share one, so only for callers without a token.
    Address(IpAddr),
    /// Everybody together.
    Platform,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    Phone,
    Device,
    Site,
    Agent,
    Provider,
    Account,
    Stranger,
    Browser,
    Link,
    LogIn,
    Person,
    Key,
    Address,
    Platform,
}

/// What, counted by whom, how many at once, and how many a minute after that.
///
/// Passwords and second factors are counted so that trying an account never keeps its owner out: strangers by account and address, and under a
/// bound for all of an account's strangers together; browsers that are known, and browsers that are in, each for itself.
///
/// What strangers can do with all the addresses they like: try 40 passwords a minute, 57,600 a day, of an account. What whoever has the password
/// can: try 3 second factors a minute, 4,320 a day. Of a million six digits three are good at a time, so that finds them once in 77 days of
/// trying. The owner ends it at once by another password: without it nobody gets as far as the digits.
const TABLE: [(Act, Kind, u32, u32); 50] = [
    (Act::Checkout, Kind::Phone, 3, 3),
    (Act::Checkout, Kind::Device, 5, 5),
    (Act::Checkout, Kind::Site, 60, 120),
    (Act::Checkout, Kind::Provider, 600, 1200),
    (Act::Checkout, Kind::Address, 5, 5),
    (Act::Guess, Kind::Device, 10, 6),
    (Act::Guess, Kind::Site, 60, 60),
    (Act::Guess, Kind::Provider, 600, 600),
    (Act::Guess, Kind::Address, 10, 6),
    // Whoever serves a queue of customers looks up that many; whoever guesses gets nowhere.
    (Act::Guess, Kind::Person, 30, 20),
    // A till's program reads what customers hold out; one that is told no codes must not find them by trying.
    (Act::Guess, Kind::Key, 120, 60),
    (Act::Status, Kind::Device, 60, 60),
    (Act::Status, Kind::Site, 600, 1200),
    (Act::Status, Kind::Address, 60, 60),
    (Act::Enrol, Kind::Address, 10, 10),
    // A router fetches a dozen files, and somebody may set up several at once behind one address.
    (Act::Install, Kind::Address, 120, 60),
    (Act::Link, Kind::Agent, 60, 60),
    // A carrier puts thousands of sites behind one address, and after an outage all of them come at once.
    (Act::Link, Kind::Address, 6_000, 6_000),
    (Act::Unvouched, Kind::Address, 60, 60),
    (Act::Spooled, Kind::Address, 300, 60),
    (Act::Unvouched, Kind::Provider, 60, 60),
    // Slips of the finger of all customers of a business; whoever has its secret tries no more codes than that, of a million.
    (Act::SentBack, Kind::Provider, 60, 30),
    // A month of a busy site at once, and five times what it writes after that.
    (Act::Journal, Kind::Agent, 32_768, 300),
    // One each five seconds at most, with some that waited for the line.
    (Act::Sample, Kind::Agent, 5, 30),
    // A whole staff may sit behind one address.
    (Act::LogIn, Kind::Address, 30, 20),
    (Act::LogIn, Kind::Stranger, 10, 2),
    (Act::LogIn, Kind::Account, 200, 40),
    (Act::LogIn, Kind::Browser, 10, 5),
    (Act::LogIn, Kind::Link, 5, 5),
    (Act::LogIn, Kind::LogIn, 10, 5),
    // Whoever holds a passkey can be in as often as they like.
    (Act::LogIn, Kind::Person, 200, 40),
    (Act::Second, Kind::Stranger, 6, 1),
    (Act::Second, Kind::Account, 20, 3),
    (Act::Second, Kind::Browser, 6, 1),
    (Act::Second, Kind::LogIn, 6, 1),
    (Act::Second, Kind::Person, 30, 5),
    (Act::SignUp, Kind::Address, 5, 1),
    (Act::Join, Kind::Address, 30, 20),
    (Act::Api, Kind::Key, 120, 600),
    // What an account can be sent is bounded by rows: see `log_in/reset`.
    // By name and address: a hotspot's customers come from its owner's address, and whoever asks for other names there must not use up the way back in.
    (Act::Forgot, Kind::Stranger, 6, 2),
    (Act::Forgot, Kind::Address, 60, 60),
    // The platform pays for each, and whoever knows the numbers of many accounts could ask for all of them.
    (Act::ForgotBySms, Kind::Platform, 120, 1),
    (Act::Passkey, Kind::Address, 30, 20),
    (Act::Passkey, Kind::LogIn, 12, 6),
    (Act::Passkey, Kind::Person, 60, 20),
    (Act::Order, Kind::Provider, 10, 5),
    (Act::Operator, Kind::Provider, 20, 10),
    // On the first of a month Pesapal tells of everybody; what is too much is found by asking.
    (Act::Notice, Kind::Address, 600, 600),
    // Fewer than are found to be none in that time, so who invents them at one address keeps no true one out: see `subscriptions/recurring`.
    (Act::Charge, Kind::Stranger, 5, 1),
    (Act::Statement, Kind::Provider, 10, 6),
];

/// Says that somebody has to wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many tries, the next one is possible in {} s", wait.as_secs().max(1))]
pub struct TooMany {
    /// For how long.
    pub wait: Duration,
}

/// How much of a limit is left to a caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Left {
    /// So many at once.
    pub quota: u32,
    /// So many of them now.
    pub remaining: u32,
    /// How long it takes until one who has used all has all again.
    pub window: Duration,
    /// How long it takes until this one has all again.
    pub reset: Duration,
}

/// All limits of this process.
#[derive(Debug)]
pub struct Limits {
    lines: BTreeMap<(Act, Kind), Limit>,
}

type Buckets = RateLimiter<u128, DashMapStateStore<u128>, Clock, StateInformationMiddleware>;

/// One limit: how many at once and how many a minute after that, for each caller by a number that stands for it.
#[derive(Debug)]
pub struct Limit {
    buckets: Buckets,
    burst: u32,
    pace: Duration,
    clock: Clock,
    /// Milliseconds of the last time stale callers were forgotten.
    swept: AtomicU64,
}

impl governor::clock::Clock for Clock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.elapsed()
    }
}

impl Limits {
    /// Starts with everybody fresh.
    #[must_use]
    pub fn new(clock: &Clock) -> Self {
        let lines = TABLE
            .into_iter()
            .map(|(act, kind, burst, per_minute)| {
                ((act, kind), Limit::new(burst, per_minute, clock))
            })
            .collect();
        Self { lines }
    }

    /// Counts one act, if it is allowed now. An act that is not counted by such a caller is always allowed.
    ///
    /// # Errors
    /// Says how long to wait.
    pub fn check(&self, act: Act, by: By<'_>) -> Result<(), TooMany> {
        let (kind, caller) = by.key();
        self.lines
            .get(&(act, kind))
            .map_or(Ok(()), |line| line.check(caller))
    }

    /// Counts one act as [`Limits::check`] does, and says what is left, also when nothing is.
    #[must_use]
    pub fn count(&self, act: Act, by: By<'_>) -> Option<(Result<(), TooMany>, Left)> {
        let (kind, caller) = by.key();
        self.lines.get(&(act, kind)).map(|line| line.count(caller))
    }

    /// Counts so many acts at once, if they are allowed now; more than are ever allowed at once count as those.
    ///
    /// # Errors
    /// Says how long to wait.
    pub fn check_many(&self, act: Act, by: By<'_>, count: u32) -> Result<(), TooMany> {
        let (kind, caller) = by.key();
        self.lines
            .get(&(act, kind))
            .map_or(Ok(()), |line| line.check_many(caller, count))
    }

    /// Counts one act by several callers at once; the first that refuses, refuses.
    ///
    /// # Errors
    /// Says how long to wait.
    pub fn check_all<'a>(
        &self,
        act: Act,
        by: impl IntoIterator<Item = By<'a>>,
    ) -> Result<(), TooMany> {
        by.into_iter().try_for_each(|by| self.check(act, by))
    }
}

impl Limit {
    /// Starts with everybody fresh.
    #[must_use]
    pub fn new(burst: u32, per_minute: u32, clock: &Clock) -> Self {
        let pace = Duration::from_secs(60) / per_minute.max(1);
        let quota = Quota::with_period(pace)
            .expect("a minute divided by a number is not nothing")
            .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        Self {
            buckets: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()),
            burst: burst.max(1),
            pace,
            clock: clock.clone(),
            swept: AtomicU64::new(0),
        }
    }

    /// Counts one act, if it is allowed now.
    ///
    /// # Errors
    /// Says how long to wait.
    pub fn check(&self, caller: u128) -> Result<(), TooMany> {
        self.count(caller).0
    }

    /// Counts one act, if it is allowed now, and says what is left.
    pub fn count(&self, caller: u128) -> (Result<(), TooMany>, Left) {
        let caller = if self.is_full() { CROWD } else { caller };
        let left = |remaining, reset| Left {
            quota: self.burst,
            remaining,
            window: self.pace * self.burst,
            reset,
        };
        match self.buckets.check_key(&caller) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = self.burst.saturating_sub(remaining);
                (Ok(()), left(remaining, self.pace * used))
            }
            Err(not_until) => {
                let wait = not_until
                    .earliest_possible()
                    .duration_since(governor::clock::Clock::now(&self.clock))
                    .into();
                (Err(TooMany { wait }), left(0, wait))
            }
        }
    }

    /// Counts so many acts at once, if they are allowed now; more than the burst count as the burst.
    ///
    /// # Errors
    /// Says how long to wait.
    pub fn check_many(&self, caller: u128, count: u32) -> Result<(), TooMany> {
        let caller = if self.is_full() { CROWD } else { caller };
        let count = NonZeroU32::new(count.min(self.burst)).unwrap_or(NonZeroU32::MIN);
        match self.buckets.check_key_n(&caller, count) {
            // The other error is more than the burst, which was cut above.
            Ok(Ok(_)) | Err(_) => Ok(()),
            Ok(Err(not_until)) => Err(TooMany {
                wait: not_until
                    .earliest_possible()
                    .duration_since(governor::clock::Clock::now(&self.clock))
                    .into(),
            }),
        }
    }

    fn is_full(&self) -> bool {
        if self.buckets.len() < MOST_CALLERS {
            return false;
        }
        // Forgetting walks all callers, so a flood pays for it once a second and not once a request.
        let now = self.clock.monotonic().as_millis();
        let swept = self.swept.load(Ordering::Acquire);
        let due = now.saturating_sub(swept) >= 1000;
        if due
            && self
                .swept
                .compare_exchange(swept, now, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
        {
            self.buckets.retain_recent();
        }
        self.buckets.len() >= MOST_CALLERS
    }
}

impl By<'_> {
    fn key(self) -> (Kind, u128) {
        match self {
            Self::Phone(phone) => (Kind::Phone, u128::from(phone.number())),
            Self::Device(mac) => {
                let mut bytes = [0; 16];
                bytes[10..].copy_from_slice(mac.as_bytes());
                (Kind::Device, u128::from_be_bytes(bytes))
            }
            Self::Site(site) => (Kind::Site, site.as_u128()),
            Self::Agent(agent) => (Kind::Agent, agent.as_u128()),
            Self::Provider(provider) => (Kind::Provider, provider.as_u128()),
            Self::Account(number) => (Kind::Account, number),
            // An account's number is spread over all bits by a hash or by chance, so two pairs do not meet in one number.
            Self::Stranger(account, address) => (Kind::Stranger, account ^ network(address)),
            Self::Browser(hash) => (Kind::Browser, half(&hash)),
            Self::Link(hash) => (Kind::Link, half(&hash)),
            Self::LogIn(log_in) => (Kind::LogIn, log_in.as_u128()),
            Self::Person(person) => (Kind::Person, person.as_u128()),
            Self::Key(key) => (Kind::Key, key.as_u128()),
            Self::Address(address) => (Kind::Address, network(address)),
            Self::Platform => (Kind::Platform, 0),
        }
    }
}

fn half(hash: &[u8; 32]) -> u128 {
    let (half, _) = hash.split_at(16);
    u128::from_be_bytes(half.try_into().expect("the half of 32 bytes is 16"))
}

/// A number for where an address is: one customer holds a whole /64 of IPv6 and could try from each address in it.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits() >> 64 << 64,
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::clock::Timestamp;

    use super::*;

    fn world() -> (Clock, Limits) {
        let clock = Clock::still(Timestamp::from_secs(1_800_000_000));
        let limits = Limits::new(&clock);
        (clock, limits)
    }

    #[test]
    fn a_phone_may_ask_three_times_and_then_once_in_twenty_seconds() {
        let (clock, limits) = world();
        let phone: Msisdn = "0712345678".parse().unwrap();
        let other: Msisdn = "0112345678".parse().unwrap();
        for _ in 0..3 {
            limits.check(Act::Checkout, By::Phone(&phone)).unwrap();
        }
        let refused = limits.check(Act::Checkout, By::Phone(&phone)).unwrap_err();
        assert_eq!(refused.wait, Duration::from_secs(20));
        limits.check(Act::Checkout, By::Phone(&other)).unwrap();
        clock.push_wall(3_600_000);
        assert!(
            limits.check(Act::Checkout, By::Phone(&phone)).is_err(),
            "the wall clock does not count"
        );
        clock.advance(Duration::from_secs(20));
        limits.check(Act::Checkout, By::Phone(&phone)).unwrap();
        assert!(limits.check(Act::Checkout, By::Phone(&phone)).is_err());
    }

    #[test]
    fn the_first_caller_that_refuses_refuses() {
        let (_, limits) = world();
        let device = Mac::from_bytes([2, 0, 0, 0, 0, 1]);
        let site = SiteId::from_bytes([1; 16]);
        for _ in 0..10 {
            limits
                .check_all(Act::Guess, [By::Device(device), By::Site(site)])
                .unwrap();
        }
        assert!(
            limits
                .check_all(Act::Guess, [By::Device(device), By::Site(site)])
                .is_err()
        );
        let second = Mac::from_bytes([2, 0, 0, 0, 0, 2]);
        limits
            .check_all(Act::Guess, [By::Device(second), By::Site(site)])
            .unwrap();
    }

    #[test]
    fn a_flood_of_callers_is_remembered_up_to_a_bound() {
        let (clock, limits) = world();
        let address = |n: u32| By::Address(IpAddr::V4(n.into()));
        let allowed = (0..60_000)
            .filter(|n| limits.check(Act::Enrol, address(*n)).is_ok())
            .count();
        assert_eq!(
            allowed,
            MOST_CALLERS + 10,
            "the crowd past the bound shares one allowance"
        );
        clock.advance(Duration::from_secs(60));
        limits.check(Act::Enrol, address(70_000)).unwrap();
    }

    #[test]
    fn addresses_of_one_network_count_as_one() {
        let (_, limits) = world();
        let address = |text: &str| By::Address(text.parse().unwrap());
        for n in 1..=10 {
            limits
                .check(Act::Enrol, address(&format!("2001:db8:1:2::{n}")))
                .unwrap();
        }
        assert!(
            limits
                .check(Act::Enrol, address("2001:db8:1:2:ffff::1"))
                .is_err()
        );
        limits
            .check(Act::Enrol, address("2001:db8:1:3::1"))
            .unwrap();
        for _ in 0..10 {
            limits.check(Act::Enrol, address("192.0.2.1")).unwrap();
        }
        assert!(
            limits
                .check(Act::Enrol, address("::ffff:192.0.2.1"))
                .is_err()
        );
    }

    #[test]
    fn strangers_count_by_account_and_network() {
        let (_, limits) = world();
        let stranger = |account, text: &str| By::Stranger(account, text.parse().unwrap());
        let tries = (0..20).map(|n| {
            let address = format!("2001:db8:1:2::{n}");
            limits.check(Act::Second, stranger(7, &address)).is_ok()
        });
        assert_eq!(tries.filter(|is_ok| *is_ok).count(), 6);
        for (account, address) in [
            (7, "2001:db8:1:3::1"),
            (7, "192.0.2.1"),
            (8, "2001:db8:1:2::1"),
        ] {
            limits
                .check(Act::Second, stranger(account, address))
                .unwrap();
        }
    }
}
