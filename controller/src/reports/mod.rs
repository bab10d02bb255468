//! Reports: what joins the slices before it into what an owner wants to know. Nothing is changed here.

pub mod home;
pub mod store;
