//! All pages and addresses at once: who may open which, what a neighbour sees, and texts that break pages.

mod doorless;
pub(super) mod doors;
mod every_page;
mod lists;
mod neighbours;
mod nul;

use super::*;
