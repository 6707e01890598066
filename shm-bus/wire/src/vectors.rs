//! glam's vectors, quaternions and matrices as plain data.
//!
//! A vector or quaternion is a struct of its coordinates in a schema, `Vec3{x:f32@0,y:f32@4,z:f32@8}`; a matrix is an array of its columns.
//! glam aligns some of these types to 16 bytes on most processors, which shows in the alignment of the message or component.
//!
//! `Vec3A`, `Mat3A` and the affine types are no plain data: they have a number or bytes without meaning.

#![expect(unsafe_code, reason = "states which types are plain data")]

use glam::{
    DMat2, DMat3, DMat4, DQuat, DVec2, DVec3, DVec4, IVec2, IVec3, IVec4, Mat2, Mat3, Mat4, Quat, UVec2, UVec3, UVec4,
    Vec2, Vec3, Vec4,
};

use super::Plain;

/// Types that are the array of these numbers, as glam's `AsRef` and its implementations of bytemuck's `Pod` say.
macro_rules! plain {
    ($($type:ident: [$number:ident; $count:literal] = $text:literal;)*) => {$(
        const _: () = assert!(size_of::<$type>() == $count * size_of::<$number>());

        // SAFETY: `repr(C)` of numbers, or a SIMD register of them; no padding, by the assertion; every bit pattern of a number is a value.
        unsafe impl Plain for $type {
            const TYPE: &'static str = $text;
            const ANY_BITS: bool = true;

            #[inline]
            fn is_value(bytes: &[u8]) -> bool {
                bytes.len() == size_of::<Self>()
            }
        }
    )*};
}
plain! {
    Vec2: [f32; 2] = "Vec2{x:f32@0,y:f32@4}";
    Vec3: [f32; 3] = "Vec3{x:f32@0,y:f32@4,z:f32@8}";
    Vec4: [f32; 4] = "Vec4{x:f32@0,y:f32@4,z:f32@8,w:f32@12}";
    IVec2: [i32; 2] = "IVec2{x:i32@0,y:i32@4}";
    IVec3: [i32; 3] = "IVec3{x:i32@0,y:i32@4,z:i32@8}";
    IVec4: [i32; 4] = "IVec4{x:i32@0,y:i32@4,z:i32@8,w:i32@12}";
    UVec2: [u32; 2] = "UVec2{x:u32@0,y:u32@4}";
    UVec3: [u32; 3] = "UVec3{x:u32@0,y:u32@4,z:u32@8}";
    UVec4: [u32; 4] = "UVec4{x:u32@0,y:u32@4,z:u32@8,w:u32@12}";
    DVec2: [f64; 2] = "DVec2{x:f64@0,y:f64@8}";
    DVec3: [f64; 3] = "DVec3{x:f64@0,y:f64@8,z:f64@16}";
    DVec4: [f64; 4] = "DVec4{x:f64@0,y:f64@8,z:f64@16,w:f64@24}";
    Quat: [f32; 4] = "Quat{x:f32@0,y:f32@4,z:f32@8,w:f32@12}";
    DQuat: [f64; 4] = "DQuat{x:f64@0,y:f64@8,z:f64@16,w:f64@24}";
    Mat2: [f32; 4] = "[[f32;2];2]";
    Mat3: [f32; 9] = "[[f32;3];3]";
    Mat4: [f32; 16] = "[[f32;4];4]";
    DMat2: [f64; 4] = "[[f64;2];2]";
    DMat3: [f64; 9] = "[[f64;3];3]";
    DMat4: [f64; 16] = "[[f64;4];4]";
}
