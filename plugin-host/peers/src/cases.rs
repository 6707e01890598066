//! The cases: the operations, the peers that take part, and the reasons of those that can't.

use std::time::Duration;

use anyhow::Result;
use measure::{Outline, Percentile, Round};

use crate::peers::{bare, hotframe, memlink};

/// One row of the resulting table.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) outline: Outline,
    pub(crate) contenders: Vec<Contender>,
}

/// A peer in a case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    pub(crate) peer: &'static str,
    pub(crate) between: &'static str,
    /// Measures once, for so long.
    pub(crate) session: fn(Duration) -> Result<Round>,
}

const fn here(peer: &'static str, session: fn(Duration) -> Result<Round>) -> Contender {
    Contender { peer, between: "one thread", session }
}

fn case(name: &'static str, unit: &'static str, contenders: Vec<Contender>) -> Case {
    Case { outline: Outline { name, unit, judged_by: Percentile::P50, absent: &[] }, contenders }
}

pub(crate) fn all() -> Vec<Case> {
    vec![
        case(
            "call_empty",
            "ns a call",
            vec![
                here("hotframe", hotframe::empty),
                here("hotframe_exclusive", hotframe::empty_alone),
                here("bare_pointer", bare::empty),
                here("memlink-runtime", memlink::runtime),
            ],
        ),
        case(
            "call_typed_small",
            "ns a call",
            vec![here("hotframe", hotframe::typed), here("memlink-msdk", memlink::dispatch)],
        ),
        case(
            "call_two_threads",
            "ns a call in each thread",
            vec![
                Contender { peer: "hotframe", between: "two threads", session: hotframe::two_threads },
                here("hotframe_1_thread", hotframe::empty),
                Contender { peer: "bare_pointer", between: "two threads", session: bare::two_threads },
                here("bare_pointer_1_thread", bare::empty),
            ],
        ),
        case(
            "call_nested",
            "ns a call from plugin to plugin",
            vec![here("hotframe", hotframe::nested), here("hotframe_call_empty", hotframe::empty)],
        ),
        case(
            "load",
            "ns from a file to the first call's reply",
            vec![here("hotframe", hotframe::load), here("dlopen", bare::load)],
        ),
    ]
}
