//! Simulators and the world they make up.
