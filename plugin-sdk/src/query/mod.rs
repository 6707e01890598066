//! Queries: a system's view of the host's columns, table by table, without copying.
//!
//! The host matches the tables and passes raw column pointers; [`Query`] gives them types. Borrows end with the call. On loading, the host
//! refuses a component that occurs twice in one query, or in two queries of one system if one of them writes it and `With` and `Without`
//! don't make them disjoint. Therefore no two conflicting references to one item can exist.
//!
//! # Invariants
//! 1. The host passes tables whose columns match [`QueryData::TERMS`] in order and type, valid and unaliased for the call.

#![expect(unsafe_code, reason = "gives types to the host's raw columns")]

mod data;
mod filter;
mod iter;
mod mutable;

use core::marker::PhantomData;

pub use data::{QueryData, ReadOnlyData, ReadOnlyTerm, Term};
pub use filter::{FilterTerm, QueryFilter, With, Without};
pub use iter::{Columns, Rows};
pub use mutable::Mut;

use crate::abi::{List, ParamDescriptor, ParamKind, TableColumns, TopicDescriptor};
use crate::frame::Frame;
use crate::param::SystemParam;

/// The entities that have the components in `Data` and pass `Filter`.
///
/// `Data` is a term or a tuple of up to eight: `&T`, `&mut T`, `Option<&T>`, `Option<&mut T>`, `EntityId`. `Filter` is
/// [`With<T>`], [`Without<T>`] or a tuple of these.
#[derive(Debug)]
pub struct Query<'call, Data: QueryData, Filter: QueryFilter = ()> {
    tables: &'call [TableColumns],
    change_tick: u32,
    terms: PhantomData<fn() -> (Data, Filter)>,
}

impl<Data: QueryData, Filter: QueryFilter> Query<'_, Data, Filter> {
    /// Number of entities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Whether no entity matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(|table| table.rows == 0)
    }

    /// Iterates over every entity's items, tables in the host's order. Writing through a [`Mut`] stamps its row as changed.
    pub fn iter_mut(&mut self) -> Rows<'_, Data> {
        // SAFETY: tables match by invariant 1; `&mut self` keeps other iterators away while this one lives.
        unsafe { Rows::new(self.tables, self.change_tick) }
    }

    /// Iterates over whole columns, one tuple of slices per table. Every row of a mutable column is stamped as changed.
    pub fn columns_mut(&mut self) -> Columns<'_, Data> {
        // SAFETY: as in `iter_mut`.
        unsafe { Columns::new(self.tables, self.change_tick) }
    }

    /// Iterates over every entity's items, for a read-only query.
    #[must_use]
    pub fn iter(&self) -> Rows<'_, Data>
    where
        Data: ReadOnlyData,
    {
        // SAFETY: tables match by invariant 1; the items are shared references only.
        unsafe { Rows::new(self.tables, self.change_tick) }
    }

    /// Iterates over whole columns, for a read-only query.
    #[must_use]
    pub fn columns(&self) -> Columns<'_, Data>
    where
        Data: ReadOnlyData,
    {
        // SAFETY: as in `iter`.
        unsafe { Columns::new(self.tables, self.change_tick) }
    }

    /// The items of the only entity; `None` unless exactly one matches.
    pub fn single_mut(&mut self) -> Option<Data::Item<'_>> {
        let mut rows = self.iter_mut();
        let first = rows.next()?;
        rows.next().is_none().then_some(first)
    }

    /// The items of the only entity, for a read-only query; `None` unless exactly one matches.
    #[must_use]
    pub fn single(&self) -> Option<Data::Item<'_>>
    where
        Data: ReadOnlyData,
    {
        let mut rows = self.iter();
        let first = rows.next()?;
        rows.next().is_none().then_some(first)
    }
}

impl<'query, Data: QueryData, Filter: QueryFilter> IntoIterator for &'query mut Query<'_, Data, Filter> {
    type Item = Data::Item<'query>;
    type IntoIter = Rows<'query, Data>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<'query, Data: ReadOnlyData, Filter: QueryFilter> IntoIterator for &'query Query<'_, Data, Filter> {
    type Item = Data::Item<'query>;
    type IntoIter = Rows<'query, Data>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

// SAFETY: the descriptor names the terms that `fetch` gives types to.
unsafe impl<Data: QueryData + 'static, Filter: QueryFilter + 'static> SystemParam for Query<'static, Data, Filter> {
    type Item<'call> = Query<'call, Data, Filter>;

    const DESCRIPTOR: ParamDescriptor = ParamDescriptor {
        kind: ParamKind::Query as u32,
        query_data: List::new(Data::TERMS),
        query_filter: List::new(Filter::TERMS),
        topic: TopicDescriptor::NONE,
    };

    unsafe fn fetch<'call>(frame: &'call Frame<'call>, index: usize) -> Query<'call, Data, Filter> {
        // SAFETY: the call has this parameter, by this function's contract.
        let value = unsafe { frame.param(index) };
        // SAFETY: it matches `DESCRIPTOR`, by the same contract.
        let tables = unsafe { value.tables.as_slice() };
        Query { tables, change_tick: frame.change_tick(), terms: PhantomData }
    }
}
