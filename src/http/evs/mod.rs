//! The native API of the Elastic Volume Service and its backup service.

pub(super) mod policies;
