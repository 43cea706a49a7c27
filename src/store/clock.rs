//! The clock in the store: how it goes, if people have set it.

use async_trait::async_trait;

use super::Result;
use crate::domain::clock::ClockSetting;

/// Questions about the clock.
#[async_trait]
pub trait ClockReads {
    /// How the clock goes; none: as the machine's.
    async fn clock(&mut self) -> Result<Option<ClockSetting>>;
}

/// Changes of the clock.
pub trait ClockWrites {
    /// Sets how the clock goes, whatever was set before.
    fn set_clock(&mut self, setting: ClockSetting);

    /// Lets the clock go as the machine's, set or not.
    fn reset_clock(&mut self);
}
