//! The words of the pages: a file for each part of the pages, each word in English and then in Kiswahili, so that none can be missing.

use mnara_protocol::portal::Language;

mod findings;

pub use calendar::Unit;
pub use findings::Told;

impl Words {
    /// All words of a language.
    #[must_use]
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &Self::ENGLISH,
            Language::Swahili => &Self::SWAHILI,
        }
    }
}

/// One part of the pages: each word in English and in Kiswahili.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($word:ident: $english:literal $swahili:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[expect(missing_docs, reason = "a word's name says what it is")]
        pub struct $name {
            $(pub $word: &'static str,)*
        }

        impl $name {
            pub(super) const ENGLISH: Self = Self { $($word: $english,)* };
            pub(super) const SWAHILI: Self = Self { $($word: $swahili,)* };
        }
    };
}

/// All parts, each in a file of its name.
macro_rules! parts {
    ($($(#[$doc:meta])* $part:ident: $words:ident),* $(,)?) => {
        $(
            mod $part;
            pub use $part::$words;
        )*

        /// All words of one language.
        #[derive(Debug)]
        pub struct Words {
            $($(#[$doc])* pub $part: $words,)*
        }

        impl Words {
            const ENGLISH: Self = Self { $($part: $words::ENGLISH,)* };
            const SWAHILI: Self = Self { $($part: $words::SWAHILI,)* };
        }
    };
}

parts! {
    /// Months and days of the week.
    calendar: CalendarWords,
    /// What stands around every page.
    frame: FrameWords,
    /// What goes wrong.
    trouble: TroubleWords,
    /// What people are asked about themselves.
    people: PeopleWords,
    /// Logging in.
    log_in: LogInWords,
    /// Signing up.
    sign_up: SignUpWords,
    /// The second factor.
    second: SecondWords,
    /// One's own account.
    account: AccountWords,
    /// Who works here.
    staff: StaffWords,
    /// How the business is today.
    home: HomeWords,
    /// How the business goes over time.
    reports: ReportWords,
    /// The first steps of a business.
    steps: StepWords,
    /// What is for sale.
    plans: PlanWords,
    /// How the hotspot's own page looks.
    portal: PortalWords,
    /// Where the hotspots are.
    sites: SiteWords,
    /// Vouchers: series, printing, and the story of one.
    vouchers: VoucherWords,
    /// The counter: selling vouchers for cash.
    counter: CounterWords,
    /// The story of one voucher.
    story: StoryWords,
    /// How one site is at this moment.
    site: LiveWords,
    /// Where customers' money goes.
    mpesa: MpesaWords,
    /// Payments by hand.
    hand: HandWords,
    /// What the operator at M-PESA may do.
    operator: OperatorWords,
    /// Keys for programs.
    keys: KeyWords,
    /// News to programs.
    webhooks: WebhookWords,
    /// All data of a business.
    export: ExportWords,
    /// What customers paid.
    payments: PaymentWords,
    /// Why a payment did not come.
    reasons: ReasonWords,
    /// Who the customers are.
    customers: CustomerWords,
    /// Who did what.
    audit: AuditWords,
    /// The platform's own staff.
    admin: AdminWords,
    /// What is written in mail.
    mail: MailWords,
    /// Who is told what.
    notices: NoticeWords,
    /// What a business pays the platform.
    subscription: SubscriptionWords,
    /// What is written about that.
    billing: BillingWords,
    /// The same as the platform's staff see it.
    sold: SoldWords,
    /// What stands on an invoice.
    invoice: InvoiceWords,
    /// SMS: what is sent, when, and what it costs.
    messages: MessageWords,
    /// What is written in SMS to customers.
    texts: TextWords,
    /// The way back in.
    reset: ResetWords,
    /// Passkeys.
    passkeys: PasskeyWords,
    /// How the platform does.
    platform: PlatformWords,
    /// The platform's scheduled work.
    tasks: TaskWords,
    /// Why money did not come.
    results: ResultWords,
    /// Money that a person has to look at.
    queue: QueueWords,
    /// The books.
    books: BookWords,
    /// A statement of the rail beside the books.
    statement: StatementWords,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_english_word_is_left_in_kiswahili() {
        let all = format!("{:?}", Words::of(Language::Swahili)).replace("\\\"", "");
        // Names of words stand outside the quotes.
        for text in all.split('"').skip(1).step_by(2) {
            let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
            for word in words.map(str::to_lowercase) {
                let is_english = ["router", "routers", "plan", "plans", "password", "h", "min"]
                    .contains(&word.as_str());
                // What Safaricom calls a field, and a place of a text, are names.
                let is_name = text.contains("{plan}") || text.contains("(Password, Timestamp)");
                assert!(!is_english || is_name, "{word}: {text}");
            }
        }
    }

    #[test]
    fn a_number_stands_where_its_language_has_it() {
        let (words, maneno) = (Words::of(Language::English), Words::of(Language::Swahili));
        for (text, in_english, in_swahili) in [
            (
                [words, maneno].map(|w| w.subscription.at_most(Some(3))),
                "3 sites at most",
                "maeneo yasiyozidi 3",
            ),
            (
                [words, maneno].map(|w| w.subscription.at_most(None)),
                "any number of sites",
                "maeneo bila kikomo",
            ),
            (
                [words, maneno].map(|w| w.messages.size(90, 1)),
                "90 letters, charged as one message",
                "herufi 90, hulipiwa kama ujumbe mmoja",
            ),
            (
                [words, maneno].map(|w| w.messages.size(170, 2)),
                "170 letters, 2 messages charged",
                "herufi 170, ujumbe 2 hulipiwa",
            ),
        ] {
            assert_eq!(text, [in_english, in_swahili]);
        }
    }

    #[test]
    fn a_wait_is_told_in_words() {
        let words = Words::of(Language::English);
        assert_eq!(
            words.people.wait(Duration::from_millis(10)),
            "Too many tries. Try again in 1 second"
        );
        assert_eq!(
            words.people.wait(Duration::from_secs(90)),
            "Too many tries. Try again in 90 seconds"
        );
        assert_eq!(
            words.people.wait(Duration::from_secs(600)),
            "Too many tries. Try again in 10 minutes"
        );
        let maneno = Words::of(Language::Swahili);
        assert!(
            maneno
                .people
                .wait(Duration::from_secs(600))
                .ends_with("baada ya dakika 10")
        );
    }
}
