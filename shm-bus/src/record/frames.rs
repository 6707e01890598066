//! The records of an MCAP file in order, whatever bytes it contains.
//!
//! `mcap`'s own reader trusts lengths within chunks and stops at the first error, but recordings that were killed or damaged have to be
//! read here. `head.rs` decides what a record may be; this module reads, and after an impossible record continues at the end that a chunk
//! gives, or at the next chunk that can be found.
//!
//! # Invariants
//! 1. Nothing is returned from a chunk with a wrong checksum, unless it is the last one and cut off.
//! 2. Each search for the next chunk begins after the last one and ends at one: a file is read a bounded number of times.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use mcap::records::op;
use mcap::{MAGIC, parse_record};

use super::head::{CHUNK_HEAD, ChunkHead, FRONT, Front, compression};

/// Why there is no next record.
#[derive(Debug)]
pub(super) enum FrameError {
    /// A system call failed.
    Io(io::Error),
    /// It is not an MCAP file.
    Foreign(&'static str),
    /// A chunk is compressed.
    Compressed(String),
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// An impossible part of a recording, which was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// Offset from the file's beginning.
    pub at: u64,
    /// Number of bytes left out.
    pub bytes: u64,
    /// Number of messages in these, if known; the source of this number may be damaged, too.
    pub messages: Option<u64>,
    /// The problem.
    pub problem: &'static str,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Frames {
    file: BufReader<File>,
    /// Length of the file in bytes.
    len: u64,
    /// Offset of the next record outside of chunks.
    next: u64,
    /// End of the last chunk that was confirmed by its sizes. The ends of later records have no confirmation.
    sure: u64,
    /// The present chunk's records, or one record outside of chunks.
    body: Vec<u8>,
    /// Offset of the next record in the chunk, in `0 ..= body.len()`.
    at: usize,
    /// Offset of `body` in the file.
    body_at: u64,
    /// The chunk is incomplete.
    torn: bool,
    /// The file ended before the end of its data.
    pub(super) cut_off: bool,
    pub(super) damage: Vec<Damage>,
}

/// A record found outside of chunks.
enum Outer {
    /// A chunk, whose records are in `body`.
    Chunk,
    /// One record of this opcode, which is in `body`.
    Record(u8),
    /// A record that is not needed here.
    Skipped,
    End,
}

impl Frames {
    /// Maximum length of one record in bytes, chunks included.
    const RECORD_MAX: u64 = 1 << 31;
    /// Number of bytes searched at once.
    const BLOCK: usize = 1 << 16;

    pub(super) fn new(file: File) -> Result<Self, FrameError> {
        let len = file.metadata()?.len();
        let mut frames = Self {
            file: BufReader::new(file),
            len,
            next: MAGIC.len() as u64,
            sure: MAGIC.len() as u64,
            body: Vec::new(),
            at: 0,
            body_at: 0,
            torn: false,
            cut_off: false,
            damage: Vec::new(),
        };
        let magic = frames.peek(0, MAGIC.len())?;
        match magic.iter().zip(MAGIC).filter(|(found, wanted)| found == wanted).count() {
            8 => {}
            // Some bits may have flipped.
            4.. => frames.note(0, MAGIC.len() as u64, Some(0), "the file's first bytes are wrong"),
            // Or its whole beginning may be overwritten: no other file contains a chunk.
            _ => {
                let Some(chunk) = frames.find_chunk()? else {
                    return Err(FrameError::Foreign("it does not begin with the magic of MCAP"));
                };
                frames.note(0, chunk, None, "the file's beginning is wrong");
                frames.next = chunk;
            }
        }
        Ok(frames)
    }

    /// The next record outside or inside of chunks: opcode and body. `None` at the end of the data.
    pub(super) fn next(&mut self) -> Result<Option<(u8, &[u8])>, FrameError> {
        loop {
            if self.at == self.body.len() {
                if self.torn || self.cut_off {
                    self.cut_off = true;
                    return Ok(None);
                }
                match self.outer()? {
                    Outer::End => return Ok(None),
                    Outer::Record(opcode) => {
                        self.at = self.body.len();
                        return Ok(Some((opcode, &self.body)));
                    }
                    Outer::Chunk | Outer::Skipped => continue,
                }
            }
            let start = self.at;
            match inner(&self.body[start..]) {
                Some((opcode, len)) => {
                    self.at += FRONT + len;
                    return Ok(Some((opcode, &self.body[start + FRONT..start + FRONT + len])));
                }
                None => {
                    self.at = self.body.len();
                    if !self.torn {
                        let rest = (self.body.len() - start) as u64;
                        self.note(self.body_at + start as u64, rest, None, "a record reaches past its chunk");
                    }
                }
            }
        }
    }

