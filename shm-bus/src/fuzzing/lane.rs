//! Fuzzes a reader with any header page and ring.
//!
//! `mode, how it joins | words of the header page: index and value | 0xff | words of the ring`

use super::Bytes;
use crate::lane::{Heap, Look, Mode, Reader, Start};
use crate::layout::lane::HEADER_WORDS_USED;
use crate::sync::{AtomicU64, Ordering};

const RING_WORDS: usize = 128;
/// More than a ring of this size can hold.
const LOOKS: usize = 64;

/// See the module.
pub fn lane(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mode = [Mode::Gating, Mode::Lapping, Mode::Latest, Mode::Evictable][usize::from(bytes.u8() % 4)];
    let joins = bytes.u8();
    let mut header = vec![0; HEADER_WORDS_USED];
    loop {
        match bytes.u8() {
            0xff => break,
            index => header[usize::from(index) % HEADER_WORDS_USED] = bytes.u64(),
        }
        if bytes.is_empty() {
            break;
        }
    }
    let ring = (0..RING_WORDS).map(|_| bytes.u64()).collect();
    let heap = Heap::of(header, ring);
    let cursor = AtomicU64::new(0);
    let mut reader = match joins % 4 {
        0 => Reader::at_start(&heap, 3, mode),
        1 => Reader::joining(&heap, 3, mode, Start::Now, &cursor),
        2 => Reader::joining(&heap, 3, mode, Start::Earliest, &cursor),
        _ => Reader::joining(&heap, 3, mode, Start::Last(u64::from(joins)), &cursor),
    };
    let mut payload = [0; RING_WORDS];
    let _ = reader.settle(&cursor);
    for look in 0..LOOKS {
        let (before, ready) = (reader.position(), reader.ready(&cursor));
        let _ = (reader.rests(), reader.next_sequence(), reader.head());
        match reader.read(&mut payload, &cursor) {
            Look::Message => {
                assert!(reader.position() > before, "a message that takes no room");
                assert!(reader.last().len <= reader.payload_max());
            }
            Look::Dry if ready && mode == Mode::Gating => assert!(reader.position() > before, "neither dry nor read"),
            Look::Dry => {}
            Look::Corrupt(_) | Look::Evicted => break,
        }
        if look == LOOKS / 2 {
            // The words change during reading, as those of a hostile writer may.
            let word = &heap.ring[usize::from(bytes.u16()) % RING_WORDS];
            word.store(bytes.u64(), Ordering::Relaxed);
        }
    }
    reader.publish_if_moved(&cursor);
    reader.publish_done(&cursor);
}
