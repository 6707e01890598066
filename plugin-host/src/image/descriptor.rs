//! Reads a plugin's descriptor into a [`Manifest`].
//!
//! # Failure
//! A descriptor that contradicts itself is refused; the error names the contradictory place.

#![expect(unsafe_code, reason = "reads the descriptor that a loaded image returned")]

use std::collections::BTreeSet;

use plugin_sdk::abi;
use plugin_sdk::wire::{Policy, Priority, schema_hash};

use super::conflict::{self, TermError};
use super::manifest::{
    ComponentInfo, ExportInfo, InterfaceInfo, Manifest, ParamInfo, SubscriptionInfo, SystemInfo, Term, TopicInfo,
};
use crate::name::canonical;

/// Maximum number of items in any list of a descriptor; longer lists come from no plugin.
const ITEMS_MAX: usize = 1024;

/// Why a descriptor is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The exported function returned nothing.
    #[error("it returns no descriptor")]
    Missing,
    /// It was built with another SDK than its section states.
    #[error("its descriptor is of ABI version {found} with {size} bytes, the host reads version {expected}")]
    Abi {
        /// The descriptor's version.
        found: u32,
        /// The host's version.
        expected: u32,
        /// The descriptor's size.
        size: u32,
    },
    /// A list is too long for any plugin.
    #[error("its list of {what} has {count} items, at most {ITEMS_MAX} are allowed")]
    TooMany {
        /// The kind of its items.
        what: &'static str,
        /// The number of its items.
        count: usize,
    },
    /// A number that this ABI version doesn't know.
    #[error("{place}: {what} {number} is unknown")]
    Unknown {
        /// The method.
        place: String,
        /// The meaning of the number.
        what: &'static str,
        /// The number.
        number: u32,
    },
    /// Two things with the same name.
    #[error("it has two {what} named \"{name}\"")]
    Duplicate {
        /// Their kind.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// One topic with two different declarations.
    #[error(
        "it declares topic \"{topic}\" in two ways: {first} and {second}; declare it once, and name that everywhere"
    )]
    TopicConflict {
        /// The topic's name on the bus.
        topic: String,
        /// One declaration.
        first: String,
        /// The other.
        second: String,
    },
    /// Two parameters of one method would write to the same lane.
    #[error("{place}: topic \"{topic}\" has two publishers among its parameters; keep one")]
    PublisherTwice {
        /// The method.
        place: String,
        /// The topic's name on the bus.
        topic: String,
    },
    /// Queries that must not be used together.
    #[error(transparent)]
    Terms(#[from] TermError),
    /// A schema whose hash differs from the stated one.
    #[error("\"{name}\" states schema hash {stated:#018x}, but {schema} has another; build it with this SDK's derives")]
    Hash {
        /// The type's stable name.
        name: String,
        /// The stated hash.
        stated: u64,
        /// Canonical schema.
        schema: String,
    },
    /// A component's layout is impossible.
    #[error("component \"{name}\" has size {size} and alignment {align}")]
    Layout {
        /// The component's stable name.
        name: String,
        /// In bytes.
        size: u32,
        /// In bytes.
        align: u32,
    },
}

