//! Any bytes as MessagePack of a type with every kind of field: an accepted value is encoded twice to the same bytes.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};
use shm_bus::pack;

#[derive(Serialize, Deserialize)]
struct Everything<'a> {
    name: &'a str,
    #[serde(with = "shm_bus::pack::bytes", borrow)]
    data: &'a [u8],
    small: Option<i8>,
    large: u64,
    real: f32,
    flag: bool,
    letter: char,
    pair: (u16, i64),
    list: Vec<[f64; 2]>,
    map: BTreeMap<String, u32>,
    tree: Tree,
}

#[derive(Serialize, Deserialize)]
enum Tree {
    Leaf,
    Value(i32),
    Node { left: Box<Tree>, right: Box<Tree> },
    Many(Vec<Tree>),
}

/// NaNs can be compared only as bytes.
macro_rules! round_trip {
    ($type:ty, $data:expr) => {
        if let Ok(value) = pack::decode::<$type>($data) {
            let (mut first, mut second) = (Vec::new(), Vec::new());
            pack::encode(&value, &mut first).expect("what was read can be written");
            let again = pack::decode::<$type>(&first).expect("what was written can be read");
            pack::encode(&again, &mut second).expect("and written again");
            assert_eq!(first, second);
        }
    };
}

fuzz_target!(|data: &[u8]| {
    round_trip!(Tree, data);
    round_trip!(Everything<'_>, data);
    round_trip!(Vec<Option<u128>>, data);
    round_trip!(BTreeMap<i8, String>, data);
});
