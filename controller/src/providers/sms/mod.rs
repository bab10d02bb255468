//! SMS to customers and to people of a business: a text is a row in the transaction that caused it, and a job hands it in.
//!
//! A text is handed in once. One whose answer was lost is *unknown*: it is not sent again by itself, since whoever sends for us cannot be asked
//! and would send, and charge, it twice. A delivery report may still tell, or somebody has it sent again.

pub mod acts;
pub mod again;
pub mod choose;
pub mod customers;
pub mod pages;
pub mod reports;
pub mod send;
pub mod set_up;
pub mod stops;
pub mod store;

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, PersonId, ProviderId, SmsId};
use mnara_protocol::portal::Language;
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::notices::SECURITY;
use crate::app::App;
use crate::jobs::{NewJob, enqueue};
use crate::nairobi;
use crate::rails::msisdn::Msisdn;
use crate::rails::sms::{Reason, gsm7};
use crate::vault::Column;

pub use send::{SEND, reseal, send};

const TEXT: Column = Column::Text;
/// The job that tells sites whether customers may ask for the code; its key is the business.
pub const TELL_SITES: &str = "sms-tell-sites";
const DAY_SECS: i64 = 86_400;
/// The most that a business can let leave on one day.
pub const MOST_A_DAY: u32 = 100_000;
/// And of these to one phone.
pub const MOST_A_PHONE: u32 = 100;
/// No text of ours is longer, however long a name in it is.
const MOST_PARTS: usize = 3;

/// Whether a buyer's code is sent by SMS after the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    /// To nobody.
    Never,
    /// To those who asked for it on the portal.
    Asked,
    /// To everybody.
    Always,
}

impl Codes {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Never, Self::Asked, Self::Always];

    /// The word in the database and in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Asked => "asked",
            Self::Always => "always",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codes| codes.word() == word)
    }
}

/// A stretch of the day in which only what is urgent leaves, in minutes of Nairobi's day; it may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// From then on.
    pub from: u16,
    /// Until then.
    pub until: u16,
}

impl Quiet {
    /// When the quiet that holds at a moment ends; none if it does not hold.
    #[must_use]
    pub fn ends(self, now: Timestamp) -> Option<Timestamp> {
        let day = nairobi::second_of_day(now);
        let (from, until) = (i64::from(self.from) * 60, i64::from(self.until) * 60);
        let is_quiet = if from < until {
            (from..until).contains(&day)
        } else {
            day >= from || day < until
        };
        let wait = (until - day).rem_euclid(DAY_SECS);
        is_quiet.then(|| Timestamp::from_secs(now.as_secs() + wait))
    }
}

/// What a business wants of SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who gets the code.
    pub codes: Codes,
    /// Whether buyers get a receipt.
    pub receipts: bool,
    /// What customers are written to in.
    pub language: Language,
    /// When it is quiet.
    pub quiet: Option<Quiet>,
    /// SMS a day at most.
    pub most_a_day: u32,
    /// And to one phone.
    pub most_a_phone: u32,
}

impl Default for Settings {
    /// Before anybody chose: nothing goes to customers, who pay for none of it and hear from M-PESA; nights are quiet.
    fn default() -> Self {
        Self {
            codes: Codes::Never,
            receipts: false,
            language: Language::English,
            quiet: Some(Quiet {
                from: 21 * 60,
                until: 7 * 60,
            }),
            most_a_day: 200,
            most_a_phone: 10,
        }
    }
}

/// Why settings cannot be.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadSettings {
    /// The quiet hours are none.
    #[error("give two different times of day, such as 21:00 and 07:00")]
    Quiet,
    /// Too many may leave on one day.
    #[error("give a number from 0 to {MOST_A_DAY}")]
    MostADay,
    /// Too many may go to one phone, or none.
    #[error("give a number from 1 to {MOST_A_PHONE}")]
    MostAPhone,
}

