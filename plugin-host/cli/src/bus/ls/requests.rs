//! Formats the outcomes of requests for a client's or a server's inbox.

use serde_json::{Value, json};
use shm_bus::{ClientCounts, InboxInfo, ServerCounts, Shown};

use crate::output::figures::sum;

/// A line for a client's inbox or a server's; nothing for others.
pub(super) fn text(inbox: &InboxInfo) -> String {
    let (mut text, name) = (String::new(), Shown(&inbox.name));
    if let Some(counts) = inbox.client {
        text += &format!(
            "    asks {name}: {} sent, {} answered ({} refused), {} expired, {} cancelled, {} lost\n",
            counts.sent, counts.answered, counts.refused, counts.expired, counts.cancelled, counts.lost,
        );
    }
    if let Some(counts) = inbox.server {
        text += &format!(
            "    serves {name}: {} served, {} answered, {} expired, {} cancelled, {} malformed, {} without a way back\n",
            counts.served,
            counts.answered,
            counts.expired,
            counts.cancelled,
            counts.malformed,
            sum([counts.unanswerable, counts.overflowed, counts.undelivered]),
        );
    }
    text
}

pub(super) fn client_json(counts: ClientCounts) -> Value {
    json!({
        "sent": counts.sent, "answered": counts.answered, "refused": counts.refused, "expired": counts.expired,
        "cancelled": counts.cancelled, "lost": counts.lost, "late": counts.late, "strange": counts.strange,
    })
}

pub(super) fn server_json(counts: ServerCounts) -> Value {
    json!({
        "served": counts.served, "answered": counts.answered, "expired": counts.expired, "cancelled": counts.cancelled,
        "cancels_late": counts.cancels_late, "malformed": counts.malformed, "unanswerable": counts.unanswerable,
        "overflowed": counts.overflowed, "undelivered": counts.undelivered,
    })
}
