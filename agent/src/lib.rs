//! The site program: redeems tickets, keeps the router as it should be, serves the captive portal, and tells the controller what
//! happened. The order below is the order of imports: what stands later may use what stands earlier.

pub mod access;
pub mod agent;
pub mod core;
pub mod routeros;
