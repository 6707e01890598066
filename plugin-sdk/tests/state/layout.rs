//! An opaque field is bound to its layout at each use of a type, whatever the types' names and nesting; and written and read layouts
//! are the same.

use std::collections::HashMap;
use std::ops::Range;

use plugin_sdk::prelude::*;
use plugin_sdk::serde::ser::SerializeSeq;
use plugin_sdk::serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{again, misread, saved, with_room};

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

/// Gives a field of each state another type; a missing check would read it nevertheless.
macro_rules! refused {
    ($from:ident, $to:ident, $world:expr) => {{
        let state = $from::State { world: Some($world) };
        assert_eq!(again(&state), state);
        let error = misread::<_, $to::State>(&state);
        assert!(error.contains("another layout"), "{error}");
        assert!(misread::<_, $to::State>(&$from::State::default()).contains("another layout"));
        error
    }};
}

state! { ranges, pub(super) struct World { pub(super) a: Range<u32>, pub(super) b: Range<i32>, pub(super) c: Range<i32> } }
state! { ranges_later, pub(super) struct World { pub(super) a: Range<u32>, pub(super) b: Range<u32>, pub(super) c: Range<i32> } }

#[test]
fn a_generic_type_that_is_used_twice_is_bound_at_each_use() {
    let error = refused!(ranges, ranges_later, ranges::World { a: 5..10, b: 5..10, c: 5..10 });
    for part in ["World{a:Range,b:Range#2,c:Range#2}", "World{a:Range,b:Range,c:Range#2}"] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
}

mod weapon {
    use super::*;
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    pub(super) struct Item {
        pub(super) damage: u32,
    }
}

mod food {
    use super::*;
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    pub(super) struct Item {
        pub(super) calories: u32,
    }
}

state! { modules, pub(super) struct World { pub(super) first: Vec<weapon::Item>, pub(super) second: Vec<food::Item> } }
state! { modules_later, pub(super) struct World { pub(super) first: Vec<food::Item>, pub(super) second: Vec<weapon::Item> } }

#[test]
fn two_types_of_one_name_are_told_apart() {
    let (first, second) = (vec![weapon::Item { damage: 50 }], vec![food::Item { calories: 900 }]);
    refused!(modules, modules_later, modules::World { first, second });
}

state! { slots, pub(super) enum Slot<T> { Empty, Full(T) } pub(super) struct World { pub(super) a: Slot<u32>, pub(super) b: Slot<i32> } }
state! { slots_later, pub(super) enum Slot<T> { Empty, Full(T) } pub(super) struct World { pub(super) a: Slot<i32>, pub(super) b: Slot<i32> } }
state! { units, pub(super) struct World { pub(super) a: Side, pub(super) b: Range<Side> } pub(super) struct Side; }
state! { units_later, pub(super) struct World { pub(super) a: Side, pub(super) b: Range<Side> } pub(super) struct Side {} }

#[test]
fn every_variant_of_a_generic_enum_is_read_at_each_use() {
    refused!(slots, slots_later, slots::World { a: slots::Slot::Full(1), b: slots::Slot::Empty });
    let world = units::World { a: units::Side, b: units::Side..units::Side };
    let state = units::State { world: Some(world) };
    assert_eq!(again(&state), state);
    assert!(saved(&units_later::State::default()).is_ok());
}

state! { deep_enums, pub(super) enum Outer { Inner(Inner), B, C } pub(super) enum Inner { P, Q, R(u32), S(u32) } pub(super) struct World { pub(super) outer: Outer } }
state! { deep_enums_later, pub(super) enum Outer { Inner(Inner), B, C } pub(super) enum Inner { P, Q, R(u32), S(i32) } pub(super) struct World { pub(super) outer: Outer } }

#[test]
fn the_last_variant_of_an_enum_within_an_enum_is_read() {
    refused!(
        deep_enums,
        deep_enums_later,
        deep_enums::World { outer: deep_enums::Outer::Inner(deep_enums::Inner::S(7)) }
    );
}

