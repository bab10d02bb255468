//! Who works here, and as what.

use crate::providers::staff::roles::{Permission, Role};

words! {
    /// Who works here.
    StaffWords {
        title: "Staff" "Wafanyakazi",
        you: "you" "wewe",
        since: "Here since" "Yupo tangu",
        role: "Role" "Wadhifa",
        set: "Change" "Badilisha",
        end: "End their place" "Maliza nafasi yake",
        asked: "Invited, not here yet" "Walioalikwa, bado hawajafika",
        asked_none: "Nobody is invited at the moment." "Hakuna aliyealikwa kwa sasa.",
        until: "Good until" "Unafaa hadi",
        take_back: "Take back" "Futa mwaliko",
        their_name: "Their name" "Jina lake",
        ask: "Invite somebody" "Alika mtu",
        ask_text:
            "You get a link to send them, by WhatsApp or however you like. It is good once, for 7 days."
            "Utapata kiungo cha kumtumia, kwa WhatsApp au upendavyo. Kinafaa mara moja, kwa siku 7.",
        ask_button: "Make the link" "Tengeneza kiungo",
        link: "The link" "Kiungo",
        link_text: "Send this to them. It is shown only now." "Mtumie hiki. Kinaonyeshwa sasa tu.",
        changed: "The role is changed." "Wadhifa umebadilishwa.",
        ended: "Their place is ended and they are logged out." "Nafasi yake imemalizwa na ametolewa.",
        keys_left:
            "They made keys for programs that still work. Look at them, and revoke those they may have kept."
            "Alitengeneza funguo za programu ambazo bado zinafanya kazi. Zitazame, na ufute zile ambazo huenda amebaki nazo.",
        taken_back: "The invitation is taken back." "Mwaliko umefutwa.",
        last_owner:
            "A business needs an owner. Make somebody else one first."
            "Biashara inahitaji mmiliki. Mfanye mtu mwingine mmiliki kwanza.",
        full:
            "200 people work here, which is the most there can be. End somebody's place first."
            "Watu 200 wanafanya kazi hapa, ambao ndio wengi kabisa wanaoweza kuwepo. Maliza nafasi ya mtu kwanza.",
        too_many_open:
            "200 invitations are open, which is the most there can be. Take one back first, or wait until one has run out."
            "Mialiko 200 iko wazi, ambayo ndiyo mingi kabisa inayoweza kuwepo. Futa mmoja kwanza, au subiri mmoja uishe muda.",
        full_there:
            "200 people work in this business, which is the most there can be. Ask whoever invited you to end somebody's place first; this invitation stays good until then."
            "Watu 200 wanafanya kazi katika biashara hii, ambao ndio wengi kabisa wanaoweza kuwepo. Mwombe aliyekualika amalize nafasi ya mtu kwanza; mwaliko huu bado utafaa.",
        no_invitation:
            "This invitation was used, was taken back or has run out. Ask for a new one."
            "Mwaliko huu umetumika, umefutwa au umeisha muda. Omba mwingine.",
        join_title: "Join" "Jiunge",
        join_as: "You will be:" "Utakuwa:",
        join_button: "Join" "Jiunge",
        join_for: "This invitation is for" "Mwaliko huu ni wa",
        join_may: "What you may do there" "Unachoruhusiwa kufanya huko",
        join_with: "You are logged in as" "Umeingia kama",
        not_me:
            "If that is not you, log out first and open the link again."
            "Kama si wewe, toka kwanza, kisha ufungue kiungo tena.",
        have_log_in: "I already have a log-in" "Tayari nina akaunti ya kuingia",
        here_already:
            "You work in this business already. An owner or manager can change your role."
            "Tayari unafanya kazi katika biashara hii. Mmiliki au meneja anaweza kubadilisha wadhifa wako.",
        owner: "Owner" "Mmiliki",
        owner_text:
            "May do everything, also change where money goes."
            "Anaweza kufanya yote, pia kubadilisha pesa ziendako.",
        manager: "Manager" "Meneja",
        manager_text: "Runs the business from day to day." "Anaendesha biashara kila siku.",
        cashier: "Cashier" "Keshia",
        cashier_text:
            "Sells vouchers, sees payments and customers, and sets payments right, such as noting what was paid back."
            "Anauza vocha, anaona malipo na wateja, na anarekebisha malipo, kama kuandika pesa zilizorudishwa.",
        technician: "Technician" "Fundi",
        technician_text: "Keeps sites and routers working." "Anahakikisha maeneo na ruta zinafanya kazi.",
        reader: "Reader" "Msomaji",
        reader_text:
            "Sees how the business goes, its payments, customers and staff, and changes nothing. Sees no unused codes, no keys and no M-PESA settings."
            "Anaona biashara inavyoendelea, malipo, wateja na wafanyakazi, na habadilishi chochote. Haoni misimbo ambayo haijatumika, funguo wala mipangilio ya M-PESA.",
        table: "What each role may do" "Kila wadhifa unaruhusiwa nini",
        may: "What" "Nini",
        see_home: "See how the business is today" "Kuona hali ya biashara leo",
        see_sites: "See sites, and whether they are up" "Kuona maeneo, na kama yako hewani",
        manage_sites: "Make sites and enrol their agents" "Kutengeneza maeneo na kusajili mawakala",
        serve_customers: "Disconnect, pause and move a customer's device" "Kukatisha, kusimamisha na kuhamisha kifaa cha mteja",
        see_plans: "See what is for sale" "Kuona kinachouzwa",
        edit_plans: "Change what is for sale" "Kubadilisha kinachouzwa",
        see_vouchers: "See vouchers and their story" "Kuona vocha na historia zake",
        print_vouchers: "See and print codes nobody has used" "Kuona na kuchapisha misimbo ambayo haijatumika",
        sell_for_cash: "Sell vouchers for cash" "Kuuza vocha kwa pesa taslimu",
        make_vouchers: "Make and revoke vouchers, give extra time" "Kutengeneza na kufuta vocha, kuongeza muda",
        see_payments: "See payments and customers" "Kuona malipo na wateja",
        work_payments: "Set a payment right" "Kurekebisha malipo",
        work_customers: "Block a customer, give one a voucher" "Kumzuia mteja, kumpa mteja vocha",
        see_reports: "See reports and the books" "Kuona ripoti na vitabu",
        edit_portal: "Change how the customers' page looks" "Kubadilisha mwonekano wa ukurasa wa wateja",
        set_notices: "Say who is told what" "Kuamua nani anaambiwa nini",
        see_audit: "See who did what" "Kuona nani alifanya nini",
        manage_keys: "Give programs a way in" "Kuruhusu programu kuingia",
        send_back: "Send customers' money back through M-PESA" "Kurudisha pesa za wateja kwa M-PESA",
        export: "Take all data out" "Kuchukua data yote",
        see_subscription: "See what the business pays Mnara" "Kuona biashara inalipa nini kwa Mnara",
        pay_platform: "Pay Mnara" "Kulipa Mnara",
        set_mpesa: "Say where customers' money goes" "Kuamua pesa za wateja ziende wapi",
        see_staff: "See who works here" "Kuona wafanyakazi",
        manage_staff: "Invite people, change roles, end places" "Kualika watu, kubadilisha nyadhifa, kumaliza nafasi",
        make_owners: "Make and unmake owners" "Kufanya na kuondoa wamiliki",
        prove: "First show that it is you" "Kwanza thibitisha kuwa ni wewe",
        prove_text:
            "An owner can do everything, also change where money goes. So making somebody an owner, and changing or ending an owner's place, takes your password."
            "Mmiliki anaweza kufanya yote, pia kubadilisha pesa ziendako. Kwa hiyo kumfanya mtu mmiliki, na kubadilisha au kumaliza nafasi ya mmiliki, kunahitaji nenosiri lako.",
        end_ask: "They are logged out at once and can do nothing here any more." "Atatolewa mara moja na hataweza kufanya chochote hapa tena.",
    }
}

