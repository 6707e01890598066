//! Types that the derives accept: their schemas, and which bytes are values of them.

use plugin_sdk::prelude::*;
use plugin_sdk::wire::{message_bytes, messages_in};

#[derive(Clone, Copy, Debug, PartialEq, Plain)]
#[repr(u8)]
enum Mood {
    Calm,
    Angry = 7,
    Afraid,
}

#[derive(Clone, Copy, Debug, PartialEq, Plain)]
#[repr(u16)]
enum Kind {
    Ship = 300,
}

#[derive(Clone, Copy, Debug, PartialEq, Plain)]
#[repr(u32)]
enum Phase {
    First = 1 << 20,
    Last = u32::MAX,
}

#[derive(Clone, Copy, Debug, PartialEq, Plain)]
#[repr(C)]
struct Lamp {
    on: bool,
    mood: Mood,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Component, Message)]
#[component(name = "t.Board", version = 2)]
#[message(name = "t.Board", version = 2)]
#[repr(C)]
struct Board {
    phase: Phase,
    lamps: [[Lamp; 2]; 1],
    flags: [bool; 3],
    last: Mood,
}

/// All fields of numbers, nested.
#[derive(Clone, Copy, Debug, PartialEq, Plain)]
#[repr(C)]
struct Point {
    x: f32,
    y: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
struct Route {
    entity: EntityId,
    points: [Point; 2],
}

const LAMP: Lamp = Lamp { on: true, mood: Mood::Angry, kind: Kind::Ship };
const BOARD: Board = Board { phase: Phase::Last, lamps: [[LAMP; 2]], flags: [false, true, false], last: Mood::Afraid };

/// What a reader makes of `bytes`, which it has copied to aligned memory.
fn read<M: Message>(bytes: &[u8]) -> Option<Vec<M>> {
    #[derive(Clone, Copy, Message)]
    #[repr(C)]
    struct Word {
        value: u64,
    }
    let mut words = vec![Word { value: 0 }; bytes.len().div_ceil(8)];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks(8)) {
        let whole: [u8; 8] = std::array::from_fn(|at| chunk.get(at).copied().unwrap_or(0));
        word.value = u64::from_ne_bytes(whole);
    }
    messages_in(&message_bytes(&words)[..bytes.len()]).map(<[M]>::to_vec)
}

#[test]
fn an_enums_schema_lists_its_variants() {
    assert_eq!(<Mood as Plain>::TYPE, "Mood:u8{Calm=0,Angry=7,Afraid=8}");
    assert_eq!(<Kind as Plain>::TYPE, "Kind:u16{Ship=300}");
    assert_eq!(<Phase as Plain>::TYPE, "Phase:u32{First=1048576,Last=4294967295}");
}

#[test]
fn structs_and_arrays_nest_in_a_schema() {
    let lamp = "Lamp{on:bool@0,mood:Mood:u8{Calm=0,Angry=7,Afraid=8}@1,kind:Kind:u16{Ship=300}@2}";
    let schema = format!(
        "t.Board@2 16/4 {{phase:Phase:u32{{First=1048576,Last=4294967295}}@0,lamps:[[{lamp};2];1]@4,flags:[bool;3]@12,\
         last:Mood:u8{{Calm=0,Angry=7,Afraid=8}}@15}}"
    );
    assert_eq!(<Board as Message>::SCHEMA, schema);
    assert_eq!(<Board as Component>::SCHEMA, schema);
    assert_eq!(<Board as Component>::SCHEMA_HASH, <Board as Message>::SCHEMA_HASH);
    assert_eq!(
        <Route as Message>::SCHEMA,
        "plugin-sdk.Route@1 24/8 {entity:entity@0,points:[Point{x:f32@0,y:f32@4};2]@8}"
    );
}

#[test]
fn every_number_without_a_variant_is_no_value() {
    for byte in 0..=u8::MAX {
        assert_eq!(Mood::is_value(&[byte]), [0, 7, 8].contains(&byte), "{byte}");
    }
    for number in 0..=u16::MAX {
        assert_eq!(Kind::is_value(&number.to_ne_bytes()), number == 300, "{number}");
    }
    for (number, is_value) in
        [(1 << 20, true), (u32::MAX, true), (0, false), (1 << 20 | 1, false), (u32::MAX - 1, false)]
    {
        assert_eq!(Phase::is_value(&u32::to_ne_bytes(number)), is_value, "{number}");
    }
    assert!(!Kind::is_value(&[0x2c]) && !Mood::is_value(&[]) && !Phase::is_value(&[0xff; 8]));
}

#[test]
fn messages_of_numbers_are_not_checked() {
    const { assert!(<Route as Message>::ANY_BITS && Point::ANY_BITS) };
    const { assert!(!<Board as Message>::ANY_BITS && !Lamp::ANY_BITS && !Mood::ANY_BITS) };
    assert_eq!(read::<Route>(&[0xff; 48]).map(|routes| routes.len()), Some(2));
}

#[test]
fn a_message_comes_back_from_its_bytes() {
    let boards = [BOARD, Board { phase: Phase::First, last: Mood::Calm, ..BOARD }];
    assert_eq!(read::<Board>(message_bytes(&boards)), Some(boards.to_vec()));
    assert_eq!(read::<Board>(&[]), Some(Vec::new()));
}

#[test]
fn one_bad_value_anywhere_refuses_the_record() {
    let good = message_bytes(&[BOARD, BOARD]).to_vec();
    for place in 0..good.len() {
        for byte in 0..=u8::MAX {
            let mut bytes = good.clone();
            bytes[place] = byte;
            let is_value = match place % 16 {
                0..4 => byte == 0xff,
                4 | 8 | 12..15 => byte < 2,
                5 | 9 | 15 => [0, 7, 8].contains(&byte),
                6 | 10 => byte == 0x2c,
                _ => byte == 1,
            };
            assert_eq!(read::<Board>(&bytes).is_some(), is_value, "byte {place} is {byte}");
        }
    }
}
