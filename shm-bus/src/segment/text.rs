//! Short texts in words: bytes in order, eight in a word, padded with zeros.
//!
//! # Failure
//! A text that does not fit is refused when it is stored. A loaded text is checked for length and UTF-8.

use crate::sync::{AtomicU64, Ordering};

/// Why a loaded text must not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextError {
    /// Longer than its field.
    Length,
    /// Not UTF-8.
    Encoding,
}

/// Stores `text`; the caller has checked that it fits.
pub(crate) fn store_text(words: &[AtomicU64], text: &str) {
    assert!(text.len() <= words.len() * 8, "checked by the caller");
    for (index, word) in words.iter().enumerate() {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(text.as_bytes().iter().skip(index * 8)) {
            *to = *from;
        }
        // ORDERING: Relaxed, the entry's state word publishes it.
        word.store(u64::from_le_bytes(bytes), Ordering::Relaxed);
    }
}

/// Loads a text of `len` bytes.
pub(crate) fn load_text(words: &[AtomicU64], len: u64) -> Result<String, TextError> {
    let len = usize::try_from(len).ok().filter(|len| *len <= words.len() * 8).ok_or(TextError::Length)?;
    // ORDERING: Relaxed, after an Acquire of the entry's state word.
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes()).collect();
    bytes.truncate(len);
    String::from_utf8(bytes).map_err(|_| TextError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::{TextError, load_text, store_text};
    use crate::sync::{AtomicU64, Ordering};

    #[test]
    fn a_text_comes_back_and_a_bad_length_is_refused() {
        let words: Vec<_> = (0..3).map(|_| AtomicU64::new(u64::MAX)).collect();
        store_text(&words, "physics/contact");
        assert_eq!(load_text(&words, 15).as_deref(), Ok("physics/contact"));
        assert_eq!(load_text(&words, 25), Err(TextError::Length));
        words[0].store(u64::MAX, Ordering::Relaxed);
        assert_eq!(load_text(&words, 15), Err(TextError::Encoding));
    }
}
