//! Requests and answers allocate nothing once they have started.

#![expect(unsafe_code, reason = "counts allocations")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use shm_bus::{AsBytes, Bus, Message, Request, service};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) };
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Number {
    value: u64,
}

service! {
    /// Adds one.
    Successor("successor") {
        Next("next"): AsBytes<Number> => AsBytes<Number>;
    }
}

#[test]
fn plain_requests_allocate_nothing_once_begun() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut server = bus.server_of::<Successor>().expect("made");
    let mut client = bus.client_of::<Successor>().expect("made");
    let serve = |request: Request<'_>| {
        let dispatch = request.dispatch().on::<Next>(|number| Ok(Number { value: number.value + 1 }));
        dispatch.done().expect("room");
    };
    let mut round = |value: u64| {
        let [first, second] =
            [value, value + 7].map(|value| client.send::<Next>(&Number { value }, Duration::MAX).expect("room"));
        assert_eq!(server.serve(serve).expect("mapped"), 2);
        // The first is kept while the second is looked for.
        assert_eq!(client.poll(second).expect("in flight").map(|next| next.value), Some(value + 8));
        assert_eq!(client.poll(first).expect("in flight").map(|next| next.value), Some(value + 1));
    };
    // By now every size of slot and buffer has been needed, and the lanes have gone round.
    for value in 0..5_000 {
        round(value);
    }
    let before = ALLOCATIONS.get();
    for value in 0..5_000 {
        round(value);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
}
