//! Tests reports of whole swaps: a state is saved, then restored as another type.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::prelude::PluginState;
use crate::state::{restore_with_report, save};

/// The report of restoring `state` as a `T`, and whether it is a warning or needs no line.
fn swap<T: PluginState>(state: &impl PluginState) -> (String, bool, bool) {
    let mut bytes = Vec::new();
    save(state, &mut bytes).expect("it can be written");
    let (_, report) = restore_with_report::<T>(&bytes).expect("it can be read");
    let report = report.expect("it has a sketch");
    (report.to_string(), report.has_changes(), report.is_plain())
}

#[test]
fn a_large_field_does_not_hide_those_behind_it() {
    #[derive(Default, PluginState)]
    struct Before {
        grid: Vec<Vec<Vec<u32>>>,
        gold: u32,
        name: String,
    }
    #[derive(Default, PluginState)]
    struct Without {
        gold: u32,
        name: String,
    }
    #[derive(Default, PluginState)]
    struct Other {
        grid: Vec<Vec<Vec<u32>>>,
        gold: f32,
        name: String,
    }
    let state = Before { grid: vec![vec![vec![1; 32]; 32]; 32], gold: 42, name: "kept".to_owned() };
    let (told, has_changes, _) = swap::<Without>(&state);
    assert_eq!(told, "kept 2, dropped grid, partly looked at grid[][]");
    assert!(!has_changes);
    let (told, _, is_plain) = swap::<Other>(&state);
    assert!(told.contains("converted gold (u32 → f32)") && !is_plain, "{told}");
    assert!(!told.contains("dropped") && !told.contains("defaulted") && !told.contains("changed"), "{told}");
    assert!(swap::<Before>(&state).2);
}

#[derive(Serialize, Deserialize)]
enum Thing {
    Common(u32),
    Rare { hp: u32 },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Common { count: u32 },
    Rare { hp: u32 },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", content = "content")]
enum Adjacent {
    Common { count: u32 },
    Rare { hp: Untagged, more: Vec<u8> },
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Count(u32),
    Rare { hp: u32 },
    Name(String),
}

#[derive(Serialize, Deserialize)]
struct Skipping {
    number: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    rare: Option<u32>,
}

/// Some of 200 values, in a map's random order.
fn many<T>(common: fn(u32) -> T, rare: fn(u32) -> T) -> HashMap<u32, T> {
    (0..200).map(|index| (index, if index % 50 == 0 { rare(index) } else { common(index) })).collect()
}

#[test]
fn nothing_is_told_of_a_large_map_of_enums_that_did_not_change() {
    #[derive(Default, PluginState)]
    struct State {
        things: HashMap<u32, Thing>,
        tagged: HashMap<u32, Tagged>,
        adjacent: HashMap<u32, Adjacent>,
        untagged: HashMap<u32, Untagged>,
        skipping: HashMap<u32, Skipping>,
    }
    for _ in 0..20 {
        let state = State {
            things: many(Thing::Common, |hp| Thing::Rare { hp }),
            tagged: many(|count| Tagged::Common { count }, |hp| Tagged::Rare { hp }),
            adjacent: many(
                |count| Adjacent::Common { count },
                |hp| {
                    let (name, count) = (Untagged::Name("none".to_owned()), Untagged::Count(hp));
                    Adjacent::Rare { hp: if hp > 50 { name } else { count }, more: vec![1] }
                },
            ),
            untagged: many(Untagged::Count, |hp| {
                if hp == 0 { Untagged::Name("zero".to_owned()) } else { Untagged::Rare { hp } }
            }),
            skipping: many(|number| Skipping { number, rare: None }, |number| Skipping { number, rare: Some(number) }),
        };
        let (told, has_changes, is_plain) = swap::<State>(&state);
        assert!(is_plain && !has_changes, "{told}");
        assert!(told.ends_with("partly looked at adjacent[], skipping[], tagged[], things[], untagged[]"), "{told}");
    }
}

#[test]
fn nothing_is_told_of_large_flattened_maps_that_did_not_change() {
    #[derive(Default, Serialize, Deserialize)]
    struct Conf {
        level: u32,
        #[serde(flatten)]
        extra: HashMap<String, u32>,
    }
    #[derive(Default, PluginState)]
    struct State {
        conf: Conf,
        more: Vec<Conf>,
        gold: u32,
    }
    #[derive(Default, PluginState)]
    struct Other {
        conf: Conf,
        more: Vec<Conf>,
        gold: i64,
    }
    let conf = || Conf { level: 3, extra: (0..1_500).map(|index| (format!("k{index}"), index)).collect() };
    for _ in 0..3 {
        let state = State { conf: conf(), more: (0..9).map(|_| conf()).collect(), gold: 42 };
        let (told, has_changes, is_plain) = swap::<State>(&state);
        assert!(is_plain && !has_changes, "{told}");
        let (told, has_changes, _) = swap::<Other>(&state);
        assert!(told.contains("converted gold (u32 → i64), partly looked at") && !has_changes, "{told}");
    }
}

#[test]
fn a_variant_that_comes_back_as_another_is_a_warning_and_one_with_an_alias_is_renamed() {
    #[derive(Serialize, Deserialize)]
    enum Kind {
        Grunt,
        Boss,
    }
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "Kind")]
    enum Known {
        Grunt,
        #[serde(other)]
        Unknown,
    }
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "Kind")]
    enum Renamed {
        Grunt,
        #[serde(alias = "Boss")]
        Chief,
    }
    #[derive(Default, PluginState)]
    struct State {
        foes: Vec<Kind>,
    }
    #[derive(Default, PluginState)]
    struct Fewer {
        foes: Vec<Known>,
    }
    #[derive(Default, PluginState)]
    struct Other {
        foes: Vec<Renamed>,
    }
    #[derive(Serialize, Deserialize)]
    enum Rank {
        Grunt,
        #[serde(alias = "Boss")]
        Chief,
    }
    #[derive(Default, PluginState)]
    struct Ranks {
        foes: Vec<Rank>,
    }
    let state = State { foes: vec![Kind::Grunt, Kind::Boss] };
    let (told, has_changes, _) = swap::<Fewer>(&state);
    assert_eq!((&*told, has_changes), ("kept 1, changed foes[] (Boss → Unknown)", true));
    let (told, has_changes, _) = swap::<Other>(&state);
    assert_eq!((&*told, has_changes), ("kept 1, renamed foes[]: Boss → Chief", false));
    let (told, has_changes, _) = swap::<Ranks>(&state);
    assert_eq!((&*told, has_changes), ("kept 1, converted foes[] (Kind → Rank: Boss → Chief)", false));
}

#[test]
fn fields_of_a_long_list_are_told_all_the_same() {
    #[derive(Serialize, Deserialize)]
    struct Foe {
        hp: u32,
        old: u32,
    }
    #[derive(Serialize, Deserialize)]
    struct Later {
        hp: f32,
        #[serde(default)]
        armor: u32,
    }
    #[derive(Default, PluginState)]
    struct State {
        foes: Vec<Foe>,
    }
    #[derive(Default, PluginState)]
    struct Other {
        foes: Vec<Later>,
    }
    let state = State { foes: (0..200).map(|hp| Foe { hp, old: 1 }).collect() };
    let (told, ..) = swap::<Other>(&state);
    assert_eq!(
        told,
        "kept 1, converted foes[].hp (u32 → f32), defaulted foes[].armor, dropped foes[].old, partly looked at foes[]"
    );
}
