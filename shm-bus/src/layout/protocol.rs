//! Compares the constants with `PROTOCOL.md`: each section's rows name the same bytes.

use super::claims::Count as ClaimCount;
use super::control::{
    ABANDONED_INBOXES, ABANDONED_LANES, ABANDONED_PARTICIPANTS, BYTES, CONTROL_MAGIC, DOORBELLS, EPOCH, FORGOTTEN,
    HOLDER, INBOXES, INODE, LANES, LEFT, LENGTHS, LIMITS, NEXT_ID, OPTIONAL, PARTICIPANTS, PROCESS, PROGRAM, RELEASE,
    REQUIRED, ROOM_BELLS, SEAL, SIZE, STEP, STEP_TOTAL, TIME_NAMESPACE, TOPIC_LINES, TOPICS, Table, VERSION, doorbell,
    line,
};
use super::inbox::{ClientCount, Count, LaneCount, ServerCount};
use super::lane::Tally;
use super::{MAGIC, claims, inbox, lane, lock};

const PROTOCOL: &str = include_str!("../../PROTOCOL.md");

/// The section whose heading begins with `heading`, up to the next one.
fn section(heading: &str) -> &'static str {
    let start = PROTOCOL.find(&format!("\n## {heading}")).unwrap_or_else(|| panic!("no section `{heading}`")) + 1;
    let rest = &PROTOCOL[start..];
    &rest[..rest[1..].find("\n## ").map_or(rest.len(), |end| end + 1)]
}

/// Asserts that the section has a row for each of `rows`: what stands in its first column, and a part of the others.
fn assert_rows(heading: &str, rows: &[(String, &str)]) {
    let section = section(heading);
    for (bytes, text) in rows {
        let start = format!("| {bytes} |");
        let found = section.lines().any(|row| row.strip_prefix(&start).is_some_and(|rest| rest.contains(text)));
        assert!(found, "the section `{heading}` has no row `{start} ... {text}`");
    }
}

/// The bytes at which these words begin, as one row lists them.
fn at(words: &[usize]) -> String {
    words.iter().map(|word| (word * 8).to_string()).collect::<Vec<_>>().join(", ")
}

/// The bytes of the words from `first` to `last`.
fn span(first: usize, last: usize) -> String {
    format!("{} – {}", first * 8, last * 8 + 7)
}

/// The byte at which `word` of the entry with index `i` begins, in a table at `start` with entries of `stride` words.
fn each(start: usize, stride: usize, word: usize) -> String {
    format!("{} + {}·i", (start + word) * 8, stride * 8)
}

/// A kind of segment as its first row shows it.
fn magic(value: u64) -> String {
    let bytes = value.to_le_bytes();
    let name = str::from_utf8(&bytes[..6]).expect("ASCII");
    format!("`{name}`, {}, {}", bytes[6], bytes[7])
}

/// Asserts that each follows the one before.
fn assert_consecutive(words: &[usize]) {
    assert!(words.windows(2).all(|pair| pair[1] == pair[0] + 1), "{words:?}");
}

#[test]
fn lanes_are_laid_out_as_documented() {
    let first = magic(lane::LANE_MAGIC);
    let tally = |tally: Tally| at(&[tally as usize]);
    let rows = [
        (at(&[MAGIC]), first.as_str()),
        (at(&[lane::ID]), "id"),
        (at(&[lane::CAPACITY]), "capacity"),
        (at(&[lane::OLDEST]), "**oldest**"),
        (at(&[lane::HEAD]), "**head**"),
        (at(&[lane::SENT]), "**sent**"),
        (at(&[lane::LATEST]), "**latest**"),
        (tally(Tally::Rejected), "returned to the sender at once"),
        (tally(Tally::Faulty), "stopped gating"),
        (tally(Tally::Dropped), "dropped for lack of room"),
        (tally(Tally::TimedOut), "after waiting for room"),
        (tally(Tally::Waited), "had to wait for room"),
        (tally(Tally::Wakes), "woken"),
        (tally(Tally::HighWater), "high-water mark"),
        (at(&[lane::RING]), "the ring"),
    ];
    assert_rows("`lane-<id>`", &rows);
    assert!(section("`lane-<id>`").contains(&format!("{} + capacity bytes", lane::bytes(0))));
}

