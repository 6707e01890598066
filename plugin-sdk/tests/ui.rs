//! Each misuse of the macros is a compile error at the offending token that says what to write.

#[test]
fn misuse_is_refused_with_what_to_write() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
