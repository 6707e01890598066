//! Which queries may be used together: pure checks of a manifest. They run before any engine sees a plugin, because the SDK hands out
//! references that rely on them.

use plugin_sdk::abi::Access;

use super::manifest::{ParamInfo, SystemInfo, Term};

/// Why a system's queries are refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TermError {
    /// A query names a component twice.
    #[error("{plugin}/{system}: a query names component \"{component}\" twice")]
    Twice {
        /// The system's plugin.
        plugin: String,
        /// The system.
        system: String,
        /// The component's stable name.
        component: String,
    },
    /// Two queries could yield two references to one item, one of them mutable.
    #[error(
        "{plugin}/{system}: two of its queries overlap in component \"{component}\", which one of them writes; make them disjoint with `With` and `Without`"
    )]
    Overlap {
        /// The system's plugin.
        plugin: String,
        /// The system.
        system: String,
        /// The component's stable name.
        component: String,
    },
}

/// Checks one system's queries.
pub(super) fn check(plugin: &str, system: &SystemInfo) -> Result<(), TermError> {
    let queries: Vec<Query<'_>> = queries(system).collect();
    for (index, query) in queries.iter().enumerate() {
        if let Some(component) = query.duplicate() {
            let (plugin, system) = (plugin.to_owned(), system.name.clone());
            return Err(TermError::Twice { plugin, system, component: component.to_owned() });
        }
        for other in &queries[..index] {
            if let Some(component) = query.conflict(other) {
                let (plugin, system) = (plugin.to_owned(), system.name.clone());
                return Err(TermError::Overlap { plugin, system, component: component.to_owned() });
            }
        }
    }
    Ok(())
}

/// Whether two systems must not run at the same time: one writes a component that the other fetches, possibly on the same entity.
#[must_use]
pub fn conflicts(one: &SystemInfo, other: &SystemInfo) -> bool {
    queries(one).any(|query| queries(other).any(|other| query.conflict(&other).is_some()))
}

fn queries(system: &SystemInfo) -> impl Iterator<Item = Query<'_>> {
    system.params.iter().filter_map(|param| match param {
        ParamInfo::Query { data, filter } => Some(Query { data, filter }),
        ParamInfo::Publisher(_) => None,
    })
}

/// One query's terms.
#[derive(Clone, Copy)]
struct Query<'a> {
    data: &'a [Term],
    filter: &'a [Term],
}

impl<'a> Query<'a> {
    fn terms(self) -> impl Iterator<Item = (&'a str, Access)> {
        let terms = self.data.iter().chain(self.filter);
        terms.filter_map(|term| Some((term.component.as_ref()?.name.as_str(), term.access)))
    }

    /// The first component that is fetched twice.
    fn duplicate(&self) -> Option<&'a str> {
        let fetched: Vec<&str> =
            self.data.iter().filter_map(|term| Some(term.component.as_ref()?.name.as_str())).collect();
        fetched.iter().enumerate().find(|(index, name)| fetched[..*index].contains(name)).map(|(_, name)| *name)
    }

    /// A component that one query writes and the other fetches, unless no entity can match both.
    fn conflict(&self, other: &Self) -> Option<&'a str> {
        if self.is_disjoint(other) || other.is_disjoint(self) {
            return None;
        }
        let shared = self.terms().find(|(name, access)| {
            other.terms().any(|(other_name, other_access)| {
                *name == other_name
                    && fetches(*access)
                    && fetches(other_access)
                    && (writes(*access) || writes(other_access))
            })
        });
        shared.map(|(name, _)| name)
    }

    /// Whether `self` requires a component that `other` excludes.
    fn is_disjoint(&self, other: &Self) -> bool {
        self.terms().any(|(name, access)| {
            matches!(access, Access::Read | Access::Write | Access::With)
                && other.terms().any(|(excluded, access)| excluded == name && access == Access::Without)
        })
    }
}

fn fetches(access: Access) -> bool {
    matches!(access, Access::Read | Access::Write | Access::OptionalRead | Access::OptionalWrite)
}

fn writes(access: Access) -> bool {
    matches!(access, Access::Write | Access::OptionalWrite)
}

#[cfg(test)]
mod tests {
    use super::{TermError, check, conflicts};
    use crate::image::{ComponentInfo, ParamInfo, SystemInfo, Term};
    use plugin_sdk::abi::{Access, Stage};

    fn term(name: &str, access: Access) -> Term {
        let component = ComponentInfo { name: name.into(), schema: name.into(), hash: 0, size: 4, align: 4 };
        Term { access, component: Some(component) }
    }

    fn query(data: &[(&str, Access)], filter: &[(&str, Access)]) -> ParamInfo {
        let terms = |terms: &[(&str, Access)]| terms.iter().map(|(name, access)| term(name, *access)).collect();
        ParamInfo::Query { data: terms(data), filter: terms(filter) }
    }

    fn system(params: Vec<ParamInfo>) -> SystemInfo {
        SystemInfo { name: "s".into(), stage: Stage::Update, after: vec![], before: vec![], params }
    }

    #[test]
    fn a_component_twice_in_one_query_is_refused_by_name() {
        let refused = check("p", &system(vec![query(&[("a", Access::Read), ("a", Access::OptionalWrite)], &[])]));
        assert!(matches!(refused, Err(TermError::Twice { component, .. }) if component == "a"));
    }

    #[test]
    fn overlapping_queries_of_one_system_are_refused_by_name() {
        let reads = query(&[("a", Access::Read)], &[]);
        let writes = query(&[("b", Access::Read), ("a", Access::Write)], &[]);
        let refused = check("p", &system(vec![reads.clone(), writes]));
        assert!(matches!(refused, Err(TermError::Overlap { component, .. }) if component == "a"));
        assert_eq!(check("p", &system(vec![reads.clone(), reads])), Ok(()));
    }

    #[test]
    fn with_and_without_make_queries_disjoint() {
        let one = query(&[("a", Access::Write)], &[("tag", Access::With)]);
        let other = query(&[("a", Access::Write)], &[("tag", Access::Without)]);
        assert_eq!(check("p", &system(vec![one.clone(), other.clone()])), Ok(()));
        assert!(!conflicts(&system(vec![one.clone()]), &system(vec![other])));
        assert!(conflicts(&system(vec![one.clone()]), &system(vec![one])));
    }
}
