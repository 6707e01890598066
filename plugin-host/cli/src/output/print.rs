//! What reaches a terminal: nothing that it would act on.
//!
//! Names on a bus, in recordings and in folders are other programs' texts. [`Guard`] stands before the standard output and lets no
//! control character through but the end of a line; a name in a line of text is [`Shown`], so that it can't end that either.
//! The escapes are those of JSON, where these characters stand in texts only: it stays what it is.

use std::fmt::Arguments;
use std::io::{self, Write};

use shm_bus::Shown;
use shm_bus::shown::acts;

/// See the module.
#[derive(Debug)]
pub(crate) struct Guard<W>(pub(crate) W);

impl<W: Write> Write for Guard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What is formatted comes in whole texts.
        let text = String::from_utf8_lossy(bytes);
        if !text.contains(|c| c != '\n' && acts(c)) {
            self.0.write_all(bytes)?;
            return Ok(bytes.len());
        }
        for line in text.split_inclusive('\n') {
            match line.strip_suffix('\n') {
                Some(line) => writeln!(self.0, "{}", Shown(line))?,
                None => write!(self.0, "{}", Shown(line))?,
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Tells a person something, in one line.
pub(crate) fn tell(what: Arguments<'_>) {
    let what = what.to_string();
    eprintln!("hotframe: {}", Shown(&what));
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::Guard;

    #[test]
    fn only_ends_of_lines_get_through_and_json_stays_json() {
        let mut out = Guard(Vec::new());
        writeln!(out, "{}", serde_json::json!({ "name": "a\u{1b}\u{9b}2J\u{202e}\n" }))
            .expect("a Vec takes everything");
        write!(out, "two\nlines\u{1b}[31m\r\nü").expect("a Vec takes everything");
        let text = String::from_utf8(out.0).expect("text");
        let (json, rest) = text.split_once('\n').expect("a line");
        assert_eq!(rest, "two\nlines\\u001b[31m\\u000d\nü");
        let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
        assert_eq!(json["name"], "a\u{1b}\u{9b}2J\u{202e}\n");
    }
}
