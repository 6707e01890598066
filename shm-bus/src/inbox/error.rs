//! Errors of an inbox: creating it, subscribing, receiving.

use crate::membership::{ChangeError, TopicError};
use crate::topic::Declaration;

/// Why an inbox could not be created.
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
    /// Another inbox already reads the topic, which allows only one.
    #[error("topic `{topic}` is already read by `{by}`")]
    Taken {
        /// The topic.
        topic: String,
        /// Name of the inbox that reads it.
        by: String,
    },
    /// Only an observer can read all topics: publishers would wait for an inbox that does not know what it is to read.
    #[error("a gating inbox cannot read all topics; subscribe to each, or make it an observer")]
    Gating,
    /// The bus could not be changed, or a lane could not be mapped.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

/// Why nothing could be received.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// A new lane could not be mapped; the next call retries.
    #[error("cannot map the lane of publisher `{publisher}` on topic `{topic}`")]
    Lane {
        /// The lane's topic.
        topic: String,
        /// The lane's publisher.
        publisher: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The system can't put the thread to sleep, or has no thread or descriptor left.
    #[error("cannot wait for messages")]
    Sleep(#[source] std::io::Error),
    /// The inbox was too slow for a lane whose topic evicts laggards, and has left it. Reported once. To join the lane again, unsubscribe
    /// and subscribe.
    #[error(
        "too slow for publisher `{publisher}` on topic `{topic}`, whose policy does not wait: the inbox has left its lane"
    )]
    Evicted {
        /// The lane's topic.
        topic: String,
        /// The lane's publisher.
        publisher: String,
    },
    /// A topic that only observers held was declared again by a publisher or an inbox that is waited for. Reported once, to observers that
    /// subscribed untyped. The inbox adopts the new declaration: its messages come with the next calls.
    #[error("topic `{}` was declared again: it was {was} and is now {now}, which this inbox reads from now on", now.name)]
    Redeclared {
        /// The declaration of the messages so far.
        was: Box<Declaration>,
        /// The declaration of the messages to come.
        now: Box<Declaration>,
    },
    /// Like `Redeclared`, for an observer whose own declaration no longer fits. It receives nothing of the topic until the topic is
    /// declared as it needs it, or until it subscribes anew, with the new declaration or untyped.
    #[error(
        "topic `{}` was declared again and is now {now}; this inbox subscribed to it as {wanted} and no longer reads it: subscribe again as it is now, or wait until it is declared as before", now.name
    )]
    Mismatch {
        /// The declaration with which the inbox subscribed.
        wanted: Box<Declaration>,
        /// The present declaration.
        now: Box<Declaration>,
    },
    /// Others no longer find the bus: its folder, the runtime folder or the registry was deleted, moved or replaced. All messages in the
    /// lanes that the inbox had mapped were received before.
    #[error("bus `{bus}` was removed: its folder was deleted, moved or replaced; open it again")]
    Removed {
        /// The bus.
        bus: String,
    },
    /// This process was forked from the one that opened the bus; only the parent may use its handles.
    #[error("bus `{bus}` was opened before this process was forked; open it here")]
    Forked {
        /// The bus.
        bus: String,
    },
}
