//! placeholder for the slice
