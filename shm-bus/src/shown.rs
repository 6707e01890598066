//! Makes untrusted texts safe for terminals and logs.
//!
//! Names on a bus come from other programs. A control character in a terminal moves the cursor, clears the screen, changes colours, ends a
//! line, or changes the reading direction.

use std::fmt::{self, Display, Formatter, Write as _};

/// Displays a text with every character that a terminal might act on written as `\u001b`: all control characters, line and
/// paragraph separators, and those that change the direction of text. The notation is that of JSON.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a str);

impl Display for Shown<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if !self.0.contains(acts) {
            return out.pad(self.0);
        }
        let mut text = String::new();
        for c in self.0.chars() {
            if acts(c) { write!(text, "\\u{:04x}", u32::from(c))? } else { text.push(c) }
        }
        out.pad(&text)
    }
}

/// Whether a terminal may act on `c` instead of showing it. All of them lie below U+10000.
#[must_use]
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::Shown;

    #[test]
    fn what_a_terminal_would_act_on_is_written_out() {
        let cases = [
            ("physics/contact", "physics/contact"),
            ("größe 大小 🎮", "größe 大小 🎮"),
            ("a\u{1b}[31mb", "a\\u001b[31mb"),
            ("two\nlines\r\t", "two\\u000alines\\u000d\\u0009"),
            ("\u{9b}2J\u{7f}", "\\u009b2J\\u007f"),
            ("abc\u{202e}def\u{2066}\u{2028}", "abc\\u202edef\\u2066\\u2028"),
        ];
        for (text, shown) in cases {
            assert_eq!(Shown(text).to_string(), shown);
        }
        assert_eq!(format!("{:8}|{:>8}", Shown("high"), Shown("\0")), "high    |  \\u0000");
    }
}
