//! All SQL of the admin pages. It needs the platform's door, and each list has a limit and an index that serves it.

pub mod health;
pub mod keys;
pub mod losses;
pub mod notices;
pub mod payments;
pub mod people;
pub mod providers;
pub mod retention;
pub mod sites;
pub mod webhooks;
