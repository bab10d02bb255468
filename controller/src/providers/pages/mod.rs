//! Pages of getting in and of the people of a business: sign-up, log-in, the second factor, one's own account, staff.
//!
//! Each handler reads a form, calls one function and shows a template; what stands around every page is in [`frame`].

pub mod account;
pub mod assets;
pub mod audit;
pub mod businesses;
pub mod contact;
pub mod enter;
pub mod frame;
pub mod icons;
pub mod join;
pub mod more;
pub mod places;
pub mod proof;
pub mod reset;
pub mod second;
pub mod sign_up;
pub mod staff;
pub mod trouble;
pub mod way;
pub mod words;
