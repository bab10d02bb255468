//! Tickets against a naive model.