    /// Whether the present chunk was cut off, so that its checksum proves nothing about its records.
    pub(super) const fn is_torn(&self) -> bool {
        self.torn
    }

    /// Reports that the last returned record is invalid for other reasons.
    pub(super) fn reject(&mut self, len: usize) {
        let end = self.body_at + self.at as u64;
        self.note(end - len as u64, len as u64, Some(1), "a record is malformed");
    }

    fn note(&mut self, at: u64, bytes: u64, messages: Option<u64>, problem: &'static str) {
        self.damage.push(Damage { at, bytes, messages, problem });
    }

    /// Reads the record at `next`, and advances `next` past it.
    fn outer(&mut self) -> Result<Outer, FrameError> {
        self.body.clear();
        (self.at, self.torn) = (0, false);
        let at = self.next;
        let head = self.peek(at, CHUNK_HEAD + 16)?;
        let Some(front) = Front::parse(&head) else {
            self.cut_off = true;
            return Ok(Outer::End);
        };
        if let Some(chunk) = ChunkHead::parse(&head)
            && (chunk.is_chunk() || chunk.is_certain())
            && let ControlFlow::Break(outer) = self.chunk(at, front, chunk, &head)?
        {
            return Ok(outer);
        }
        let problem = match front.problem(&head[FRONT..]) {
            None if front.opcode == op::CHUNK => Some("a chunk states different sizes, and none matches its checksum"),
            problem => problem,
        };
        if let Some(problem) = problem {
            return self.lose(at, problem);
        }
        let end = (at + FRONT as u64).checked_add(front.length).filter(|end| *end <= self.len);
        match front.opcode {
            op::DATA_END | op::FOOTER => Ok(Outer::End),
            _ if end.is_none() => self.lose(at, "a record reaches past the end of the file"),
            op::CHANNEL | op::METADATA | op::MESSAGE if front.length <= Self::RECORD_MAX => {
                self.read(at + FRONT as u64, front.length)?;
                if parse_record(front.opcode, &self.body).is_err() {
                    self.body.clear();
                    return self.lose(at, "a record is malformed");
                }
                self.next = end.unwrap_or(self.len);
                Ok(Outer::Record(front.opcode))
            }
            _ => {
                self.next = end.unwrap_or(self.len);
                Ok(Outer::Skipped)
            }
        }
    }

    /// Reads the chunk at `at`. If it turns out to be none, continues after it.
    fn chunk(
        &mut self,
        at: u64,
        front: Front,
        head: ChunkHead,
        bytes: &[u8],
    ) -> Result<ControlFlow<Outer>, FrameError> {
        let records = at + CHUNK_HEAD as u64;
        if head.may_be_compressed()
            && let Some(with) = compression(front.length, &bytes[FRONT..])
        {
            return Err(FrameError::Compressed(with.to_owned()));
        }
        let most = self.len.saturating_sub(records).min(Self::RECORD_MAX);
        for size in head.candidates(most) {
            self.read(records, size)?;
            if if head.crc == 0 { head.is_certain() } else { crc32fast::hash(&self.body) == head.crc } {
                (self.next, self.sure) = (records + size, records + size);
                return Ok(ControlFlow::Break(Outer::Chunk));
            }
        }
        self.body.clear();
        let Some(size) = head.agreed().filter(|_| head.is_chunk() || head.crc != 0) else {
            return Ok(ControlFlow::Continue(()));
        };
        if size <= most {
            self.read(records, size)?;
            let messages = count_messages(&self.body);
            self.body.clear();
            (self.next, self.sure) = (records + size, records + size);
            self.note(at, CHUNK_HEAD as u64 + size, messages, "a chunk's checksum is wrong");
            return Ok(ControlFlow::Break(Outer::Skipped));
        }
        if self.find_chunk()?.is_some() {
            return Ok(ControlFlow::Continue(()));
        }
        // The last one, and cut off.
        self.read(records, most)?;
        (self.torn, self.next) = (true, self.len);
        Ok(ControlFlow::Break(Outer::Chunk))
    }

