//! Tests with real cdylibs, built here by `rustc`: accepted, refused for each reason, cut and changed at any place.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use proptest::prelude::*;
use tempfile::TempDir;

use super::records::tests::plugin_record;
use super::*;

const ABI: u32 = 7;

/// Differences of a fixture from a good plugin.
#[derive(Clone, Copy)]
struct Fixture {
    abi: u32,
    entry: &'static str,
    section: &'static str,
    flags: &'static [&'static str],
}

const GOOD: Fixture = Fixture { abi: ABI, entry: ENTRY, section: section_name(), flags: &["-C", "strip=debuginfo"] };

const fn section_name() -> &'static str {
    if cfg!(windows) {
        ".hotfrm"
    } else if cfg!(target_vendor = "apple") {
        "__TEXT,__hotframe"
    } else {
        ".hotframe"
    }
}

impl Fixture {
    /// Builds the cdylib in a folder of its own.
    fn build(self) -> (TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("fixture.rs");
        let library = dir.path().join(format!("fixture{}", std::env::consts::DLL_SUFFIX));
        fs::write(&source, self.source()).unwrap();
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc)
            .args(["--edition", "2024", "--crate-type", "cdylib", "-o"])
            .arg(&library)
            .arg(&source)
            .args(self.flags)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (dir, library)
    }

    /// The panic strategy in the record comes from the compiler, not from the test.
    fn source(self) -> String {
        let unwind = plugin_record(self.abi, 1, "fixture", "0.1.0");
        let abort = plugin_record(self.abi, 0, "fixture", "0.1.0");
        format!(
            "#[used] #[unsafe(link_section = {section:?})]\n\
             static RECORD: [u8; {len}] = if cfg!(panic = \"unwind\") {{ {unwind:?} }} else {{ {abort:?} }};\n\
             #[unsafe(no_mangle)] pub extern \"C\" fn {entry}() -> usize {{ std::env::args().count() }}\n",
            section = self.section,
            len = unwind.len(),
            entry = self.entry,
        )
    }

    fn inspect(self) -> Result<Facts, InspectError> {
        let (_dir, library) = self.build();
        inspect(&library, Path::new("plugins/libfixture.so"), &Expected::native(ABI))
    }

    fn refusal(self) -> Refusal {
        let error = self.inspect().unwrap_err();
        assert!(error.to_string().starts_with("plugins/libfixture.so: "), "{error}");
        assert!(!error.is_incomplete(), "{error}");
        error.refusal
    }
}

fn bytes_of_good() -> Vec<u8> {
    let (_dir, library) = GOOD.build();
    fs::read(library).unwrap()
}

fn inspect_bytes(bytes: &[u8]) -> Result<Facts, Refusal> {
    inspect_data(bytes, &Expected::native(ABI))
}

#[test]
fn a_good_plugin_tells_its_facts() {
    let facts = GOOD.inspect().unwrap();
    assert_eq!((facts.name.as_str(), facts.version.as_str(), facts.abi), ("fixture", "0.1.0", ABI));
}

#[test]
fn release_with_fat_lto_and_all_symbols_stripped_keeps_the_facts() {
    let facts = Fixture { flags: &["-O", "-C", "lto=fat", "-C", "strip=symbols"], ..GOOD }.inspect().unwrap();
    assert_eq!(facts.name, "fixture");
}

#[test]
fn another_abi_is_refused() {
    let refusal = Fixture { abi: ABI + 1, ..GOOD }.refusal();
    assert!(matches!(refusal, Refusal::Abi { found: 8, expected: ABI }), "{refusal}");
}

#[test]
fn panic_abort_is_refused() {
    let refusal = Fixture { flags: &["-C", "panic=abort"], ..GOOD }.refusal();
    assert!(matches!(refusal, Refusal::PanicAbort), "{refusal}");
}

#[test]
fn a_shared_std_is_refused() {
    let refusal = Fixture { flags: &["-C", "prefer-dynamic"], ..GOOD }.refusal();
    assert!(matches!(&refusal, Refusal::SharedStd { library } if library.contains("std-")), "{refusal}");
}

