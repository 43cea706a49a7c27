//! A local Elastic Volume Service.

pub mod domain;
pub mod store;
pub mod tasks;
