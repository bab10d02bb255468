//! What one site says of its own on its portal, in the place of what the business says.

use mnara_protocol::message::Spoken;

use super::{BadLook, Draft, Kept, Logo};

/// What one site has of its own; what it has not is the business's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Over {
    /// Colour of the top as 0xRRGGBB.
    pub colour: Option<u32>,
    /// Colour of buttons as 0xRRGGBB.
    pub button: Option<u32>,
    /// What is said above the plans; nothing for the business's.
    pub welcome: Spoken,
    /// What everybody should know now; nothing for the business's.
    pub banner: Spoken,
    /// What a buyer accepts; nothing for the business's.
    pub terms: Spoken,
}

/// What is kept of it.
#[derive(Clone, Debug, Default)]
pub struct KeptOver {
    /// Colours and words.
    pub over: Over,
    /// The logo.
    pub logo: Option<Logo>,
}

impl Over {
    /// The look of the site of a business.
    #[must_use]
    pub fn onto(&self, business: &Draft) -> Draft {
        let said =
            |own: &Spoken, all: &Spoken| if *own == Spoken::NOTHING { all } else { own }.clone();
        Draft {
            colour: self.colour.unwrap_or(business.colour),
            // A colour of the top that is the site's own is the buttons' too, unless those have one here.
            button: self
                .button
                .or_else(|| business.button.filter(|_| self.colour.is_none())),
            help_phone: business.help_phone.clone(),
            welcome: said(&self.welcome, &business.welcome),
            banner: said(&self.banner, &business.banner),
            terms: said(&self.terms, &business.terms),
            trial: business.trial,
        }
    }

    /// Looks it over.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self, business: &Draft) -> Result<(), BadLook> {
        self.onto(business).check()
    }
}

impl KeptOver {
    /// The look of the site of a business.
    #[must_use]
    pub fn onto(self, business: Kept) -> Kept {
        Kept {
            draft: self.over.onto(&business.draft),
            logo: self.logo.or(business.logo),
        }
    }
}
