//! Borrowed text and lists in C layout.

#![expect(unsafe_code, reason = "reads what the other side points at")]

/// UTF-8 bytes, pointer and length.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Text {
    /// May dangle if `length` is 0.
    pub pointer: *const u8,
    /// In bytes.
    pub length: usize,
}

impl Text {
    /// Borrows `text`; the caller keeps it alive while the other side may read it.
    #[must_use]
    pub const fn new(text: &str) -> Self {
        Self { pointer: text.as_ptr(), length: text.len() }
    }

    /// An owned copy, with invalid UTF-8 replaced.
    ///
    /// # Safety
    /// `pointer` is valid for `length` bytes or `length` is 0.
    #[must_use]
    pub unsafe fn to_owned_text(self) -> String {
        if self.length == 0 || self.pointer.is_null() {
            return String::new();
        }
        // SAFETY: valid for `length` bytes by this function's contract.
        let bytes = unsafe { core::slice::from_raw_parts(self.pointer, self.length) };
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// A borrowed array, pointer and length.
#[derive(Debug)]
#[repr(C)]
pub struct List<T> {
    /// May dangle if `length` is 0.
    pub pointer: *const T,
    /// In items.
    pub length: usize,
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<T> {}

impl<T> List<T> {
    /// Borrows `items`.
    #[must_use]
    pub const fn new(items: &'static [T]) -> Self {
        Self { pointer: items.as_ptr(), length: items.len() }
    }

    /// The items.
    ///
    /// # Safety
    /// `pointer` is valid for `length` items, which outlive `'a`, or `length` is 0.
    #[must_use]
    pub unsafe fn as_slice<'a>(self) -> &'a [T] {
        if self.length == 0 || self.pointer.is_null() {
            return &[];
        }
        // SAFETY: valid for `length` items by this function's contract.
        unsafe { core::slice::from_raw_parts(self.pointer, self.length) }
    }
}
