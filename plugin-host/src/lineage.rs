//! The place of a call in a chain of calls from plugin to plugin: who called, what time is left, and the numbers that name chain and call.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use plugin_gate::Patience;

/// Time that a call from plugin to plugin without a deadline waits for the other plugin: longer than any swap uses it.
const NESTED_WAIT: Duration = Duration::from_secs(1);

/// See the module. Cheap to make: numbers are given only when somebody asks for them. It lives beside the call's context and is passed by
/// reference, because copying what was just stored would wait for the stores.
#[derive(Debug)]
pub(crate) struct Lineage {
    /// Name of the calling plugin; `None` if the host called.
    caller: Option<&'static str>,
    deadline: Option<Instant>,
    /// Calls that this one is nested in.
    depth: u32,
    /// 0: not given yet.
    trace: Cell<u64>,
    /// 0: not given yet.
    span: Cell<u64>,
}

impl Lineage {
    /// Of a call by the host.
    pub(crate) const fn from_host(deadline: Option<Instant>) -> Self {
        Self { caller: None, deadline, depth: 0, trace: Cell::new(0), span: Cell::new(0) }
    }

    /// Of a call that `caller` makes within this one. It ends before this one's deadline, and before `deadline`.
    pub(crate) fn child(&self, caller: &'static str, deadline: Option<Instant>) -> Self {
        let deadline = self.deadline.into_iter().chain(deadline).min();
        Self {
            caller: Some(caller),
            deadline,
            depth: self.depth + 1,
            trace: Cell::new(self.trace()),
            span: Cell::new(0),
        }
    }

    pub(crate) const fn caller(&self) -> Option<&'static str> {
        self.caller
    }

    /// How long this call waits for its plugin. Two chains of calls on different threads may wait for each other; so a call from a plugin
    /// always gives up at last.
    pub(crate) const fn patience(&self) -> Patience {
        match (self.deadline, self.depth) {
            (Some(deadline), _) => Patience::Until(deadline),
            (None, 0) => Patience::Forever,
            (None, _) => Patience::For(NESTED_WAIT),
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether the deadline has passed. Without one it looks at no clock.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    pub(crate) const fn depth(&self) -> u32 {
        self.depth
    }

    /// Number of the chain, the same in all calls of it.
    pub(crate) fn trace(&self) -> u64 {
        number(&self.trace)
    }

    /// Number of this call.
    pub(crate) fn span(&self) -> u64 {
        number(&self.span)
    }
}

/// The number in `place`; a new one if there is none yet.
fn number(place: &Cell<u64>) -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    if place.get() == 0 {
        place.set(LAST.fetch_add(1, Ordering::Relaxed) + 1);
    }
    place.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_has_one_trace_and_a_span_for_each_call() {
        let outer = Lineage::from_host(None);
        let inner = outer.child("ai", None);
        let innermost = inner.child("director", None);
        assert_eq!([outer.trace(), inner.trace()], [innermost.trace(); 2]);
        let spans = [outer.span(), inner.span(), innermost.span()];
        assert!(spans[0] != spans[1] && spans[1] != spans[2] && spans[0] != spans[2]);
        assert_eq!((outer.caller(), inner.caller(), innermost.caller()), (None, Some("ai"), Some("director")));
        assert_eq!([outer.depth(), inner.depth(), innermost.depth()], [0, 1, 2]);
        assert_ne!(Lineage::from_host(None).trace(), outer.trace());
    }

    #[test]
    fn the_earliest_deadline_holds() {
        let now = Instant::now();
        let [soon, late] = [1, 2].map(|seconds| Some(now + Duration::from_secs(seconds)));
        assert_eq!(Lineage::from_host(soon).child("ai", late).deadline(), soon);
        assert_eq!(Lineage::from_host(late).child("ai", soon).deadline(), soon);
        assert_eq!(Lineage::from_host(None).child("ai", late).deadline(), late);
        assert_eq!(Lineage::from_host(None).child("ai", None).deadline(), None);
    }
}