#[test]
fn inboxes_are_laid_out_as_documented() {
    let first = magic(inbox::INBOX_MAGIC);
    let line = |word: usize| each(inbox::LINES, inbox::LINE_WORDS, word);
    let count = |count: Count| at(&[count as usize]);
    let rows = [
        (at(&[MAGIC]), first.as_str()),
        (at(&[inbox::ID]), "id"),
        (at(&[Count::Received as usize, Count::Lost as usize, Count::Conflated as usize]), "received, lost, conflated"),
        (count(Count::Corrupt), "impossible word"),
        (count(Count::Evicted), "too slow"),
        (count(Count::Starvation), "waited long enough"),
        (count(Count::Sleeps), "number of sleeps"),
        (count(Count::LateWakes), "no publisher had ended"),
        (
            span(ClientCount::Sent as usize, ClientCount::Refused as usize),
            "a client's requests: sent, answered, expired, cancelled, lost; answers late, strange; of the answered, refused",
        ),
        (
            span(ServerCount::Served as usize, ServerCount::Undelivered as usize),
            "a server's requests: served, answered, expired, cancelled; cancels late; malformed; unanswerable; answers overflowed, undelivered",
        ),
        (each(inbox::UNANSWERABLE, inbox::UNANSWERABLE_WORDS, 0), "id of the client"),
        (line(inbox::CURSOR), "**cursor**"),
        (line(LaneCount::Received as usize), "received"),
        (line(LaneCount::Lost as usize), "lost"),
        (line(LaneCount::Conflated as usize), "conflated"),
    ];
    assert_rows("`inbox-<id>`", &rows);
    assert!(section("`inbox-<id>`").contains(&format!("{} bytes", inbox::BYTES)));
    let client = {
        use ClientCount::{Answered, Cancelled, Expired, Late, Lost, Refused, Sent, Strange};
        [Sent, Answered, Expired, Cancelled, Lost, Late, Strange, Refused]
    };
    assert_consecutive(&client.map(|count| count as usize));
    let server = {
        use ServerCount::{
            Answered, Cancelled, CancelsLate, Expired, Malformed, Overflowed, Served, Unanswerable, Undelivered,
        };
        [Served, Answered, Expired, Cancelled, CancelsLate, Malformed, Unanswerable, Overflowed, Undelivered]
    };
    assert_consecutive(&server.map(|count| count as usize));
}

#[test]
fn the_registry_is_laid_out_as_documented() {
    let slots = |first: usize| format!("{} + 8·n", first * 8);
    let limits: [usize; 4] = std::array::from_fn(|index| LIMITS + index);
    let first = magic(CONTROL_MAGIC);
    let rows = [
        (at(&[MAGIC]), first.as_str()),
        (at(&[VERSION]), "version of the format"),
        (at(&[REQUIRED]), "required features"),
        (at(&[OPTIONAL]), "optional features"),
        (at(&[SIZE]), "bytes of this file"),
        (at(&[PROCESS]), "process that created the bus"),
        (at(&[LENGTHS]), "two texts"),
        (span(PROGRAM.start, PROGRAM.end - 1), "its program's name"),
        (span(RELEASE.start, RELEASE.end - 1), "its release"),
        (at(&[EPOCH]), "epoch"),
        (at(&[NEXT_ID]), "next id"),
        (at(&[HOLDER]), "process that holds `bus.lock`"),
        (at(&limits), "limits: participants, topics, lanes, inboxes"),
        (at(&[LIMITS + 4]), "limit: bytes"),
        (span(ABANDONED_LANES, ABANDONED_INBOXES - 1), "a bit for each lane"),
        (at(&[ABANDONED_INBOXES, ABANDONED_PARTICIPANTS]), "a bit for each inbox, for each participant"),
        (at(&[INODE]), "this file's inode"),
        (at(&[STEP]), "**step**"),
        (at(&[STEP_TOTAL]), "the total to which the step leads"),
        (at(&[FORGOTTEN]), "**forgotten**"),
        (slots(LEFT), "has left slot n"),
        (slots(TIME_NAMESPACE), "time namespace"),
        (slots(SEAL), "seal"),
    ];
    assert_rows("`control`", &rows);
    assert!(section("`control`").contains(&format!("{BYTES} bytes")));
}

