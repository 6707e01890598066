//! Finds the value that an error is about, where its path ends before it: serde reads flattened and internally tagged types from a
//! buffer, whose errors have no path.
//!
//! The error quotes the value. Each value that reads so is changed a little, in a copy, and the state is read again: if the error
//! quotes what it was changed to, this is the one. Nothing is guessed; if none is found, the error stays as it was.

use super::Input;
use crate::state::error::{Error, Segment};
use crate::state::token::{Token, segment};

/// Values that are tried.
const TRIES_MAX: usize = 8;

/// Pieces of the value that are looked at.
const TOKENS_MAX: usize = 10_000;

/// Values within one another that are looked at.
const LEVELS_MAX: usize = 32;

/// `error` of reading `state`, with the whole path. The path it has ends at the value before whose beginning `fault` bytes were left.
/// `read` gives the error of another state.
#[cold]
pub(in crate::state) fn blame(
    error: Error,
    state: &[u8],
    fault: Option<usize>,
    mut read: impl FnMut(&mut Input<'_>) -> Option<Error>,
) -> Error {
    let start = state.len() - fault.unwrap_or(state.len()).min(state.len());
    let mut search = Search { state, reason: error.reason(), path: Vec::new(), found: Vec::new(), tokens: 0 };
    // Whatever can't be walked through ends the search.
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
    /// Values that the reason may be about: the way to each, and where it is.
    found: Vec<(Vec<Segment>, usize)>,
    tokens: usize,
}

impl<'a> Search<'a> {
    /// Goes through one value.
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

/// How serde's errors quote a value.
fn quote(token: Token<'_>) -> Option<String> {
    match token {
        Token::Bool(value) => Some(format!("`{value}`")),
        Token::Unsigned(value) => Some(format!("`{value}`")),
        Token::Signed(value) => Some(format!("`{value}`")),
        Token::Float(value) => Some(format!("`{:?}`", f64::from(value))),
        Token::Double(value) => Some(format!("`{value:?}`")),
        // In quotes of either kind.
        Token::Text(text) if !text.is_empty() => Some(text.escape_debug().to_string()),
        _ => None,
    }
}

/// Makes another value of the same length of the one at `place`; gives how both are quoted.
fn change(state: &mut [u8], place: usize) -> Option<(String, String)> {
    let mut rest = &state[place..];
    let token = Token::take(&mut rest).ok()?;
    let (before, last) = (quote(token)?, state.len() - rest.len() - 1);
    let byte = match token {
        // A letter stays one: what is quoted has no other escapes then.
        Token::Text(text) if !text.ends_with(|last: char| last.is_ascii_alphanumeric()) => return None,
        Token::Text(text) if text.ends_with('x') => b'y',
        Token::Text(_) => b'x',
        _ => state[last] ^ 1,
    };
    state[last] = byte;
    let after = quote(Token::take(&mut &state[place..]).ok()?)?;
    (before != after).then_some((before, after))
}
