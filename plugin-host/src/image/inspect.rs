//! Reads a plugin's file before any of its code runs, and states why it can't be loaded.
//!
//! Reads the private copy with the `object` crate: format, architecture, completeness, the exported entry, the records of the `.hotframe`
//! section, needed libraries. This module knows file formats and the record layout, but nothing of copying, loading or the descriptor that
//! the running code returns.
//!
//! The file is untrusted: no function here panics, whatever the bytes.
//!
//! | refused | because |
//! |---|---|
//! | another format, architecture, byte order; no dynamic library | `dlopen` would fail, or worse |
//! | a segment or section that ends beyond the file; headers that don't parse | it is still being written |
//! | no exported [`ENTRY`], no section, no plugin record, a broken record, two plugins | it is no plugin of ours |
//! | another ABI version | the structures differ |
//! | `panic = abort` | a panic would take the host with it |
//! | a needed `libstd-*` (`-C prefer-dynamic`) | a shared std crashes when the image is unloaded |
//!
//! # Failure
//! [`InspectError`] names the watched file and the reason; [`InspectError::is_incomplete`] tells whether the file may just be unfinished.

mod records;
mod refusal;

use std::fs::File;
use std::io;
use std::path::Path;

use object::read::{FileKind, ReadCache, ReadRef};
use object::{
    Architecture, BinaryFormat, Endianness, LittleEndian, Object as _, ObjectKind, ObjectSection as _,
    ObjectSegment as _,
};

pub use self::refusal::{InspectError, RecordError, Refusal};
use plugin_sdk::abi::ENTRY;

use crate::name::canonical;

/// Properties that a plugin's file must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The ABI version of the host.
    pub abi: u32,
    /// The platform of the host.
    pub target: Target,
}

impl Expected {
    /// The platform that this host runs on, and this ABI version.
    #[must_use]
    pub fn native(abi: u32) -> Self {
        Self { abi, target: Target::native() }
    }
}

/// A platform, as far as a library's headers describe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// ELF, Mach-O or PE.
    pub format: BinaryFormat,
    /// The instruction set.
    pub architecture: Architecture,
    /// The byte order.
    pub endianness: Endianness,
    /// Whether pointers have 64 bits.
    pub is_64: bool,
}

impl Target {
    /// The platform that this host runs on.
    #[must_use]
    pub fn native() -> Self {
        let format = if cfg!(windows) {
            BinaryFormat::Pe
        } else if cfg!(target_vendor = "apple") {
            BinaryFormat::MachO
        } else {
            BinaryFormat::Elf
        };
        let architecture = match std::env::consts::ARCH {
            "x86_64" => Architecture::X86_64,
            "x86" => Architecture::I386,
            "aarch64" => Architecture::Aarch64,
            "arm" => Architecture::Arm,
            "riscv64" => Architecture::Riscv64,
            "loongarch64" => Architecture::LoongArch64,
            "powerpc64" => Architecture::PowerPc64,
            "s390x" => Architecture::S390x,
            _ => Architecture::Unknown,
        };
        let endianness = if cfg!(target_endian = "big") { Endianness::Big } else { Endianness::Little };
        Self { format, architecture, endianness, is_64: cfg!(target_pointer_width = "64") }
    }
}

/// A file's statements about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// The plugin's name, with `_` for each `-`; not empty.
    pub name: String,
    /// The plugin's version, as its author wrote it.
    pub version: String,
    /// The ABI version, which equals the expected one.
    pub abi: u32,
    /// Address space of its segments, in bytes.
    pub mapped: u64,
}

/// Inspects the private `copy` of the watched file `watched`, which errors name.
///
/// Reads the headers, the tables and the section, not the code.
///
/// # Errors
/// [`InspectError`], by the table in the module's documentation.
pub fn inspect(copy: &Path, watched: &Path, expected: &Expected) -> Result<Facts, InspectError> {
    let facts = File::open(copy)
        .map_err(Refusal::Unreadable)
        .and_then(|file| inspect_data(&ReadCache::new(io::BufReader::new(file)), expected));
    facts.map_err(|refusal| InspectError { file: watched.to_path_buf(), refusal })
}

