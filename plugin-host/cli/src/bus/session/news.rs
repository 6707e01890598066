//! Reports of an inbox beside messages: a topic was declared again, messages were missed.

use shm_bus::{Inbox, ReceiveError};

use crate::output::figures::sum;
use crate::output::print::tell;

/// The received value; `None` if the inbox only reported that a topic was declared again. The user is told so, and the command continues
/// with the new declaration.
pub(crate) fn told<T>(received: Result<T, ReceiveError>) -> Result<Option<T>, ReceiveError> {
    match received {
        Ok(received) => Ok(Some(received)),
        Err(ReceiveError::Redeclared { was, now }) => {
            tell(format_args!("topic `{}` was declared again: it was {was} and is now {now}", now.name));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Number of messages that `inbox` missed since the last call, over all topics.
pub(crate) fn missed(inbox: &mut Inbox) -> u64 {
    sum(inbox.take_missed().iter().map(|missed| missed.messages))
}