impl Settings {
    /// Looks them over.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self) -> Result<(), BadSettings> {
        let is_time = |minute: u16| minute < 24 * 60;
        let is_bad = |quiet: Quiet| {
            quiet.from == quiet.until || !is_time(quiet.from) || !is_time(quiet.until)
        };
        if self.quiet.is_some_and(is_bad) {
            return Err(BadSettings::Quiet);
        }
        if self.most_a_day > MOST_A_DAY {
            return Err(BadSettings::MostADay);
        }
        if !(1..=MOST_A_PHONE).contains(&self.most_a_phone) {
            return Err(BadSettings::MostAPhone);
        }
        Ok(())
    }
}

/// A minute of the day as people write it, such as `21:00`.
#[must_use]
pub fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Where a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has not left.
    Waiting,
    /// It was handed in just now.
    Sending,
    /// No answer came: it may have left.
    Unknown,
    /// It was taken.
    Sent,
    /// It is on the phone.
    Delivered,
    /// It does not arrive.
    Failed,
    /// We did not send it.
    Dropped,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Sending,
        Self::Unknown,
        Self::Sent,
        Self::Delivered,
        Self::Failed,
        Self::Dropped,
    ];

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// Why we did not send a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// It came too late to be of use.
    Late,
    /// The phone wants none.
    OptedOut,
    /// The business had its number of the day.
    CapDay,
    /// The phone had its number of the day.
    CapPhone,
    /// What it said does not open any more.
    Sealed,
}

impl Dropped {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::OptedOut => Reason::OptedOut.word(),
            Self::CapDay => "cap-day",
            Self::CapPhone => "cap-phone",
            Self::Sealed => "sealed",
        }
    }
}

/// What is known when a text is about to leave.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// When the text is of no use any more.
    pub drop_at: Timestamp,
    /// Whether it goes also when it is quiet.
    pub is_urgent: bool,
    /// Whether nobody of the business may keep it from leaving: it tells of its security, of how it stands or of what it owes.
    pub is_owed: bool,
    /// Whether the phone wants none.
    pub opted_out: bool,
    /// SMS of the business that left today.
    pub today: u32,
    /// And of these to the same phone.
    pub to_phone: u32,
}

/// What becomes of a text that is about to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes.
    Go,
    /// It waits until then.
    Wait(Timestamp),
    /// It does not go.
    Drop(Dropped),
}

/// Decides whether a text may leave now.
#[must_use]
pub fn decide(settings: &Settings, moment: &Moment) -> Decision {
    if moment.drop_at <= moment.now {
        return Decision::Drop(Dropped::Late);
    }
    // A thief in the house would stop what tells the owner of it. And nobody tells us when a phone takes back what it told its network, which
    // refuses by itself and at no cost: what is owed is handed in all the same, once each.
    if moment.opted_out && !moment.is_owed {
        return Decision::Drop(Dropped::OptedOut);
    }
    // What waits is counted on the day it leaves: a cap that is reached tonight says nothing of the morning.
    let ends = settings.quiet.and_then(|quiet| quiet.ends(moment.now));
    if let Some(ends) = ends.filter(|_| !moment.is_urgent) {
        // What is of no use by then is dropped when its time is over, and is shown so.
        return Decision::Wait(ends.min(moment.drop_at));
    }
    if moment.is_owed {
        return Decision::Go;
    }
    if moment.today >= settings.most_a_day {
        return Decision::Drop(Dropped::CapDay);
    }
    if moment.to_phone >= settings.most_a_phone {
        return Decision::Drop(Dropped::CapPhone);
    }
    Decision::Go
}

/// A text to be sent.
pub struct NewSms<'a> {
    /// The business it is of.
    pub provider: ProviderId,
    /// Who of it gets it; none for a customer.
    pub person: Option<PersonId>,
    /// The payment it tells a customer of.
    pub payment: Option<PaymentId>,
    /// The phone.
    pub to: Msisdn,
    /// A word for what it is.
    pub kind: &'a str,
    /// What makes it the same news, if it could be told twice.
    pub once: Option<&'a str>,
    /// Whether it goes also when it is quiet.
    pub is_urgent: bool,
    /// After so long it helps nobody any more.
    pub good_for: Duration,
    /// What it says.
    pub text: &'a str,
}

