//! Values that can't be read back are refused on saving, values that don't fit on restoring; each error has a path.

use std::collections::{BTreeMap, HashMap};

use plugin_sdk::prelude::*;
use plugin_sdk::serde::ser::{SerializeMap, SerializeSeq};
use plugin_sdk::serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::depth::{Chained, chain};
use super::{again, misread, saved};

#[test]
fn a_wide_integer_that_serde_cannot_buffer_is_refused_when_it_is_written() {
    #[derive(Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde", tag = "kind")]
    enum Tagged {
        Wide { number: u128 },
    }
    #[derive(Default, PluginState)]
    struct State {
        list: Vec<Tagged>,
    }
    let error = saved(&State { list: vec![Tagged::Wide { number: 1 }] }).expect_err("it could not be read");
    assert!(error.starts_with("list[0]"), "{error}");
}

#[test]
fn equal_keys_are_refused_when_they_are_written() {
    #[derive(PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Key {
        name: u8,
        #[serde(skip)]
        hidden: u8,
    }
    #[derive(Default, PluginState)]
    struct State {
        kills: HashMap<Key, u32>,
    }
    let kills = HashMap::from([(Key { name: 1, hidden: 1 }, 1), (Key { name: 1, hidden: 2 }, 2)]);
    let error = saved(&State { kills }).expect_err("one would be lost");
    assert!(error.starts_with("kills") && error.contains("same key"), "{error}");
}

#[test]
fn equal_keys_of_one_value_are_refused_when_they_are_written() {
    #[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde", untagged)]
    enum Key {
        Id(u8),
        Port(u16),
        Name(String),
        Alias(String),
    }
    #[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Hidden(u32, #[serde(skip)] u8);
    #[derive(Default, PluginState)]
    struct State {
        plain: BTreeMap<Key, u32>,
        #[state(opaque, version = "1")]
        opaque: BTreeMap<Hidden, u32>,
    }
    let plain = |keys: [Key; 2]| {
        let plain = BTreeMap::from(keys.map(|key| (key, 1)));
        saved(&State { plain, ..Default::default() })
    };
    let error = plain([Key::Id(5), Key::Port(5)]).expect_err("one would be lost");
    assert!(error.starts_with("plain[5]: two entries are written with the same key"), "{error}");
    let long = || "a name of more than seven bytes".to_owned();
    assert!(plain([Key::Name(long()), Key::Alias(long())]).is_err());
    assert!(plain([Key::Name("5".to_owned()), Key::Port(5)]).is_ok());
    let opaque = |keys: [Hidden; 2]| {
        let opaque = BTreeMap::from(keys.map(|key| (key, 1)));
        saved(&State { opaque, ..Default::default() })
    };
    let error = opaque([Hidden(1, 1), Hidden(1, 2)]).expect_err("one would be lost");
    assert!(error.starts_with("opaque: two entries are written with the same key"), "{error}");
    assert!(opaque([Hidden(1, 1), Hidden(2, 1)]).is_ok());
}

#[test]
fn keys_of_a_flattened_map_that_are_fields_too_are_refused_when_they_are_written() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Flat {
        own: u8,
        #[serde(flatten)]
        rest: HashMap<String, u8>,
    }
    #[derive(Default, PluginState)]
    struct State {
        flat: Flat,
    }
    let error = saved(&State { flat: Flat { own: 1, rest: HashMap::from([("own".to_owned(), 2)]) } });
    let error = error.expect_err("two fields of one name");
    assert!(error.starts_with("flat.own") && error.contains("same key"), "{error}");
}

#[test]
fn a_length_that_does_not_hold_is_refused_when_it_is_written() {
    struct Liar;
    impl Serialize for Liar {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut items = serializer.serialize_seq(Some(3))?;
            items.serialize_element(&1)?;
            items.end()
        }
    }
    impl<'de> Deserialize<'de> for Liar {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Vec::<u8>::deserialize(deserializer).map(|_| Self)
        }
    }
    #[derive(Default, PluginState)]
    struct State {
        liars: Vec<Liar>,
    }
    let error = saved(&State { liars: vec![Liar] }).expect_err("three are announced");
    assert_eq!(error, "liars[0]: its `Serialize` announces 3 items and writes 1");
}

#[test]
fn a_length_that_is_not_known_is_filled_in() {
    #[derive(Debug, Default, PartialEq)]
    struct Stream(Vec<(u8, u8)>);
    impl Serialize for Stream {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            for (key, value) in &self.0 {
                map.serialize_entry(key, value)?;
            }
            map.end()
        }
    }
    impl<'de> Deserialize<'de> for Stream {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            std::collections::BTreeMap::deserialize(deserializer).map(|map| Self(map.into_iter().collect()))
        }
    }
    #[derive(Debug, Default, PartialEq, PluginState)]
    struct State {
        stream: Stream,
        after: u8,
    }
    let state = State { stream: Stream((0..100).map(|key| (key, key)).collect()), after: 7 };
    assert_eq!(again(&state), state);
}

mod then {
    use super::*;

    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    pub(super) struct Item {
        pub(super) hp: i64,
        pub(super) at: (f32, f32),
    }

    #[derive(Default, PluginState)]
    pub(super) struct State {
        pub(super) title: u32,
        pub(super) items: Vec<Item>,
        pub(super) scores: HashMap<String, i64>,
        pub(super) phase: Option<Result<u8, i16>>,
    }
}

