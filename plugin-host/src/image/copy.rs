//! Private copies: what is loaded is never the watched file.
//!
//! ```text
//! <temp>/hotframe-images-XXXXXX/          0700, one for each store
//!     .lock                               held locked by the owner as long as it lives
//!     physics-g3-0007.so                  plugin, generation, serial number, platform suffix
//! ```
//! Knows files and bytes; nothing of formats, plugins' contents or loading. The watched file is only ever
//! opened for reading: a linker or cargo may replace it at any moment, and a path given twice to `dlopen`
//! returns the old image.
//!
//! # Invariants
//! 1. A store's folder exists under its name only while its `.lock` is locked, or is left over.
//! 2. [`ImageStore`] removes a foreign folder only while it holds that folder's lock itself: **the owner's
//!    death is proven**. It removes only real folders of its own user that nobody else can write to.
//! 3. A [`PrivateCopy`] holds exactly the bytes that its hash was computed from.
//!
//! # Failure
//! A source that changes while it is copied is [`CopyError::Changing`]: the watcher tries again. A store's
//! folder that somebody cleared away is made again; images that were loaded from it stay mapped. A store that
//! can't write, a process without descriptors or memory, and a source that its disk doesn't give are
//! [`CopyError::is_of_the_host`]: no file is refused for them. A killed host leaves its folder; the next store
//! sweeps it. A folder that can't be removed is left and logged.

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
