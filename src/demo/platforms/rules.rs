//! How strict a pretend platform is.

use crate::clock::Clock;

/// What a pretend platform insists on, and by which clock.
#[derive(Debug, Clone)]
pub struct Rules {
    /// For time stamps and windows. Paces are always kept by the machine's time, as they are about connections.
    pub clock: Clock,
    /// Whether sending too fast is refused.
    pub paced: bool,
    /// Whether everything that was done is remembered.
    pub remembers: bool,
    /// Whether everybody counts as having just written: all windows are open, and what is named exists.
    pub window_always_open: bool,
}

impl Rules {
    /// As the real one: paces, windows, and nobody who has not written first.
    pub fn strict() -> Self {
        Self { clock: Clock::real(), paced: true, remembers: true, window_always_open: false }
    }

    /// As the real one, but everybody has just written.
    pub fn open() -> Self {
        Self { window_always_open: true, ..Self::strict() }
    }

    /// For measurements: checks what it is sent, and neither slows anybody down nor grows.
    pub fn instant() -> Self {
        Self { paced: false, remembers: false, ..Self::open() }
    }

    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    #[must_use]
    pub fn unpaced(self) -> Self {
        Self { paced: false, ..self }
    }
}
