//! The bus's goals.

use measure::Limit::{Holds, Nanoseconds, Times};
use measure::{Goal, goal};

pub(crate) const GOALS: &[Goal] = &[
    goal("64 B across, half of a round trip", "rtt_half_64B", Times(0.25, "iceoryx2")),
    goal("64 B across, half of a round trip", "rtt_half_64B", Times(1.15, "bare_line")),
    goal("64 B a message: at least 0.6 × its throughput", "throughput_64B", Times(1.0 / 0.6, "rtrb")),
    goal("64 B a message: at least 1.2 × its throughput", "throughput_64B", Times(1.0 / 1.2, "memlink-shm")),
    goal("64 B a message: at least 2 × its throughput", "throughput_64B", Times(0.5, "iceoryx2")),
    goal("64 B in batches: at least 0.6 × its throughput", "throughput_64B_batch", Times(1.0 / 0.6, "rtrb")),
    goal("1 KiB a message: at least its throughput", "throughput_1KiB", Times(1.0, "rtrb")),
    goal("1 KiB a message: at least 2.5 × its throughput", "throughput_1KiB", Times(0.4, "iceoryx2")),
    goal("write and read 64 B in one thread", "single_thread_64B", Times(0.8, "crossbeam-channel")),
    goal("the same with four levels", "single_thread_64B", Holds(1.4, "hotframe_4_levels")),
    goal("header encode", "header_encode", Nanoseconds(2.0)),
    goal("header decode and check", "header_decode", Nanoseconds(4.0)),
    goal("response to MessagePack and back, 1 KiB", "msgpack_response_1KiB", Times(0.1, "memlink-protocol")),
    goal("loan and commit of 4 MiB besides filling", "loan_commit_4MiB", Nanoseconds(1000.0)),
    goal("loan and commit, whatever the size", "loan_commit_4MiB", Times(1.5, "hotframe_2MiB")),
    goal("Critical p99 while Low is flooded", "critical_p99_under_low_flood", Times(2.0, "hotframe_idle")),
    goal("waking a sleeping inbox", "wake", Times(1.2, "bare_futex")),
    goal("sending to 8 polling inboxes", "fanout_8", Times(1.3, "hotframe_1_reader")),
    goal("receiving with 64 publishers, one active", "publishers_1_to_64", Times(2.0, "hotframe_1_publisher")),
];
