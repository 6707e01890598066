//! Shared code of commands that stay on a bus for a while: [`watch`] decides when they end, [`news`] handles what an inbox reports beside
//! messages, [`pace`] tells when the next message is due, and [`outgoing`] sends it.

pub(crate) mod news;
pub(crate) mod outgoing;
pub(crate) mod pace;
pub(crate) mod watch;
