//! Shapes whose values formats tend to lose.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use plugin_sdk::prelude::*;
use plugin_sdk::serde::{Deserialize, Serialize};

use super::{again, saved};

/// A state with one field of this type, and a test that its values are restored.
macro_rules! field {
    ($kind:ty: $($value:expr),+ $(,)?) => {{
        #[derive(Debug, PartialEq, Clone, PluginState)]
        struct State {
            before: u8,
            value: $kind,
            list: Vec<$kind>,
            after: u8,
        }
        impl Default for State {
            fn default() -> Self {
                panic!("no field is missing")
            }
        }
        for value in Vec::<$kind>::from([$($value),+]) {
            let state = State { before: 1, value: value.clone(), list: vec![value], after: 2 };
            assert_eq!(again(&state), state);
        }
    }};
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
struct Nothing;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
struct Empty {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
struct Pair(u8, i8);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
struct Wrapped(Option<Box<Wrapped>>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
enum Plain {
    Unit,
    New(Option<u8>),
    Unknown(()),
    Tuple(u8, Option<Nothing>),
    Struct { inner: Option<Option<u8>> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", tag = "kind")]
enum Tagged {
    Unit,
    Struct { small: f32, inner: Option<()>, address: IpAddr, letter: char, key: HashMap<String, i64> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", tag = "kind", content = "content")]
enum Adjacent {
    Unit,
    New(Option<Option<u8>>),
    Struct { a: u8 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", untagged)]
enum Untagged {
    Unit,
    Number(i64),
    Real(f64),
    Address(IpAddr),
    Text(String),
    List(Vec<Option<()>>),
    Struct { inner: Option<Option<i32>> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
struct Flat {
    own: u8,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    rest: BTreeMap<String, Option<Option<u8>>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
struct Inner {
    address: IpAddr,
    real: f32,
}

fn home() -> IpAddr {
    IpAddr::from([127, 0, 0, 1])
}

#[test]
fn an_option_of_nothing_is_kept() {
    field!(Option<()>: None, Some(()));
    field!(Option<Nothing>: None, Some(Nothing));
    field!(Option<Empty>: None, Some(Empty {}));
    field!(Option<Option<u8>>: None, Some(None), Some(Some(0)));
    field!(Option<Option<Option<()>>>: None, Some(None), Some(Some(None)), Some(Some(Some(()))));
    field!(Option<Box<Option<String>>>: None, Some(Box::new(None)), Some(Box::new(Some(String::new()))));
    field!(Wrapped: Wrapped(None), Wrapped(Some(Box::new(Wrapped(Some(Box::new(Wrapped(None))))))));
}

#[test]
fn an_option_of_nothing_is_kept_within_others() {
    field!(BTreeMap<Option<()>, Option<Option<u8>>>: BTreeMap::from([(None, Some(None)), (Some(()), None)]));
    field!((Option<()>, [Option<Nothing>; 2]): (Some(()), [None, Some(Nothing)]));
    field!(Result<Option<()>, ()>: Ok(Some(())), Ok(None), Err(()));
}

#[test]
fn every_form_of_an_enum_is_kept() {
    field!(
        Plain: Plain::Unit, Plain::New(None), Plain::New(Some(1)), Plain::Unknown(()), Plain::Tuple(1, Some(Nothing)),
        Plain::Struct { inner: Some(None) }
    );
    field!(Option<Plain>: None, Some(Plain::Unit), Some(Plain::New(None)));
    let key = HashMap::from([("k".to_owned(), i64::MIN)]);
    field!(
        Tagged: Tagged::Unit,
        Tagged::Struct { small: 0.1, inner: Some(()), address: home(), letter: 'ß', key: key.clone() },
        Tagged::Struct { small: f32::MIN_POSITIVE, inner: None, address: home(), letter: '\0', key }
    );
    field!(Adjacent: Adjacent::Unit, Adjacent::New(Some(None)), Adjacent::New(None), Adjacent::Struct { a: 3 });
    field!(
        Untagged: Untagged::Unit, Untagged::Number(-1), Untagged::Real(1.5), Untagged::Address(home()),
        Untagged::Text("text".to_owned()), Untagged::List(vec![None, Some(())]), Untagged::Struct { inner: Some(None) }
    );
    field!(Option<Untagged>: None, Some(Untagged::Unit), Some(Untagged::Number(2)));
}

#[test]
fn a_flattened_struct_is_kept() {
    let rest = BTreeMap::from([("x".to_owned(), Some(None)), ("y".to_owned(), None), ("z".to_owned(), Some(Some(3)))]);
    field!(Flat: Flat { own: 1, inner: Inner { address: home(), real: 0.1 }, rest });
}

#[test]
fn integers_are_kept_at_their_limits() {
    field!(i8: i8::MIN, -33, -32, -1, 0, i8::MAX);
    field!(i16: i16::MIN, -129, -128, i16::MAX);
    field!(i32: i32::MIN, -32_769, -32_768, i32::MAX);
    field!(i64: i64::MIN, i64::from(i32::MIN) - 1, i64::MAX);
    field!(i128: i128::MIN, i128::from(i64::MIN) - 1, i128::from(i64::MIN), 0, i128::MAX);
    field!(u8: 0, 127, 128, u8::MAX);
    field!(u16: 255, 256, u16::MAX);
    field!(u32: 65_535, 65_536, u32::MAX);
    field!(u64: u64::from(u32::MAX), u64::from(u32::MAX) + 1, u64::MAX);
    field!(u128: 0, u128::from(u64::MAX), u128::from(u64::MAX) + 1, u128::MAX);
    field!(usize: 0, usize::MAX);
}

#[test]
fn floats_keep_their_bits() {
    #[derive(Default, PluginState)]
    struct Floats {
        small: Vec<f32>,
        large: Vec<f64>,
    }
    let small = [0.0, -0.0, f32::NAN, -f32::NAN, f32::INFINITY, f32::from_bits(1), f32::from_bits(0x7fc0_1234), 0.1];
    let large = [0.0, -0.0, f64::NAN, f64::NEG_INFINITY, f64::from_bits(1), f64::from_bits(0x7ff8_0000_0000_1234), 0.1];
    let back = again(&Floats { small: small.to_vec(), large: large.to_vec() });
    assert_eq!(back.small.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), small.map(f32::to_bits));
    assert_eq!(back.large.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), large.map(f64::to_bits));
}

#[test]
fn texts_and_bytes_are_kept() {
    field!(char: 'a', '\0', '\u{10ffff}', '"');
    field!(String: String::new(), "x".repeat(31), "x".repeat(32), "x".repeat(70_000), "zero\0 and ü".to_owned());
    #[derive(Default, PluginState)]
    struct Bytes {
        #[serde(with = "bytes")]
        bytes: Vec<u8>,
    }
    mod bytes {
        use plugin_sdk::serde::{Deserialize, Deserializer, Serializer};
        pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(bytes)
        }
        pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
            Vec::deserialize(deserializer)
        }
    }
    for length in [0, 1, 255, 256, 65_536] {
        let bytes = vec![0xc0; length];
        assert_eq!(again(&Bytes { bytes: bytes.clone() }).bytes, bytes);
    }
}

#[test]
fn keys_of_any_type_are_kept() {
    field!(BTreeMap<i64, u8>: BTreeMap::from([(i64::MIN, 1), (-1, 2), (7, 3)]));
    field!(BTreeMap<bool, u8>: BTreeMap::from([(false, 1), (true, 2)]));
    field!(BTreeMap<char, u8>: BTreeMap::from([('a', 1), ('b', 2)]));
    field!(BTreeMap<Pair, Vec<u8>>: BTreeMap::from([(Pair(1, -1), vec![]), (Pair(1, 1), vec![1])]));
    field!(BTreeMap<Vec<u8>, ()>: BTreeMap::from([(vec![], ()), (vec![1], ())]));
    field!(BTreeMap<Option<u8>, u8>: BTreeMap::from([(None, 1), (Some(0), 2)]));
    field!(HashMap<(u8, String), Nothing>: HashMap::from([((1, "a".to_owned()), Nothing), ((2, "a".to_owned()), Nothing)]));
    field!(HashSet<u32>: (0..1_000).collect());
    field!(BTreeSet<Empty>: BTreeSet::from([Empty {}]));
}

#[test]
fn containers_are_kept_at_the_limits_of_their_headers() {
    field!(Vec<()>: vec![], vec![(); 15], vec![(); 16], vec![(); 65_536]);
    field!(BTreeMap<u32, ()>: (0..15).map(|key| (key, ())).collect(), (0..16).map(|key| (key, ())).collect(), (0..65_536).map(|key| (key, ())).collect());
    field!([[u8; 2]; 3]: [[1, 2], [3, 4], [5, 6]]);
}

#[test]
fn a_state_of_an_earlier_sdk_is_read() {
    #[derive(Debug, Default, PartialEq, PluginState)]
    struct Old {
        count: u64,
        name: Option<String>,
    }
    let bytes = [&[0x82, 0xa5][..], b"count", &[7, 0xa4], b"name", &[0xa1], b"x"].concat();
    let state: Old = plugin_sdk::state::restore(&bytes).expect("a map of names");
    assert_eq!(state, Old { count: 7, name: Some("x".to_owned()) });
    assert!(
        saved(&state).expect("it can be written").ends_with(&bytes),
        "and is still written in the same way, behind its sketch"
    );
}
