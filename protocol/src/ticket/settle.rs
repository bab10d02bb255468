//! Joining histories made apart.