#[test]
fn a_library_without_the_entry_is_refused() {
    let refusal = Fixture { entry: "some_other_function", ..GOOD }.refusal();
    assert!(matches!(refusal, Refusal::NoEntry), "{refusal}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_without_the_section_is_refused() {
    let refusal = Fixture { section: ".elsewhere", ..GOOD }.refusal();
    assert!(matches!(refusal, Refusal::NoSection(".hotframe")), "{refusal}");
}

#[test]
fn every_cut_is_incomplete() {
    let bytes = bytes_of_good();
    let blocks = (0..bytes.len()).step_by(4096);
    let edges = (0..200).chain(bytes.len() - 200..bytes.len());
    for len in blocks.chain(edges) {
        let refusal = inspect_bytes(&bytes[..len]).unwrap_err();
        assert!(refusal.is_incomplete(), "cut at {len} of {}: {refusal}", bytes.len());
    }
    assert!(inspect_bytes(&vec![0; bytes.len()]).unwrap_err().is_incomplete(), "room made, nothing written");
}

#[cfg(target_os = "linux")]
#[test]
fn another_processor_word_size_or_byte_order_is_refused() {
    const EI_CLASS: usize = 4;
    const EI_DATA: usize = 5;
    const E_MACHINE: usize = 18;
    const EM_RISCV: u8 = 243;
    let good = bytes_of_good();
    for (at, value) in [(E_MACHINE, EM_RISCV), (EI_CLASS, 1), (EI_DATA, 2)] {
        let mut bytes = good.clone();
        bytes[at] = value;
        let refusal = inspect_bytes(&bytes).unwrap_err();
        assert!(matches!(refusal, Refusal::Architecture { .. }), "byte {at}: {refusal}");
    }
}

#[test]
fn what_is_no_library_of_this_platform_is_refused() {
    let format = |bytes: &[u8]| match inspect_bytes(bytes).unwrap_err() {
        Refusal::Format { found, .. } => found,
        other => panic!("{other}"),
    };
    assert_eq!(format(b"#!/bin/sh\nexit 0\n# a script"), "no library at all");
    assert_eq!(format(b"!<arch>\n and some more bytes"), "a static library");
    let elsewhere = Target { format: BinaryFormat::Xcoff, ..Target::native() };
    let bytes = bytes_of_good();
    let refusal = inspect_data(bytes.as_slice(), &Expected { abi: ABI, target: elsewhere }).unwrap_err();
    assert!(matches!(refusal, Refusal::Format { .. }), "{refusal}");
    let program = fs::read(std::env::current_exe().unwrap()).unwrap();
    assert!(inspect_bytes(&program).is_err());
}

#[test]
fn a_copy_that_is_missing_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let error = inspect(&dir.path().join("none"), Path::new("libai.so"), &Expected::native(ABI)).unwrap_err();
    assert!(matches!(error.refusal, Refusal::Unreadable(_)));
}

/// Most changes hit the tables: the start, the end, the section itself.
fn place(len: usize) -> impl Strategy<Value = usize> {
    let end = len - len.min(4096);
    prop_oneof![0..4096.min(len), end..len, 0..len]
}

#[test]
fn total_on_changed_files() {
    let good = bytes_of_good();
    let changes = prop::collection::vec((place(good.len()), any::<u8>()), 1..12);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    runner
        .run(&(changes, prop::option::weighted(0.2, 0..good.len())), |(changes, cut)| {
            let mut bytes = good.clone();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            let _ = inspect_bytes(&bytes[..cut.unwrap_or(bytes.len())]);
            Ok(())
        })
        .unwrap();
}

#[test]
fn total_on_arbitrary_bytes_behind_each_magic() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let magics = prop::sample::select(vec![
        b"\x7fELF\x02\x01\x01".to_vec(),
        b"\xcf\xfa\xed\xfe".to_vec(),
        b"MZ".to_vec(),
        Vec::new(),
    ]);
    let formats = prop::sample::select(vec![BinaryFormat::Elf, BinaryFormat::MachO, BinaryFormat::Pe]);
    let bytes = prop::collection::vec(any::<u8>(), 0..512);
    runner
        .run(&(magics, formats, bytes), |(magic, format, bytes)| {
            let target = Target { format, ..Target::native() };
            let _ = inspect_data([magic, bytes].concat().as_slice(), &Expected { abi: ABI, target });
            Ok(())
        })
        .unwrap();
}

#[test]
fn plugins_of_other_platforms_are_read_too() {
    let native = Target { endianness: Endianness::Little, is_64: true, ..Target::native() };
    let windows = Target { format: BinaryFormat::Pe, architecture: Architecture::X86_64, ..native };
    let mac = Target { format: BinaryFormat::MachO, architecture: Architecture::Aarch64, ..native };
    let rows: [(&[u8], Target); 2] =
        [(include_bytes!("testdata/ai.dll"), windows), (include_bytes!("testdata/libai.dylib"), mac)];
    for (bytes, target) in rows {
        let expected = Expected { abi: 7, target };
        let facts = inspect_data(bytes, &expected).unwrap();
        assert_eq!((facts.name.as_str(), facts.version.as_str()), ("ai", "1.23"));
        for len in 0..bytes.len() {
            let refusal = inspect_data(&bytes[..len], &expected).unwrap_err();
            assert!(refusal.is_incomplete(), "{target:?} cut at {len}: {refusal}");
        }
        let elf = Expected { abi: 7, target: Target { format: BinaryFormat::Elf, ..target } };
        assert!(matches!(inspect_data(bytes, &elf), Err(Refusal::Format { .. })));
    }
}
