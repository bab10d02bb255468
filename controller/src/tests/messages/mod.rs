//! What people are told by mail and by SMS, and what they choose to be told.

mod mail;
mod monthly;
mod notices;
mod texts;

use super::*;
