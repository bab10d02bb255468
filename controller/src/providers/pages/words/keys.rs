//! Keys for programs, and what stands around them.

use crate::providers::keys::scopes::Scope;

words! {
    /// Keys for programs.
    KeyWords {
        title: "Keys for programs" "Funguo za programu",
        text:
            "A key lets a program of yours, such as your accounts or a till, work with your business. Give each program its own key, and only what it needs."
            "Ufunguo unaruhusu programu yako, kama ya hesabu au ya kuuzia, kufanya kazi na biashara yako. Ipe kila programu ufunguo wake, na kile inachohitaji tu.",
        parts: "For programs" "Kwa programu",
        keys: "Keys" "Funguo",
        news: "News to your programs" "Habari kwa programu zako",
        data: "All your data" "Data yako yote",
        how: "How the API is called" "Jinsi ya kutumia API",
        none: "There are no keys yet." "Bado hakuna funguo.",
        made: "Made" "Umetengenezwa",
        by: "by" "na",
        used: "Last used" "Umetumika mara ya mwisho",
        never: "Never used" "Haujatumika",
        until: "Good until" "Unafaa hadi",
        revoke: "Revoke" "Futa",
        ended: "The key is revoked. It opens nothing any more." "Ufunguo umefutwa. Haufungui chochote tena.",
        new: "A new key" "Ufunguo mpya",
        name: "What is it for?" "Ni wa nini?",
        name_hint: "Such as: accounts, till at the market" "Kama: hesabu, kuuzia sokoni",
        may: "It may" "Unaweza",
        days: "Good for" "Unafaa kwa",
        for_ever: "Until I revoke it" "Hadi niufute",
        days_30: "30 days" "Siku 30",
        days_90: "90 days" "Siku 90",
        days_365: "1 year" "Mwaka 1",
        make: "Make the key" "Tengeneza ufunguo",
        secret: "Your key" "Ufunguo wako",
        secret_text:
            "Copy it now: it is shown only this once. Whoever has it can do what you ticked, so keep it like a password."
            "Unakili sasa: unaonyeshwa mara hii tu. Aliye nao anaweza kufanya ulichochagua, uutunze kama nenosiri.",
        bad_name: "Say what the key is for, in 1 to 80 letters." "Eleza ufunguo ni wa nini, kwa herufi 1 hadi 80.",
        bad_scopes: "Tick at least one thing the key may do." "Chagua angalau jambo moja ambalo ufunguo unaweza kufanya.",
        too_many: "You have 50 keys. Revoke one first." "Una funguo 50. Futa mmoja kwanza.",
        api_title: "The API" "API",
        api_text:
            "With this, programs of your own work with your business. The rest of this page is for whoever writes them, in English."
            "Kwa hii, programu zako hufanya kazi na biashara yako. Sehemu iliyobaki ya ukurasa huu ni ya anayeziandika, kwa Kiingereza.",
        api_scopes: "What a key can be good for" "Ufunguo unaweza kuruhusu nini",
        api_problems: "What each error means" "Kila kosa lina maana gani",
        password: "Your own password here, once more" "Nenosiri lako la hapa, kwa mara nyingine",
        digits: "The six digits of your authenticator, if you have set one up" "Tarakimu sita za programu yako ya uthibitishaji, kama umeiweka",
        wrong_proof: "Your password or the six digits are wrong." "Nenosiri lako au tarakimu sita si hizo.",
        sites_read: "See sites and whether they are up" "Kuona maeneo na kama yanafanya kazi",
        sites_write: "Make, name and close sites, and make the lines that enrol them" "Kutengeneza maeneo, kuyapa majina na kuyafunga, na kutengeneza mistari ya kuyaunganisha",
        plans_read: "See plans" "Kuona vifurushi",
        plans_write: "Make and change plans" "Kutengeneza na kubadilisha vifurushi",
        tickets_read: "See vouchers and series, without their codes" "Kuona vocha na mifululizo, bila misimbo",
        codes_read: "See codes, which are worth money" "Kuona misimbo, ambayo ni pesa",
        tickets_write: "Make series; revoke, extend, pause vouchers; disconnect devices" "Kutengeneza mifululizo; kufuta, kuongeza muda, kusimamisha vocha; kukata vifaa",
        payments_read: "See payments, the phone numbers that paid, and what was sold for cash" "Kuona malipo, nambari za simu zilizolipa, na vocha zilizouzwa kwa pesa taslimu",
        payments_write:
            "Ask M-PESA again, send a voucher again, write down refunds, and decide about money to sort out: give a voucher or credit for it; never send money"
            "Kuuliza M-PESA tena, kutuma vocha tena, kuandika marejesho, na kuamua kuhusu pesa za kushughulikia: kuzitolea vocha au salio; kamwe si kutuma pesa",
        customers_read: "See customers, their phone numbers and what they had" "Kuona wateja, nambari zao za simu na walichopata",
        customers_write: "Block customers, and give them vouchers for free" "Kuzuia wateja, na kuwapa vocha bila malipo",
        sessions_read: "See who was online when, and how much they used" "Kuona waliokuwa mtandaoni, lini, na walivyotumia",
        staff_read: "See who works here, and who was asked to" "Kuona wafanyakazi, na walioalikwa",
        messages_read:
            "See which SMS were sent, to which numbers, what they cost, and which numbers get none"
            "Kuona SMS zilizotumwa, kwa nambari zipi, gharama zake, na nambari zisizotumiwa",
        messages_write:
            "Send an SMS again that got no answer, which may charge it twice, and choose which numbers get none"
            "Kutuma tena SMS isiyopata jibu, ambayo huenda ikalipishwa mara mbili, na kuchagua nambari zisizotumiwa",
        reports_read: "See what was earned and used, and the books" "Kuona mapato na matumizi, na vitabu vya hesabu",
        settings_read:
            "See how the customers' page looks, who is told what, the M-PESA number, and which keys and webhooks there are; no secret of any"
            "Kuona mwonekano wa ukurasa wa wateja, nani anaarifiwa nini, nambari ya M-PESA, na funguo na webhook zilizopo; bila siri yoyote",
        settings_write:
            "Change how the customers' page looks, who is told what and which SMS are sent, try webhooks out and send them their messages again; never where money goes"
            "Kubadilisha mwonekano wa ukurasa wa wateja, nani anaarifiwa nini na SMS zipi zinatumwa, kujaribu webhook na kuzitumia ujumbe wake tena; kamwe si pesa ziendako",
        audit_read: "See who did what" "Kuona nani alifanya nini",
        subscription_read: "See what this business pays for Mnara" "Kuona biashara hii inalipia nini kwa Mnara",
        subscription_pay: "Make an order to pay for Mnara; somebody still has to pay it" "Kutengeneza oda ya kulipia Mnara; bado lazima mtu ailipe",
    }
}

impl KeyWords {
    /// What a scope lets a program do.
    #[must_use]
    pub const fn scope(&self, scope: Scope) -> &'static str {
        match scope {
            Scope::SitesRead => self.sites_read,
            Scope::SitesWrite => self.sites_write,
            Scope::PlansRead => self.plans_read,
            Scope::PlansWrite => self.plans_write,
            Scope::TicketsRead => self.tickets_read,
            Scope::CodesRead => self.codes_read,
            Scope::TicketsWrite => self.tickets_write,
            Scope::PaymentsRead => self.payments_read,
            Scope::PaymentsWrite => self.payments_write,
            Scope::CustomersRead => self.customers_read,
            Scope::CustomersWrite => self.customers_write,
            Scope::SessionsRead => self.sessions_read,
            Scope::StaffRead => self.staff_read,
            Scope::MessagesRead => self.messages_read,
            Scope::MessagesWrite => self.messages_write,
            Scope::ReportsRead => self.reports_read,
            Scope::SettingsRead => self.settings_read,
            Scope::SettingsWrite => self.settings_write,
            Scope::AuditRead => self.audit_read,
            Scope::SubscriptionRead => self.subscription_read,
            Scope::SubscriptionPay => self.subscription_pay,
        }
    }
}
