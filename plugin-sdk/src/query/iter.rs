//! Iterates over the tables: row by row, or column by column.

use core::marker::PhantomData;

use super::QueryData;
use crate::abi::TableColumns;

/// Iterator over the rows of all tables.
#[derive(Debug)]
pub struct Rows<'a, Data: QueryData> {
    /// Columns of the current table; null pointers if there is none.
    columns: Data::Columns,
    /// Next row, in `0 ..= rows`.
    row: usize,
    /// Rows of the current table.
    rows: usize,
    change_tick: u32,
    /// Tables not yet visited.
    tables: core::slice::Iter<'a, TableColumns>,
    data: PhantomData<fn() -> Data>,
}

impl<'a, Data: QueryData> Rows<'a, Data> {
    /// # Safety
    /// The tables match `Data` and are free of conflicting references for `'a`.
    pub(super) unsafe fn new(tables: &'a [TableColumns], change_tick: u32) -> Self {
        let (columns, tables) = (Data::NO_COLUMNS, tables.iter());
        Self { columns, row: 0, rows: 0, change_tick, tables, data: PhantomData }
    }

    /// Advances to the next table; `false` if there is none.
    #[cold]
    fn advance(&mut self) -> bool {
        let Some(table) = self.tables.next() else { return false };
        // SAFETY: the table has one column per term, by the contract of `new`.
        self.columns = unsafe { Data::columns(table.columns) };
        (self.row, self.rows) = (0, table.rows);
        true
    }
}

impl<'a, Data: QueryData> Iterator for Rows<'a, Data> {
    type Item = Data::Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Data::Item<'a>> {
        while self.row == self.rows {
            if !self.advance() {
                return None;
            }
        }
        let row = self.row;
        self.row += 1;
        // SAFETY: `row < rows`; each row is visited once, so that items don't alias.
        Some(unsafe { Data::item(self.columns, row, self.change_tick) })
    }

    #[inline]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(mut self, init: B, mut fold: F) -> B {
        let mut result = init;
        loop {
            for row in self.row..self.rows {
                // SAFETY: as in `next`.
                result = fold(result, unsafe { Data::item(self.columns, row, self.change_tick) });
            }
            if !self.advance() {
                return result;
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rows - self.row + self.tables.as_slice().iter().map(|table| table.rows).sum::<usize>();
        (left, Some(left))
    }
}

impl<Data: QueryData> ExactSizeIterator for Rows<'_, Data> {}

/// Iterator over the tables' column slices.
#[derive(Debug)]
pub struct Columns<'a, Data: QueryData> {
    tables: core::slice::Iter<'a, TableColumns>,
    change_tick: u32,
    data: PhantomData<fn() -> Data>,
}

impl<'a, Data: QueryData> Columns<'a, Data> {
    /// # Safety
    /// As for [`Rows::new`].
    pub(super) unsafe fn new(tables: &'a [TableColumns], change_tick: u32) -> Self {
        Self { tables: tables.iter(), change_tick, data: PhantomData }
    }
}

impl<'a, Data: QueryData> Iterator for Columns<'a, Data> {
    type Item = Data::Slices<'a>;

    fn next(&mut self) -> Option<Data::Slices<'a>> {
        let table = self.tables.next()?;
        // SAFETY: the table has one column per term, by the contract of `new`.
        let columns = unsafe { Data::columns(table.columns) };
        // SAFETY: each table is visited once, so that slices don't alias.
        Some(unsafe { Data::slices(columns, table.rows, self.change_tick) })
    }
}
