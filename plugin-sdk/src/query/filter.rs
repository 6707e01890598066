//! Filters: conditions on a query's entities, without fetching data.

use core::marker::PhantomData;

use crate::abi::{Access, TermDescriptor};
use crate::component::Component;

/// Only entities that have `T`.
#[derive(Debug)]
pub struct With<T>(PhantomData<fn() -> T>);

/// Only entities that lack `T`.
#[derive(Debug)]
pub struct Without<T>(PhantomData<fn() -> T>);

/// One condition.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a query filter",
    note = "write `With<T>` or `Without<T>` of a component; a tuple of these has up to four"
)]
pub trait FilterTerm {
    /// Description for the host.
    const DESCRIPTOR: TermDescriptor;
}

impl<T: Component> FilterTerm for With<T> {
    const DESCRIPTOR: TermDescriptor = TermDescriptor::of::<T>(Access::With);
}

impl<T: Component> FilterTerm for Without<T> {
    const DESCRIPTOR: TermDescriptor = TermDescriptor::of::<T>(Access::Without);
}

/// A condition, or a tuple of conditions that must all hold.
pub trait QueryFilter {
    /// Description for the host.
    const TERMS: &'static [TermDescriptor];
}

impl QueryFilter for () {
    const TERMS: &'static [TermDescriptor] = &[];
}

impl<T: FilterTerm> QueryFilter for T {
    const TERMS: &'static [TermDescriptor] = &[T::DESCRIPTOR];
}

macro_rules! tuple {
    ($($term:ident)+) => {
        impl<$($term: FilterTerm),+> QueryFilter for ($($term,)+) {
            const TERMS: &'static [TermDescriptor] = &[$($term::DESCRIPTOR),+];
        }
    };
}
tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
