//! Single moves of a session, both ends in hand. Long conversations over a bad cable are in `tests/two_ends.rs`.
