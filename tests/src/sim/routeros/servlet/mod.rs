//! The router's own pages.
use std::net::SocketAddr;

#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) portal: Option<SocketAddr>,
}

impl Site {
    pub(crate) fn new(portal: Option<SocketAddr>) -> Self {
        Self { portal }
    }
}
