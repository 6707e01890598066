//! The data that a query fetches: terms, and tuples of terms.

use crate::abi::{Access, ColumnPointer, TermDescriptor};
use crate::component::Component;
use crate::query::Mut;
use shm_bus_wire::EntityId;

/// One fetched item of a query.
///
/// # Safety
/// `DESCRIPTOR` names exactly the component and access that `item` and `slice` use.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be fetched by a query",
    note = "write `&T`, `&mut T`, `Option<&T>` or `Option<&mut T>` of a component, or `EntityId`; a tuple of these has up to eight"
)]
pub unsafe trait Term {
    /// The item of one entity.
    type Item<'a>;
    /// The items of one table.
    type Slice<'a>;
    /// Description for the host.
    const DESCRIPTOR: TermDescriptor;

    /// The item at `row`.
    ///
    /// # Safety
    /// `column` belongs to this term and has more than `row` rows; no other live item aliases this row if the term writes.
    unsafe fn item<'a>(column: ColumnPointer, row: usize, change_tick: u32) -> Self::Item<'a>;

    /// All `rows` items.
    ///
    /// # Safety
    /// As for [`Self::item`], for all rows.
    unsafe fn slice<'a>(column: ColumnPointer, rows: usize, change_tick: u32) -> Self::Slice<'a>;
}

/// A term that writes nothing.
///
/// # Safety
/// `item` and `slice` return only shared references or copies.
pub unsafe trait ReadOnlyTerm: Term {}

// SAFETY: reads `T` from a column of `T`.
unsafe impl<T: Component> Term for &T {
    type Item<'a> = &'a T;
    type Slice<'a> = &'a [T];
    const DESCRIPTOR: TermDescriptor = TermDescriptor::of::<T>(Access::Read);

    #[inline]
    unsafe fn item<'a>(column: ColumnPointer, row: usize, _: u32) -> &'a T {
        // SAFETY: `row` is in the column by contract.
        let item = unsafe { column.data.cast::<T>().add(row) };
        // SAFETY: the column holds initialized `T`s that nobody writes during the call.
        unsafe { &*item }
    }

    #[inline]
    unsafe fn slice<'a>(column: ColumnPointer, rows: usize, _: u32) -> &'a [T] {
        // SAFETY: as in `item`, for all rows.
        unsafe { core::slice::from_raw_parts(column.data.cast(), rows) }
    }
}

// SAFETY: shared references only.
unsafe impl<T: Component> ReadOnlyTerm for &T {}

// SAFETY: writes `T` in a column of `T`.
unsafe impl<T: Component> Term for &mut T {
    type Item<'a> = Mut<'a, T>;
    type Slice<'a> = &'a mut [T];
    const DESCRIPTOR: TermDescriptor = TermDescriptor::of::<T>(Access::Write);

    #[inline]
    unsafe fn item<'a>(column: ColumnPointer, row: usize, change_tick: u32) -> Mut<'a, T> {
        // SAFETY: `row` is in the column by contract.
        let item = unsafe { column.data.cast::<T>().add(row) };
        // SAFETY: a written column comes with as many ticks as rows.
        let changed = unsafe { column.changed.add(row) };
        // SAFETY: both are valid and unaliased for the call.
        unsafe { Mut::new(item, changed, change_tick) }
    }

    #[inline]
    unsafe fn slice<'a>(column: ColumnPointer, rows: usize, change_tick: u32) -> &'a mut [T] {
        // SAFETY: a written column comes with as many ticks as rows, unaliased for the call.
        let ticks = unsafe { core::slice::from_raw_parts_mut(column.changed, rows) };
        ticks.fill(change_tick);
        // SAFETY: as in `item`, for all rows.
        unsafe { core::slice::from_raw_parts_mut(column.data.cast(), rows) }
    }
}

// SAFETY: reads `T` from a column of `T`, where there is one.
unsafe impl<T: Component> Term for Option<&T> {
    type Item<'a> = Option<&'a T>;
    type Slice<'a> = Option<&'a [T]>;
    const DESCRIPTOR: TermDescriptor = TermDescriptor::of::<T>(Access::OptionalRead);

    #[inline]
    unsafe fn item<'a>(column: ColumnPointer, row: usize, tick: u32) -> Option<&'a T> {
        // SAFETY: this contract is that of `&T`, for a column that exists.
        (!column.data.is_null()).then(|| unsafe { <&T as Term>::item(column, row, tick) })
    }

    #[inline]
    unsafe fn slice<'a>(column: ColumnPointer, rows: usize, tick: u32) -> Option<&'a [T]> {
        // SAFETY: as in `item`.
        (!column.data.is_null()).then(|| unsafe { <&T as Term>::slice(column, rows, tick) })
    }
}

// SAFETY: shared references only.
unsafe impl<T: Component> ReadOnlyTerm for Option<&T> {}

// SAFETY: writes `T` in a column of `T`, where there is one.
unsafe impl<T: Component> Term for Option<&mut T> {
    type Item<'a> = Option<Mut<'a, T>>;
    type Slice<'a> = Option<&'a mut [T]>;
    const DESCRIPTOR: TermDescriptor = TermDescriptor::of::<T>(Access::OptionalWrite);

    #[inline]
    unsafe fn item<'a>(column: ColumnPointer, row: usize, tick: u32) -> Option<Mut<'a, T>> {
        // SAFETY: this contract is that of `&mut T`, for a column that exists.
        (!column.data.is_null()).then(|| unsafe { <&mut T as Term>::item(column, row, tick) })
    }

