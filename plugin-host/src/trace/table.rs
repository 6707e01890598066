//! The functions that a library calls.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use plugin_sdk::abi::{Level, List, TraceParent, TracePlace, TraceTable, TraceValue};
use tracing::dispatcher::{get_default, with_default};
use tracing::field::ValueSet;
use tracing::subscriber::NoSubscriber;
use tracing::{Event, Metadata, Span};

use super::place::Place;
use super::span::OpenSpan;
use super::{values, word};
use crate::calls::callee::Callee;

pub(crate) static TABLE: TraceTable = TraceTable {
    size: size_of::<TraceTable>() as u32,
    reserved: 0,
    level,
    place,
    enabled,
    event,
    span,
    record,
    follows,
    enter,
    exit,
    clone,
    close,
};

/// # Safety
/// `origin` is what `HostTable::origin` returned.
unsafe fn callee(origin: *const c_void) -> &'static Callee {
    // SAFETY: by contract, a callee, which is never freed.
    unsafe { &*origin.cast() }
}

/// Runs `body` with this thread's subscriber; on a thread without one, with the one that the host was started with.
fn logging<T>(callee: &Callee, mut body: impl FnMut() -> T) -> T {
    let has_one = get_default(|log| !log.is::<NoSubscriber>());
    if has_one { body() } else { with_default(&callee.home.log, body) }
}

/// Runs `body`, and returns `otherwise` if it panics: a subscriber's panic costs the event.
fn contained<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

unsafe extern "C" fn level(origin: *const c_void) -> Level {
    // SAFETY: the library passes its handle.
    let callee = unsafe { callee(origin) };
    // First, so that what changes after it is told.
    callee.hear(word::now());
    word::level()
}

unsafe extern "C" fn place(origin: *const c_void, given: *const TracePlace, interest: *mut u32) -> u64 {
    // SAFETY: the library passes its handle.
    let callee = unsafe { callee(origin) };
    // SAFETY: the library passes a valid place.
    let given = unsafe { &*given };
    // SAFETY: the library keeps its texts alive for this call.
    let place = logging(callee, || unsafe { Place::of(given) });
    // SAFETY: the library passes a place for the number.
    unsafe { *interest = place.interest() };
    place.number()
}

unsafe extern "C" fn enabled(origin: *const c_void, place: u64) -> u32 {
    // SAFETY: the library passes its handle.
    let callee = unsafe { callee(origin) };
    // SAFETY: the library passes a number that it got.
    let place = unsafe { Place::numbered(place) };
    let is_enabled = contained(false, || logging(callee, || get_default(|log| log.enabled(place.metadata()))));
    u32::from(is_enabled)
}

unsafe extern "C" fn event(origin: *const c_void, place: u64, parent: TraceParent, given: List<TraceValue>) {
    // SAFETY: the library passes its handle.
    let callee = unsafe { callee(origin) };
    // SAFETY: the library passes a number that it got.
    let place = unsafe { Place::numbered(place) };
    // SAFETY: the library keeps the values alive for this call.
    let given = unsafe { given.as_slice() };
    let metadata = place.metadata();
    let dispatch = |values: &ValueSet<'_>| match parent {
        TraceParent::CURRENT => logging(callee, || Event::dispatch(metadata, values)),
        TraceParent::ROOT => logging(callee, || Event::child_of(None, metadata, values)),
        TraceParent(number) => {
            // SAFETY: the library has it open, since it is the event's parent.
            let parent = unsafe { OpenSpan::numbered(number) };
            parent.with(|id, log| log.event(&Event::new_child_of(id.clone(), metadata, values)));
        }
    };
    // SAFETY: the library keeps the values' texts alive for this call.
    contained((), || unsafe { values::with(place, given, Some(callee), dispatch) });
}

unsafe extern "C" fn span(origin: *const c_void, place: u64, parent: TraceParent, given: List<TraceValue>) -> u64 {
    // SAFETY: the library passes its handle.
    let callee = unsafe { callee(origin) };
    // SAFETY: the library passes a number that it got.
    let place = unsafe { Place::numbered(place) };
    // SAFETY: the library keeps the values alive for this call.
    let given = unsafe { given.as_slice() };
    // SAFETY: the library keeps the values' texts alive for this call.
    let open = || unsafe {
        values::with(place, given, Some(callee), |values| open_span(callee, place.metadata(), parent, values))
    };
    OpenSpan::open(contained(Span::none(), open), place)
}

fn open_span(
    callee: &Callee,
    metadata: &'static Metadata<'static>,
    parent: TraceParent,
    values: &ValueSet<'_>,
) -> Span {
    match parent {
        TraceParent::CURRENT => logging(callee, || Span::new(metadata, values)),
        TraceParent::ROOT => logging(callee, || Span::new_root(metadata, values)),
        TraceParent(number) => {
            // SAFETY: the library has it open, since it is the span's parent.
            let parent = unsafe { OpenSpan::numbered(number) };
            let child = parent.with(|id, log| with_default(log, || Span::child_of(id.clone(), metadata, values)));
            child.unwrap_or_else(Span::none)
        }
    }
}

unsafe extern "C" fn record(_: *const c_void, span: u64, given: List<TraceValue>) {
    // SAFETY: the library has it open.
    let open = unsafe { OpenSpan::numbered(span) };
    // SAFETY: the library keeps the values alive for this call.
    let given = unsafe { given.as_slice() };
    let record = |values: &ValueSet<'_>| {
        open.span().record_all(values);
    };
    // SAFETY: the library keeps the values' texts alive for this call.
    contained((), || unsafe { values::with(open.place(), given, None, record) });
}

unsafe extern "C" fn follows(_: *const c_void, span: u64, other: u64) {
    // SAFETY: the library has it open.
    let open = unsafe { OpenSpan::numbered(span) };
    // SAFETY: as above.
    let other = unsafe { OpenSpan::numbered(other) };
    contained((), || {
        open.span().follows_from(other.span().id());
    });
}

unsafe extern "C" fn enter(_: *const c_void, span: u64) {
    // SAFETY: the library has it open.
    let open = unsafe { OpenSpan::numbered(span) };
    contained((), || {
        open.with(|id, log| log.enter(id));
    });
}

unsafe extern "C" fn exit(_: *const c_void, span: u64) {
    // SAFETY: the library has it open.
    let open = unsafe { OpenSpan::numbered(span) };
    contained((), || {
        open.with(|id, log| log.exit(id));
    });
}

unsafe extern "C" fn clone(_: *const c_void, span: u64) {
    // SAFETY: the library has it open.
    unsafe { OpenSpan::numbered(span) }.add_use();
}

unsafe extern "C" fn close(_: *const c_void, span: u64) -> u32 {
    // SAFETY: the library ends a use of its own.
    u32::from(contained(false, || unsafe { OpenSpan::end_use(span) }))
}
