//! The lanes in which jobs run beside each other, and how many hands each has.

/// Hands of a lane that others wait for.
const HANDS: usize = 8;
/// Hands that ask: most of them wait, for a turn that is near or for a gateway that is slow, and hold no connection meanwhile. Were all of them
/// taken, a question would come after its turn, which nobody else has then.
const ASKING: usize = 128;

/// Which hands do a kind of job. Each lane has its own, so that addresses of others that do not answer hold up nobody's money.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lane {
    /// What our own promises rest on.
    Ours,
    /// Questions to rails, each of which may hang for half a minute.
    Questions,
    /// Letters to people.
    Mail,
    /// News to addresses that businesses named.
    News,
    /// SMS: somebody who paid waits for a code, however slow a mail server is.
    Texts,
}

impl Lane {
    /// Every lane.
    pub(super) const ALL: [Self; 5] = [
        Self::Ours,
        Self::Questions,
        Self::Mail,
        Self::News,
        Self::Texts,
    ];

    /// Jobs of it that one process does at once.
    pub(super) const fn hands(self) -> usize {
        match self {
            Self::Ours => HANDS,
            Self::Questions => ASKING,
            Self::Mail => 2,
            Self::News | Self::Texts => 4,
        }
    }
}