macro_rules! reads {
    ($state:expr, { $($field:ident: $kind:ty),* }) => {{
        #[derive(Default, PluginState)]
        struct State {
            $($field: $kind),*
        }
        misread::<_, State>(&$state)
    }};
}

#[test]
fn errors_name_the_field_by_its_path() {
    let state = || then::State {
        title: 53,
        items: vec![then::Item::default(), then::Item { hp: -5, at: (1.0, 2.0) }],
        scores: HashMap::from([("the best".to_owned(), 300)]),
        phase: Some(Err(-300)),
    };
    assert_eq!(reads!(state(), { title: String }), "title: invalid type: integer `53`, expected a string");
    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Narrow {
        hp: u8,
    }
    assert_eq!(reads!(state(), { items: Vec<Narrow> }), "items[1].hp: invalid value: integer `-5`, expected u8");
    assert!(reads!(state(), { scores: HashMap<String, u8> }).starts_with("scores[\"the best\"]: invalid value"));
    assert!(reads!(state(), { phase: Option<Result<u8, u16>> }).starts_with("phase.Err: invalid value"));
    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct More {
        hp: i64,
        armor: u8,
    }
    assert_eq!(reads!(state(), { items: Vec<More> }), "items[0]: missing field `armor`");
}

#[test]
fn errors_name_the_field_within_flattened_and_tagged_types() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Conf<T> {
        level: T,
        name: String,
        same: u32,
    }
    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Unit<T> {
        hp: u32,
        #[serde(flatten)]
        conf: Conf<T>,
    }
    #[derive(Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde", tag = "t")]
    enum Mode<T> {
        Idle,
        Fight { hp: T, inner: Vec<Unit<T>> },
    }
    macro_rules! state {
        ($name:ident, $kind:ty) => {
            #[derive(Default, PluginState)]
            struct $name {
                #[serde(flatten)]
                own: Conf<$kind>,
                unit: Unit<$kind>,
                modes: Vec<Mode<$kind>>,
            }
        };
    }
    state!(Before, u32);
    let before = |own, unit, modes| {
        let conf = |level| Conf { level, name: "level".to_owned(), same: 3 };
        let inner = |level| Unit { hp: 3, conf: conf(level) };
        let fight = |hp| Mode::Fight { hp, inner: vec![inner(1), inner(hp)] };
        Before { own: conf(own), unit: inner(unit), modes: vec![Mode::Idle, fight(modes)] }
    };
    state!(Text, String);
    assert_eq!(misread::<_, Text>(&before(3, 3, 3)), "unit.level: invalid type: integer `3`, expected a string");
    state!(Narrow, u8);
    let number = "invalid value: integer `300`, expected u8";
    assert_eq!(misread::<_, Narrow>(&before(300, 3, 3)), format!("level: {number}"));
    assert_eq!(misread::<_, Narrow>(&before(3, 300, 3)), format!("unit.level: {number}"));
    assert_eq!(misread::<_, Narrow>(&before(3, 3, 300)), format!("modes[1].hp: {number}"));
    #[derive(Debug, Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    enum Known {
        #[default]
        Other,
    }
    #[derive(Debug, Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Named {
        name: Known,
    }
    #[derive(Debug, Default, PluginState)]
    struct Variants {
        #[serde(flatten)]
        own: Named,
    }
    assert!(misread::<_, Variants>(&before(3, 3, 3)).starts_with("name: unknown variant `level`"));
    #[derive(Default, PluginState)]
    struct Missing {
        unit: Box<Unit<(u8, u8)>>,
    }
    let error = misread::<_, Missing>(&before(3, 3, 3));
    assert!(error.starts_with("unit.level: invalid type: integer `3`"), "{error}");
}

#[test]
fn nothing_is_read_by_its_position() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Place {
        x: f32,
        y: f32,
    }
    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Item {
        at: Place,
    }
    let state = then::State { items: vec![then::Item::default()], ..Default::default() };
    assert!(reads!(state, { items: Vec<Item> }).starts_with("items[0].at: invalid type: sequence"));
    #[derive(Default, PluginState)]
    struct Four {
        list: [u8; 4],
    }
    assert_eq!(reads!(Four::default(), { list: [u8; 3] }), "list: it has 4 items, but this build's type takes 3");
}

#[test]
fn bytes_left_over_and_bytes_cut_off_are_refused() {
    let bytes = saved(&chain(3)).expect("it can be written");
    let restore = plugin_sdk::state::restore::<Chained>;
    assert!(restore(&[&bytes[..], &[0]].concat()).is_err_and(|error| error.contains("1 bytes are left over")));
    for length in 1..bytes.len() {
        assert!(restore(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
}

#[test]
fn what_a_serializer_says_has_its_path() {
    fn refuse<S: Serializer>(_: &u8, _: S) -> Result<S::Ok, S::Error> {
        Err(plugin_sdk::serde::ser::Error::custom("not today"))
    }
    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Inner {
        #[serde(serialize_with = "refuse")]
        field: u8,
    }
    #[derive(Default, PluginState)]
    struct State {
        map: HashMap<u8, Inner>,
    }
    assert_eq!(
        saved(&State { map: HashMap::from([(3, Inner::default())]) }),
        Err("map[3].field: not today".to_owned())
    );
}