    /// Leaves out the record at `found`, and everything from the last confirmed offset to the next chunk: the record before `found` may
    /// have had a wrong length.
    fn lose(&mut self, found: u64, problem: &'static str) -> Result<Outer, FrameError> {
        let at = self.sure;
        if let Some(next) = self.find_chunk()? {
            self.note(at, next - at, None, problem);
            self.next = next;
            return Ok(Outer::Skipped);
        }
        let footer = self.peek(self.len.saturating_sub(28), 28)?;
        if self.len >= 28 && footer.ends_with(MAGIC) {
            let summary = footer.first_chunk().map_or(0, |start| u64::from_le_bytes(*start));
            let end = if (at..=self.len).contains(&summary) { summary } else { self.len };
            // Only data that are not needed here follow.
            self.note(at, end - at, None, problem);
            return Ok(Outer::End);
        }
        if self.is_past_the_end(found)? {
            self.torn = true;
        } else {
            self.note(at, self.len - at, None, problem);
        }
        self.cut_off = true;
        Ok(Outer::End)
    }

    /// Whether the record at `at` is a known one that ends past the file's end: it was cut off.
    fn is_past_the_end(&mut self, at: u64) -> Result<bool, FrameError> {
        let head = self.peek(at, CHUNK_HEAD)?;
        let Some(front) = Front::parse(&head) else { return Ok(true) };
        let end = (at + FRONT as u64).checked_add(front.length);
        let is_known = (op::HEADER..=op::DATA_END).contains(&front.opcode) && front.length <= Self::RECORD_MAX;
        Ok(is_known && end.is_none_or(|end| end > self.len))
    }

    /// Offset of the first whole chunk after the last confirmed offset.
    fn find_chunk(&mut self) -> Result<Option<u64>, FrameError> {
        let mut from = self.sure;
        loop {
            let block = self.peek(from, Self::BLOCK)?;
            let is_whole = |at: &usize, size: u64| {
                (from + (*at + CHUNK_HEAD) as u64).checked_add(size).is_some_and(|end| end <= self.len)
            };
            let is_chunk = |at: &usize| {
                let head = if block[*at] == op::CHUNK { ChunkHead::parse(&block[*at..]) } else { None };
                head.filter(ChunkHead::is_certain).and_then(|head| head.agreed()).is_some_and(|size| is_whole(at, size))
            };
            let Some(last) = block.len().checked_sub(CHUNK_HEAD) else { return Ok(None) };
            if let Some(at) = (0..=last).find(is_chunk) {
                return Ok(Some(from + at as u64));
            }
            from += last as u64 + 1;
        }
    }

    /// Up to `most` bytes at `at`.
    fn peek(&mut self, at: u64, most: usize) -> Result<Vec<u8>, FrameError> {
        let mut bytes = Vec::new();
        self.seek(at)?;
        self.file.by_ref().take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads `len` bytes at `at` into `body`.
    fn read(&mut self, at: u64, len: u64) -> Result<(), FrameError> {
        self.body.clear();
        (self.at, self.body_at) = (0, at);
        self.seek(at)?;
        self.file.by_ref().take(len).read_to_end(&mut self.body)?;
        Ok(())
    }

    fn seek(&mut self, at: u64) -> io::Result<()> {
        let now = self.file.stream_position()?;
        match i64::try_from(at as i128 - now as i128) {
            Ok(offset) => self.file.seek_relative(offset),
            Err(_) => self.file.seek(SeekFrom::Start(at)).map(drop),
        }
    }
}

/// The first record of `rest`: its opcode, and how long its body is.
fn inner(rest: &[u8]) -> Option<(u8, usize)> {
    let front = Front::parse(rest)?;
    let len = usize::try_from(front.length).ok()?;
    rest.len().checked_sub(FRONT).filter(|most| len <= *most).map(|_| (front.opcode, len))
}

/// Messages in the records of a chunk; `None` unless they follow each other to its end.
fn count_messages(mut records: &[u8]) -> Option<u64> {
    let mut messages = 0;
    while !records.is_empty() {
        let (opcode, len) = inner(records)?;
        messages += u64::from(opcode == op::MESSAGE);
        records = &records[FRONT + len..];
    }
    Some(messages)
}
