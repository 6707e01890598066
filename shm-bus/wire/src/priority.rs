//! The four priorities of a message.

/// How urgent a message is. Lower numbers are served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Priority {
    /// Must be seen next: game events, shutdown.
    Critical = 0,
    /// Soon: contacts, input.
    High = 1,
    /// The default for most messages.
    Normal = 2,
    /// Bulk: draw commands, telemetry.
    Low = 3,
}

impl Priority {
    /// All four, most urgent first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Normal, Self::Low];

    /// The priority with this wire number, or `None` above 3.
    #[must_use]
    #[inline]
    pub const fn from_wire(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Critical),
            1 => Some(Self::High),
            2 => Some(Self::Normal),
            3 => Some(Self::Low),
            _ => None,
        }
    }

    /// Lower-case name, as tools print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}