impl Manifest {
    /// Copies `descriptor`.
    ///
    /// # Errors
    /// [`ManifestError`]: the contradiction.
    ///
    /// # Safety
    /// `descriptor` is null or was returned by a loaded image's [`abi::ENTRY`], whose section names this ABI version.
    pub(super) unsafe fn read(descriptor: *const abi::PluginDescriptor) -> Result<Self, ManifestError> {
        if descriptor.is_null() {
            return Err(ManifestError::Missing);
        }
        // SAFETY: the size and version come first in every version of the descriptor.
        let size = unsafe { (*descriptor).size };
        // SAFETY: as above.
        let found = unsafe { (*descriptor).abi };
        if found != abi::ABI_VERSION || (size as usize) < size_of::<abi::PluginDescriptor>() {
            return Err(ManifestError::Abi { found, expected: abi::ABI_VERSION, size });
        }
        // SAFETY: of this version and whole, checked above; constant data of the image.
        let descriptor = unsafe { &*descriptor };
        let mut topics = Vec::new();
        let manifest = Self {
            name: canonical(&text(descriptor.name)),
            version: text(descriptor.version),
            state_schema: text(descriptor.state_schema),
            state_hash: descriptor.state_hash,
            components: items(descriptor.components, "components")?.iter().map(component).collect::<Result<_, _>>()?,
            systems: items(descriptor.systems, "systems")?
                .iter()
                .map(|item| system(item, &mut topics))
                .collect::<Result<_, _>>()?,
            subscriptions: items(descriptor.subscriptions, "subscriptions")?
                .iter()
                .map(|item| subscription(item, &mut topics))
                .collect::<Result<_, _>>()?,
            topics: Vec::new(),
            exports: items(descriptor.exports, "exports")?.iter().map(export).collect::<Result<_, _>>()?,
            interfaces: items(descriptor.interfaces, "interfaces")?.iter().map(interface).collect::<Result<_, _>>()?,
        };
        let manifest = Self { topics, ..manifest };
        for system in &manifest.systems {
            conflict::check(&manifest.name, system)?;
        }
        unique("systems", manifest.systems.iter().map(|system| &system.name))?;
        unique("exports", manifest.exports.iter().map(|export| &export.name))?;
        unique("interfaces", manifest.interfaces.iter().map(|interface| &interface.name))?;
        unique("subscriptions to the topic", manifest.subscriptions.iter().map(|item| &item.topic.name))?;
        for SubscriptionInfo { topic, .. } in &manifest.subscriptions {
            let published = manifest.topics.iter().find(|published| published.name == topic.name);
            if let Some(published) = published.filter(|published| !published.agrees_with(topic)) {
                return Err(declared_twice(published, topic));
            }
        }
        Ok(manifest)
    }
}

fn unique<'a>(what: &'static str, names: impl Iterator<Item = &'a String>) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(ManifestError::Duplicate { what, name: name.clone() });
        }
    }
    Ok(())
}

fn text(text: abi::Text) -> String {
    // SAFETY: reachable from a descriptor, hence constant data of the image.
    unsafe { text.to_owned_text() }
}

/// `plugin` or `plugin/system` names.
fn names(list: abi::List<abi::Text>) -> Result<Vec<String>, ManifestError> {
    Ok(items(list, "orderings")?.iter().map(|item| canonical(&text(*item))).collect())
}

fn items<'image, T>(list: abi::List<T>, what: &'static str) -> Result<&'image [T], ManifestError> {
    if list.length > ITEMS_MAX {
        return Err(ManifestError::TooMany { what, count: list.length });
    }
    // SAFETY: reachable from a descriptor, hence constant data of the image.
    Ok(unsafe { list.as_slice() })
}

fn component(item: &abi::ComponentDescriptor) -> Result<ComponentInfo, ManifestError> {
    let (name, size, align) = (text(item.name), item.size, item.align);
    if std::alloc::Layout::from_size_align(size as usize, align as usize).is_err() || !size.is_multiple_of(align.max(1))
    {
        return Err(ManifestError::Layout { name, size, align });
    }
    let (schema, hash) = schema(&name, item.schema, item.hash)?;
    Ok(ComponentInfo { name, schema, hash, size: size as usize, align: align as usize })
}

/// A canonical schema and its hash, which identifies the type wherever the text is too long.
fn schema(name: &str, schema: abi::Text, stated: u64) -> Result<(String, u64), ManifestError> {
    let schema = text(schema);
    if schema_hash(&schema) != stated {
        return Err(ManifestError::Hash { name: name.to_owned(), stated, schema });
    }
    Ok((schema, stated))
}

fn system(item: &abi::SystemDescriptor, topics: &mut Vec<TopicInfo>) -> Result<SystemInfo, ManifestError> {
    let name = text(item.name);
    let stage = abi::Stage::from_wire(item.stage).ok_or_else(|| ManifestError::Unknown {
        place: name.clone(),
        what: "stage",
        number: item.stage,
    })?;
    let (after, before) = (names(item.after)?, names(item.before)?);
    Ok(SystemInfo { params: params(&name, item.params, topics)?, name, stage, after, before })
}

fn subscription(
    item: &abi::SubscriptionDescriptor,
    topics: &mut Vec<TopicInfo>,
) -> Result<SubscriptionInfo, ManifestError> {
    let name = text(item.name);
    Ok(SubscriptionInfo { topic: topic(&name, &item.topic)?, params: params(&name, item.params, topics)?, name })
}

