//! The site program.

pub mod access;
pub mod routeros;
