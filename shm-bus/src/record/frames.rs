//! The records of an MCAP file, one after the other, whatever bytes it holds.
//!
//! `mcap`'s own reader trusts lengths within chunks and stops before a chunk that is cut off; a recording that was killed
//! or damaged is just what has to be read here.
//!
//! ```text
//! file   = magic { record }      record = opcode u8 | length u64 | body
//! chunk  = start u64 | end u64 | size u64 | crc u32 | compression (u32 length, text) | size u64 | { record }
//! ```
//! Source: the MCAP specification, <https://mcap.dev/spec>.

use std::fs::File;
use std::io::{self, BufReader, Read};

use mcap::MAGIC;
use mcap::records::op;

/// Why there is no next record.
#[derive(Debug)]
pub(super) enum FrameError {
    /// The system refused.
    Io(io::Error),
    /// Something is impossible.
    Damaged(&'static str),
    /// A chunk is compressed.
    Compressed(String),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Frames {
    file: BufReader<File>,
    /// The present chunk's records, or one record outside of chunks.
    body: Vec<u8>,
    /// Where the next record of the chunk begins, in `0 ..= body.len()`.
    at: usize,
    /// The chunk is not whole.
    torn: bool,
    /// The file ended before the end of its data.
    pub(super) cut_off: bool,
}

impl Frames {
    /// Bytes of one record, chunks included.
    const RECORD_MAX: u64 = 1 << 31;
    /// Bytes of opcode and length.
    const FRONT: usize = 9;

    pub(super) fn new(file: File) -> Result<Self, FrameError> {
        let mut file = BufReader::new(file);
        let mut magic = [0; 8];
        match file.read_exact(&mut magic) {
            Ok(()) if magic == MAGIC => {}
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(FrameError::Io(error)),
            _ => return Err(FrameError::Damaged("it does not begin as MCAP files do")),
        }
        Ok(Self { file, body: Vec::new(), at: 0, torn: false, cut_off: false })
    }

    /// The next record outside or inside of chunks: opcode and body. `None` at the end of the data.
    pub(super) fn next(&mut self) -> Result<Option<(u8, &[u8])>, FrameError> {
        while self.at == self.body.len() {
            if self.torn || self.cut_off {
                self.cut_off = true;
                return Ok(None);
            }
            match self.read()? {
                Some(op::DATA_END | op::FOOTER) => return Ok(None),
                Some(op::CHUNK) => self.enter_chunk()?,
                Some(opcode) if self.torn => {
                    tracing::debug!(opcode, "the file ends within a record");
                    self.at = self.body.len();
                }
                Some(opcode) => {
                    self.at = self.body.len();
                    return Ok(Some((opcode, &self.body)));
                }
                None => self.torn = true,
            }
        }
        let rest = &self.body[self.at..];
        let front = rest.first_chunk::<{ Self::FRONT }>();
        let whole = front.and_then(|[opcode, length @ ..]| {
            let end = usize::try_from(u64::from_le_bytes(*length)).ok()?.checked_add(Self::FRONT)?;
            Some((*opcode, rest.get(Self::FRONT..end)?))
        });
        match whole {
            Some((opcode, body)) => {
                self.at += Self::FRONT + body.len();
                Ok(Some((opcode, body)))
            }
            None if self.torn => {
                self.cut_off = true;
                self.at = self.body.len();
                Ok(None)
            }
            None => Err(FrameError::Damaged("a record reaches past its chunk")),
        }
    }

    /// Reads a record into `body`, as far as the file goes; gives its opcode.
    fn read(&mut self) -> Result<Option<u8>, FrameError> {
        (self.at, self.torn) = (0, false);
        self.body.clear();
        let mut front = [0; Self::FRONT];
        match self.file.read_exact(&mut front) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(FrameError::Io(error)),
        }
        let [opcode, length @ ..] = front;
        let length = u64::from_le_bytes(length);
        if length > Self::RECORD_MAX {
            return Err(FrameError::Damaged("a record is longer than 2 GiB"));
        }
        let read = self.file.by_ref().take(length).read_to_end(&mut self.body).map_err(FrameError::Io)?;
        self.torn = (read as u64) < length;
        Ok(Some(opcode))
    }

    /// Leaves in `body` the records of the chunk that it holds.
    fn enter_chunk(&mut self) -> Result<(), FrameError> {
        let Some(Chunk { crc, compression, records }) = Chunk::parse(&self.body) else {
            if self.torn {
                self.at = self.body.len();
                return Ok(());
            }
            return Err(FrameError::Damaged("a chunk is shorter than its header"));
        };
        if !compression.is_empty() {
            return Err(FrameError::Compressed(String::from_utf8_lossy(compression).into_owned()));
        }
        let found = records.end.min(self.body.len());
        if found < records.end && !self.torn {
            return Err(FrameError::Damaged("a chunk's records reach past it"));
        }
        self.body.truncate(found);
        self.at = records.start;
        if !self.torn && crc != 0 && crc32fast::hash(&self.body[records]) != crc {
            return Err(FrameError::Damaged("a chunk's checksum is wrong"));
        }
        Ok(())
    }
}

/// A chunk's header.
struct Chunk<'a> {
    crc: u32,
    compression: &'a [u8],
    /// Where its records should lie.
    records: std::ops::Range<usize>,
}

impl<'a> Chunk<'a> {
    fn parse(body: &'a [u8]) -> Option<Self> {
        let crc = u32::from_le_bytes(*body.get(24..)?.first_chunk()?);
        let length = u32::from_le_bytes(*body.get(28..)?.first_chunk()?) as usize;
        let compression = body.get(32..32_usize.checked_add(length)?)?;
        let start = 32 + length + 8;
        let size = u64::from_le_bytes(*body.get(start - 8..)?.first_chunk()?);
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        Some(Self { crc, compression, records: start..end })
    }
}
