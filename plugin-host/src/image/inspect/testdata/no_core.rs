//! Source of `ai.dll` and `libai.dylib`, the fixtures for platforms that the tests don't run on: the least
//! plugin there is (name "ai", version "1.23", ABI 7), without a standard library. Built on Linux:
//!
//! ```sh
//! export RUSTC_BOOTSTRAP=1   # Rust 1.95
//! rustc --edition 2024 --target x86_64-pc-windows-msvc --emit obj -C panic=abort -o ai.obj no_core.rs
//! rust-lld -flavor link /dll /noentry /export:hotframe_plugin /out:ai.dll ai.obj
//! rustc --edition 2024 --target aarch64-apple-darwin --emit obj -C panic=abort -o ai.o no_core.rs
//! rust-lld -flavor darwin -dylib -arch arm64 -platform_version macos 11.0 11.0 -o libai.dylib ai.o
//! ```

#![feature(no_core, lang_items, auto_traits)]
#![allow(internal_features)]
#![no_core]
#![crate_type = "lib"]
#[lang = "pointee_sized"] pub trait PointeeSized {}
#[lang = "meta_sized"] pub trait MetaSized: PointeeSized {}
#[lang = "sized"] pub trait Sized: MetaSized {}
#[lang = "freeze"] pub unsafe auto trait Freeze {}
#[lang = "sync"] pub unsafe auto trait Sync {}
#[lang = "copy"] pub trait Copy {}
#[lang = "legacy_receiver"] pub trait LegacyReceiver {}
#[lang = "drop_in_place"] unsafe fn drop_in_place<T: PointeeSized>(_: *mut T) {}
#[used]
#[cfg_attr(windows, unsafe(link_section = ".hotfrm"))]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__TEXT,__hotframe"))]
static R: [u8; 27] = [72, 79, 84, 70, 82, 65, 77, 69, 27, 0, 0, 0, 1, 0, 7, 0, 0, 0, 1, 2, 97, 105, 4, 49, 46, 50, 51];
#[unsafe(no_mangle)] pub extern "C" fn hotframe_plugin() -> u32 { 7 }
