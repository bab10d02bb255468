//! The cloud program.
