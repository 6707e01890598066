//! glam's types in components and messages, with the feature `glam`.

#![cfg(feature = "glam")]

use plugin_sdk::prelude::*;
use plugin_sdk::wire::glam::{
    DMat2, DMat3, DMat4, DQuat, DVec2, DVec3, DVec4, IVec2, IVec3, IVec4, Mat2, Mat3, Mat4, Quat, UVec2, UVec3, UVec4,
    Vec2, Vec3, Vec4,
};
use plugin_sdk::wire::{message_bytes, message_in};

#[derive(Clone, Copy, Debug, PartialEq, Component, Message)]
#[component(name = "t.Placed")]
#[message(name = "t.Placed")]
#[repr(C)]
struct Placed {
    turn: Quat,
    at: Vec3,
    size: f32,
    view: Mat4,
    corners: [Vec2; 2],
}

#[test]
fn a_schema_names_coordinates_and_lists_columns() {
    let schema = format!(
        "t.Placed@1 112/{} {{turn:Quat{{x:f32@0,y:f32@4,z:f32@8,w:f32@12}}@0,at:Vec3{{x:f32@0,y:f32@4,z:f32@8}}@16,\
         size:f32@28,view:[[f32;4];4]@32,corners:[Vec2{{x:f32@0,y:f32@4}};2]@96}}",
        align_of::<Quat>()
    );
    assert_eq!(<Placed as Message>::SCHEMA, schema);
    assert_eq!(<Placed as Component>::SCHEMA, schema);
    const { assert!(<Placed as Message>::ANY_BITS) };
}

#[test]
fn a_message_comes_back_from_its_bytes() {
    let placed = Placed {
        turn: Quat::from_xyzw(0.5, -0.5, 0.5, 0.5),
        at: Vec3::new(1.0, 2.0, 3.0),
        size: 4.0,
        view: Mat4::from_translation(Vec3::new(5.0, 6.0, 7.0)),
        corners: [Vec2::new(8.0, 9.0), Vec2::NEG_ONE],
    };
    let bytes = message_bytes(std::slice::from_ref(&placed));
    let numbers: Vec<f32> = bytes.as_chunks().0.iter().map(|bytes| f32::from_ne_bytes(*bytes)).collect();
    assert_eq!(numbers[..8], [0.5, -0.5, 0.5, 0.5, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(numbers[8..24], placed.view.to_cols_array());
    assert_eq!(numbers[24..], [8.0, 9.0, -1.0, -1.0]);
    assert_eq!(message_in::<Placed>(bytes), Some(placed));
}

#[test]
fn every_type_is_its_numbers_in_order() {
    macro_rules! check {
        ($($value:expr => $type:ident $numbers:ident;)*) => {$({
            #[derive(Clone, Copy, Message)]
            #[repr(C)]
            struct Only {
                value: $type,
            }
            let value = $value;
            let numbers: Vec<u8> = value.$numbers().iter().flat_map(|number| number.to_ne_bytes()).collect();
            assert_eq!(message_bytes(&[Only { value }]), numbers, stringify!($type));
        })*};
    }
    let (floats, doubles) = (std::array::from_fn(|at| at as f32), std::array::from_fn(|at| at as f64));
    check! {
        Vec2::new(1.0, 2.0) => Vec2 to_array;
        Vec3::new(1.0, 2.0, 3.0) => Vec3 to_array;
        Vec4::new(1.0, 2.0, 3.0, 4.0) => Vec4 to_array;
        IVec2::new(1, -2) => IVec2 to_array;
        IVec3::new(1, -2, 3) => IVec3 to_array;
        IVec4::new(1, -2, 3, 4) => IVec4 to_array;
        UVec2::new(1, 2) => UVec2 to_array;
        UVec3::new(1, 2, 3) => UVec3 to_array;
        UVec4::new(1, 2, 3, 4) => UVec4 to_array;
        DVec2::new(1.0, 2.0) => DVec2 to_array;
        DVec3::new(1.0, 2.0, 3.0) => DVec3 to_array;
        DVec4::new(1.0, 2.0, 3.0, 4.0) => DVec4 to_array;
        Quat::from_xyzw(1.0, 2.0, 3.0, 4.0) => Quat to_array;
        DQuat::from_xyzw(1.0, 2.0, 3.0, 4.0) => DQuat to_array;
        Mat2::from_cols_array(&[1.0, 2.0, 3.0, 4.0]) => Mat2 to_cols_array;
        Mat3::from_cols_array(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]) => Mat3 to_cols_array;
        Mat4::from_cols_array(&floats) => Mat4 to_cols_array;
        DMat2::from_cols_array(&[1.0, 2.0, 3.0, 4.0]) => DMat2 to_cols_array;
        DMat3::from_cols_array(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]) => DMat3 to_cols_array;
        DMat4::from_cols_array(&doubles) => DMat4 to_cols_array;
    }
}
