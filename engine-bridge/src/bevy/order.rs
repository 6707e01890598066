//! The order of all plugin systems: a pure function of the manifests.
//!
//! Within a stage the declared `after` and `before` come first. If they leave a choice, plugin name decides, then position in the source.
//! A name that no running plugin has is ignored, so plugins may be absent.

use plugin_host::image::SystemInfo;
use plugin_sdk::abi::Stage;

/// Why systems can't be ordered.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("these systems of stage {stage:?} wait for each other: {}", systems.join(", "))]
pub struct OrderError {
    /// Their stage.
    pub stage: Stage,
    /// `plugin/system` names.
    pub systems: Vec<String>,
}

/// A system to be ordered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    pub(super) plugin: &'a str,
    /// Position in its plugin.
    pub(super) index: usize,
    pub(super) system: &'a SystemInfo,
}

impl Node<'_> {
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.plugin, self.system.name)
    }

    /// Whether `name` (`plugin` or `plugin/system`) refers to this system.
    fn is_named(&self, name: &str) -> bool {
        match name.split_once('/') {
            None => name == self.plugin,
            Some((plugin, system)) => plugin == self.plugin && system == self.system.name,
        }
    }

    fn runs_after(&self, other: &Self) -> bool {
        self.system.after.iter().any(|name| other.is_named(name))
            || other.system.before.iter().any(|name| self.is_named(name))
    }
}

/// The systems of `stage` in order.
pub(super) fn order<'a>(stage: Stage, nodes: &[Node<'a>]) -> Result<Vec<Node<'a>>, OrderError> {
    let mut waiting: Vec<Node<'a>> = nodes.iter().copied().filter(|node| node.system.stage == stage).collect();
    waiting.sort_by_key(|node| (node.plugin, node.index));
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let free =
            waiting.iter().position(|node| !waiting.iter().any(|other| !same(node, other) && node.runs_after(other)));
        match free {
            Some(position) => ordered.push(waiting.remove(position)),
            None => return Err(OrderError { stage, systems: waiting.iter().map(Node::full_name).collect() }),
        }
    }
    Ok(ordered)
}

fn same(one: &Node<'_>, other: &Node<'_>) -> bool {
    one.plugin == other.plugin && one.index == other.index
}

#[cfg(test)]
mod tests {
    use super::{Node, order};
    use plugin_host::image::SystemInfo;
    use plugin_sdk::abi::Stage;

    fn system(name: &str, after: &[&str], before: &[&str]) -> SystemInfo {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        SystemInfo {
            name: name.into(),
            stage: Stage::Update,
            after: names(after),
            before: names(before),
            params: vec![],
        }
    }

    fn ordered(systems: &[(&'static str, SystemInfo)]) -> Result<Vec<String>, Vec<String>> {
        let nodes: Vec<_> =
            systems.iter().enumerate().map(|(index, (plugin, system))| Node { plugin, index, system }).collect();
        match order(Stage::Update, &nodes) {
            Ok(nodes) => Ok(nodes.iter().map(Node::full_name).collect()),
            Err(error) => Err(error.systems),
        }
    }

    #[test]
    fn without_a_wish_names_decide() {
        let systems = [("b", system("x", &[], &[])), ("a", system("y", &[], &[])), ("a", system("x", &[], &[]))];
        assert_eq!(ordered(&systems), Ok(vec!["a/y".into(), "a/x".into(), "b/x".into()]));
    }

    #[test]
    fn after_and_before_go_before_names() {
        let systems =
            [("a", system("x", &["c"], &[])), ("b", system("x", &[], &["c/x"])), ("c", system("x", &[], &[]))];
        assert_eq!(ordered(&systems), Ok(vec!["b/x".into(), "c/x".into(), "a/x".into()]));
    }

    #[test]
    fn a_missing_plugin_is_no_obstacle() {
        assert_eq!(ordered(&[("a", system("x", &["nobody"], &[]))]), Ok(vec!["a/x".into()]));
    }

    #[test]
    fn a_circle_is_refused_by_name() {
        let systems = [("a", system("x", &["b"], &[])), ("b", system("x", &["a"], &[])), ("c", system("x", &[], &[]))];
        assert_eq!(ordered(&systems), Err(vec!["a/x".into(), "b/x".into()]));
    }
}
