//! States and opaque fields are written as deep as they can be read; a value that needs more levels or more stack is refused.

use plugin_sdk::prelude::*;
use plugin_sdk::serde::{Deserialize, Serialize};

use super::{again, saved, with_room};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
pub(super) struct Chain {
    number: u32,
    next: Option<Box<Chain>>,
}

#[derive(Debug, Default, PartialEq, PluginState)]
pub(super) struct Chained {
    head: Chain,
}

pub(super) fn chain(levels: u32) -> Chained {
    let mut head = Chain::default();
    for number in 1..levels {
        head = Chain { number, next: Some(Box::new(head)) };
    }
    Chained { head }
}

#[test]
fn a_state_is_written_as_deep_as_it_can_be_read() {
    with_room(|| {
        // The state itself is a level too.
        let deepest = chain(1_023);
        assert_eq!(again(&deepest), deepest);
        let error = saved(&chain(1_024)).expect_err("one level more");
        assert!(error.starts_with("head.next.next") && error.contains("1024 levels deep"), "{error}");
        assert!(saved(&chain(1_200)).is_err());
    });
}

#[test]
fn a_state_of_large_levels_is_refused_before_the_stack_ends() {
    #[derive(Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Large {
        room: Vec<[[u64; 32]; 32]>,
        here: [[u64; 32]; 32],
        next: Option<Box<Large>>,
    }
    #[derive(Default, PluginState)]
    struct State {
        head: Option<Box<Large>>,
    }
    let large = |next| Some(Box::new(Large { room: Vec::new(), here: [[1; 32]; 32], next }));
    with_room(move || {
        let mut head = None;
        for _ in 0..900 {
            head = large(head);
        }
        match saved(&State { head }) {
            Err(error) => assert!(error.contains("too much stack"), "{error}"),
            Ok(bytes) => {
                drop(plugin_sdk::state::restore::<State>(&bytes).map_err(|error| assert!(error.contains("stack"))))
            }
        }
    });
}

#[test]
fn enums_options_and_lists_count_as_levels_alike_for_writer_and_reader() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    enum Tree {
        Leaf,
        List(Vec<Tree>),
        Struct { inner: Box<Tree> },
        Tuple(Box<Tree>, u8),
    }
    #[derive(PluginState)]
    struct State {
        tree: Tree,
    }
    impl Default for State {
        fn default() -> Self {
            Self { tree: Tree::Leaf }
        }
    }
    let grow: [fn(Tree) -> Tree; 3] = [
        |tree| Tree::List(vec![tree]),
        |tree| Tree::Struct { inner: Box::new(tree) },
        |tree| Tree::Tuple(Box::new(tree), 1),
    ];
    with_room(move || {
        for grow in grow {
            let mut tree = Tree::Leaf;
            let mut refused = 0;
            for _ in 0..1_100 {
                tree = grow(tree);
                let state = State { tree };
                match saved(&state) {
                    Ok(bytes) => assert!(plugin_sdk::state::restore::<State>(&bytes).is_ok()),
                    Err(_) => refused += 1,
                }
                tree = state.tree;
            }
            assert!(refused > 70, "{refused} were too deep");
        }
    });
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plugin_sdk::serde")]
struct Node {
    number: u32,
    next: Option<Box<Node>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut node) = next {
            next = node.next.take();
        }
    }
}

#[derive(Debug, Default, PartialEq, PluginState)]
struct OpaqueChain {
    #[state(opaque, version = "1")]
    head: Node,
}

fn opaque_chain(levels: u32) -> OpaqueChain {
    let mut head = Node::default();
    for number in 1..levels {
        head = Node { number, next: Some(Box::new(head)) };
    }
    OpaqueChain { head }
}

#[test]
fn an_opaque_field_is_written_as_deep_as_it_can_be_read() {
    with_room(|| {
        let deepest = opaque_chain(1_024);
        assert_eq!(again(&deepest), deepest);
        for levels in [1_025, 1_000_000] {
            let error = saved(&opaque_chain(levels)).expect_err("too deep");
            assert!(error.starts_with("head: next.next") && error.contains("1024 levels deep"), "{error}");
        }
    });
}

#[test]
fn an_opaque_field_of_large_levels_is_refused_before_the_stack_ends() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(crate = "plugin_sdk::serde")]
    struct Large {
        here: [[u64; 32]; 32],
        next: Option<Box<Large>>,
    }
    #[derive(Default, PluginState)]
    struct State {
        #[state(opaque, version = "1")]
        head: Option<Box<Large>>,
    }
    with_room(|| {
        let mut head = None;
        for _ in 0..1_000 {
            head = Some(Box::new(Large { here: [[1; 32]; 32], next: head }));
        }
        let bytes = saved(&State { head }).expect("the writer needs little stack");
        let error = plugin_sdk::state::restore::<State>(&bytes).err().expect("the reader needs much");
        assert!(error.starts_with("head: ") && error.contains("too much stack"), "{error}");
    });
}
