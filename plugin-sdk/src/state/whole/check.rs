//! Compares what a type writes with what it reads.
//!
//! A state has few types and many values of each. Checked types are remembered by the addresses of their names, which are the same each
//! time the same code writes. Comparing addresses costs a tenth of looking up the names.

use core::cell::OnceCell;

use crate::state::error::Error;
use crate::state::outline::{Content, Shapes};

/// Number of hash chains.
const CHAINS: usize = 512;

/// A type or variant, by the names that its `Serialize` passes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    Type(&'static str),
    /// An enum's name, and a variant's number and name.
    Variant(&'static str, u32, &'static str),
}

impl Named {
    #[inline]
    fn chain(self) -> usize {
        let (Self::Type(name) | Self::Variant(.., name)) = self;
        let address = name.as_ptr().addr();
        (address ^ (address >> CHAINS.ilog2())) % CHAINS
    }

    /// Whether the names have the same addresses; equal text is not enough.
    #[inline]
    fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Type(a), Self::Type(b)) => core::ptr::eq(a, b),
            (Self::Variant(a, number, variant), Self::Variant(b, other_number, other)) => {
                number == other_number && core::ptr::eq(a, b) && core::ptr::eq(variant, other)
            }
            _ => false,
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Checks<'a> {
    shapes: &'a Shapes,
    chains: Box<[Link; CHAINS]>,
}

type Link = OnceCell<Box<Known>>;

/// Knowledge about a name.
#[derive(Debug)]
pub(super) struct Known {
    named: Named,
    /// What fits, apart from fields.
    content: OnceCell<Content>,
    /// Fields that fit, in written order.
    fields: OnceCell<Vec<&'static str>>,
    next: Link,
}

impl Known {
    /// Fields that fit; empty if there are none yet.
    #[inline]
    pub(super) fn fields(&self) -> &[&'static str] {
        self.fields.get().map_or(&[], Vec::as_slice)
    }
}

impl<'a> Checks<'a> {
    /// `shapes` are the shapes that the type reads.
    pub(super) fn new(shapes: &'a Shapes) -> Self {
        Self { shapes, chains: Box::new([const { Link::new() }; CHAINS]) }
    }

    #[inline]
    pub(super) fn known(&self, named: Named) -> &Known {
        let mut link = &self.chains[named.chain()];
        loop {
            match link.get() {
                Some(known) if known.named.is(named) => return known,
                Some(known) => link = &known.next,
                None => return meet(link, named),
            }
        }
    }

    /// Checks a value without fields.
    #[inline]
    pub(super) fn content(&self, named: Named, content: Content) -> Result<(), Error> {
        let known = self.known(named);
        if known.content.get() == Some(&content) { Ok(()) } else { self.look_at_content(known, content) }
    }

    #[cold]
    fn look_at_content(&self, known: &Known, content: Content) -> Result<(), Error> {
        self.look(known.named, content, &[])?;
        known.content.get_or_init(|| content);
        Ok(())
    }

    /// Checks a struct with these fields.
    #[cold]
    pub(super) fn look_at_fields(&self, known: &Known, fields: &[&'static str]) -> Result<(), Error> {
        self.look(known.named, Content::Fields(&[], None), fields)?;
        known.fields.get_or_init(|| fields.to_vec());
        Ok(())
    }

    fn look(&self, named: Named, content: Content, fields: &[&'static str]) -> Result<(), Error> {
        let difference = match named {
            Named::Type(name) => self.shapes.misfit(name, content, fields),
            Named::Variant(name, number, variant) => self.shapes.variant_misfit(name, number, variant, content, fields),
        };
        let Some(difference) = difference else { return Ok(()) };
        Err(Error::new(format_args!(
            "an opaque field keeps no names, so it must be written exactly as it is read: {difference}; skip a field or variant on both sides (`#[serde(skip)]`, variants behind all others), or keep it as a plain field"
        )))
    }
}

#[cold]
fn meet(link: &Link, named: Named) -> &Known {
    link.get_or_init(|| Box::new(Known { named, content: OnceCell::new(), fields: OnceCell::new(), next: Link::new() }))
}
