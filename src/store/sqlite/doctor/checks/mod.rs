//! The checks themselves. None shows a hash, a key or another value that must stay unread.

mod backups;
mod disk_types;
mod faults;
mod guards;
mod invariants;
mod policies;
mod progress;
mod retries;
mod rows;
mod snapshots;
#[cfg(test)]
mod tests;
mod webhooks;

use super::Check;

/// Every check.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    [
        invariants::CHECKS,
        guards::CHECKS,
        progress::CHECKS,
        retries::CHECKS,
        rows::CHECKS,
        disk_types::CHECKS,
        snapshots::CHECKS,
        backups::CHECKS,
        policies::CHECKS,
        faults::CHECKS,
        webhooks::CHECKS,
    ]
    .into_iter()
    .flatten()
}
