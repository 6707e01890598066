//! Encodes the arguments of a call, as the module of [`abi::ExportDescriptor`](crate::abi::ExportDescriptor) describes them.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

/// The arguments of a call: a MessagePack array, or no bytes.
#[derive(Debug)]
pub struct Arguments {
    bytes: Buffer,
    /// Why an argument can't be written.
    failure: Option<String>,
}

impl Arguments {
    /// Begins with the number of arguments that follow.
    #[must_use]
    #[inline]
    pub fn new(count: u32) -> Self {
        let mut arguments = Self { bytes: Buffer { few: [0; _], used: 0, many: Vec::new() }, failure: None };
        if count > 0
            && let Err(error) = rmp::encode::write_array_len(&mut arguments.bytes, count)
        {
            arguments.failure = Some(error.to_string());
        }
        arguments
    }

    /// The next argument.
    #[inline]
    pub fn value<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        // As the plugin reads it: with field names, and as a human-readable format.
        let mut serializer = rmp_serde::Serializer::new(&mut self.bytes).with_struct_map().with_human_readable();
        if let Err(error) = value.serialize(&mut serializer) {
            self.failure.get_or_insert_with(|| format!("argument `{name}`: {error}"));
        }
    }

    /// The next argument as binary data, which the plugin borrows.
    #[inline]
    pub fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.value(name, &Bytes(bytes));
    }

    /// All of them as bytes, or why one can't be written.
    pub(super) fn encoded(&mut self) -> Result<&[u8], String> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(self.bytes.as_slice()),
        }
    }
}

/// serde writes a slice as a list of numbers, which can't be borrowed as bytes.
struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Bytes on the stack while they are few, so that most calls allocate nothing for their arguments.
#[derive(Debug)]
struct Buffer {
    few: [u8; 128],
    /// Of `few`, while `many` is empty.
    used: usize,
    /// All bytes, once there are too many.
    many: Vec<u8>,
}

impl Buffer {
    fn as_slice(&self) -> &[u8] {
        if self.many.is_empty() { &self.few[..self.used] } else { &self.many }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        if self.many.is_empty() {
            self.many.extend_from_slice(&self.few[..self.used]);
        }
        self.many.extend_from_slice(bytes);
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    // What the encoder calls. The provided one would loop around `write`.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.few.get_mut(self.used..self.used + bytes.len()) {
            Some(free) if self.many.is_empty() => {
                free.copy_from_slice(bytes);
                self.used += bytes.len();
            }
            _ => self.spill(bytes),
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    #[test]
    fn arguments_are_an_array_of_values_however_long_they_are() {
        for length in 0..400 {
            let text = "x".repeat(length);
            let mut arguments = Arguments::new(3);
            arguments.value("text", &text);
            arguments.bytes("bytes", text.as_bytes());
            arguments.value("number", &7);
            let mut expected = Vec::new();
            rmp::encode::write_array_len(&mut expected, 3).expect("a vector has room");
            rmp::encode::write_str(&mut expected, &text).expect("a vector has room");
            rmp::encode::write_bin(&mut expected, text.as_bytes()).expect("a vector has room");
            rmp::encode::write_uint(&mut expected, 7).expect("a vector has room");
            assert_eq!(arguments.encoded(), Ok(&*expected));
        }
    }

    #[test]
    fn no_arguments_are_no_bytes() {
        assert_eq!(Arguments::new(0).encoded(), Ok(&[][..]));
    }

    #[test]
    fn an_argument_that_can_not_be_written_is_named() {
        struct Broken;
        impl serde::Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("it is broken"))
            }
        }
        let mut arguments = Arguments::new(2);
        arguments.value("first", &Broken);
        arguments.value("second", &Broken);
        assert_eq!(arguments.encoded(), Err("argument `first`: it is broken".to_owned()));
    }
}
