//! Who did what, in the words of the audit.

words! {
    /// Who did what.
    AuditWords {
        title: "Who did what" "Nani alifanya nini",
        text:
            "Every change of consequence, the newest first. Nobody can change or take away a line, not even we."
            "Kila badiliko lenye uzito, jipya kwanza. Hakuna anayeweza kubadilisha wala kuondoa mstari, hata sisi.",
        none: "Nothing was done that fits." "Hakuna kilichofanyika kinacholingana.",
        who: "Who" "Nani",
        anybody: "Anybody" "Yeyote",
        what: "What" "Nini",
        anything: "Anything" "Chochote",
        day: "Day" "Siku",
        show: "Show" "Onyesha",
        all: "Show all" "Onyesha yote",
        older: "Older" "Za zamani zaidi",
        file: "As a file (CSV)" "Kama faili (CSV)",
        file_hint:
            "The file holds the newest 5,000 lines that fit. Choose a day for others."
            "Faili lina mistari mipya 5,000 inayolingana. Chagua siku kwa mingine.",
        was: "was" "ilikuwa",
        is: "is now" "sasa ni",
        nothing: "nothing" "hakuna",
        yes: "yes" "ndiyo",
        no: "no" "hapana",
        number: "No." "Na.",
        waits: "is sealed within a minute" "inafungwa ndani ya dakika",
        seal: "The seal" "Muhuri",
        seal_text:
            "Each line is sealed together with all lines before it. Note this number and this seal now and then: if anybody ever changes a line before it, the seal no longer fits, and that can be proved."
            "Kila mstari unafungwa pamoja na yote iliyotangulia. Andika namba hii na muhuri huu mara kwa mara: mtu akibadilisha mstari wa kabla yake, muhuri hautalingana tena, na hilo linaweza kuthibitishwa.",
        seal_none: "No line is sealed yet." "Bado hakuna mstari uliofungwa.",
        platform: "Mnara" "Mnara",
        somebody: "Somebody who worked here" "Mtu aliyefanya kazi hapa",
        command: "Mnara, by the command line" "Mnara, kwa mstari wa amri",
        program: "Mnara, by itself" "Mnara, yenyewe",
        by_key: "A program" "Programu",
        webhook_on: "switched news on for an address" "aliwasha habari kwa anwani",
        webhook_off: "switched news off for an address" "alizima habari kwa anwani",
        webhook_secret: "gave an address a new secret" "aliipa anwani siri mpya",
        webhook_end: "removed an address that was told news" "aliondoa anwani ya kupewa habari",
        sign_up: "signed the business up" "alisajili biashara",
        approve: "let the business in" "aliruhusu biashara",
        suspend: "stopped the business" "alisimamisha biashara",
        reinstate: "let the business go on" "aliruhusu biashara iendelee",
        admin: "made somebody one of the platform's staff" "alimfanya mtu kuwa mfanyakazi wa jukwaa",
        admission: "set the rule for sign-ups" "aliweka kanuni ya usajili",
        plan: "changed what is for sale" "alibadilisha kinachouzwa",
        mpesa: "set where customers' money goes" "aliweka pesa za wateja ziende wapi",
        site: "made a site" "alitengeneza eneo",
        invite: "asked somebody to join" "alimwalika mtu ajiunge",
        invite_end: "took an invitation back" "aliondoa mwaliko",
        join: "joined" "alijiunga",
        role: "changed somebody's role" "alibadilisha wadhifa wa mtu",
        staff_end: "ended somebody's place" "alimaliza nafasi ya mtu",
        password: "changed their password" "alibadilisha nenosiri lake",
        second: "set up a second factor" "aliweka hatua ya pili",
        second_end: "took a second factor away" "aliondoa hatua ya pili",
        view: "began to look at the business" "alianza kuitazama biashara",
        view_end: "stopped looking at the business" "aliacha kuitazama biashara",
        retry: "had failed work tried again" "alirudisha kazi iliyoshindwa",
        give_up: "gave failed work up" "aliacha kazi iliyoshindwa",
        forget: "put failed work away" "aliondoa kazi iliyoshindwa",
        series: "made a batch of vouchers" "alitengeneza kundi la vocha",
        revoke: "took a voucher back" "alifuta vocha",
        revoke_series: "took a batch of vouchers back" "alifuta kundi la vocha",
        extend: "gave a voucher more time" "aliongezea vocha muda",
        pause: "held a voucher" "alisitisha vocha",
        resume: "let a voucher run on" "aliruhusu vocha iendelee",
        kick: "cut a device off" "alikata kifaa",
        code_seen: "looked at a code" "alitazama msimbo",
        codes_seen: "looked at the codes of a batch" "alitazama misimbo ya kundi",
        gift: "gave a customer a voucher" "alimpa mteja vocha",
        refund: "noted that money was paid back" "aliandika kwamba pesa zilirudishwa",
        block: "blocked a customer" "alimzuia mteja",
        unblock: "let a customer buy again" "aliruhusu mteja anunue tena",
        payments_table: "took payments out as a file" "alichukua malipo kama faili",
        mpesa_asked: "asked for another M-PESA account" "aliomba akaunti nyingine ya M-PESA",
        mpesa_dropped: "dropped the other M-PESA account" "aliacha akaunti nyingine ya M-PESA",
        mpesa_back: "went back to the M-PESA account of before" "alirudia akaunti ya M-PESA ya awali",
        claim: "made the line for a site's machine" "alitengeneza mstari wa mashine ya eneo",
        portal: "changed how the hotspot's page looks" "alibadilisha mwonekano wa ukurasa wa hotspot",
        notice: "changed what is told to whom" "alibadilisha nani anaambiwa nini",
        key: "made a key for programs" "alitengeneza ufunguo wa programu",
        key_end: "ended a key for programs" "alimaliza ufunguo wa programu",
        webhook: "changed where news are sent" "alibadilisha mahali habari zinapotumwa",
        export: "asked for all data" "aliomba data yote",
        export_taken: "took all data out" "alichukua data yote",
        field_name: "name" "jina",
        field_price: "price" "bei",
        field_role: "role" "wadhifa",
        field_on_sale: "on sale" "inauzwa",
        field_revision: "revision" "toleo",
        field_duration: "how long it lasts" "muda wake",
        field_online: "time online" "muda hewani",
        field_data: "bytes of data" "baiti za data",
        field_devices: "devices" "vifaa",
        field_paybill: "paybill" "paybill",
        field_store: "store number" "namba ya duka",
        field_till: "till" "till",
        field_until: "until" "hadi",
    }
}

