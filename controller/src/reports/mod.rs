//! Reports: what joins the slices before it into what an owner wants to know. What is changed here, earlier slices change.
//!
//! Every number is added up when it is asked for, from the rows themselves and along an index that ends where the period ends. There is no
//! second book that could disagree with the first: a site that was cut off for weeks tells of its days when it is back, and they are right then.

pub mod attention;
pub mod chart;
pub mod files;
pub mod first;
pub mod home;
pub mod monthly;
pub mod pages;
pub mod period;
pub mod store;
pub mod summary;
pub mod sums;
pub mod view;
pub mod voucher;
