//! Outlines of a few types.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Outline, difference};

fn text<T: serde::de::DeserializeOwned>() -> String {
    Outline::of::<T>().text().to_owned()
}

#[derive(Serialize, Deserialize)]
struct Purse {
    gold: u32,
    lives: u32,
    seed: u32,
}

mod later {
    #[derive(serde::Deserialize)]
    #[expect(dead_code, reason = "only its outline counts")]
    pub(super) struct Purse {
        pub(super) lives: u32,
        pub(super) gold: u32,
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its outline counts")]
enum Tree {
    Node(Box<Tree>, Box<Tree>),
    Leaf { weight: f32 },
    Empty,
    Link(HashMap<String, Option<Box<Tree>>>),
}

#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its outline counts")]
enum Untagged {
    Number(u32),
}

#[test]
fn names_types_and_order_of_fields_are_in_it() {
    assert_eq!(text::<Purse>(), "Purse{gold:u32,lives:u32,seed:u32}\nthe field is Purse\n");
    assert_ne!(text::<Purse>(), text::<later::Purse>());
    assert_eq!(
        difference(&text::<Purse>(), &text::<later::Purse>()),
        "the saved one is Purse{gold:u32,lives:u32,seed:u32}, this build reads Purse{lives:u32,gold:u32}"
    );
}

#[test]
fn every_variant_of_a_type_that_holds_itself_is_in_it() {
    let text = text::<Tree>();
    for part in [
        "::{Node|Leaf|Empty|Link}",
        "::Node(Tree,Tree)",
        "::Leaf{weight:f32}",
        "::Empty\n",
        "::Link({str,Option<Tree>})",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn the_same_type_has_the_same_outline() {
    assert_eq!(text::<Tree>(), text::<Tree>());
    assert_ne!(text::<[u32; 3]>(), text::<[u32; 4]>());
    assert_ne!(text::<Vec<u32>>(), text::<Vec<f32>>());
}

#[test]
fn what_a_compact_format_cannot_keep_is_told() {
    assert!(Outline::of::<Untagged>().asks_for_any());
    assert!(!Outline::of::<Tree>().asks_for_any());
}

mod other {
    #[derive(serde::Deserialize)]
    #[expect(dead_code, reason = "only its outline counts")]
    pub(super) struct Leaf {
        pub(super) weight: f32,
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its outline counts")]
struct Leaf {
    weight: f32,
}

#[test]
fn types_of_one_name_that_hold_the_same_are_one() {
    assert_eq!(text::<(Leaf, other::Leaf)>(), "Leaf{weight:f32}\nthe field is (Leaf,Leaf)\n");
    assert_eq!(text::<(Leaf, other::Leaf)>(), text::<(other::Leaf, other::Leaf)>());
}

#[test]
fn a_name_is_not_taken_for_a_layout() {
    #[derive(Deserialize)]
    #[serde(rename = "Leaf#2")]
    #[expect(dead_code, reason = "only its outline counts")]
    struct Odd {
        #[serde(rename = "a:u8,b")]
        field: u8,
    }
    assert_eq!(text::<Odd>(), "\"Leaf#2\"{\"a:u8,b\":u8}\nthe field is \"Leaf#2\"\n");
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its outline counts")]
enum Expression {
    Block(Box<Block>),
    If(Box<Expression>, Box<Expression>, Box<Expression>),
    Call { callee: Box<Expression>, arguments: Vec<Expression> },
    Literal(Literal),
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its outline counts")]
struct Block {
    statements: Vec<Statement>,
    tail: Expression,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its outline counts")]
enum Statement {
    Let(String, Expression),
    Nested(Block),
    Empty,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its outline counts")]
enum Literal {
    Nothing,
    Bool(bool),
    Number { value: f64 },
}

#[test]
fn types_that_hold_one_another_are_read_to_the_last_variant_of_each() {
    let outline = Outline::of::<(Expression, u16)>();
    let lines = [
        "Block{statements:[Statement],tail:Expression}",
        "Expression::Block(Block)",
        "Expression::Call{callee:Expression,arguments:[Expression]}",
        "Expression::If(Expression,Expression,Expression)",
        "Expression::Literal(Literal)",
        "Expression::{Block|If|Call|Literal}",
        "Literal::Bool(bool)",
        "Literal::Nothing",
        "Literal::Number{value:f64}",
        "Literal::{Nothing|Bool|Number}",
        "Statement::Empty",
        "Statement::Let(str,Expression)",
        "Statement::Nested(Block)",
        "Statement::{Let|Nested|Empty}",
        "the field is (Expression,u16)",
    ];
    assert_eq!(outline.text().lines().collect::<Vec<_>>(), lines);
    assert!(!outline.is_cut());
}