/// Inspects a file's bytes.
///
/// # Errors
/// [`Refusal`], by the table in the module's documentation.
pub fn inspect_data<'data>(data: impl ReadRef<'data>, expected: &Expected) -> Result<Facts, Refusal> {
    check_magic(data, &expected.target)?;
    let file = object::File::parse(data).map_err(Refusal::Malformed)?;
    check_platform(&file, &expected.target)?;
    check_complete(&file, data)?;
    if !exports_entry(&file)? {
        return Err(Refusal::NoEntry);
    }
    let record = records::plugin(section(&file)?, expected.abi)?;
    let libraries = libraries(&file)?;
    if let Some(library) = libraries.iter().find(|library| is_shared_std(library)) {
        return Err(Refusal::SharedStd { library: library.clone() });
    }
    let (name, version, abi) = (canonical(record.name), record.version.to_owned(), record.abi);
    Ok(Facts { name, version, abi, mapped: mapped(&file) })
}

/// Checks format, word size and byte order, which all further parsing depends on.
fn check_magic<'data>(data: impl ReadRef<'data>, target: &Target) -> Result<(), Refusal> {
    const MAGIC_BYTES: u64 = 16;
    let len = data.len().map_err(|()| Refusal::Unreadable(io::ErrorKind::Other.into()))?;
    let Ok(magic) = data.read_bytes_at(0, MAGIC_BYTES) else {
        return Err(Refusal::Truncated { part: "the file header", end: MAGIC_BYTES, len });
    };
    if magic.iter().all(|&byte| byte == 0) {
        // The file was allocated, but its content is still to come.
        return Err(Refusal::Truncated { part: "the unwritten file header", end: MAGIC_BYTES, len: 0 });
    }
    let not = |found| Refusal::Format { found, expected: target.format };
    let (format, is_64) = match FileKind::parse(data) {
        Ok(FileKind::Elf32) => (BinaryFormat::Elf, false),
        Ok(FileKind::Elf64) => (BinaryFormat::Elf, true),
        Ok(FileKind::MachO32) => (BinaryFormat::MachO, false),
        Ok(FileKind::MachO64) => (BinaryFormat::MachO, true),
        Ok(FileKind::Pe32) => (BinaryFormat::Pe, false),
        Ok(FileKind::Pe64) => (BinaryFormat::Pe, true),
        Ok(FileKind::MachOFat32 | FileKind::MachOFat64) => return Err(not("a universal binary")),
        Ok(FileKind::Archive) => return Err(not("a static library")),
        Ok(_) => return Err(not("an object of another kind")),
        // The part that distinguishes PE from DOS lies behind the magic.
        Err(error) if magic.starts_with(b"MZ") => return Err(Refusal::Malformed(error)),
        Err(_) => return Err(not("no library at all")),
    };
    if format != target.format {
        return Err(not(match format {
            BinaryFormat::Elf => "an ELF file",
            BinaryFormat::MachO => "a Mach-O file",
            _ => "a PE file",
        }));
    }
    let bits = |is_64| if is_64 { "64 bits" } else { "32 bits" };
    if is_64 != target.is_64 {
        return Err(mismatch(bits(is_64), bits(target.is_64)));
    }
    // ELF: e_ident[EI_DATA]. Mach-O: the magic in the file's own order. PE has one order.
    let endianness = match (format, magic) {
        (BinaryFormat::Elf, [_, _, _, _, _, 2, ..]) | (BinaryFormat::MachO, [0xFE, ..]) => Endianness::Big,
        _ => Endianness::Little,
    };
    if endianness != target.endianness {
        return Err(mismatch(&format!("{endianness:?} endian"), &format!("{:?} endian", target.endianness)));
    }
    Ok(())
}

fn mismatch(found: &str, expected: &str) -> Refusal {
    Refusal::Architecture { found: found.to_owned(), expected: expected.to_owned() }
}

fn check_platform<'data, R: ReadRef<'data>>(file: &object::File<'data, R>, target: &Target) -> Result<(), Refusal> {
    if file.architecture() != target.architecture {
        return Err(mismatch(&format!("{:?}", file.architecture()), &format!("{:?}", target.architecture)));
    }
    let found = match file.kind() {
        ObjectKind::Dynamic => return Ok(()),
        ObjectKind::Executable => "a program",
        ObjectKind::Relocatable => "an object file",
        ObjectKind::Core => "a core dump",
        _ => "an object of another kind",
    };
    Err(Refusal::Format { found, expected: target.format })
}

