//! Keeping the router as it should be: observe, plan, apply, repeat.

pub mod desired;
pub mod observed;
