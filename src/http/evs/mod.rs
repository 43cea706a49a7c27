//! The native API of the Elastic Volume Service and its backup service.

pub(super) mod backup_shares;
pub(super) mod cloudbackups;
pub(super) mod cloudsnapshots;
pub(super) mod cloudvolumes;
mod codes;
pub(super) mod jobs;
mod members;
mod page;
pub(super) mod policies;
mod refusals;
mod tag_lists;
pub(super) mod tags;
pub(super) mod vendor_tags;
