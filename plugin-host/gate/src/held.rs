//! The gates that this thread holds, from the outermost to the innermost: a thread that waits for itself would wait for ever.

use std::cell::Cell;

/// Number of gates that one thread may hold at a time, hence the depth of calls from plugin to plugin.
pub const DEPTH_MAX: usize = 16;

/// Why a gate was not entered. Nothing has happened then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This thread uses the gate already: exclusively, or it asks for exclusive use beside its shared one.
    Reentrant,
    /// This thread holds [`DEPTH_MAX`] gates.
    TooDeep,
}

thread_local! {
    // No destructors: a gate may be used while the thread ends.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Addresses of the gates; the lowest bit marks exclusive use.
    static GATES: [Cell<usize>; DEPTH_MAX] = const { [const { Cell::new(0) }; DEPTH_MAX] };
}

const EXCLUSIVE: usize = 1;

/// How a thread enters a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// It isn't in it.
    First,
    /// It is in it, shared.
    Again,
}

/// Records that this thread is about to use the gate at `address` together with others.
#[inline]
pub(crate) fn push_shared(address: usize) -> Result<Entry, Refusal> {
    let depth = DEPTH.get();
    let entry = if depth == 0 { Entry::First } else { entry_of(address, depth)? };
    push(address, depth)?;
    Ok(entry)
}

/// Records that this thread is about to use the gate at `address` alone.
#[inline]
pub(crate) fn push_exclusive(address: usize) -> Result<(), Refusal> {
    let depth = DEPTH.get();
    if depth > 0 && entry_of(address, depth)? == Entry::Again {
        return Err(Refusal::Reentrant);
    }
    push(address | EXCLUSIVE, depth)
}

fn entry_of(address: usize, depth: usize) -> Result<Entry, Refusal> {
    GATES.with(|gates| {
        let mut held = gates[..depth].iter().map(Cell::get);
        match held.find(|held| held & !EXCLUSIVE == address) {
            None => Ok(Entry::First),
            Some(held) if held == address => Ok(Entry::Again),
            Some(_) => Err(Refusal::Reentrant),
        }
    })
}

#[inline]
fn push(tagged: usize, depth: usize) -> Result<(), Refusal> {
    if depth == DEPTH_MAX {
        return Err(Refusal::TooDeep);
    }
    GATES.with(|gates| gates[depth].set(tagged));
    DEPTH.set(depth + 1);
    Ok(())
}

/// Forgets the innermost use of the gate at `address`. Guards may be dropped in any order.
#[inline]
pub(crate) fn pop(address: usize) {
    let depth = DEPTH.get();
    GATES.with(|gates| {
        let held = &gates[..depth];
        if let Some(place) = held.iter().rposition(|held| held.get() & !EXCLUSIVE == address) {
            for index in place + 1..depth {
                held[index - 1].set(held[index].get());
            }
            DEPTH.set(depth - 1);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_use_is_told_from_the_first() {
        let [one, other] = [64, 128];
        assert_eq!(push_shared(one), Ok(Entry::First));
        assert_eq!(push_shared(one), Ok(Entry::Again));
        assert_eq!(push_exclusive(one), Err(Refusal::Reentrant));
        assert_eq!(push_exclusive(other), Ok(()));
        assert_eq!(push_shared(other), Err(Refusal::Reentrant));
        assert_eq!(push_exclusive(other), Err(Refusal::Reentrant));
        pop(one);
        assert_eq!(push_shared(one), Ok(Entry::Again));
        [one, one, other].into_iter().for_each(pop);
        assert_eq!(push_exclusive(one), Ok(()));
        pop(one);
        assert_eq!(DEPTH.get(), 0);
    }

    #[test]
    fn a_thread_holds_a_bounded_number_of_gates() {
        let gates: [usize; DEPTH_MAX] = std::array::from_fn(|number| 64 * (number + 1));
        assert!(gates.iter().all(|gate| push_exclusive(*gate).is_ok()));
        assert_eq!(push_shared(8192), Err(Refusal::TooDeep));
        gates.into_iter().for_each(pop);
        assert_eq!(push_shared(8192), Ok(Entry::First));
        pop(8192);
    }
}
