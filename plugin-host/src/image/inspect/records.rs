//! The records of a plugin's section.
//!
//! ```text
//!  0        8            12        14 …                                 record length
//! ┌────────┬────────────┬─────────┬──────────────────────────────────────┐
//! │HOTFRAME│ length u32 │ kind u16│ body                                 │  little endian, align 1
//! └────────┴────────────┴─────────┴──────────────────────────────────────┘
//! kind 1, plugin:  abi u32 │ panic u8 (0 abort, 1 unwind) │ name len u8, name │ version len u8, version │ …
//! ```
//! The length counts the whole record. The order is unspecified, and zero bytes may stand between records. The host skips kinds that it
//! doesn't know, and everything that a later version appends to a body.
//!
//! Pure; every access is checked, so no input makes it panic.

use plugin_sdk::abi::section::{KIND_PLUGIN, MAGIC};

use super::refusal::{RecordError, Refusal};

const HEADER_BYTES: usize = 14;
const PANIC_ABORT: u8 = 0;
const PANIC_UNWIND: u8 = 1;

/// The plugin's own record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plugin<'a> {
    pub(super) abi: u32,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
}

/// The only plugin record of a section, if the host can load the plugin that it describes.
pub(super) fn plugin(section: &[u8], abi_expected: u32) -> Result<Plugin<'_>, Refusal> {
    let mut found = None;
    let mut offset = 0;
    while let Some(padding) = section[offset..].iter().position(|&byte| byte != 0) {
        offset += padding;
        let record = record(&section[offset..]).map_err(|why| RecordError { offset, why })?;
        if record.kind == KIND_PLUGIN && found.replace((offset, record.body)).is_some() {
            return Err(Refusal::SeveralPlugins);
        }
        offset += HEADER_BYTES + record.body.len();
    }
    let (offset, body) = found.ok_or(Refusal::NoRecord)?;
    let damaged = |why| Refusal::Record(RecordError { offset, why });
    // Checked first: another version may lay out everything that follows differently.
    let (abi, body) = body.split_first_chunk().ok_or_else(|| damaged("ends before the ABI version"))?;
    let abi = u32::from_le_bytes(*abi);
    if abi != abi_expected {
        return Err(Refusal::Abi { found: abi, expected: abi_expected });
    }
    let (panic, body) = body.split_first().ok_or_else(|| damaged("ends before the panic strategy"))?;
    let (name, body) = text(body).map_err(damaged)?;
    let (version, _appended_later) = text(body).map_err(damaged)?;
    if name.is_empty() {
        return Err(damaged("has an empty name"));
    }
    match *panic {
        PANIC_UNWIND => Ok(Plugin { abi, name, version }),
        PANIC_ABORT => Err(Refusal::PanicAbort),
        _ => Err(damaged("has an unknown panic strategy")),
    }
}

struct Record<'a> {
    kind: u16,
    body: &'a [u8],
}

/// The record at the start of `bytes`.
fn record(bytes: &[u8]) -> Result<Record<'_>, &'static str> {
    let (magic, rest) = bytes.split_first_chunk::<8>().ok_or("ends before its magic")?;
    if *magic != MAGIC {
        return Err("does not start with the magic");
    }
    let (len, rest) = rest.split_first_chunk().ok_or("ends before its length")?;
    let (kind, rest) = rest.split_first_chunk().ok_or("ends before its kind")?;
    let len = usize::try_from(u32::from_le_bytes(*len)).map_err(|_| "is longer than the section")?;
    let body_len = len.checked_sub(HEADER_BYTES).ok_or("is shorter than its header")?;
    let body = rest.get(..body_len).ok_or("is longer than the section")?;
    Ok(Record { kind: u16::from_le_bytes(*kind), body })
}

