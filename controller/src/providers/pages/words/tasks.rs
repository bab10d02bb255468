//! The platform's scheduled work.

words! {
    /// The platform's scheduled work.
    TaskWords {
        page: "Work of the platform" "Kazi za jukwaa",
        title: "Scheduled work" "Kazi za ratiba",
        text:
            "Each runs by itself, never twice at once. Running one early does no harm."
            "Kila moja hujiendesha yenyewe, kamwe si mara mbili kwa pamoja. Kuiendesha mapema hakuna madhara.",
        running: "running now" "inaendelea",
        failed: "failed" "imeshindwa",
        last: "last run" "iliendeshwa mwisho",
        never: "not run yet" "bado haijaendeshwa",
        took: "took" "ilichukua",
        went_well: "last went well" "ilifaulu mwisho",
        next: "next at" "tena tarehe",
        run: "Run now" "Endesha sasa",
        runs_now: "It runs now. Look again in a moment." "Inaendeshwa sasa. Angalia tena baada ya muda mfupi.",
        audit_chain: "Seals the audit" "Hufunga ukaguzi kwa muhuri",
        outages: "Notes which sites are away" "Huandika maeneo yaliyo nje ya hewa",
        notices: "Tells people what happened" "Huwaarifu watu yaliyotokea",
        tidy: "Forgets what ended" "Husahau yaliyokwisha",
        summary: "Mails how the day went" "Hutuma barua ya siku ilivyokwenda",
        days: "Adds up the days of reports" "Hujumlisha siku za ripoti",
        books: "Checks the books" "Hukagua hesabu",
        subscriptions: "Looks at what businesses have paid for" "Huangalia biashara zimelipia nini",
        tickets: "Writes which vouchers have expired" "Huandika vocha zipi zimeisha muda",
        payments: "Sees that silent payments are asked about" "Huhakikisha malipo yaliyo kimya yanaulizwa",
        month: "Mails how the month went" "Hutuma barua ya mwezi ulivyokwenda",
        key_age: "Reminds owners of old keys" "Huwakumbusha wamiliki funguo za zamani",
        reseal: "Seals secrets anew after a change of key" "Hufunga siri upya baada ya kubadilisha ufunguo",
        forget_old: "Takes away what is over" "Huondoa yaliyopitwa na wakati",
        keys: "Keys of the platform" "Funguo za jukwaa",
        keys_text:
            "Change each about once a year. A new key is put before the old one in ENCRYPTION_KEY; what is stored is then sealed anew by itself."
            "Badilisha kila mmoja takriban mara moja kwa mwaka. Ufunguo mpya huwekwa kabla ya ule wa zamani katika ENCRYPTION_KEY; yaliyohifadhiwa hufungwa upya yenyewe.",
        key_vault: "ENCRYPTION_KEY, in use since" "ENCRYPTION_KEY, inatumika tangu",
        key_identity: "The key sites know us by, in use since" "Ufunguo ambao maeneo hututambua nao, unatumika tangu",
        key_pesapal: "PESAPAL_CONSUMER_KEY and PESAPAL_CONSUMER_SECRET, in use since" "PESAPAL_CONSUMER_KEY na PESAPAL_CONSUMER_SECRET, zinatumika tangu",
        key_sms: "AFRICASTALKING_API_KEY, in use since" "AFRICASTALKING_API_KEY, inatumika tangu",
        key_mail: "The password in SMTP_URL, in use since" "Nenosiri lililo katika SMTP_URL, linatumika tangu",
        key_old: "older than a year" "zaidi ya mwaka",
        older_used:
            "Keep the older keys in the list: at the last look some of what is stored was sealed with one of them, or not everything has been looked through yet."
            "Acha funguo za zamani kwenye orodha: ilipoangaliwa mara ya mwisho, baadhi ya yaliyohifadhiwa yalikuwa yamefungwa kwa mmojawapo, au bado hayajaangaliwa yote.",
        older_clear:
            "The last look began {since} and found nothing that an older key had sealed. If every process was restarted with the new list before then, the older keys may go once no backup needs them."
            "Ukaguzi wa mwisho ulianza {since} na haukupata chochote kilichofungwa kwa ufunguo wa zamani. Ikiwa kila programu ya Mnara ilianzishwa upya kwa orodha mpya kabla ya hapo, funguo za zamani zinaweza kuondolewa pale ambapo hakuna nakala ya akiba inayozihitaji.",
        key_unknown: "not noted yet" "bado haijaandikwa",
        kept: "What is kept for how long" "Nini huhifadhiwa kwa muda gani",
        kept_text:
            "What is not here is kept as long as its business: payments and the books with what was said of them, vouchers, the audit."
            "Yasiyo hapa huhifadhiwa muda wote wa biashara yake: malipo na vitabu pamoja na yaliyosemwa, vocha, ukaguzi.",
        kept_callbacks: "Bodies of callbacks, after they were settled" "Miili ya callback, baada ya kushughulikiwa",
        kept_answers: "Answers to requests of programs that may come again" "Majibu kwa maombi ya programu yanayoweza kurudi",
        kept_log_ins: "Log-ins, after they were last used" "Maingizo, tangu yalipotumika mwisho",
        kept_browsers: "Marks of browsers" "Alama za vivinjari",
        kept_letters: "That a letter or a link was sent" "Kwamba barua au kiungo kilitumwa",
        kept_addresses: "An address or number somebody wants to log in with, and that a link was sent there" "Anwani au nambari ambayo mtu anataka kuingia nayo, na kwamba kiungo kilitumwa huko",
        kept_texts: "That an SMS was sent, to whom, its cost" "Kwamba SMS ilitumwa, kwa nani, gharama yake",
        kept_wishes: "That a buyer asked for a code by SMS" "Kwamba mnunuzi aliomba msimbo kwa SMS",
        kept_expected: "What a device was to pay by hand, the number and the receipt that were typed in for it" "Kiasi ambacho kifaa kilitarajiwa kulipa bila ombi, nambari na risiti zilizoandikwa kwa ajili yake",
        kept_codes: "A device's code for paying by hand, after it was last asked for or paid by" "Msimbo wa kifaa wa kulipa bila ombi, tangu ulipoombwa au kutumika kulipa mwisho",
        kept_news: "News to programs" "Habari kwa programu",
        kept_commands: "Commands to sites" "Amri kwa maeneo",
        kept_jobs: "Work that was given up" "Kazi iliyoachwa",
        kept_exports: "Links to all data of a business, after they ended" "Viungo vya data yote ya biashara, baada ya kuisha",
        kept_minutes: "In which minutes the platform was up" "Dakika ambazo jukwaa lilikuwa hewani",
        kept_samples: "Live readings of sites" "Vipimo vya moja kwa moja vya maeneo",
    }
}

