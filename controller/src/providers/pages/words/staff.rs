//! Who works here, and as what.

use crate::providers::staff::roles::Role;

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
        taken_back: "The invitation is taken back." "Mwaliko umefutwa.",
        last_owner:
            "A business needs an owner. Make somebody else one first."
            "Biashara inahitaji mmiliki. Mfanye mtu mwingine mmiliki kwanza.",
        no_invitation:
            "This invitation was used, was taken back or has run out. Ask for a new one."
            "Mwaliko huu umetumika, umefutwa au umeisha muda. Omba mwingine.",
        join_title: "Join" "Jiunge",
        join_as: "You will be:" "Utakuwa:",
        join_button: "Join" "Jiunge",
        owner: "Owner" "Mmiliki",
        owner_text:
            "May do everything, also change where money goes."
            "Anaweza kufanya yote, pia kubadilisha pesa ziendako.",
        manager: "Manager" "Meneja",
        manager_text: "Runs the business from day to day." "Anaendesha biashara kila siku.",
        cashier: "Cashier" "Keshia",
        cashier_text: "Sells vouchers and sees today's sales." "Anauza vocha na kuona mauzo ya leo.",
        technician: "Technician" "Fundi",
        technician_text: "Keeps sites and routers working." "Anahakikisha maeneo na ruta zinafanya kazi.",
        reader: "Reader" "Msomaji",
        reader_text: "Sees everything and changes nothing." "Anaona yote na habadilishi chochote.",
    }
}

impl StaffWords {
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
