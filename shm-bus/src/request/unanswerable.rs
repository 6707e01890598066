//! Requests that can't be answered, because the server got no lane to their client: told in the server's own inbox, as there is no
//! other way to that client.
//!
//! ```text
//! word 64 + 2·i   | id of a client: the inbox at index i of the register | correlation of its last request that can't be answered |
//! ```
//! A server that has a lane to a client keeps it, and takes a client's requests in order. So whatever a client has sent up to the
//! correlation that stands here was not run and is never answered.
//!
//! # Invariants
//! 1. The server alone writes here; the correlation is 0 before the id of another client stands beside it: `[UNANSWERABLE]`.

use crate::control::INBOXES_MAX;
use crate::inbox_file::InboxFile;
use crate::sync::{Ordering, fence};

/// Word of the first entry.
const START: usize = 64;

const _: () = {
    assert!(START >= InboxFile::FIGURES.start && START + 2 * INBOXES_MAX <= InboxFile::FIGURES.end);
    assert!(START * 8 == 512 && (START + 2 * INBOXES_MAX) * 8 == 1536);
};

/// Says that the request can't be answered. By the server; `file` is its inbox's, `index` is that of the client's.
pub(super) fn tell(file: &InboxFile, index: usize, client: u64, correlation: u64) {
    let [id, last] = [0, 1].map(|word| file.figure(START + 2 * index + word));
    // ORDERING: Relaxed, a single writer.
    if id.load(Ordering::Relaxed) != client {
        last.store(0, Ordering::Relaxed);
        // ORDERING: [UNANSWERABLE] who sees this id does not see the former client's correlation beside it. Pairs with the fence in `told`.
        fence(Ordering::Release);
        id.store(client, Ordering::Relaxed);
    }
    last.store(correlation, Ordering::Relaxed);
}

/// Correlation of the last request of `client` that can't be answered; 0 without one.
pub(super) fn told(file: &InboxFile, index: usize, client: u64) -> u64 {
    let [id, last] = [0, 1].map(|word| file.figure(START + 2 * index + word));
    if id.load(Ordering::Relaxed) != client {
        return 0;
    }
    // ORDERING: [UNANSWERABLE] pairs with the fence in `tell`.
    fence(Ordering::Acquire);
    last.load(Ordering::Relaxed)
}
