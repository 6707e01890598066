//! Systems on which nobody can fence for others: everybody fences.

/// Nobody can have this process's threads fence.
pub(crate) const fn join() -> bool {
    false
}

/// Nobody has joined, so that there is nobody to reach.
pub(crate) const fn heavy() -> bool {
    true
}