state! { trees, pub(super) struct Node { pub(super) left: Option<Box<Node>>, pub(super) right: Option<Box<Node>>, pub(super) many: Vec<Node> } pub(super) struct World { pub(super) tree: Node, pub(super) gold: u32 } }
state! { trees_later, pub(super) struct Node { pub(super) left: Option<Box<Node>>, pub(super) right: Option<Box<Node>>, pub(super) many: Vec<Node> } pub(super) struct World { pub(super) tree: Node, pub(super) gold: i32 } }
state! { terms, pub(super) enum Term { And(Box<Term>, Box<Term>), Not(Box<Term>), Leaf(Leaf) } pub(super) enum Leaf { A, B(u8) } pub(super) struct World { pub(super) term: Term, pub(super) gold: u32 } }
state! { terms_later, pub(super) enum Term { And(Box<Term>, Box<Term>), Not(Box<Term>), Leaf(Leaf) } pub(super) enum Leaf { A, B(u8) } pub(super) struct World { pub(super) term: Term, pub(super) gold: i32 } }
state! { terms_deep, pub(super) enum Term { And(Box<Term>, Box<Term>), Not(Box<Term>), Leaf(Leaf) } pub(super) enum Leaf { A, B(i8) } pub(super) struct World { pub(super) term: Term, pub(super) gold: u32 } }

#[test]
fn what_stands_behind_a_type_that_holds_itself_is_read() {
    let tree = trees::Node { left: None, right: None, many: Vec::new() };
    refused!(trees, trees_later, trees::World { tree, gold: 5 });
    let world = || terms::World { term: terms::Term::Leaf(terms::Leaf::B(3)), gold: 5 };
    refused!(terms, terms_later, world());
    refused!(terms, terms_deep, world());
}

state! { arrays, pub(super) struct World { pub(super) big: Vec<[[[[u8; 32]; 32]; 32]; 32]>, pub(super) gold: u32 } }

#[test]
fn a_type_that_is_too_large_to_be_known_is_refused_when_it_is_written() {
    with_room(|| {
        let error = saved(&arrays::State::default()).expect_err("gold is not in its outline");
        assert!(error.starts_with("world: ") && error.contains("too large"), "{error}");
    });
}

macro_rules! unequal {
    ($world:expr, $($item:item),* $(,)?) => {{
        $(
            #[derive(Clone, Debug, Default, Serialize, Deserialize)]
            #[serde(crate = "plugin_sdk::serde")]
            #[allow(dead_code, reason = "what is skipped is not read")]
            $item
        )*
        #[derive(Default, PluginState)]
        struct State {
            #[state(opaque, version = "1")]
            world: World,
        }
        saved(&State { world: $world })
    }};
}

