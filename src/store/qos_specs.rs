//! Qualities of service in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::ids::{DiskTypeId, QosSpecsId};
use crate::domain::qos_spec::{QosQuery, QosSpecs};

/// Questions about qualities of service.
#[async_trait]
pub trait QosReads {
    /// The one with that id.
    async fn qos_specs(&mut self, id: QosSpecsId) -> Result<Option<QosSpecs>>;

    /// One page of them.
    async fn list_qos_specs(&mut self, query: &QosQuery) -> Result<Vec<QosSpecs>>;

    /// The types with this quality of service and their names, by name.
    async fn qos_associations(&mut self, id: QosSpecsId) -> Result<Vec<(DiskTypeId, String)>>;
}

/// Changes of qualities of service.
pub trait QosWrites {
    /// A new one with its keys.
    fn insert_qos_specs(&mut self, specs: &QosSpecs);

    /// The consumer of one, and when it changed.
    fn update_qos_specs(&mut self, specs: &QosSpecs);

    /// Sets a key, in place of the one before if there was one.
    fn set_qos_value(&mut self, of: QosSpecsId, key: &str, value: Option<&str>);

    /// Removes a key.
    fn delete_qos_value(&mut self, of: QosSpecsId, key: &str);

    /// Removes one that no type has, with its keys.
    fn delete_qos_specs(&mut self, id: QosSpecsId);
}