impl<'a> NewSms<'a> {
    /// A text to somebody about how they log in, of a business they work for.
    ///
    /// Nobody of it can keep the text from leaving, and it waits for no morning: somebody waits for it, or a stranger is in.
    #[must_use]
    pub fn about_log_in(
        (provider, person, to): (ProviderId, PersonId, Msisdn),
        good_for: Duration,
        text: &'a str,
    ) -> Self {
        Self {
            provider,
            person: Some(person),
            payment: None,
            to,
            kind: SECURITY,
            once: None,
            is_urgent: true,
            good_for,
            text,
        }
    }
}

/// Posts a text in the caller's transaction. Where nobody sends for us nothing is written: there would be nobody to take it.
///
/// # Errors
/// When the database refuses.
pub async fn post(app: &App, conn: &mut PgConnection, sms: NewSms<'_>) -> sqlx::Result<()> {
    if !app.rails.sms.is_set_up() {
        tracing::debug!(sms.kind = sms.kind, "SMS is not set up, so nobody is told");
        return Ok(());
    }
    let now = app.clock.now();
    let text = fitting(&gsm7::plain(sms.text));
    let row = store::NewRow {
        id: SmsId::new(now, app.entropy.bytes()),
        body: &app.vault.seal(sms.provider, TEXT, text.as_bytes()),
        parts: gsm7::size(&text).parts,
        drop_at: now + sms.good_for,
        of: &sms,
    };
    if !store::insert(conn, &row, now).await? {
        return Ok(());
    }
    hand_over(app, conn, sms.provider, row.id, now).await
}

/// Has a text handed in by a job.
async fn hand_over(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SmsId,
    at: Timestamp,
) -> sqlx::Result<()> {
    let job = NewJob {
        kind: SEND,
        key: &id.to_string(),
        payload: json!({}),
        run_at: at,
    };
    enqueue(conn, Some(provider), job, app).await
}

