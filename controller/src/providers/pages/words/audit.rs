//! Who did what, in the words of the audit.

words! {
    /// Who did what.
    AuditWords {
        title: "Who did what" "Nani alifanya nini",
        text: "Every change of consequence, the newest first. Nobody can change or take away a line, not even we." "Kila badiliko lenye uzito, jipya kwanza. Hakuna anayeweza kubadilisha wala kuondoa mstari, hata sisi.",
        none: "Nothing was done that fits." "Hakuna kilichofanyika kinacholingana.",
        who: "Who" "Nani",
        anybody: "Anybody" "Yeyote",
        what: "What" "Nini",
        anything: "Anything" "Chochote",
        day: "Day" "Siku",
        show: "Show" "Onyesha",
        all: "Show all" "Onyesha yote",
        older: "Older" "Za zamani zaidi",
        file: "Download as a table (CSV)" "Pakua kama jedwali (CSV)",
        file_hint: "The file holds the newest 5,000 lines that fit. Choose a day for others." "Faili lina mistari mipya 5,000 inayolingana. Chagua siku kwa mingine.",
        was: "was" "ilikuwa",
        is: "is now" "sasa ni",
        nothing: "nothing" "hakuna",
        yes: "yes" "ndiyo",
        no: "no" "hapana",
        number: "No." "Na.",
        waits: "is sealed within a minute" "inafungwa ndani ya dakika",
        seal: "The seal" "Muhuri",
        seal_text: "Each line is sealed together with all lines before it. Note this number and this seal now and then: if anybody ever changes a line before it, the seal no longer fits, and that can be proved." "Kila mstari unafungwa pamoja na yote iliyotangulia. Andika nambari hii na muhuri huu mara kwa mara: mtu akibadilisha mstari wa kabla yake, muhuri hautalingana tena, na hilo linaweza kuthibitishwa.",
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
        webhook_retry: "had news sent again to an address that took none" "aliagiza habari zitumwe tena kwa anwani isiyopokea",
        sign_up: "signed the business up" "alisajili biashara",
        approve: "let the business in" "aliruhusu biashara",
        suspend: "stopped the business" "alisimamisha biashara",
        reinstate: "let the business go on" "aliruhusu biashara iendelee",
        admin: "made somebody one of the platform's staff" "alimfanya mtu kuwa mfanyakazi wa jukwaa",
        admin_end: "ended somebody's place among the platform's staff" "aliondoa mtu kati ya wafanyakazi wa jukwaa",
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
        retry: "had failed work tried again" "aliagiza kazi iliyoshindwa ijaribiwe tena",
        give_up: "gave failed work up" "aliacha kazi iliyoshindwa",
        forget: "put failed work away" "aliondoa kazi iliyoshindwa",
        platform_plan: "made a plan that businesses can pay for" "alitengeneza kifurushi ambacho biashara zinaweza kulipia",
        platform_plan_offered: "offered a plan of the platform, or no longer" "alitoa kifurushi cha jukwaa, au aliacha kukitoa",
        platform_plan_change: "changed to another plan of Mnara" "alihamia kifurushi kingine cha Mnara",
        platform_order: "ordered to pay for Mnara" "aliagiza kulipia Mnara",
        subscription_paid: "saw the subscription paid" "iliona usajili umelipwa",
        subscription_reversed: "saw a subscription payment paid back" "iliona malipo ya usajili yamerudishwa",
        trial: "began to try Mnara out" "alianza kujaribu Mnara",
        series: "made a series of vouchers" "alitengeneza mfululizo wa vocha",
        revoke: "took a voucher back" "alifuta vocha",
        revoke_series: "took a series of vouchers back" "alifuta mfululizo wa vocha",
        extend: "gave a voucher more time" "aliongezea vocha muda",
        pause: "asked to pause a voucher" "aliomba vocha isimamishwe",
        resume: "asked to let a voucher run on" "aliomba vocha iendelee",
        kick: "asked to cut a device off" "aliomba kifaa kikatwe",
        not_done: "saw that a site did not do what was asked" "iliona kwamba eneo halikufanya lililoombwa",
        code_seen: "looked at a code" "alitazama msimbo",
        codes_seen: "looked at the codes of a series" "alitazama misimbo ya mfululizo",
        gift: "gave a customer a voucher" "alimpa mteja vocha",
        cash_sale: "sold a voucher for cash" "aliuza vocha kwa pesa taslimu",
        cash_undo: "gave the cash for a voucher back" "alirudisha pesa taslimu za vocha",
        queue_ticket: "gave a voucher for money that matched nothing" "alitoa vocha kwa pesa zisizolingana",
        queue_send: "sent the voucher of money that came late" "alituma vocha ya pesa zilizochelewa",
        queue_credit: "made money over to a phone as credit" "aliweka pesa kama salio la simu",
        queue_refund: "noted that money from the queue was paid back" "aliandika kwamba pesa za foleni zilirudishwa",
        refund: "noted that money was paid back" "aliandika kwamba pesa zilirudishwa",
        block: "blocked a customer" "alimzuia mteja",
        unblock: "let a customer buy again" "aliruhusu mteja anunue tena",
        payments_table: "took payments out as a file" "alichukua malipo kama faili",
        mpesa_asked: "asked for another M-PESA account" "aliomba akaunti nyingine ya M-PESA",
        mpesa_dropped: "dropped the other M-PESA account" "aliacha akaunti nyingine ya M-PESA",
        mpesa_operator: "set the M-PESA operator" "aliweka mhudumu wa M-PESA",
        mpesa_operator_end: "removed the M-PESA operator" "aliondoa mhudumu wa M-PESA",
        mpesa_operator_test: "tried the M-PESA operator" "alimjaribu mhudumu wa M-PESA",
        payment_reverse: "had M-PESA send money back" "aliagiza M-PESA irudishe pesa",
        reversal: "wrote into the books that money went back at M-PESA" "aliandika kwenye vitabu kwamba pesa zilirudishwa na M-PESA",
        receipt_ask: "asked M-PESA about a receipt" "aliuliza M-PESA kuhusu risiti",
        mpesa_back: "went back to the M-PESA account of before" "alirudia akaunti ya M-PESA ya awali",
        agent_end: "let a site's agent go" "aliondoa wakala wa eneo",
        claim: "made the line for a site's machine" "alitengeneza mstari wa mashine ya eneo",
        portal: "changed how the customers' page looks" "alibadilisha mwonekano wa ukurasa wa wateja",
        notice: "changed what is told to whom" "alibadilisha nani anaambiwa nini",
        notice_phone: "named the phone for somebody's SMS" "alitaja simu ya SMS ya mtu",
        message_settings: "changed what SMS are sent" "alibadilisha SMS zinazotumwa",
        sms_again: "sent an SMS again" "alituma SMS tena",
        sms_stop: "noted a phone that wants no SMS" "aliandika simu isiyotaka SMS",
        sms_start: "let SMS go to a phone again" "aliruhusu SMS kwa simu tena",
        key: "made a key for programs" "alitengeneza ufunguo wa programu",
        key_end: "ended a key for programs" "alimaliza ufunguo wa programu",
        webhook: "changed where news are sent" "alibadilisha mahali habari zinapotumwa",
        export: "asked for all data" "aliomba data yote",
        export_taken: "took all data out" "alichukua data yote",
        field_name: "name" "jina",
        order_cancel: "called an order to the platform off" "alighairi oda kwa jukwaa",
        order_refund_declined: "noted that Pesapal declined to send the money of an order back" "aliandika kwamba Pesapal imekataa kurudisha pesa za oda",
        order_refund: "asked for the money of an order to go back" "aliomba pesa za oda zirudishwe",
        order_resolve: "decided about an order that was flagged" "aliamua kuhusu oda iliyotiwa alama",
        invoice_issuer: "set what stands above invoices" "aliweka kinachoandikwa juu ya ankara",
        field_price: "price" "bei",
        field_role: "role" "wadhifa",
        field_on_sale: "on sale" "inauzwa",
        field_revision: "revision" "toleo",
        field_duration: "how long it lasts" "muda wake",
        field_online: "time online" "muda hewani",
        field_data: "data" "data",
        field_devices: "devices" "vifaa",
        field_paybill: "paybill" "paybill",
        field_store: "store number" "nambari ya duka",
        field_till: "till" "till",
        field_until: "until" "hadi",
        field_since: "since" "tangu",
        field_on: "on" "imewashwa",
        field_reason: "reason" "sababu",
        field_amount: "amount" "kiasi",
        field_asked: "the request" "ombi",
        field_receipt: "receipt" "risiti",
        field_plan: "plan" "kifurushi",
        field_site: "site" "eneo",
        field_customer: "customer" "mteja",
        field_device: "device" "kifaa",
        field_count: "how many" "idadi",
        field_rows: "rows" "mistari",
        field_secs: "time" "muda",
        field_extra: "extra time in all" "muda wa ziada wote",
        field_position: "place in the list" "nafasi kwenye orodha",
        field_colour: "colour" "rangi",
        field_button: "colour of buttons" "rangi ya vitufe",
        field_sold: "when it is sold" "inauzwa lini",
        field_down: "speed down" "kasi ya kupokea",
        field_up: "speed up" "kasi ya kutuma",
        field_burst: "bursts" "kasi ya ziada",
        field_help: "phone for help" "simu ya msaada",
        field_welcome: "welcome" "ukaribisho",
        field_banner: "banner" "tangazo",
        field_terms: "terms" "masharti",
        field_logo: "logo" "nembo",
        field_kind: "kind" "aina",
        field_bytes: "size" "ukubwa",
        field_mark: "its mark" "alama yake",
        field_trial: "free try" "jaribio la bure",
        field_minutes: "minutes" "dakika",
        field_mb: "MB" "MB",
        field_mbps: "Mbit/s" "Mbit/s",
        field_days: "days" "siku",
        field_a_day: "a day" "kwa siku",
        field_scopes: "what it may do" "inachoruhusiwa",
        field_codes: "codes by SMS" "misimbo kwa SMS",
        field_receipts: "receipts by SMS" "risiti kwa SMS",
        field_language: "language" "lugha",
        field_quiet: "quiet hours" "saa za utulivu",
        field_least: "least" "chini kabisa",
        field_most: "most" "juu kabisa",
        field_most_a_day: "most SMS a day" "SMS nyingi zaidi kwa siku",
        field_most_a_phone: "most SMS a phone and day" "SMS nyingi zaidi kwa simu kwa siku",
        field_version: "version" "toleo",
        field_completes: "when we do not answer" "tusipojibu",
        field_day: "day" "siku",
        field_month: "month" "mwezi",
        field_period: "period" "kipindi",
        field_currency: "currency" "sarafu",
        field_trial_days: "days of trial" "siku za jaribio",
        field_recurring: "renews itself" "hujirudia",
        field_upgrade: "upgrade" "kupandisha",
        field_events: "news" "habari",
        field_host: "address" "anwani",
        field_length: "letters of a code" "herufi za msimbo",
        field_matched: "matched" "zinazolingana",
        field_missing: "missing here" "hazipo hapa",
        field_more: "only here" "ziko hapa tu",
        field_differing: "differ" "zinatofautiana",
        field_status: "how it stands" "hali yake",
        field_refund: "money back" "kurudisha pesa",
        field_revoked: "taken back" "imefutwa",
        field_left: "not paid back yet" "bado haijarudishwa",
        field_flag: "mark" "alama",
        field_looked: "looked at" "imeangaliwa",
        field_sms: "may be sent SMS" "inaweza kutumiwa SMS",
        field_admin: "works for the platform" "anafanya kazi kwa jukwaa",
        field_ticket: "voucher" "vocha",
        field_from: "from number" "kuanzia nambari",
        field_sites: "sites" "maeneo",
        field_email: "e-mail" "barua pepe",
        field_phone: "phone" "simu",
        field_closed: "closed" "limefungwa",
        stands_unused: "not used" "haijatumika",
        stands_connecting: "waits for its device" "inasubiri kifaa chake",
        stands_running: "running" "inaendelea",
        stands_paused: "paused" "imesimamishwa",
        stands_used: "used up" "imetumika yote",
        stands_expired: "expired" "imepitwa na wakati",
        stands_revoked: "taken back" "imefutwa",
        stands_waiting: "waits" "inasubiri",
        stands_given: "a voucher was given" "vocha imetolewa",
        stands_sent: "the voucher was sent" "vocha imetumwa",
        stands_credited: "credit of a phone" "salio la simu",
        stands_refunded: "paid back" "imerudishwa",
        stands_unknown: "not known" "haijulikani",
        stands_success: "paid" "imelipwa",
        stands_failed: "failed" "imeshindwa",
        stands_failing: "fails" "inashindwa",
        stands_given_up: "given up" "imeachwa",
        moved: "asked to free a device's place for another phone" "aliomba nafasi ya kifaa ifunguliwe kwa simu nyingine",
        diagnose: "asked the agent to look the site over" "alimwomba wakala akague eneo",
        passkey: "set up a passkey" "aliweka passkey",
        passkey_end: "removed a passkey" "aliondoa passkey",
        password_reset: "set a new password by a link" "aliweka nenosiri jipya kwa kiungo",
        reset_link: "made a link for a new password" "alitengeneza kiungo cha nenosiri jipya",
        mpesa_by_hand: "asked for payments by hand to be told to us" "aliomba tuambiwe malipo bila ombi",
        mpesa_limits: "set limits for payments by M-PESA" "aliweka vikomo vya malipo ya M-PESA",
        payment_ask: "asked M-PESA about a payment" "aliuliza M-PESA kuhusu malipo",
        payment_look: "looked at a payment that was marked" "aliangalia malipo yaliyowekewa alama",
        payment_send: "sent a paid voucher to its site again" "alituma tena vocha iliyolipiwa kwenye eneo lake",
        payment_claim: "took a payment by its receipt" "alidai malipo kwa risiti yake",
        books_table: "took the books out as a file" "alichukua vitabu kama faili",
        statement: "compared a statement with the books" "alilinganisha taarifa ya M-PESA na vitabu",
        statement_take: "took money of a statement into the books" "aliingiza pesa za taarifa kwenye vitabu",
        task_run: "had scheduled work run at once" "aliendesha kazi ya ratiba papo hapo",
        contact: "changed how they log in" "alibadilisha anachoingia nacho",
        business_name: "changed the name of the business" "alibadilisha jina la biashara",
        site_name: "changed the name of a site" "alibadilisha jina la eneo",
        site_close: "closed a site" "alifunga eneo",
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
            ("not-done", self.not_done),
            ("code-seen", self.code_seen),
            ("codes-seen", self.codes_seen),
            ("gift", self.gift),
            ("cash-sale", self.cash_sale),
            ("cash-undo", self.cash_undo),
            ("queue-ticket", self.queue_ticket),
            ("queue-send", self.queue_send),
            ("queue-credit", self.queue_credit),
            ("queue-refund", self.queue_refund),
            ("refund", self.refund),
            ("block", self.block),
            ("unblock", self.unblock),
            ("payments-table", self.payments_table),
            ("mpesa-asked", self.mpesa_asked),
            ("mpesa-dropped", self.mpesa_dropped),
            ("mpesa-back", self.mpesa_back),
            ("mpesa-operator", self.mpesa_operator),
            ("mpesa-operator-end", self.mpesa_operator_end),
            ("mpesa-operator-test", self.mpesa_operator_test),
            ("payment-reverse", self.payment_reverse),
            ("reversal", self.reversal),
            ("receipt-ask", self.receipt_ask),
            ("claim", self.claim),
            ("agent-end", self.agent_end),
            ("portal", self.portal),
            ("notice", self.notice),
            ("notice-phone", self.notice_phone),
            ("message-settings", self.message_settings),
            ("sms-again", self.sms_again),
            ("sms-stop", self.sms_stop),
            ("sms-start", self.sms_start),
            ("key", self.key),
            ("key-end", self.key_end),
            ("webhook", self.webhook),
            ("webhook-on", self.webhook_on),
            ("webhook-off", self.webhook_off),
            ("webhook-secret", self.webhook_secret),
            ("webhook-end", self.webhook_end),
            ("webhook-retry", self.webhook_retry),
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
            ("admin-end", self.admin_end),
            ("admission", self.admission),
            ("job-retry", self.retry),
            ("job-give-up", self.give_up),
            ("job-forget", self.forget),
            ("platform-plan", self.platform_plan),
            ("platform-plan-offered", self.platform_plan_offered),
            ("platform-plan-change", self.platform_plan_change),
            ("platform-order", self.platform_order),
            ("subscription-paid", self.subscription_paid),
            ("subscription-reversed", self.subscription_reversed),
            ("trial", self.trial),
            ("order-cancel", self.order_cancel),
            ("order-refund", self.order_refund),
            ("order-refund-declined", self.order_refund_declined),
            ("order-resolve", self.order_resolve),
            ("invoice-issuer", self.invoice_issuer),
            ("move", self.moved),
            ("diagnose", self.diagnose),
            ("passkey", self.passkey),
            ("passkey-end", self.passkey_end),
            ("password-reset", self.password_reset),
            ("reset-link", self.reset_link),
            ("mpesa-by-hand", self.mpesa_by_hand),
            ("mpesa-limits", self.mpesa_limits),
            ("payment-ask", self.payment_ask),
            ("payment-look", self.payment_look),
            ("payment-send", self.payment_send),
            ("payment-claim", self.payment_claim),
            ("books-table", self.books_table),
            ("statement", self.statement),
            ("statement-take", self.statement_take),
            ("task-run", self.task_run),
            ("contact", self.contact),
            ("business-name", self.business_name),
            ("site-name", self.site_name),
            ("site-close", self.site_close),
        ]
    }

    /// A field's name in words; one that is not listed speaks for itself.
    #[must_use]
    pub fn field(&self, field: &str) -> String {
        let parts: Vec<String> = field
            .split('.')
            .map(|part| match self.part(part) {
                Some(words) => words.to_owned(),
                None => part.replace(['_', '-'], " "),
            })
            .collect();
        parts.join(" · ")
    }

    /// The words of a field, or of a part of one.
    #[must_use]
    pub fn part(&self, part: &str) -> Option<&'static str> {
        Some(match part {
            "name" | "operator" => self.field_name,
            "price" => self.field_price,
            "role" => self.field_role,
            "on_sale" => self.field_on_sale,
            "revision" => self.field_revision,
            "duration_secs" => self.field_duration,
            "online_secs" => self.field_online,
            "data_bytes" => self.field_data,
            "devices" => self.field_devices,
            "paybill" | "shortcode" => self.field_paybill,
            "store" => self.field_store,
            "till" => self.field_till,
            "until" => self.field_until,
            "since" => self.field_since,
            "on" => self.field_on,
            "reason" => self.field_reason,
            "amount" => self.field_amount,
            "receipt" => self.field_receipt,
            "asked" => self.field_asked,
            "plan" => self.field_plan,
            "site" => self.field_site,
            "customer" => self.field_customer,
            "mac" => self.field_device,
            "count" => self.field_count,
            "rows" => self.field_rows,
            "secs" => self.field_secs,
            "extra_secs" => self.field_extra,
            "position" => self.field_position,
            "colour" => self.field_colour,
            "button" => self.field_button,
            "sold" => self.field_sold,
            "down_bps" => self.field_down,
            "up_bps" => self.field_up,
            "burst" | "has_burst" => self.field_burst,
            "help_phone" => self.field_help,
            "welcome" => self.field_welcome,
            "banner" => self.field_banner,
            "terms" => self.field_terms,
            "logo" => self.field_logo,
            "kind" | "as" | "right" => self.field_kind,
            "bytes" => self.field_bytes,
            "id" => self.field_mark,
            "trial" => self.field_trial,
            "minutes" => self.field_minutes,
            "mb" => self.field_mb,
            "mbps" => self.field_mbps,
            "days" => self.field_days,
            "a_day" => self.field_a_day,
            "scopes" => self.field_scopes,
            "codes" => self.field_codes,
            "receipts" => self.field_receipts,
            "language" => self.field_language,
            "quiet" => self.field_quiet,
            "least" => self.field_least,
            "most" => self.field_most,
            "most_a_day" => self.field_most_a_day,
            "most_a_phone" => self.field_most_a_phone,
            "version" => self.field_version,
            "completes" => self.field_completes,
            "day" => self.field_day,
            "month" => self.field_month,
            "period" => self.field_period,
            "currency" => self.field_currency,
            "trial_days" => self.field_trial_days,
            "recurring" => self.field_recurring,
            "upgrade" => self.field_upgrade,
            "events" => self.field_events,
            "host" | "url" => self.field_host,
            "length" => self.field_length,
            "matched" => self.field_matched,
            "missing" => self.field_missing,
            "extra" => self.field_more,
            "differing" => self.field_differing,
            "status" | "state" => self.field_status,
            "refund" => self.field_refund,
            "revoked" => self.field_revoked,
            "left" => self.field_left,
            "flag" => self.field_flag,
            "looked" => self.field_looked,
            "sms" => self.field_sms,
            "admin" => self.field_admin,
            "ticket" => self.field_ticket,
            "from" => self.field_from,
            "sites" => self.field_sites,
            "gone" => self.stands_refunded,
            "email" => self.field_email,
            "phone" => self.field_phone,
            "closed" => self.field_closed,
            _ => return None,
        })
    }

    /// How something stood or stands, in words, where its field is `status`.
    #[must_use]
    pub fn status(&self, word: &str) -> Option<&'static str> {
        Some(match word {
            "unused" => self.stands_unused,
            "connecting" => self.stands_connecting,
            "running" => self.stands_running,
            "paused" => self.stands_paused,
            "used" => self.stands_used,
            "expired" => self.stands_expired,
            "revoked" => self.stands_revoked,
            "pending" | "waiting" => self.stands_waiting,
            "given" => self.stands_given,
            "sent" => self.stands_sent,
            "credited" => self.stands_credited,
            "refunded" => self.stands_refunded,
            "unknown" => self.stands_unknown,
            "success" => self.stands_success,
            "failed" => self.stands_failed,
            "failing" => self.stands_failing,
            "given-up" => self.stands_given_up,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use mnara_protocol::portal::Language;

    use super::super::Words;
    use super::AuditWords;
    use crate::providers::state::Move;

    /// Every act that the source writes down, with the file it stands in.
    fn written() -> Vec<(String, PathBuf)> {
        let mut found = Vec::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    if !path.ends_with("tests") {
                        folders.push(path);
                    }
                } else {
                    let text = fs::read_to_string(&path).unwrap();
                    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                    found.extend(acts_of(text).into_iter().map(|act| (act, path.clone())));
                }
            }
        }
        found
    }

    /// Acts stand in a deed before its subject, or are handed on by what writes deeds.
    fn acts_of(text: &str) -> Vec<String> {
        let mut acts = Vec::new();
        for deed in text.split("Deed {").skip(1) {
            let until = deed.find("subject").unwrap_or(0);
            acts.extend(words_in(deed.get(..until).unwrap_or_default()));
        }
        let hands_on = text.contains("Deed {") && text.contains("act: &'static str");
        for (name, asks) in [("note(", hands_on), ("told(app, &mut tx,", true)] {
            for call in text.split(name).skip(1).filter(|_| asks) {
                acts.extend(words_in(call.split(';').next().unwrap_or_default()));
            }
        }
        acts
    }

    fn words_in(text: &str) -> Vec<String> {
        let quoted = text.split('"').skip(1).step_by(2);
        let is_word = |word: &&str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        };
        quoted.filter(is_word).map(str::to_owned).collect()
    }

    #[test]
    fn every_act_that_is_written_down_has_words() {
        let listed = AuditWords::ENGLISH.acts();
        let has = |act: &str| listed.iter().any(|(word, _)| *word == act);
        let found = written();
        assert!(found.len() > 60, "only {} were found", found.len());
        for (act, path) in found {
            assert!(has(&act), "{act:?} of {} has no words", path.display());
        }
        let others = ["kick", "pause", "resume", "move", "diagnose"];
        let jobs = ["job-retry", "job-give-up", "job-forget"];
        let moves = Move::ALL.map(Move::word);
        for act in others.into_iter().chain(jobs).chain(moves) {
            assert!(has(act), "{act:?} has no words");
        }
    }

    #[test]
    fn a_voucher_is_taken_back_and_paused_by_one_word_each_in_kiswahili() {
        let w = Words::of(Language::Swahili);
        for back in [
            w.audit.revoke,
            w.audit.revoke_series,
            w.audit.stands_revoked,
            w.story.revoke,
            w.story.did_revoked,
            w.story.end_revoked,
            w.vouchers.revoke_series,
            w.vouchers.revoked,
            w.vouchers.taken_back,
        ] {
            assert!(back.to_lowercase().contains("fut"), "{back}");
        }
        for paused in [
            w.audit.pause,
            w.audit.stands_paused,
            w.story.pause,
            w.story.did_held,
            w.vouchers.paused,
        ] {
            assert!(paused.to_lowercase().contains("simamish"), "{paused}");
        }
    }

    #[test]
    fn no_act_stands_twice_and_each_is_said_otherwise_in_swahili() {
        let [english, swahili] = Language::ALL.map(|language| Words::of(language).audit.acts());
        for (at, ((act, says), (_, kiswahili))) in english.iter().zip(&swahili).enumerate() {
            assert!(english[..at].iter().all(|(before, _)| before != act));
            assert_ne!(says, kiswahili);
        }
    }
}