impl AuditWords {
    /// What was done, in words; an act that is not listed speaks for itself.
    #[must_use]
    pub fn act<'a>(&self, act: &'a str) -> &'a str {
        self.acts()
            .into_iter()
            .find(|(listed, _)| *listed == act)
            .map_or(act, |(_, words)| words)
    }

    /// All acts there are words for.
    #[must_use]
    pub fn acts(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("sign-up", self.sign_up),
            ("approve", self.approve),
            ("suspend", self.suspend),
            ("reinstate", self.reinstate),
            ("view", self.view),
            ("view-end", self.view_end),
            ("plan", self.plan),
            ("mpesa", self.mpesa),
            ("site", self.site),
            ("series", self.series),
            ("revoke", self.revoke),
            ("revoke-series", self.revoke_series),
            ("extend", self.extend),
            ("pause", self.pause),
            ("resume", self.resume),
            ("kick", self.kick),
            ("code-seen", self.code_seen),
            ("codes-seen", self.codes_seen),
            ("gift", self.gift),
            ("refund", self.refund),
            ("block", self.block),
            ("unblock", self.unblock),
            ("payments-table", self.payments_table),
            ("mpesa-asked", self.mpesa_asked),
            ("mpesa-dropped", self.mpesa_dropped),
            ("mpesa-back", self.mpesa_back),
            ("claim", self.claim),
            ("portal", self.portal),
            ("notice", self.notice),
            ("key", self.key),
            ("key-end", self.key_end),
            ("webhook", self.webhook),
            ("webhook-on", self.webhook_on),
            ("webhook-off", self.webhook_off),
            ("webhook-secret", self.webhook_secret),
            ("webhook-end", self.webhook_end),
            ("export", self.export),
            ("export-taken", self.export_taken),
            ("invite", self.invite),
            ("invite-end", self.invite_end),
            ("join", self.join),
            ("role", self.role),
            ("staff-end", self.staff_end),
            ("password", self.password),
            ("second-factor", self.second),
            ("second-factor-end", self.second_end),
            ("admin", self.admin),
            ("admission", self.admission),
            ("job-retry", self.retry),
            ("job-give-up", self.give_up),
            ("job-forget", self.forget),
        ]
    }

    /// A field's name in words; one that is not listed speaks for itself.
    #[must_use]
    pub fn field(&self, field: &str) -> String {
        let words = match field {
            "name" => self.field_name,
            "price" => self.field_price,
            "role" => self.field_role,
            "on_sale" => self.field_on_sale,
            "revision" => self.field_revision,
            "duration_secs" => self.field_duration,
            "online_secs" => self.field_online,
            "data_bytes" => self.field_data,
            "devices" => self.field_devices,
            "paybill" => self.field_paybill,
            "store" => self.field_store,
            "till" => self.field_till,
            "until" => self.field_until,
            other => return other.replace(['_', '-'], " ").replace('.', " · "),
        };
        words.to_owned()
    }
}
