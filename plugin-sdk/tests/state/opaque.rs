//! An opaque field is bound to its version and its layout.

use plugin_sdk::prelude::*;
use plugin_sdk::serde::{Deserialize, Serialize};

use super::{again, misread, saved};

macro_rules! state {
    ($name:ident, $($item:item)*) => {
        mod $name {
            use super::*;
            $(
                #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
                #[serde(crate = "plugin_sdk::serde")]
                $item
            )*
            #[derive(Debug, Default, PartialEq, PluginState)]
            pub(super) struct State {
                #[state(opaque, version = "1")]
                pub(super) world: Option<World>,
            }
        }
    };
}

state! { three, pub(super) struct World { pub(super) gold: u32, pub(super) lives: u32, pub(super) seed: u32 } }
state! { two, pub(super) struct World { pub(super) lives: u32, pub(super) gold: u32 } }
state! { swapped, pub(super) struct World { pub(super) lives: u32, pub(super) gold: u32, pub(super) seed: u32 } }
state! { signed, pub(super) struct World { pub(super) gold: u32, pub(super) lives: u32, pub(super) seed: i32 } }
state! { lists, pub(super) struct World { pub(super) gold: u32, pub(super) lives: u32, pub(super) seed: [u32; 1] } }
state! { nested, pub(super) struct World { pub(super) kinds: Vec<Kind> } pub(super) enum Kind { A, B(u32), C { x: u32 } } }
state! { nested_more, pub(super) struct World { pub(super) kinds: Vec<Kind> } pub(super) enum Kind { A, D, B(u32), C { x: u32 } } }
state! { nested_order, pub(super) struct World { pub(super) kinds: Vec<Kind> } pub(super) enum Kind { B(u32), A, C { x: u32 } } }
state! { nested_deep, pub(super) struct World { pub(super) kinds: Vec<Kind> } pub(super) enum Kind { A, B(u32), C { y: u32 } } }
state! { renamed, pub(super) struct World { pub(super) meters: Meters } pub(super) struct Meters(pub(super) f32); }
state! { renamed_unit, pub(super) struct World { pub(super) meters: Feet } pub(super) struct Feet(pub(super) f32); }

fn three() -> three::State {
    three::State { world: Some(three::World { gold: 1, lives: 2, seed: 3 }) }
}

#[test]
fn an_opaque_field_of_the_same_layout_is_kept() {
    assert_eq!(again(&three()), three());
    let kinds = vec![nested::Kind::A, nested::Kind::B(7), nested::Kind::C { x: 1 }];
    let state = nested::State { world: Some(nested::World { kinds }) };
    assert_eq!(again(&state), state);
}

#[test]
fn another_layout_is_refused_with_both_and_with_advice() {
    let error = misread::<_, two::State>(&three());
    for part in [
        "world: ",
        "World{gold:u32,lives:u32,seed:u32}",
        "World{lives:u32,gold:u32}",
        "new version",
        "remove the plugin's file",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    assert!(misread::<_, swapped::State>(&three()).contains("another layout"));
    assert!(misread::<_, signed::State>(&three()).contains("seed:i32"));
    assert!(misread::<_, lists::State>(&three()).contains("seed:(u32)"));
}

#[test]
fn another_layout_is_refused_wherever_it_is_and_whatever_is_there() {
    let state = nested::State { world: Some(nested::World { kinds: Vec::new() }) };
    assert!(misread::<_, nested_more::State>(&state).contains("Kind::{A|D|B|C}"));
    assert!(misread::<_, nested_order::State>(&state).contains("Kind::{B|A|C}"));
    assert!(misread::<_, nested_deep::State>(&state).contains("Kind::C{y:u32}"));
    assert!(misread::<_, nested_more::State>(&nested::State::default()).contains("another layout"));
    let meters = renamed::State { world: Some(renamed::World { meters: renamed::Meters(1.0) }) };
    assert!(misread::<_, renamed_unit::State>(&meters).contains("Feet(f32)"));
}

#[test]
fn an_opaque_field_and_a_plain_one_are_not_taken_for_each_other() {
    #[derive(Default, PluginState)]
    struct Plain {
        world: Option<(String, String, Vec<u8>)>,
    }
    assert!(misread::<_, Plain>(&three()).contains("world: it was saved as an opaque field"));
    assert!(misread::<_, three::State>(&Plain::default()).contains("world: it was saved as a plain field"));
}

#[test]
fn what_postcard_cannot_read_is_refused_when_it_is_written() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Flat {
        #[serde(flatten)]
        rest: std::collections::BTreeMap<String, u8>,
    }
    #[derive(Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde", untagged)]
    enum Untagged {
        Number(u8),
    }
    #[derive(Default, PluginState)]
    struct State {
        #[state(opaque, version = "1")]
        flat: Option<Flat>,
        #[state(opaque, version = "1")]
        list: Vec<Untagged>,
    }
    let error = saved(&State { flat: Some(Flat::default()), list: Vec::new() }).expect_err("it could not be read");
    assert!(error.starts_with("flat: ") && error.contains("flattened"), "{error}");
}

#[test]
fn a_skipped_value_is_refused_when_it_is_written() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Item {
        hp: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        armor: Option<u8>,
        speed: u8,
    }
    #[derive(Default, PluginState)]
    struct State {
        #[state(opaque, version = "1")]
        items: Vec<Item>,
    }
    let whole = saved(&State { items: vec![Item { hp: 1, armor: Some(2), speed: 3 }] });
    assert!(whole.is_ok(), "{whole:?}");
    let error = saved(&State { items: vec![Item::default()] }).expect_err("it would be read as something else");
    assert!(error.starts_with("items: an opaque field") && error.contains("skip"), "{error}");
}

mod repr {
    use plugin_sdk::serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Panics on any other number.
    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct Ten;

    impl Serialize for Ten {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u8(10)
        }
    }

    impl<'de> Deserialize<'de> for Ten {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let number = u8::deserialize(deserializer)?;
            assert_eq!(number, 10, "it is no ten");
            Ok(Self)
        }
    }
}

state! { ten, pub(super) struct World { pub(super) ten: repr::Ten, pub(super) after: u32 } }
state! { ten_more, pub(super) struct World { pub(super) ten: repr::Ten, pub(super) after: i32 } }

#[test]
fn a_type_that_takes_few_values_has_an_outline_all_the_same() {
    let state = ten::State { world: Some(ten::World { ten: repr::Ten, after: 3 }) };
    assert_eq!(again(&state), state);
    assert!(misread::<_, ten_more::State>(&state).contains("another layout"));
}
