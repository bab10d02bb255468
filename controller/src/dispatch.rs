//! Every message of an agent, in one table: which slice answers which kind. Nothing is decided here.
