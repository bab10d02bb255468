//! Enumerations that travel as one number. A number that only a later version knows is kept as it is, so that the body around it still
//! reads and is passed on unchanged; what to do about it is decided where the enumeration is used, always on the safe side.

macro_rules! numbered {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$arm_doc:meta])* $number:literal $arm:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$arm_doc])* $arm,)*
            /// What only a later version knows, by its number.
            Other(u32),
        }

        impl $name {
            /// All that this version knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$arm),*];

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> u32 {
                match self {
                    $(Self::$arm => $number,)*
                    Self::Other(number) => number,
                }
            }

            /// What a number on the wire stands for.
            #[must_use]
            pub const fn from_number(number: u32) -> Self {
                match number {
                    $($number => Self::$arm,)*
                    other => Self::Other(other),
                }
            }
        }

        impl<C> ::minicbor::Encode<C> for $name {
            fn encode<W: ::minicbor::encode::Write>(
                &self,
                e: &mut ::minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), ::minicbor::encode::Error<W::Error>> {
                e.u32(self.number())?.ok()
            }
        }

        impl<'b, C> ::minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut ::minicbor::Decoder<'b>, _: &mut C) -> Result<Self, ::minicbor::decode::Error> {
                d.u32().map(Self::from_number)
            }
        }
    };
}

pub(crate) use numbered;

#[cfg(test)]
mod tests {
    use crate::grant::Step;
    use crate::message::{ByHand, HealthEvent, NotClaimed, NotDone, PayFailure, RouterAnswers};
    use crate::money::Currency;
    use crate::ticket::series::{Alphabet, CutOff};
    use crate::ticket::{EndReason, Refusal};

    #[test]
    fn numbers_read_back_also_those_of_a_later_version() {
        macro_rules! check {
            ($($name:ident),*) => {$(
                for (number, known) in (0..).zip($name::KNOWN) {
                    assert_eq!(known.number(), number, "{known:?}: no number is skipped or used twice");
                }
                for number in [0, 1, 2, 23, 24, 255, 256, 65_536, u32::MAX] {
                    let bytes = minicbor::to_vec(number).unwrap();
                    let read: $name = minicbor::decode(&bytes).unwrap();
                    assert_eq!(read, $name::from_number(number));
                    assert_eq!(minicbor::to_vec(read).unwrap(), bytes);
                    assert_eq!(matches!(read, $name::Other(_)), !$name::KNOWN.contains(&read));
                }
            )*};
        }
        check!(
            Step,
            EndReason,
            HealthEvent,
            NotDone,
            PayFailure,
            RouterAnswers,
            Refusal,
            Currency,
            Alphabet,
            CutOff,
            ByHand,
            NotClaimed
        );
    }
}
