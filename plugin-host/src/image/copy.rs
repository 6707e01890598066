//! Private copies: the watched file itself is never loaded.
//!
//! ```text
//! <temp>/hotframe-images-XXXXXX/          0700, one for each store
//!     .lock                               held locked by the owner as long as it lives
//!     physics-g3-0007.so                  plugin, generation, serial number, platform suffix
//! ```
//! This module knows files and bytes, but nothing of formats, plugins' contents or loading. The watched file is only ever opened for
//! reading: a linker or cargo may replace it at any moment, and `dlopen` returns the old image if it gets a path twice.
//!
//! # Invariants
//! 1. A store's folder exists under its name only while its `.lock` is locked, or as a leftover.
//! 2. [`ImageStore`] removes a foreign folder only while it holds that folder's lock itself: **the owner's death is proven**. It removes
//!    only real folders of its own user that nobody else can write to.
//! 3. A [`PrivateCopy`] holds exactly the bytes that its hash was computed from.
//!
//! # Failure
//! A source that changes during the copy gives [`CopyError::Changing`], and the watcher tries again. A store's folder that was deleted is
//! created again; images loaded from it stay mapped. [`CopyError::is_of_the_host`] holds for a store that can't write, a process without
//! descriptors or memory, and a source that its disk fails to read: no file is refused because of these. A killed host leaves its folder;
//! the next store sweeps it. A folder that can't be removed is left and logged.

mod content;
mod error;
mod private;
mod store;

pub use self::content::ContentHash;
pub use self::error::{CopyError, StoreError};
pub use self::private::PrivateCopy;
pub use self::store::ImageStore;

#[cfg(test)]
mod tests;
