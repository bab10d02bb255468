//! Worlds for flows and the demo: real programs on real ports with the simulated outside around them. A world is set up,
//! pushed about and looked at here; what ought to happen is in the flows.

pub mod business;
pub mod cable;
pub mod clock;
pub mod controller;
pub mod folder;
pub mod http;
pub mod ports;
pub mod program;
