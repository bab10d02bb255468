//! Simulators of the outside world and the worlds tests build from them. No product code lives here.
pub mod browser;
pub mod gallery;
pub mod lighthouse;
pub mod measure;
pub mod sim;
pub mod story;
pub mod world;