/// A text cut to what we pay for.
fn fitting(text: &str) -> String {
    let mut text = text.to_owned();
    while gsm7::size(&text).parts > MOST_PARTS {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-01-15 at a time of Nairobi's day.
    fn at(hour: i64, minute: i64) -> Timestamp {
        Timestamp::from_secs(1_799_960_400 + hour * 3_600 + minute * 60)
    }

    #[test]
    fn quiet_hours_go_over_midnight_and_end_in_nairobis_morning() {
        let night = Quiet {
            from: 21 * 60,
            until: 7 * 60,
        };
        assert_eq!(night.ends(at(20, 59)), None);
        assert_eq!(night.ends(at(21, 0)), Some(at(31, 0)));
        assert_eq!(night.ends(at(0, 30)), Some(at(7, 0)));
        assert_eq!(night.ends(at(6, 59)), Some(at(7, 0)));
        assert_eq!(night.ends(at(7, 0)), None);
        let noon = Quiet {
            from: 12 * 60,
            until: 13 * 60 + 30,
        };
        assert_eq!(noon.ends(at(12, 15)), Some(at(13, 30)));
        assert_eq!(noon.ends(at(13, 30)), None);
        assert_eq!(noon.ends(at(0, 0)), None);
    }

    #[test]
    fn urgent_texts_pass_the_quiet_and_only_what_is_owed_passes_a_cap_or_a_wish() {
        let settings = Settings::default();
        let moment = Moment {
            now: at(22, 0),
            drop_at: at(34, 0),
            is_urgent: false,
            is_owed: false,
            opted_out: false,
            today: 0,
            to_phone: 0,
        };
        assert_eq!(decide(&settings, &moment), Decision::Wait(at(31, 0)));
        let soon = Moment {
            drop_at: at(23, 0),
            ..moment
        };
        assert_eq!(decide(&settings, &soon), Decision::Wait(at(23, 0)));
        let urgent = Moment {
            is_urgent: true,
            ..moment
        };
        assert_eq!(decide(&settings, &urgent), Decision::Go);
        for (moment, why) in [
            (
                Moment {
                    drop_at: at(22, 0),
                    ..urgent
                },
                Dropped::Late,
            ),
            (
                Moment {
                    opted_out: true,
                    ..urgent
                },
                Dropped::OptedOut,
            ),
            (
                Moment {
                    today: 200,
                    ..urgent
                },
                Dropped::CapDay,
            ),
            (
                Moment {
                    to_phone: 10,
                    ..urgent
                },
                Dropped::CapPhone,
            ),
        ] {
            assert_eq!(decide(&settings, &moment), Decision::Drop(why));
            // What tells an owner of a thief is stopped by nobody of the business, and helps nobody when it is late.
            let owed = Moment {
                is_owed: true,
                ..moment
            };
            let expected = match why {
                Dropped::Late => Decision::Drop(why),
                _ => Decision::Go,
            };
            assert_eq!(decide(&settings, &owed), expected);
        }
        let calm = Moment {
            is_owed: true,
            ..moment
        };
        assert_eq!(decide(&settings, &calm), Decision::Wait(at(31, 0)));
        let loud = Settings {
            quiet: None,
            ..settings
        };
        assert_eq!(decide(&loud, &moment), Decision::Go);
    }

    #[test]
    fn settings_that_cannot_be_are_named() {
        let usual = Settings::default();
        assert_eq!(usual.check(), Ok(()));
        for (from, until) in [(420, 420), (1_440, 420), (1_260, 1_440)] {
            let settings = Settings {
                quiet: Some(Quiet { from, until }),
                ..usual
            };
            assert_eq!(settings.check(), Err(BadSettings::Quiet), "{from} {until}");
        }
        for (most_a_day, most_a_phone, expected) in [
            (0, 1, Ok(())),
            (100_000, 100, Ok(())),
            (100_001, 100, Err(BadSettings::MostADay)),
            (0, 0, Err(BadSettings::MostAPhone)),
            (0, 101, Err(BadSettings::MostAPhone)),
        ] {
            let settings = Settings {
                most_a_day,
                most_a_phone,
                ..usual
            };
            assert_eq!(settings.check(), expected, "{most_a_day} {most_a_phone}");
        }
    }

    #[test]
    fn what_waits_for_the_quiet_to_end_is_judged_by_the_caps_of_then() {
        let settings = Settings::default();
        let full = Moment {
            now: at(22, 0),
            drop_at: at(34, 0),
            is_urgent: false,
            is_owed: false,
            opted_out: false,
            today: 200,
            to_phone: 10,
        };
        assert_eq!(decide(&settings, &full), Decision::Wait(at(31, 0)));
        // What nobody wants is not kept for the morning.
        let unwanted = Moment {
            opted_out: true,
            ..full
        };
        assert_eq!(
            decide(&settings, &unwanted),
            Decision::Drop(Dropped::OptedOut)
        );
        let morning = Moment {
            now: at(31, 0),
            today: 199,
            to_phone: 9,
            ..full
        };
        assert_eq!(decide(&settings, &morning), Decision::Go);
        for (full, why) in [
            (
                Moment {
                    today: 200,
                    ..morning
                },
                Dropped::CapDay,
            ),
            (
                Moment {
                    to_phone: 10,
                    ..morning
                },
                Dropped::CapPhone,
            ),
        ] {
            assert_eq!(decide(&settings, &full), Decision::Drop(why));
        }
    }

    #[test]
    fn no_text_is_longer_than_we_pay_for() {
        assert_eq!(fitting("short"), "short");
        let long = fitting(&"a".repeat(2_000));
        assert_eq!(long.len(), 3 * 153);
    }
}
