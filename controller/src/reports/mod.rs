//! Reports: what joins the slices before it into what an owner wants to know. What is changed here, earlier slices change.

pub mod home;
pub mod store;
pub mod voucher;