/// Splits off a text preceded by its length; returns the text and the rest.
fn text(bytes: &[u8]) -> Result<(&str, &[u8]), &'static str> {
    let (len, rest) = bytes.split_first().ok_or("ends before a text")?;
    let (text, rest) = rest.split_at_checked(usize::from(*len)).ok_or("ends inside a text")?;
    let text = std::str::from_utf8(text).map_err(|_| "has a text that is not UTF-8")?;
    Ok((text, rest))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    const ABI: u32 = 7;

    fn with_header(kind: u16, body: &[u8]) -> Vec<u8> {
        let len = u32::try_from(HEADER_BYTES + body.len()).unwrap();
        [MAGIC.as_slice(), &len.to_le_bytes(), &kind.to_le_bytes(), body].concat()
    }

    /// A plugin record, as the macros write it.
    pub(in super::super) fn plugin_record(abi: u32, panic: u8, name: &str, version: &str) -> Vec<u8> {
        let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        with_header(KIND_PLUGIN, &[abi.to_le_bytes().as_slice(), &[panic], &text(name), &text(version)].concat())
    }

    fn good() -> Vec<u8> {
        plugin_record(ABI, 1, "ai", "1.2.3")
    }

    fn refusal(section: &[u8]) -> String {
        plugin(section, ABI).unwrap_err().to_string()
    }

    #[test]
    fn order_padding_unknown_kinds_and_appended_fields_do_not_matter() {
        let expected = Plugin { abi: ABI, name: "ai", version: "1.2.3" };
        let later = with_header(999, b"from the future");
        let appended = {
            let mut body = good().split_off(HEADER_BYTES);
            body.extend_from_slice(b"appended");
            with_header(KIND_PLUGIN, &body)
        };
        let sections = [
            good(),
            [vec![0; 3], good(), vec![0; 9]].concat(),
            [later.clone(), good()].concat(),
            [good(), vec![0], later.clone(), vec![0; 2], later].concat(),
            appended,
        ];
        for section in sections {
            assert_eq!(plugin(&section, ABI).unwrap(), expected);
        }
    }

    #[test]
    fn each_refusal() {
        assert!(matches!(plugin(&[], ABI), Err(Refusal::NoRecord)));
        assert!(matches!(plugin(&[0; 64], ABI), Err(Refusal::NoRecord)));
        assert!(matches!(plugin(&with_header(2, b""), ABI), Err(Refusal::NoRecord)));
        assert!(matches!(plugin(&[good(), good()].concat(), ABI), Err(Refusal::SeveralPlugins)));
        assert!(matches!(plugin(&good(), 8), Err(Refusal::Abi { found: ABI, expected: 8 })));
        // Bytes behind another version's number are not checked.
        let foreign = with_header(KIND_PLUGIN, &8u32.to_le_bytes());
        assert!(matches!(plugin(&foreign, ABI), Err(Refusal::Abi { found: 8, expected: ABI })));
        assert!(matches!(plugin(&plugin_record(ABI, 0, "ai", "1"), ABI), Err(Refusal::PanicAbort)));
        let rows: [(Vec<u8>, &str); 8] = [
            (b"HOTFR".to_vec(), "ends before its magic"),
            (b"HOTFROZE rest".to_vec(), "does not start with the magic"),
            (b"HOTFRAME\x0e".to_vec(), "ends before its length"),
            (b"HOTFRAME\x0d\0\0\0\x01\0".to_vec(), "shorter than its header"),
            (b"HOTFRAME\x0f\0\0\0\x01\0".to_vec(), "longer than the section"),
            (b"HOTFRAME\xff\xff\xff\xff\x01\0".to_vec(), "longer than the section"),
            (plugin_record(ABI, 9, "ai", "1"), "unknown panic strategy"),
            (plugin_record(ABI, 1, "", "1"), "empty name"),
        ];
        for (section, why) in rows {
            assert!(refusal(&section).contains(why), "{why}: {}", refusal(&section));
        }
        let broken = with_header(KIND_PLUGIN, &[7, 0, 0, 0, 1, 2, 0xFF, 0xFE, 0]);
        assert!(refusal(&broken).contains("not UTF-8"));
        assert!(refusal(&with_header(KIND_PLUGIN, &[7, 0, 0, 0, 1, 2, b'a'])).contains("inside a text"));
        assert!(refusal(&[vec![0; 5], b"junk".to_vec()].concat()).contains("byte 5"));
    }

    #[test]
    fn every_prefix_is_refused() {
        let section = good();
        for len in 0..section.len() {
            assert!(plugin(&section[..len], ABI).is_err(), "{len}");
        }
    }

    proptest! {
        #[test]
        fn total_on_arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..128)) {
            let _ = plugin(&bytes, ABI);
        }

        #[test]
        fn total_on_almost_right_bytes(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
            let mut section = [good(), with_header(2, b"body")].concat();
            for (at, byte) in changes {
                let at = at.index(section.len());
                section[at] = byte;
            }
            let _ = plugin(&section, ABI);
        }
    }
}
