//! The site program.
