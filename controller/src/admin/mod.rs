//! The platform's own staff: which businesses there are, who is let in and who is stopped, how well the platform does and what failed.

pub mod begin;
pub mod credentials;
pub mod end;
pub mod factors;
mod losses;
pub mod notices;
pub mod outages;
pub mod pages;
pub mod reseal;
pub mod retention;
pub mod routers;
pub mod scrub;
pub mod sign_ups;
pub mod standing;
pub mod store;
pub mod targets;
mod telling;
pub mod up;
