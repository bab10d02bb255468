//! All SQL of the API: what it reads for its lists, in orders that an index serves, and the answers it keeps.

pub mod once;
pub mod payments;
pub mod series;
pub mod sessions;
pub mod sites;