    #[inline]
    unsafe fn slice<'a>(column: ColumnPointer, rows: usize, tick: u32) -> Option<&'a mut [T]> {
        // SAFETY: as in `item`.
        (!column.data.is_null()).then(|| unsafe { <&mut T as Term>::slice(column, rows, tick) })
    }
}

// SAFETY: reads the entity column.
unsafe impl Term for EntityId {
    type Item<'a> = EntityId;
    type Slice<'a> = &'a [EntityId];
    const DESCRIPTOR: TermDescriptor = TermDescriptor::ENTITY;

    #[inline]
    unsafe fn item<'a>(column: ColumnPointer, row: usize, _: u32) -> Self::Item<'a> {
        // SAFETY: `row` is in the column by contract.
        let item = unsafe { column.data.cast::<EntityId>().add(row) };
        // SAFETY: the host's entity column holds 64-bit ids.
        unsafe { *item }
    }

    #[inline]
    unsafe fn slice<'a>(column: ColumnPointer, rows: usize, _: u32) -> &'a [EntityId] {
        // SAFETY: as in `item`, for all rows.
        unsafe { core::slice::from_raw_parts(column.data.cast(), rows) }
    }
}

// SAFETY: copies only.
unsafe impl ReadOnlyTerm for EntityId {}

/// A term or a tuple of terms.
///
/// # Safety
/// `TERMS` has [`Self::Columns`]' length and order.
pub unsafe trait QueryData {
    /// The item of one entity.
    type Item<'a>;
    /// The items of one table.
    type Slices<'a>;
    /// One table's columns, copied out of the ABI.
    type Columns: Copy + core::fmt::Debug;
    /// Null pointers, for an iterator without a table.
    const NO_COLUMNS: Self::Columns;
    /// Description for the host.
    const TERMS: &'static [TermDescriptor];

    /// Copies one table's column pointers.
    ///
    /// # Safety
    /// `columns` has one entry per term.
    unsafe fn columns(columns: *const ColumnPointer) -> Self::Columns;

    /// The items at `row`.
    ///
    /// # Safety
    /// As [`Term::item`], for every term.
    unsafe fn item<'a>(columns: Self::Columns, row: usize, change_tick: u32) -> Self::Item<'a>;

    /// The columns.
    ///
    /// # Safety
    /// As [`Term::slice`], for every term.
    unsafe fn slices<'a>(columns: Self::Columns, rows: usize, change_tick: u32) -> Self::Slices<'a>;
}

/// Data that writes nothing.
///
/// # Safety
/// As [`ReadOnlyTerm`], for every term.
pub unsafe trait ReadOnlyData: QueryData {}

// SAFETY: one term, one column.
unsafe impl<T: Term> QueryData for T {
    type Item<'a> = T::Item<'a>;
    type Slices<'a> = T::Slice<'a>;
    type Columns = ColumnPointer;
    const NO_COLUMNS: ColumnPointer = ColumnPointer::NULL;
    const TERMS: &'static [TermDescriptor] = &[T::DESCRIPTOR];

    #[inline]
    unsafe fn columns(columns: *const ColumnPointer) -> ColumnPointer {
        // SAFETY: one entry by contract.
        unsafe { *columns }
    }

    #[inline]
    unsafe fn item<'a>(columns: ColumnPointer, row: usize, change_tick: u32) -> T::Item<'a> {
        // SAFETY: the same contract.
        unsafe { T::item(columns, row, change_tick) }
    }

    #[inline]
    unsafe fn slices<'a>(columns: ColumnPointer, rows: usize, change_tick: u32) -> T::Slice<'a> {
        // SAFETY: the same contract.
        unsafe { T::slice(columns, rows, change_tick) }
    }
}

// SAFETY: the one term is read-only.
unsafe impl<T: ReadOnlyTerm> ReadOnlyData for T {}

macro_rules! tuple {
    ($count:literal: $($term:ident $index:tt),+) => {
        // SAFETY: terms and columns are listed in the same order.
        unsafe impl<$($term: Term),+> QueryData for ($($term,)+) {
            type Item<'a> = ($($term::Item<'a>,)+);
            type Slices<'a> = ($($term::Slice<'a>,)+);
            type Columns = [ColumnPointer; $count];
            const NO_COLUMNS: Self::Columns = [ColumnPointer::NULL; $count];
            const TERMS: &'static [TermDescriptor] = &[$($term::DESCRIPTOR),+];

            #[inline]
            unsafe fn columns(columns: *const ColumnPointer) -> Self::Columns {
                // SAFETY: one entry per term by contract.
                unsafe { *columns.cast::<[ColumnPointer; $count]>() }
            }

            #[inline]
            unsafe fn item<'a>(columns: Self::Columns, row: usize, change_tick: u32) -> Self::Item<'a> {
                ($(
                    // SAFETY: the same contract, per term.
                    unsafe { $term::item(columns[$index], row, change_tick) },
                )+)
            }

            #[inline]
            unsafe fn slices<'a>(columns: Self::Columns, rows: usize, change_tick: u32) -> Self::Slices<'a> {
                ($(
                    // SAFETY: the same contract, per term.
                    unsafe { $term::slice(columns[$index], rows, change_tick) },
                )+)
            }
        }

        // SAFETY: every term is read-only.
        unsafe impl<$($term: ReadOnlyTerm),+> ReadOnlyData for ($($term,)+) {}
    };
}
tuple!(1: A 0);
tuple!(2: A 0, B 1);
tuple!(3: A 0, B 1, C 2);
tuple!(4: A 0, B 1, C 2, D 3);
tuple!(5: A 0, B 1, C 2, D 3, E 4);
tuple!(6: A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(7: A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
