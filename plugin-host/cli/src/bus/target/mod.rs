//! The target of a command: [`find`] chooses the bus and opens it, [`topic`] finds the topic on it.

pub(crate) mod find;
pub(crate) mod topic;
