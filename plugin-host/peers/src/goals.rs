//! The goals of calls.

use measure::Limit::{Nanoseconds, Times};
use measure::{Goal, goal};

pub(crate) const GOALS: &[Goal] = &[
    goal("empty call by handle", "call_empty", Nanoseconds(12.0)),
    goal("empty call by handle", "call_empty", Times(0.15, "memlink-runtime")),
    goal("empty call by handle", "call_empty", Times(4.0, "bare_pointer")),
    goal("call with a number, MessagePack", "call_typed_small", Nanoseconds(80.0)),
    goal("call with a number, MessagePack", "call_typed_small", Times(1.0, "memlink-msdk")),
    goal("two threads call at once, beside one thread", "call_two_threads", Times(1.0 / 0.9, "hotframe_1_thread")),
    goal("call from plugin to plugin", "call_nested", Times(2.5, "hotframe_call_empty")),
    goal("file to first call", "load", Times(2.0, "dlopen")),
];
