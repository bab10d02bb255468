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
        next: "next at" "tena saa",
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
            other => other,
        }
    }
}