impl TaskWords {
    /// What a kind of work is called; one that is not known here keeps its own name.
    #[must_use]
    pub fn name<'a>(&self, kind: &'a str) -> &'a str {
        match kind {
            "audit-chain" => self.audit_chain,
            "site-outages" => self.outages,
            "outage-notices" => self.notices,
            "tidy" => self.tidy,
            "summary" => self.summary,
            "report-days" => self.days,
            "books-check" => self.books,
            "subscriptions" => self.subscriptions,
            "ticket-expiry" => self.tickets,
            "payment-sweep" => self.payments,
            "month-report" => self.month,
            "key-age" => self.key_age,
            "reseal" => self.reseal,
            "forget-old" => self.forget_old,
            other => other,
        }
    }

    /// What a key of the platform at somebody else is called.
    #[must_use]
    pub fn account_key(&self, name: &'static str) -> &'static str {
        match name {
            "pesapal" => self.key_pesapal,
            "africastalking" => self.key_sms,
            "smtp" => self.key_mail,
            other => other,
        }
    }

    /// What something that is kept for a time is called.
    #[must_use]
    pub fn kept<'a>(&self, what: &'a str) -> &'a str {
        match what {
            "callbacks" => self.kept_callbacks,
            "answers" => self.kept_answers,
            "log-ins" => self.kept_log_ins,
            "browsers" => self.kept_browsers,
            "letters" => self.kept_letters,
            "addresses" => self.kept_addresses,
            "texts" => self.kept_texts,
            "wishes" => self.kept_wishes,
            "expected" => self.kept_expected,
            "codes" => self.kept_codes,
            "news" => self.kept_news,
            "commands" => self.kept_commands,
            "jobs" => self.kept_jobs,
            "exports" => self.kept_exports,
            "minutes" => self.kept_minutes,
            "samples" => self.kept_samples,
            other => other,
        }
    }
}
