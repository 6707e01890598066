//! What commands share that stay on a bus for a while: [`watch`] says when they end, [`news`] what an inbox reports beside messages,
//! [`pace`] when the next message is due, and [`outgoing`] sends it.

pub(crate) mod news;
pub(crate) mod outgoing;
pub(crate) mod pace;
pub(crate) mod watch;
