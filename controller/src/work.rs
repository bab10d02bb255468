//! Every kind of job, in one table. A handler is named here and written in its slice.

use crate::jobs::Work;

/// The table.
pub const WORK: &[Work] = &[];