/// Checks that all segments and sections lie within the file. (The tables that list them do, or they would not have parsed.)
fn check_complete<'data, R: ReadRef<'data>>(file: &object::File<'data, R>, data: R) -> Result<(), Refusal> {
    let len = data.len().map_err(|()| Refusal::Unreadable(io::ErrorKind::Other.into()))?;
    let segments = file.segments().map(|segment| ("a segment", segment.file_range()));
    let sections = file.sections().filter_map(|section| Some(("a section", section.file_range()?)));
    let padded = padded_sections(file).into_iter().map(|range| ("a section's padding", range));
    for (part, (start, size)) in segments.chain(sections).chain(padded) {
        let end = start.saturating_add(size);
        if end > len {
            return Err(Refusal::Truncated { part, end, len });
        }
    }
    Ok(())
}

/// Number of bytes that the loader will map.
fn mapped<'data, R: ReadRef<'data>>(file: &object::File<'data, R>) -> u64 {
    file.segments().fold(0, |bytes, segment| bytes.saturating_add(segment.size()))
}

/// PE: the sections with the padding that Windows requires and `object` leaves out.
fn padded_sections<'data, R: ReadRef<'data>>(file: &object::File<'data, R>) -> Vec<(u64, u64)> {
    let table = match file {
        object::File::Pe32(file) => file.section_table(),
        object::File::Pe64(file) => file.section_table(),
        _ => return Vec::new(),
    };
    let range = |section: &object::pe::ImageSectionHeader| {
        let (start, size) = (section.pointer_to_raw_data.get(LittleEndian), section.size_of_raw_data.get(LittleEndian));
        (u64::from(start), u64::from(size))
    };
    table.iter().map(range).collect()
}

fn exports_entry<'data, R: ReadRef<'data>>(file: &object::File<'data, R>) -> Result<bool, Refusal> {
    for export in file.exports().map_err(Refusal::Malformed)? {
        let export = export.map_err(Refusal::Malformed)?;
        if export.name().name().is_some_and(|name| plain(file.format(), name) == ENTRY.as_bytes()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A symbol's name without the underscore that Mach-O prepends.
fn plain(format: BinaryFormat, name: &[u8]) -> &[u8] {
    if format == BinaryFormat::MachO { name.strip_prefix(b"_").unwrap_or(name) } else { name }
}

fn section<'data, R: ReadRef<'data>>(file: &object::File<'data, R>) -> Result<&'data [u8], Refusal> {
    let (segment, name) = match file.format() {
        BinaryFormat::MachO => (Some("__TEXT"), "__hotframe"),
        BinaryFormat::Pe => (None, ".hotfrm"),
        _ => (None, ".hotframe"),
    };
    let is_ours = |section: &object::Section<'data, '_, R>| {
        section.name_bytes() == Ok(name.as_bytes())
            && (segment.is_none() || section.segment_name().ok().flatten() == segment)
    };
    let section = file.sections().find(is_ours).ok_or(Refusal::NoSection(name))?;
    section.data().map_err(Refusal::Malformed)
}

fn libraries<'data, R: ReadRef<'data>>(file: &object::File<'data, R>) -> Result<Vec<String>, Refusal> {
    let name = |library: object::Result<object::read::ImportLibrary<'data>>| {
        library.map(|library| String::from_utf8_lossy(library.name()).into_owned())
    };
    let libraries = file.import_libraries().map_err(Refusal::Malformed)?;
    libraries.map(name).collect::<Result<_, _>>().map_err(Refusal::Malformed)
}

/// `libstd-<hash>.so`, `@rpath/libstd-<hash>.dylib`, `std-<hash>.dll`.
fn is_shared_std(library: &str) -> bool {
    let file = library.rsplit('/').next().unwrap_or(library);
    file.starts_with("libstd-") || (file.starts_with("std-") && file.ends_with(".dll"))
}

#[cfg(test)]
mod tests;
