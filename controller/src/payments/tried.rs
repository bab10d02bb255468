//! Which form about money was refused: it alone is shown open again, with what was typed.

/// A form that somebody sent and that nothing came of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tried {
    /// None that has to be opened.
    #[default]
    Nothing,
    /// That M-PESA sends it back.
    Back,
    /// That it was sent back by hand.
    Refund,
    /// That it becomes credit of a phone.
    Credit,
    /// That M-PESA is asked about a receipt.
    Receipt,
}

impl Tried {
    /// Whether M-PESA was to send it back.
    #[must_use]
    pub const fn is_back(self) -> bool {
        matches!(self, Self::Back)
    }

    /// Whether it was to be written down that it was sent back.
    #[must_use]
    pub const fn is_refund(self) -> bool {
        matches!(self, Self::Refund)
    }

    /// Whether it was to become credit.
    #[must_use]
    pub const fn is_credit(self) -> bool {
        matches!(self, Self::Credit)
    }

    /// Whether M-PESA was to be asked about a receipt.
    #[must_use]
    pub const fn is_receipt(self) -> bool {
        matches!(self, Self::Receipt)
    }
}
