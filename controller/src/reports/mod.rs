//! Reports: what joins the slices before it into what an owner wants to know. What is changed here, earlier slices change.
//!
//! The rows are the only book of reports; the till's own books, which stand beside them, are [`books`]. A day that is over is added up once, and its sums are used only while nothing on it has changed since, which is
//! looked up in the same statement; so a site that was cut off for weeks tells of its days when it is back, and they are right at once.

pub mod attention;
pub mod books;
pub mod chart;
pub mod days;
pub mod files;
pub mod first;
pub mod home;
pub mod mailed;
pub mod monthly;
mod names;
pub mod pages;
pub mod period;
pub mod store;
pub mod summary;
pub mod sums;
pub mod view;
pub mod voucher;
