//! What is written about what a business pays the platform, to those who may pay.

use mnara_protocol::clock::Timestamp;

use super::written;
use crate::app::App;
use crate::providers::mail::Letter;
use crate::providers::pages::words::Words;

/// What is told.
#[derive(Clone, Copy, Debug)]
pub enum Billing<'a> {
    /// What was paid for ends soon.
    Soon {
        /// When.
        until: Timestamp,
    },
    /// What is tried for nothing ends soon.
    TrialSoon {
        /// When.
        until: Timestamp,
    },
    /// No plan was chosen yet.
    Choose {
        /// By when one has to be.
        by: Timestamp,
    },
    /// What was paid for has ended.
    Due {
        /// Until when everything goes on.
        closes: Timestamp,
    },
    /// What was tried for nothing has ended.
    TrialDue {
        /// Until when everything goes on.
        closes: Timestamp,
    },
    /// It ended some days ago.
    Grace {
        /// Until when everything goes on.
        closes: Timestamp,
    },
    /// Nothing new is sold now.
    Restricted,
    /// All is open again.
    Restored,
    /// Money came.
    Paid {
        /// How much, in words.
        amount: &'a str,
        /// For what.
        plan: &'a str,
        /// Until when is paid for now.
        until: Timestamp,
        /// The number of its invoice.
        invoice: i64,
    },
    /// Money went back.
    Back {
        /// How much, in words.
        amount: &'a str,
    },
}

impl Billing<'_> {
    /// The word in the table of letters.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Soon { .. } | Self::TrialSoon { .. } => "billing-soon",
            Self::Choose { .. } => "billing-choose",
            Self::Due { .. } | Self::TrialDue { .. } => "billing-due",
            Self::Grace { .. } => "billing-grace",
            Self::Restricted => "billing-restricted",
            Self::Restored => "billing-restored",
            Self::Paid { .. } => "billing-paid",
            Self::Back { .. } => "billing-back",
        }
    }

    /// The letter.
    #[must_use]
    pub fn letter(&self, words: &Words, business: &str, app: &App) -> Letter {
        let (w, calendar) = (&words.billing, &words.calendar);
        let public = app.config.web.public();
        let pay = (w.to_pay, "/settings/subscription".to_owned());
        let day = |at: Timestamp| vec![("day", calendar.moment(at))];
        let (subject, line, places, (link, path)) = match self {
            Self::Soon { until } => (w.soon, w.soon_text, day(*until), pay),
            Self::TrialSoon { until } => (w.trial_soon, w.trial_soon_text, day(*until), pay),
            Self::Choose { by } => (w.choose, w.choose_text, day(*by), pay),
            Self::Due { closes } => (w.due, w.due_text, day(*closes), pay),
            Self::TrialDue { closes } => (w.trial_due, w.trial_due_text, day(*closes), pay),
            Self::Grace { closes } => (w.grace, w.grace_text, day(*closes), pay),
            Self::Restricted => (w.restricted, w.restricted_text, Vec::new(), pay),
            Self::Restored => (
                w.restored,
                w.restored_text,
                Vec::new(),
                (w.to_home, "/home".to_owned()),
            ),
            Self::Paid {
                amount,
                plan,
                until,
                invoice,
            } => (
                w.paid,
                w.paid_text,
                vec![
                    ("amount", (*amount).to_owned()),
                    ("plan", (*plan).to_owned()),
                    ("day", calendar.moment(*until)),
                ],
                (
                    w.to_invoice,
                    format!("/settings/subscription/invoices/{invoice}/pdf"),
                ),
            ),
            Self::Back { amount } => (
                w.back,
                w.back_text,
                vec![("amount", (*amount).to_owned())],
                pay,
            ),
        };
        let link = (link, public.join(&path));
        written([subject, line, w.foot], places, business, link)
    }
}