impl StaffWords {
    /// What a permission lets people do.
    #[must_use]
    pub const fn permission(&self, permission: Permission) -> &'static str {
        match permission {
            Permission::SeeHome => self.see_home,
            Permission::SeeSites => self.see_sites,
            Permission::ManageSites => self.manage_sites,
            Permission::ServeCustomers => self.serve_customers,
            Permission::SeePlans => self.see_plans,
            Permission::EditPlans => self.edit_plans,
            Permission::SeeVouchers => self.see_vouchers,
            Permission::PrintVouchers => self.print_vouchers,
            Permission::SellForCash => self.sell_for_cash,
            Permission::MakeVouchers => self.make_vouchers,
            Permission::SeePayments => self.see_payments,
            Permission::WorkPayments => self.work_payments,
            Permission::SendBack => self.send_back,
            Permission::WorkCustomers => self.work_customers,
            Permission::SeeReports => self.see_reports,
            Permission::EditPortal => self.edit_portal,
            Permission::SetNotices => self.set_notices,
            Permission::SeeAudit => self.see_audit,
            Permission::ManageKeys => self.manage_keys,
            Permission::Export => self.export,
            Permission::SeeSubscription => self.see_subscription,
            Permission::PayPlatform => self.pay_platform,
            Permission::SetMpesa => self.set_mpesa,
            Permission::SeeStaff => self.see_staff,
            Permission::ManageStaff => self.manage_staff,
            Permission::MakeOwners => self.make_owners,
        }
    }

    /// What a role is called.
    #[must_use]
    pub const fn name(&self, role: &Role) -> &'static str {
        match role {
            Role::Owner => self.owner,
            Role::Manager => self.manager,
            Role::Cashier => self.cashier,
            Role::Technician => self.technician,
            Role::Reader => self.reader,
        }
    }

    /// What a role does.
    #[must_use]
    pub const fn text(&self, role: &Role) -> &'static str {
        match role {
            Role::Owner => self.owner_text,
            Role::Manager => self.manager_text,
            Role::Cashier => self.cashier_text,
            Role::Technician => self.technician_text,
            Role::Reader => self.reader_text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Permission as P;
    use super::*;

    #[test]
    fn what_is_said_of_a_role_in_a_sentence_is_what_the_table_says() {
        let cashiers = [P::SellForCash, P::SeePayments, P::WorkPayments];
        assert!(cashiers.into_iter().all(|may| Role::Cashier.may(may)));
        let readers = [P::SeeHome, P::SeeReports, P::SeePayments, P::SeeStaff];
        assert!(readers.into_iter().all(|may| Role::Reader.may(may)));
        let hidden = [P::PrintVouchers, P::ManageKeys, P::SetMpesa];
        assert!(!hidden.into_iter().any(|may| Role::Reader.may(may)));
        // Whoever changes nothing has the permissions only that see.
        for permission in Role::Reader.permissions() {
            let says = StaffWords::ENGLISH.permission(permission);
            assert!(says.starts_with("See "), "{says}");
        }
    }
}
