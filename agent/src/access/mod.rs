//! Keeping the router as it should be: observe, plan, apply, repeat.

pub mod apply;
pub mod desired;
pub mod observe;
pub mod observed;
pub mod plan;
