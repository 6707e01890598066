//! Formats an error and its causes in one line.

use std::error::Error;
use std::iter::successors;

/// `error` and its causes in one line, separated by colons. Skips a cause that the text already contains: some errors quote theirs.
pub fn with_causes(error: &dyn Error) -> String {
    successors(error.source(), |cause| (*cause).source()).map(ToString::to_string).fold(
        error.to_string(),
        |text, cause| {
            if text.contains(&cause) { text } else { format!("{text}: {cause}") }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::with_causes;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Failed {
        text: &'static str,
        source: std::io::Error,
    }

    #[test]
    fn a_cause_is_told_once() {
        let full = || std::io::Error::other("disk full");
        assert_eq!(with_causes(&full()), "disk full");
        assert_eq!(with_causes(&Failed { text: "cannot save", source: full() }), "cannot save: disk full");
        assert_eq!(with_causes(&Failed { text: "disk full, not saved", source: full() }), "disk full, not saved");
    }
}