fn export(item: &abi::ExportDescriptor) -> Result<ExportInfo, ManifestError> {
    let name = text(item.name);
    let access = abi::ExportAccess::from_wire(item.access).ok_or_else(|| ManifestError::Unknown {
        place: name.clone(),
        what: "access",
        number: item.access,
    })?;
    // A flag that this host doesn't know may forbid what it would do.
    let flags = abi::ExportFlags(item.flags);
    if !abi::ExportFlags::ALL.contains(flags) {
        return Err(ManifestError::Unknown { place: name, what: "flags of an export,", number: item.flags });
    }
    let is_internal = flags.contains(abi::ExportFlags::INTERNAL);
    let is_on_thread = flags.contains(abi::ExportFlags::THREAD);
    let (signature, hash) = schema(&name, item.signature, item.hash)?;
    Ok(ExportInfo { name, signature, hash, docs: text(item.docs), access, is_internal, is_on_thread })
}

fn interface(item: &abi::InterfaceDescriptor) -> Result<InterfaceInfo, ManifestError> {
    let name = text(item.name);
    let (text, hash) = schema(&name, item.text, item.hash)?;
    Ok(InterfaceInfo { name, text, hash })
}

fn params(
    place: &str,
    list: abi::List<abi::ParamDescriptor>,
    topics: &mut Vec<TopicInfo>,
) -> Result<Vec<ParamInfo>, ManifestError> {
    let params = items(list, "parameters")?.iter().map(|item| match item.kind {
        kind if kind == abi::ParamKind::Query as u32 => {
            Ok(ParamInfo::Query { data: terms(place, item.query_data)?, filter: terms(place, item.query_filter)? })
        }
        kind if kind == abi::ParamKind::Publisher as u32 => {
            Ok(ParamInfo::Publisher(publisher(place, &item.topic, topics)?))
        }
        number => Err(ManifestError::Unknown { place: place.to_owned(), what: "kind of parameter", number }),
    });
    let params = params.collect::<Result<Vec<_>, _>>()?;
    for (index, param) in params.iter().enumerate() {
        // Each could hold a loan while the other sends.
        if let ParamInfo::Publisher(number) = param
            && params[..index].contains(param)
        {
            let topic = topics[*number as usize].name.clone();
            return Err(ManifestError::PublisherTwice { place: place.to_owned(), topic });
        }
    }
    Ok(params)
}

/// The number of a topic's publisher: systems of a plugin that publish the same topic share one.
fn publisher(place: &str, item: &abi::TopicDescriptor, topics: &mut Vec<TopicInfo>) -> Result<u32, ManifestError> {
    let topic = topic(place, item)?;
    let number = match topics.iter().position(|known| known.name == topic.name) {
        Some(number) if topics[number] == topic => number,
        Some(number) => return Err(declared_twice(&topics[number], &topic)),
        None => {
            topics.push(topic);
            topics.len() - 1
        }
    };
    Ok(number as u32)
}

fn declared_twice(first: &TopicInfo, second: &TopicInfo) -> ManifestError {
    let (topic, first, second) = (first.name.clone(), first.to_string(), second.to_string());
    ManifestError::TopicConflict { topic, first, second }
}

fn terms(place: &str, list: abi::List<abi::TermDescriptor>) -> Result<Vec<Term>, ManifestError> {
    let terms = items(list, "terms")?.iter().map(|item| {
        let access = abi::Access::from_wire(item.access).ok_or_else(|| ManifestError::Unknown {
            place: place.to_owned(),
            what: "access",
            number: item.access,
        })?;
        let component = (access != abi::Access::Entity).then(|| component(&item.component)).transpose()?;
        Ok(Term { access, component })
    });
    terms.collect()
}

fn topic(place: &str, item: &abi::TopicDescriptor) -> Result<TopicInfo, ManifestError> {
    let priority = u8::try_from(item.priority).ok().and_then(Priority::from_wire);
    let policy = u8::try_from(item.policy).ok().and_then(|kind| Policy::from_wire(kind, item.policy_timeout_ms));
    let unknown = |what, number| ManifestError::Unknown { place: place.to_owned(), what, number };
    let message = text(item.message);
    let (schema, hash) = schema(&message, item.schema, item.hash)?;
    Ok(TopicInfo {
        name: text(item.name),
        message,
        schema,
        hash,
        message_size: item.message_size,
        capacity: item.capacity,
        priority: priority.ok_or_else(|| unknown("priority", item.priority))?,
        policy: policy.ok_or_else(|| unknown("policy", item.policy))?,
    })
}
