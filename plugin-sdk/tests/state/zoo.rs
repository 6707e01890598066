//! Random values of a wide range of types, which cover all of serde's shapes, are restored bit by bit.

use std::collections::BTreeMap;

use plugin_sdk::prelude::*;
use plugin_sdk::serde::{Deserialize, Serialize};
use proptest::prelude::*;

use super::again;

/// A float as its bits, so that values can be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
enum Value {
    Unit,
    Nothing(Nothing),
    Bool(bool),
    Signed(i8, i16, i32, i64, i128),
    Unsigned(u8, u16, u32, u64, u128),
    Small(Bits32),
    Large(Bits64),
    Char(char),
    Text(String),
    Maybe(Option<Box<Value>>),
    MaybeMaybe(Option<Option<Box<Value>>>),
    MaybeUnit(Option<()>, Option<Option<Nothing>>),
    List(Vec<Value>),
    Options(Vec<Option<Option<bool>>>),
    Pair(Box<(Value, Value)>),
    Map(BTreeMap<Key, Value>),
    Struct { left: Box<Value>, right: Option<Box<Value>> },
    New(New),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
struct Nothing;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
struct New(Option<Box<Value>>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
enum Key {
    None,
    Number(i64),
    Text(String),
    Maybe(Option<Option<u8>>),
    Pair(bool, char),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", from = "f64", into = "f64")]
struct Bits64(u64);

impl From<f64> for Bits64 {
    fn from(value: f64) -> Self {
        Self(value.to_bits())
    }
}

impl From<Bits64> for f64 {
    fn from(value: Bits64) -> Self {
        Self::from_bits(value.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde", from = "f32", into = "f32")]
struct Bits32(u32);

impl From<f32> for Bits32 {
    fn from(value: f32) -> Self {
        Self(value.to_bits())
    }
}

impl From<Bits32> for f32 {
    fn from(value: Bits32) -> Self {
        Self::from_bits(value.0)
    }
}

#[derive(Clone, Debug, PartialEq, PluginState)]
struct Zoo {
    value: Value,
    more: Vec<Option<Value>>,
}

impl Default for Zoo {
    fn default() -> Self {
        Self { value: Value::Bool(true), more: vec![None] }
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Unit),
        Just(Value::Nothing(Nothing)),
        any::<bool>().prop_map(Value::Bool),
        any::<(i8, i16, i32, i64, i128)>().prop_map(|(a, b, c, d, e)| Value::Signed(a, b, c, d, e)),
        any::<(u8, u16, u32, u64, u128)>().prop_map(|(a, b, c, d, e)| Value::Unsigned(a, b, c, d, e)),
        any::<u32>().prop_map(|bits| Value::Small(Bits32(bits | 0x0040_0000))),
        any::<u64>().prop_map(|bits| Value::Large(Bits64(bits | 0x0008_0000_0000_0000))),
        any::<char>().prop_map(Value::Char),
        ".{0,40}".prop_map(Value::Text),
        (any::<bool>(), any::<u8>()).prop_map(|(unit, nothing)| {
            let nothing = [None, Some(None), Some(Some(Nothing))][usize::from(nothing % 3)].clone();
            Value::MaybeUnit(unit.then_some(()), nothing)
        }),
        prop::collection::vec(any::<Option<Option<bool>>>(), 0..20).prop_map(Value::Options),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        prop_oneof![
            prop::option::of(boxed.clone()).prop_map(Value::Maybe),
            prop::option::of(prop::option::of(boxed.clone())).prop_map(Value::MaybeMaybe),
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::List),
            (inner.clone(), inner.clone()).prop_map(|pair| Value::Pair(Box::new(pair))),
            prop::collection::btree_map(key(), inner, 0..20).prop_map(Value::Map),
            (boxed.clone(), prop::option::of(boxed.clone())).prop_map(|(left, right)| Value::Struct { left, right }),
            prop::option::of(boxed).prop_map(|inner| Value::New(New(inner))),
        ]
    })
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        Just(Key::None),
        any::<i64>().prop_map(Key::Number),
        ".{0,4}".prop_map(Key::Text),
        any::<Option<Option<u8>>>().prop_map(Key::Maybe),
        any::<(bool, char)>().prop_map(|(first, second)| Key::Pair(first, second)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_value_comes_back(value in value(), more in prop::collection::vec(prop::option::of(value()), 0..4)) {
        let zoo = Zoo { value, more };
        prop_assert_eq!(again(&zoo), zoo);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = plugin_sdk::state::restore::<Zoo>(&bytes);
    }
}
