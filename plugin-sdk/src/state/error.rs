//! Why, and at which path, a state can't be written or read. The path is collected while the error propagates outwards, so a
//! state without errors pays nothing for it.

use core::fmt::{self, Write as _};

/// Segments shown at each end of a long path.
const SHOWN: usize = 6;

/// Characters of a key that are shown.
const KEY_CHARS: usize = 32;

/// See the module.
#[derive(Debug)]
pub(super) struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    reason: String,
    /// Innermost first.
    path: Vec<Segment>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// A field, a variant or a text key.
    Name(String),
    /// Another key.
    Key(String),
    /// An item of a sequence or tuple.
    Item(usize),
}

impl Error {
    pub(super) fn new(reason: impl fmt::Display) -> Self {
        Self(Box::new(Inner { reason: reason.to_string(), path: Vec::new() }))
    }

    pub(super) fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The same error for a value further inside; `path` leads there, outermost segment first.
    pub(super) fn deeper(mut self, path: Vec<Segment>) -> Self {
        self.0.path.splice(0..0, path.into_iter().rev());
        self
    }

    /// The same error as seen from the enclosing value, of which `segment` is a part.
    #[cold]
    pub(super) fn inside(mut self, segment: Segment) -> Self {
        self.0.path.push(segment);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { reason, path } = &*self.0;
        if path.is_empty() {
            return out.write_str(reason);
        }
        let mut text = String::new();
        for (depth, segment) in path.iter().rev().enumerate() {
            if path.len() > SHOWN * 2 && (SHOWN..path.len() - SHOWN).contains(&depth) {
                if depth == SHOWN {
                    let _ = write!(text, ".…{} levels….", path.len() - SHOWN * 2);
                }
                continue;
            }
            segment.append(&mut text);
        }
        write!(out, "{text}: {reason}")
    }
}

impl core::error::Error for Error {}

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(reason)
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::new(reason)
    }
}

impl Segment {
    /// Appends the segment to a path.
    pub(super) fn append(&self, path: &mut String) {
        let _ = match self {
            Self::Item(index) => write!(path, "[{index}]"),
            Self::Key(key) => write!(path, "[{key}]"),
            Self::Name(name) if is_plain(name) => {
                if !path.is_empty() && !path.ends_with('.') {
                    path.push('.');
                }
                path.push_str(name);
                Ok(())
            }
            Self::Name(name) => write!(path, "[{:?}]", shortened(name)),
        };
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.chars().count() <= KEY_CHARS
        && name.chars().all(|character| character.is_alphanumeric() || character == '_')
}

fn shortened(name: &str) -> String {
    let mut short: String = name.chars().take(KEY_CHARS).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::{Error, Segment};

    #[test]
    fn a_path_reads_as_it_is_written_in_rust() {
        let error = Error::new("why")
            .inside(Segment::Name("hp".to_owned()))
            .inside(Segment::Item(3))
            .inside(Segment::Name("a b".to_owned()))
            .inside(Segment::Name("items".to_owned()));
        assert_eq!(error.to_string(), "items[\"a b\"][3].hp: why");
    }

    #[test]
    fn a_long_path_shows_both_ends() {
        let mut error = Error::new("too deep");
        for _ in 0..1_000 {
            error = error.inside(Segment::Name("next".to_owned()));
        }
        let text = error.inside(Segment::Name("head".to_owned())).to_string();
        assert!(text.starts_with("head.next.next") && text.contains("…989 levels…"), "{text}");
        assert!(text.ends_with("next: too deep") && text.len() < 200, "{text}");
    }
}
