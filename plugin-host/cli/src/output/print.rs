//! Keeps control characters from the terminal.
//!
//! Names on a bus, in recordings and in folders are texts of other programs. [`Guard`] wraps the standard output and passes no control
//! character except line ends. A name within a line is [`Shown`], so that it can't end the line either. The escapes are those of JSON, in
//! which these characters occur only in strings: JSON output keeps its meaning.

use std::fmt::Arguments;
use std::io::{self, Write};

use shm_bus::Shown;
use shm_bus::shown::acts;

/// See the module.
#[derive(Debug)]
pub(crate) struct Guard<W>(pub(crate) W);

impl<W: Write> Write for Guard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Formatted output arrives in whole texts.
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

/// Reports something to a person, in one line.
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