#[test]
fn the_registrys_tables_lie_where_documented() {
    let tables: [(Table, &str); 7] = [
        (PARTICIPANTS, "participants: id, "),
        (TOPICS, "topics: id, schema hash, "),
        (LANES, "lanes: "),
        (INBOXES, "inboxes and workers: id, "),
        (DOORBELLS, "doorbells, one for each inbox"),
        (ROOM_BELLS, "room bells, one for each lane"),
        (TOPIC_LINES, "a line for each topic"),
    ];
    for (table, text) in tables {
        let row = format!("| {} | {} × {} | {text}", table.start * 8, table.entries, table.stride * 8);
        assert!(section("`control`").contains(&row), "no row `{row}`");
    }
    let of = |table: Table, word: usize| each(table.start, table.stride, word);
    let rows = [
        (of(DOORBELLS, doorbell::BELL), "**doorbell**"),
        (of(DOORBELLS, doorbell::READY), "**ready** bits, four words"),
        (of(DOORBELLS, doorbell::KEPT), "**kept**"),
        (of(ROOM_BELLS, 0), "**room bell**"),
        (of(TOPIC_LINES, line::INTEREST), "**interest mask**"),
    ];
    assert_rows("Doorbells", &rows);
    let rows = [
        (of(TOPIC_LINES, line::ACCOUNT), "**account**"),
        (of(TOPIC_LINES, line::ENDED), "**ended**"),
        (of(TOPIC_LINES, line::ENDED_BEFORE), "ended when it was last declared"),
    ];
    assert_rows("Accounts", &rows);
}

#[test]
fn claims_are_laid_out_as_documented() {
    use ClaimCount::{Corrupt, DeadDropped, DeadLetters, Reclaimed, Redelivered};
    let first = magic(claims::CLAIMS_MAGIC);
    let counts = [Redelivered, Reclaimed, DeadLetters, DeadDropped, Corrupt].map(|count| count as usize);
    let claim = format!("{} + {}·(s mod claims)", (claims::CLAIMS + claims::CLAIM) * 8, claims::CLAIM_WORDS * 8);
    let rows = [
        (at(&[MAGIC]), first.as_str()),
        (at(&[claims::LANE]), "id of the lane"),
        (at(&[claims::LENGTH]), "claims"),
        (at(&[claims::NEXT]), "**next**"),
        (at(&[claims::RETURNED]), "**returned**"),
        (at(&[claims::TAIL]), "**tail**"),
        (at(&counts), "redelivered, taken from the dead, became dead letters, dead letters dropped, unreadable"),
        (claim, "a word, the record's position, when it was taken"),
    ];
    assert_rows("Work queues", &rows);
    assert_consecutive(&[claims::CLAIM, claims::POSITION, claims::SINCE]);
    assert!(section("Work queues").contains(&format!(
        "{} + {}·claims bytes",
        claims::bytes(0),
        claims::bytes(1) - claims::bytes(0)
    )));
    assert!(section("Work queues").contains(&format!("a power of two from {} to", claims::CLAIMS_MIN)));
}

#[test]
fn locks_are_signed_as_documented() {
    let text = section("Life and death").split_whitespace().collect::<Vec<_>>().join(" ");
    let words =
        "The signature is four words: the file's own inode, the inode of `control`, the slot, the participant's id.";
    assert!(text.contains(words));
    assert_eq!([lock::FILE, lock::REGISTRY, lock::SLOT, lock::PARTICIPANT], [0, 1, 2, 3]);
    assert_eq!(lock::WORDS, 4);
}
