//! Requests that can't be answered, because the server got no lane to their client. The server records them in its own inbox, as it has no
//! other way to reach that client.
//!
//! ```text
//! word 64 + 2·i   | id of a client: the inbox at index i of the registry | correlation of its last request that can't be answered |
//! ```
//! A server that has a lane to a client keeps it, and takes a client's requests in order. So every request of a client up to the
//! correlation here was not run and is never answered.
//!
//! # Invariants
//! 1. Only the server writes here; the correlation is set to 0 before the id of another client is stored next to it: `[UNANSWERABLE]`.

use crate::control::INBOXES_MAX;
use crate::inbox_file::InboxFile;
use crate::sync::{Ordering, fence};

/// Word of the first entry.
const START: usize = 64;

const _: () = {
    assert!(START >= InboxFile::FIGURES.start && START + 2 * INBOXES_MAX <= InboxFile::FIGURES.end);
    assert!(START * 8 == 512 && (START + 2 * INBOXES_MAX) * 8 == 1536);
};

/// Records that the request can't be answered. Called by the server; `file` is its inbox's, `index` is that of the client's inbox.
pub(super) fn tell(file: &InboxFile, index: usize, client: u64, correlation: u64) {
    let [id, last] = [0, 1].map(|word| file.figure(START + 2 * index + word));
    // ORDERING: Relaxed, a single writer.
    if id.load(Ordering::Relaxed) != client {
        last.store(0, Ordering::Relaxed);
        // ORDERING: [UNANSWERABLE] whoever sees this id does not see the former client's correlation next to it. Pairs with the fence in
        // `told`.
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
