//! How a business's portal looks: colours, what it says in both languages, a logo. Sites are told of it with everything else
//! (`tickets::feed`); the page that changes it is the portal's (`captive::look`).

mod logo;
pub mod preview;
mod site;
pub mod store;
mod trial;

use mnara_protocol::message::{LogoId, LogoRow, LookRow, PictureKind, Spoken};
use mnara_protocol::portal::Look;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::Provider;

pub use logo::{BadLogo, MOST_BYTES, read};
pub use site::{KeptOver, Over};
pub use trial::{BadTrial, Trial};

/// The colour of whoever has none of their own.
pub const PLAIN: u32 = 0x0a_7d_4b;
/// The most letters of a welcome.
pub const WELCOME: usize = 200;
/// The most letters of a banner.
pub const BANNER: usize = 160;
/// The most letters of the terms.
pub const TERMS: usize = 4_000;
/// The most letters of a phone number.
const HELP_PHONE: usize = 20;

/// What a person decided about the look, without the logo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Brand colour as 0xRRGGBB.
    pub colour: u32,
    /// Colour of buttons; none for the brand's.
    pub button: Option<u32>,
    /// A number customers can call.
    pub help_phone: Option<String>,
    /// What is said above the plans.
    pub welcome: Spoken,
    /// What everybody should know now.
    pub banner: Spoken,
    /// What a buyer accepts.
    pub terms: Spoken,
    /// What is given away to try.
    pub trial: Trial,
}

/// Why a look cannot be kept.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadLook {
    /// A colour is none.
    #[error("give the colour as six hexadecimal digits, such as 0a7d4b")]
    Colour,
    /// The help number is too long, or has letters.
    #[error("give a help phone of at most {HELP_PHONE} digits")]
    HelpPhone,
    /// The welcome is too long.
    #[error("give a welcome of at most {WELCOME} letters")]
    Welcome,
    /// The banner is too long.
    #[error("give a banner of at most {BANNER} letters")]
    Banner,
    /// The terms are too long.
    #[error("give terms of at most {TERMS} letters")]
    Terms,
    /// What is given away cannot be so.
    #[error(transparent)]
    Trial(#[from] BadTrial),
}

impl Draft {
    /// Looks it over.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self) -> Result<(), BadLook> {
        let is_long = |text: &Spoken, most: usize| {
            [&text.english, &text.swahili]
                .into_iter()
                .any(|text| text.chars().count() > most)
        };
        let is_no_phone = |phone: &String| {
            phone.chars().count() > HELP_PHONE
                || !phone.chars().any(|letter| letter.is_ascii_digit())
                || !phone
                    .chars()
                    .all(|letter| letter.is_ascii_digit() || " +-()/".contains(letter))
        };
        if self.help_phone.as_ref().is_some_and(is_no_phone) {
            return Err(BadLook::HelpPhone);
        }
        for (text, most, bad) in [
            (&self.welcome, WELCOME, BadLook::Welcome),
            (&self.banner, BANNER, BadLook::Banner),
            (&self.terms, TERMS, BadLook::Terms),
        ] {
            if is_long(text, most) {
                return Err(bad);
            }
        }
        self.trial.check()?;
        Ok(())
    }

    /// The look of a business that has decided nothing yet.
    #[must_use]
    pub fn plain(business: &Provider) -> Self {
        Self {
            colour: business.colour,
            button: None,
            help_phone: business.help_phone.clone(),
            welcome: Spoken::NOTHING,
            banner: Spoken::NOTHING,
            terms: Spoken::NOTHING,
            trial: Trial::default(),
        }
    }

    /// The portal as customers would see it.
    #[must_use]
    pub fn look(&self, business: &str, logo: Option<LogoId>) -> Look {
        let mut look = Look::unknown();
        business.clone_into(&mut look.business);
        look.colour = self.colour;
        look.help_phone.clone_from(&self.help_phone);
        look.take_look(Some(self.row(logo)));
        look
    }

    /// What a site is told.
    #[must_use]
    pub fn row(&self, logo: Option<LogoId>) -> LookRow {
        let said = |text: &Spoken| (*text != Spoken::NOTHING).then(|| text.clone());
        LookRow {
            button: self.button,
            welcome: said(&self.welcome),
            banner: said(&self.banner),
            terms: said(&self.terms),
            logo,
        }
    }
}

/// A picture that was looked over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// How it is written.
    pub kind: PictureKind,
    /// The picture.
    pub picture: Vec<u8>,
}

impl Logo {
    /// Its name in the feed.
    #[must_use]
    pub fn id(&self) -> LogoId {
        let mut id = [0; 16];
        id.copy_from_slice(&Sha256::digest(&self.picture)[..16]);
        id
    }

    /// What a site is told.
    #[must_use]
    pub fn row(&self) -> LogoRow {
        LogoRow {
            kind: self.kind,
            picture: self.picture.clone(),
        }
    }
}

/// A look as it is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Colours and words.
    pub draft: Draft,
    /// The logo.
    pub logo: Option<Logo>,
}

impl Kept {
    /// What customers see while the plan of the business has no look of its own: a plain portal with its help number. Nothing is given away
    /// either, since the page where that is switched off does not open.
    #[must_use]
    pub fn at_rest(self) -> Self {
        Self {
            draft: Draft {
                colour: PLAIN,
                button: None,
                help_phone: self.draft.help_phone,
                welcome: Spoken::NOTHING,
                banner: Spoken::NOTHING,
                terms: Spoken::NOTHING,
                trial: Trial::default(),
            },
            logo: None,
        }
    }
}
