//! Why money did not come, for those who help businesses.

use crate::rails::daraja::result::{Meaning, Reason, ResultCode};

words! {
    /// Why money did not come, for those who help businesses.
    ResultWords {
        no_money: "The customer had not enough money." "Mteja hakuwa na pesa za kutosha.",
        below: "The amount is below M-PESA's minimum." "Kiasi kiko chini ya kiwango cha chini cha M-PESA.",
        above: "The amount is above M-PESA's maximum." "Kiasi kiko juu ya kiwango cha juu cha M-PESA.",
        daily: "The customer's limit for the day is reached." "Kikomo cha siku cha mteja kimefikiwa.",
        full: "The business's M-PESA account is full." "Akaunti ya M-PESA ya biashara imejaa.",
        too_soon: "The same amount was paid to the same number just before." "Kiasi hicho hicho kililipwa kwa nambari hiyo hiyo muda mfupi kabla.",
        busy: "M-PESA was busy." "M-PESA ilikuwa na shughuli nyingi.",
        other_prompt: "Another prompt was open on the phone." "Ombi lingine lilikuwa wazi kwenye simu.",
        expired: "Nobody answered the prompt in time." "Hakuna aliyejibu ombi kwa wakati.",
        not_shown: "The prompt could not be shown." "Ombi halikuweza kuonyeshwa.",
        cancelled: "The customer said no." "Mteja alikataa.",
        unreachable: "The phone was off, out of reach, or not looked at." "Simu ilikuwa imezimwa, haipatikani, au haikuangaliwa.",
        wrong_pin: "The customer typed a wrong PIN." "Mteja aliandika PIN isiyo sahihi.",
        locked: "The customer's PIN is locked." "PIN ya mteja imefungwa.",
        no_mpesa: "M-PESA does not take the customer's number." "M-PESA haikubali nambari ya mteja.",
        setup: "The business's till or paybill is set up wrongly: help its owner." "Till au paybill ya biashara imewekwa vibaya: msaidie mmiliki.",
        account: "Safaricom refused the business's keys: help its owner." "Safaricom ilikataa funguo za biashara: msaidie mmiliki.",
        not_asked: "Safaricom could not be asked." "Safaricom haikuweza kuombwa.",
        unknown: "A code that Mnara does not know." "Msimbo ambao Mnara haiujui.",
    }
}

impl ResultWords {
    /// What Safaricom's code says.
    #[must_use]
    pub fn code(&self, code: &str) -> &'static str {
        let meaning = ResultCode::new(code).map(|code| code.meaning());
        let Some(Meaning::Failed(reason)) = meaning else {
            return self.unknown;
        };
        match reason {
            Reason::NoMoney => self.no_money,
            Reason::BelowMinimum => self.below,
            Reason::AboveMaximum => self.above,
            Reason::DailyLimit => self.daily,
            Reason::ReceiverFull => self.full,
            Reason::RepeatTooSoon => self.too_soon,
            Reason::Busy => self.busy,
            Reason::PromptOpen => self.other_prompt,
            Reason::Expired => self.expired,
            Reason::NotShown => self.not_shown,
            Reason::Cancelled => self.cancelled,
            Reason::Unreachable => self.unreachable,
            Reason::WrongPin => self.wrong_pin,
            Reason::Locked => self.locked,
            Reason::ProviderSetup => self.setup,
        }
    }

    /// What our own word for a failure without a code says.
    #[must_use]
    pub fn failure(&self, failure: &str) -> &'static str {
        match failure {
            "provider-account" => self.account,
            "provider-setup" => self.setup,
            "busy" => self.busy,
            "other-prompt" => self.other_prompt,
            "expired" => self.expired,
            "no-answer" => self.unreachable,
            "limit-reached" => self.daily,
            "too-soon" => self.too_soon,
            "locked" => self.locked,
            "no-mpesa" => self.no_mpesa,
            _ => self.not_asked,
        }
    }
}
