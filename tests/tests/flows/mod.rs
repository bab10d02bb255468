//! Flows through real programs: the controller with its private database, agents, and the simulated outside on real ports.
//! Each fails when any program logs an ERROR.

mod backup;
mod by_hand;
mod callers;
mod commands;
mod database;
mod demo;
mod described;
mod disk;
mod enrol;
mod exactly_once;
mod hold;
mod keys;
mod kills;
mod money;
mod outage;
mod redeem;
mod restored;
mod router;
mod sell;
mod stores;
mod story;
mod subscription;
mod time;
mod trial;
mod troubles;
