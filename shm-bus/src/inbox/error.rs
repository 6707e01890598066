//! What can go wrong with an inbox: making it, subscribing, receiving.

use crate::membership::{ChangeError, TopicError};
use crate::topic::Declaration;

/// Why an inbox could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InboxError {
    /// The table of inboxes is full.
    #[error("the bus has no room for another inbox: it holds at most {max}")]
    Limit {
        /// The bus's limit.
        max: usize,
    },
    /// The bus could not be changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

/// Why a topic could not be subscribed to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The topic can't be used as given.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// Somebody else reads the topic, of whom there can be but one.
    #[error("topic `{topic}` is already read by `{by}`")]
    Taken {
        /// The topic.
        topic: String,
        /// Name of the inbox that reads it.
        by: String,
    },
    /// Only an observer reads all topics: publishers would wait for an inbox that does not know what it is to read.
    #[error("a gating inbox can't read all topics; subscribe to each, or make it an observer")]
    Gating,
    /// The bus could not be changed, or a lane not be mapped.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

/// Why nothing could be received.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// A new lane could not be mapped; tried again at the next call.
    #[error("can't map the lane of publisher `{publisher}` on topic `{topic}`")]
    Lane {
        /// The lane's topic.
        topic: String,
        /// The lane's publisher.
        publisher: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system can't let it sleep, or has no thread or descriptor for it.
    #[error("can't wait for messages")]
    Sleep(#[source] std::io::Error),
    /// The inbox was too slow for a lane whose topic evicts laggards, and has left it; said once. Unsubscribing and subscribing
    /// joins it again.
    #[error("too slow for publisher `{publisher}` on topic `{topic}`, which does not wait: its lane was left")]
    Evicted {
        /// The lane's topic.
        topic: String,
        /// The lane's publisher.
        publisher: String,
    },
    /// A topic that only observers held was declared anew by somebody who publishes it or is waited for; said once, to observers that
    /// subscribed untyped. The inbox goes on with the new declaration: its messages come with the next calls.
    #[error("topic `{}` was declared anew: it was {was}, and is {now}; this inbox goes on with it", now.name)]
    Redeclared {
        /// As what the messages so far were sent.
        was: Box<Declaration>,
        /// As what those to come are.
        now: Box<Declaration>,
    },
    /// As `Redeclared`, for an observer whose own declaration no longer fits: it gets nothing of the topic until the topic is
    /// declared as it needs it, or until it subscribes anew, with the new declaration or untyped.
    #[error(
        "topic `{}` was declared anew and is {now}; this inbox subscribed to it as {wanted} and does not read it any more: subscribe anew as it is now, or wait until it is declared as before", now.name
    )]
    Mismatch {
        /// As what the inbox subscribed to the topic.
        wanted: Box<Declaration>,
        /// As what it is declared now.
        now: Box<Declaration>,
    },
    /// Others no longer find the bus: its folder, the runtime folder or the register was deleted, moved or replaced. What lay in the
    /// lanes that it had mapped has been received.
    #[error("bus `{bus}` was removed: its folder was deleted, moved or replaced; open it again")]
    Removed {
        /// The bus.
        bus: String,
    },
    /// This process was forked from the one that opened the bus; only that may use its handles.
    #[error("bus `{bus}` was opened before this process was forked; open it here")]
    Forked {
        /// The bus.
        bus: String,
    },
}
