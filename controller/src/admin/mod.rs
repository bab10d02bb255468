//! The platform's own staff: which businesses there are, who is let in and who is stopped.

pub mod begin;
pub mod pages;
pub mod standing;
pub mod store;
