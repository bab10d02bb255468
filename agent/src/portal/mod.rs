//! The captive portal: the pages a phone sees before and while it is online. It asks the agent and shows what it is told; who the phone
//! is, is its TCP peer address and nothing the browser says.

mod form;
mod html;
mod pages;
mod serve;
mod trouble;
mod words;

pub use serve::serve;

#[cfg(test)]
mod tests;