#[test]
fn a_field_that_is_skipped_on_one_side_only_is_refused_when_it_is_written() {
    let error = unequal!(
        World { cache: 9, gold: 1, hint: 2 },
        struct World {
            #[serde(skip_serializing, default)]
            cache: u32,
            gold: u32,
            #[serde(skip_deserializing)]
            hint: u32,
        }
    );
    let error = error.expect_err("gold would come back as cache");
    assert!(
        error.starts_with("world: ") && error.contains("{gold, hint}") && error.contains("{cache, gold}"),
        "{error}"
    );
    let error = unequal!(
        World { cache: 9, gold: 1 },
        struct World {
            #[serde(skip_serializing, default)]
            cache: u32,
            gold: u32,
        }
    );
    assert!(error.is_err_and(|error| error.contains("World is written as {gold}")));
    let error = unequal!(
        World { cache: 9, gold: 1 },
        struct World {
            cache: u32,
            #[serde(skip_deserializing)]
            gold: u32,
        }
    );
    assert!(error.is_err_and(|error| error.contains("World is written as {cache, gold}")));
    let error = unequal!(World(1, 2, 3), struct World(#[serde(skip_serializing)] u32, u32, u32););
    assert!(error.is_err_and(|error| error.contains("World is written as 2 values, and read as 3 values")));
}

#[test]
fn a_skipped_field_is_found_inside_of_lists_and_variants() {
    let error = unequal!(
        World { items: vec![Item::Sword { cache: 1, gold: 2 }] },
        struct World {
            items: Vec<Item>,
        },
        enum Item {
            #[default]
            Nothing,
            Sword {
                #[serde(skip_serializing, default)]
                cache: u32,
                gold: u32,
            },
        }
    );
    let error = error.expect_err("gold would come back as cache");
    assert!(error.starts_with("world: items: ") && error.contains("Item::Sword is written"), "{error}");
    let error = unequal!(
        World { items: HashMap::from([(1, Item::Sword(1, 2))]) },
        struct World {
            items: HashMap<u8, Item>,
        },
        enum Item {
            #[default]
            Nothing,
            Sword(#[serde(skip_serializing)] u32, u32),
        }
    );
    assert!(error.is_err_and(|error| error.contains("Item::Sword is written at place 1 as 1 values")));
    let error = unequal!(
        World { item: Item::Sword(1) },
        struct World {
            item: Item,
        },
        enum Item {
            #[default]
            Nothing,
            Sword(#[serde(skip_serializing)] u32),
        }
    );
    assert!(error.is_err_and(|error| error.contains("as nothing, where Sword as one value is read")));
}

#[test]
fn a_skipped_variant_that_moves_the_next_is_refused_when_it_is_written() {
    let error = unequal!(
        World { item: Item::B },
        struct World {
            item: Item,
        },
        enum Item {
            #[default]
            A,
            #[serde(skip)]
            _Hidden,
            B,
            C,
        }
    );
    let error = error.expect_err("B would come back as C");
    assert!(error.contains("Item::B is written at place 2 as nothing, where C as nothing is read"), "{error}");
    let error = unequal!(
        World { item: Item::B },
        struct World {
            item: Item,
        },
        enum Item {
            #[default]
            #[serde(alias = "a", alias = "Z")]
            A,
            #[serde(skip)]
            _Hidden,
            B,
            C,
        }
    );
    assert!(error.is_err_and(|error| error.contains("Item::B is written at place 2")));
}

#[test]
fn what_is_skipped_on_both_sides_and_what_has_aliases_is_kept() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    enum Item {
        #[serde(alias = "Zero", alias = "0")]
        Nothing,
        #[serde(rename = "sword of doom")]
        Sword {
            #[serde(alias = "power", alias = "attack")]
            damage: u32,
            #[serde(skip)]
            cache: u32,
            range: Range<f32>,
        },
        Pair(u8, #[serde(skip)] u8, u8),
        #[serde(skip)]
        _Hidden,
    }
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct World {
        #[serde(alias = "things")]
        items: Vec<Item>,
        address: Option<std::net::IpAddr>,
        time: std::time::Duration,
        one: Option<Result<Single, (Empty, Empty)>>,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Single(Empty);
    #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Empty;
    #[derive(Debug, Default, PartialEq, PluginState)]
    struct State {
        #[state(opaque, version = "1")]
        world: Vec<World>,
    }
    let sword = Item::Sword { damage: 3, cache: 0, range: 1.0..2.0 };
    let world = |one| World {
        items: vec![Item::Nothing, sword.clone(), Item::Pair(1, 0, 2)],
        address: Some([127, 0, 0, 1].into()),
        time: std::time::Duration::from_millis(7),
        one: Some(one),
    };
    let state = State { world: vec![world(Ok(Single(Empty))), world(Err((Empty, Empty)))] };
    assert_eq!(again(&state), state);
}

#[test]
fn a_length_that_does_not_hold_is_refused_in_an_opaque_field() {
    #[derive(Default)]
    struct Liar;
    impl Serialize for Liar {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut items = serializer.serialize_seq(Some(3))?;
            items.serialize_element(&1_u8)?;
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
        #[state(opaque, version = "1")]
        liar: Liar,
    }
    assert_eq!(saved(&State::default()), Err("liar: its `Serialize` announces 3 items and writes 1".to_owned()));
}
