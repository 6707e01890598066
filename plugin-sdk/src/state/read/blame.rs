//! Finds the value that caused an error if the error's path ends before it: serde reads flattened and internally tagged types from a
//! buffer, whose errors have no path.
//!
//! The error quotes the value. In a copy, each value with this text is changed slightly, and the state is read again. If the error then
//! quotes the changed value, that value is the cause. Nothing is guessed: if no value qualifies, the error stays unchanged.

use super::Input;
use crate::state::error::{Error, Segment};
use crate::state::token::{Token, segment};

/// Maximum values that are tried.
const TRIES_MAX: usize = 8;

/// Maximum tokens that are inspected.
const TOKENS_MAX: usize = 10_000;

/// Maximum nesting that is inspected.
const LEVELS_MAX: usize = 32;

/// `error` of reading `state`, with the complete path. Its present path ends at the value at whose beginning `fault` bytes were left.
/// `read` returns the error of another state.
#[cold]
pub(in crate::state) fn blame(
    error: Error,
    state: &[u8],
    fault: Option<usize>,
    mut read: impl FnMut(&mut Input<'_>) -> Option<Error>,
) -> Error {
    let start = state.len() - fault.unwrap_or(state.len()).min(state.len());
    let mut search = Search { state, reason: error.reason(), path: Vec::new(), found: Vec::new(), tokens: 0 };
    // A value that can't be walked through ends the search.
    let _ = search.walk(&mut &state[start..]);
    for (path, place) in search.found {
        let mut other = state.to_vec();
        let Some((before, after)) = change(&mut other, place) else { continue };
        let expected = error.reason().replace(&before, &after);
        if read(&mut Input::new(&other, None)).is_some_and(|error| error.reason() == expected) {
            return error.deeper(path);
        }
    }
    error
}

struct Search<'a> {
    state: &'a [u8],
    reason: &'a str,
    path: Vec<Segment>,
    /// Candidate values: the path and position of each.
    found: Vec<(Vec<Segment>, usize)>,
    tokens: usize,
}

impl<'a> Search<'a> {
    /// Walks through one value.
    fn walk(&mut self, rest: &mut &'a [u8]) -> Result<(), Error> {
        self.tokens += 1;
        if self.tokens > TOKENS_MAX || self.found.len() == TRIES_MAX || self.path.len() > LEVELS_MAX {
            return Err(Error::new("enough was looked at"));
        }
        let place = self.state.len() - rest.len();
        match Token::take(rest)? {
            Token::Items(count) => {
                for index in 0..count as usize {
                    self.inside(Segment::Item(index), rest)?;
                }
            }
            Token::Entries(count) => {
                for _ in 0..count {
                    let before = *rest;
                    Token::take(rest)?;
                    self.inside(segment(&before[..before.len() - rest.len()]), rest)?;
                }
            }
            token => {
                let is_quoted = quote(token).is_some_and(|quote| self.reason.contains(&quote));
                if is_quoted && !self.path.is_empty() {
                    self.found.push((self.path.clone(), place));
                }
            }
        }
        Ok(())
    }

    fn inside(&mut self, segment: Segment, rest: &mut &'a [u8]) -> Result<(), Error> {
        self.path.push(segment);
        self.walk(rest)?;
        self.path.pop();
        Ok(())
    }
}

/// A value's text in serde's errors.
fn quote(token: Token<'_>) -> Option<String> {
    match token {
        Token::Bool(value) => Some(format!("`{value}`")),
        Token::Unsigned(value) => Some(format!("`{value}`")),
        Token::Signed(value) => Some(format!("`{value}`")),
        Token::Float(value) => Some(format!("`{:?}`", f64::from(value))),
        Token::Double(value) => Some(format!("`{value:?}`")),
        // serde uses both kinds of quotes.
        Token::Text(text) if !text.is_empty() => Some(text.escape_debug().to_string()),
        _ => None,
    }
}

/// Changes the value at `place` to another one of the same length; returns the texts of both.
fn change(state: &mut [u8], place: usize) -> Option<(String, String)> {
    let mut rest = &state[place..];
    let token = Token::take(&mut rest).ok()?;
    let (before, last) = (quote(token)?, state.len() - rest.len() - 1);
    let byte = match token {
        // A letter is replaced by a letter, so the quoted text gets no new escapes.
        Token::Text(text) if !text.ends_with(|last: char| last.is_ascii_alphanumeric()) => return None,
        Token::Text(text) if text.ends_with('x') => b'y',
        Token::Text(_) => b'x',
        _ => state[last] ^ 1,
    };
    state[last] = byte;
    let after = quote(Token::take(&mut &state[place..]).ok()?)?;
    (before != after).then_some((before, after))
}
