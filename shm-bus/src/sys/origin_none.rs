//! Systems without fork: a handle is always used in the process that created it.

/// The process in which something was created.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin;

impl Origin {
    /// This process.
    pub(crate) const fn here() -> Self {
        Self
    }

    /// Always.
    #[inline(always)]
    pub(crate) const fn is_here(self) -> bool {
        true
    }
}
