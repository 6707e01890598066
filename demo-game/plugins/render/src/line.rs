//! A short line of text, stored without an allocation.

use core::fmt::{self, Write};

const LENGTH_MAX: usize = 32;

/// Up to 32 bytes; longer text is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    bytes: [u8; LENGTH_MAX],
    /// In `0 ..= LENGTH_MAX`.
    length: usize,
}

impl Line {
    /// `arguments` as text.
    pub(crate) fn new(arguments: fmt::Arguments<'_>) -> Self {
        let mut line = Self { bytes: [0; LENGTH_MAX], length: 0 };
        let _ = line.write_fmt(arguments);
        line
    }

    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or("")
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let place = self.bytes.get_mut(self.length).ok_or(fmt::Error)?;
            *place = byte;
            self.length += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_cuts() {
        assert_eq!(Line::new(format_args!("x{}.{}", 2, 4)).as_str(), "x2.4");
        let long = "0123456789".repeat(5);
        assert_eq!(Line::new(format_args!("{long}")).as_str(), &long[..LENGTH_MAX]);
    }
}
