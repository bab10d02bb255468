//! How bad a world is.

/// How bad a world is: each number is "once in so many", 0 for never.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    pub(super) cable: u64,
    pub(super) cut: u64,
    pub(super) crash: u64,
    pub(super) backup: u64,
    pub(super) old_copy: u64,
    pub(super) rot: u64,
    pub(super) dead: u64,
}

impl Faults {
    pub(crate) const NONE: Self = Self {
        cable: 0,
        cut: 0,
        crash: 0,
        backup: 0,
        old_copy: 0,
        rot: 0,
        dead: 0,
    };
    pub(crate) const CABLE: Self = Self {
        cable: 25,
        cut: 20,
        ..Self::NONE
    };
    pub(crate) const CRASHES: Self = Self {
        crash: 15,
        ..Self::NONE
    };
    pub(crate) const BACKUP: Self = Self {
        cut: 30,
        backup: 40,
        ..Self::NONE
    };
    pub(crate) const OLD_COPY: Self = Self {
        cut: 30,
        old_copy: 40,
        ..Self::NONE
    };
    pub(crate) const ROT: Self = Self {
        cut: 30,
        rot: 30,
        ..Self::NONE
    };
    pub(crate) const DEAD_LINES: Self = Self {
        dead: 20,
        ..Self::NONE
    };
    pub(crate) const ALL: Self = Self {
        cable: 40,
        cut: 30,
        crash: 30,
        backup: 60,
        old_copy: 60,
        rot: 60,
        dead: 40,
    };
}
