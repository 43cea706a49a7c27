//! Qualities of service: what they consist of, and which disk types have which.

use thiserror::Error;
use tracing::info;

use super::disk_types::{seen, texts};
use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::Caller;
use crate::domain::disk_type::Specs;
use crate::domain::event::{Event, State};
use crate::domain::ids::{DiskTypeId, QosSpecsId};
use crate::domain::page::Paging;
use crate::domain::qos_spec::{Consumer, QosQuery, QosSpecs};
use crate::store::{ReadTx, WriteTx};

/// Why something about qualities of service is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QosRefused {
    /// There is one of that name.
    #[error("qos specs named {0} are there already")]
    NameTaken(String),
    /// Some type has it.
    #[error("qos specs {0} belong to a disk type")]
    InUse(QosSpecsId),
    /// It has no such key.
    #[error("qos specs {0} have no key {1}")]
    NoKey(QosSpecsId, String),
    /// The type has another one.
    #[error("disk type {0} has the qos specs {1}")]
    HasOther(DiskTypeId, QosSpecsId),
}

/// A quality of service to be made.
#[derive(Debug, Clone)]
pub struct NewQosSpecs {
    /// Its name.
    pub name: String,
    /// Who applies it.
    pub consumer: Consumer,
    /// What it consists of.
    pub specs: Specs,
}

/// What becomes of the types that have a quality of service which is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// They forbid it.
    IfUnused,
    /// They lose it.
    Forced,
}

/// A quality of service as an event tells of it: it belongs to no project.
impl From<&QosSpecs> for State {
    fn from(qos: &QosSpecs) -> Self {
        let mut values = texts(&qos.specs);
        values.insert("consumer".to_owned(), qos.consumer.as_str().to_owned());
        Self { name: Some(qos.name.clone()), values, ..Self::default() }
    }
}

impl App {
    /// One page of qualities of service.
    pub async fn list_qos_specs(&self, query: QosQuery) -> Result<Vec<QosSpecs>> {
        let mut view = self.read().await?;
        if let Some(marker) = query.page.marker {
            existing(&mut *view, &marker.to_string()).await?;
        }
        Ok(view.list_qos_specs(&query).await?)
    }

    /// A quality of service.
    pub async fn qos_specs(&self, id: &str) -> Result<QosSpecs> {
        existing(&mut *self.read().await?, id).await
    }

    /// The types with a quality of service, and their names.
    pub async fn qos_associations(&self, id: &str) -> Result<Vec<(DiskTypeId, String)>> {
        let mut view = self.read().await?;
        let qos = existing(&mut *view, id).await?;
        Ok(view.qos_associations(qos.id).await?)
    }

    /// Makes a quality of service.
    pub async fn create_qos_specs(&self, caller: &Caller, new: NewQosSpecs) -> Result<QosSpecs> {
        let qos = QosSpecs {
            id: QosSpecsId::random(),
            name: new.name,
            consumer: new.consumer,
            specs: new.specs,
            created_at: self.now(),
            updated_at: None,
        };
        let mut unit = self.write().await?;
        let made = async {
            if !unit.list_qos_specs(&named(&qos.name)).await?.is_empty() {
                return Err(QosRefused::NameTaken(qos.name.clone()).into());
            }
            unit.insert_qos_specs(&qos);
            self.record_qos(&mut *unit, caller, "qos_specs.create", None, Some(&qos));
            Ok(())
        }
        .await;
        settle(unit, made).await?;
        info!(qos_specs.id = %qos.id, "created qos specs {}", qos.name);
        Ok(qos)
    }

    /// Sets keys of a quality of service besides those that it has, and its consumer if one is given.
    pub async fn update_qos_specs(
        &self,
        caller: &Caller,
        id: &str,
        consumer: Option<Consumer>,
        specs: Specs,
    ) -> Result<()> {
        let mut unit = self.write().await?;
        let changed = async {
            let before = existing(&mut *unit, id).await?;
            let mut after = before.clone();
            after.consumer = consumer.unwrap_or(after.consumer);
            after.updated_at = Some(self.now());
            for (key, value) in specs {
                unit.set_qos_value(after.id, &key, value.as_deref());
                after.specs.insert(key, value);
            }
            unit.update_qos_specs(&after);
            self.record_qos(&mut *unit, caller, "qos_specs.update", Some(&before), Some(&after));
            Ok(after)
        }
        .await;
        let qos = settle(unit, changed).await?;
        info!(qos_specs.id = %qos.id, "changed qos specs {}", qos.name);
        Ok(())
    }

    /// Removes keys of a quality of service: all of them, or none if it lacks one.
    pub async fn delete_qos_keys(
        &self,
        caller: &Caller,
        id: &str,
        keys: Vec<String>,
    ) -> Result<()> {
        let mut unit = self.write().await?;
        let changed = async {
            let before = existing(&mut *unit, id).await?;
            let mut after = before.clone();
            after.updated_at = Some(self.now());
            for key in keys {
                if after.specs.remove(&key).is_none() {
                    return Err(QosRefused::NoKey(before.id, key).into());
                }
                unit.delete_qos_value(after.id, &key);
            }
            unit.update_qos_specs(&after);
            self.record_qos(
                &mut *unit,
                caller,
                "qos_specs.delete_keys",
                Some(&before),
                Some(&after),
            );
            Ok(after)
        }
        .await;
        let qos = settle(unit, changed).await?;
        info!(qos_specs.id = %qos.id, "removed keys of qos specs {}", qos.name);
        Ok(())
    }

    /// Removes a quality of service.
    pub async fn delete_qos_specs(&self, caller: &Caller, id: &str, how: Removal) -> Result<()> {
        let mut unit = self.write().await?;
        let removed = async {
            let qos = existing(&mut *unit, id).await?;
            let of = unit.qos_associations(qos.id).await?;
            if !of.is_empty() && how == Removal::IfUnused {
                return Err(QosRefused::InUse(qos.id).into());
            }
            self.part(&mut *unit, caller, of).await?;
            unit.delete_qos_specs(qos.id);
            self.record_qos(&mut *unit, caller, "qos_specs.delete", Some(&qos), None);
            Ok(qos)
        }
        .await;
        let qos = settle(unit, removed).await?;
        info!(qos_specs.id = %qos.id, "deleted qos specs {}", qos.name);
        Ok(())
    }

    /// Gives a type a quality of service; a type with another one keeps it.
    pub async fn associate_qos_specs(
        &self,
        caller: &Caller,
        id: &str,
        disk_type: &str,
    ) -> Result<()> {
        let mut unit = self.write().await?;
        let joined = async {
            let qos = existing(&mut *unit, id).await?;
            let disk_type = seen(&mut *unit, caller, disk_type).await?;
            match disk_type.qos_specs {
                Some(other) if other != qos.id => {
                    return Err(QosRefused::HasOther(disk_type.id, other).into());
                }
                Some(_) => {}
                None => self.set_qos(&mut *unit, caller, &disk_type, Some(qos.id)),
            }
            Ok((qos, disk_type))
        }
        .await;
        let (qos, disk_type) = settle(unit, joined).await?;
        info!(qos_specs.id = %qos.id, disk_type.id = %disk_type.id,
            "gave disk type {} the qos specs {}", disk_type.name, qos.name);
        Ok(())
    }

    /// Takes a quality of service from a type, if it has it.
    pub async fn disassociate_qos_specs(
        &self,
        caller: &Caller,
        id: &str,
        disk_type: &str,
    ) -> Result<()> {
        let mut unit = self.write().await?;
        let parted = async {
            let qos = existing(&mut *unit, id).await?;
            let disk_type = seen(&mut *unit, caller, disk_type).await?;
            if disk_type.qos_specs == Some(qos.id) {
                self.set_qos(&mut *unit, caller, &disk_type, None);
            }
            Ok((qos, disk_type))
        }
        .await;
        let (qos, disk_type) = settle(unit, parted).await?;
        info!(qos_specs.id = %qos.id, disk_type.id = %disk_type.id,
            "took the qos specs {} from disk type {}", qos.name, disk_type.name);
        Ok(())
    }

    /// Takes a quality of service from every type that has it.
    pub async fn disassociate_qos_specs_from_all(&self, caller: &Caller, id: &str) -> Result<()> {
        let mut unit = self.write().await?;
        let parted = async {
            let qos = existing(&mut *unit, id).await?;
            let of = unit.qos_associations(qos.id).await?;
            self.part(&mut *unit, caller, of).await?;
            Ok(qos)
        }
        .await;
        let qos = settle(unit, parted).await?;
        info!(qos_specs.id = %qos.id, "took the qos specs {} from every disk type", qos.name);
        Ok(())
    }

    /// Takes their quality of service from these types.
    async fn part(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        types: Vec<(DiskTypeId, String)>,
    ) -> Result<()> {
        for (id, _) in types {
            let disk_type = seen(unit, caller, &id.to_string()).await?;
            self.set_qos(unit, caller, &disk_type, None);
        }
        Ok(())
    }

    fn record_qos(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        action: &'static str,
        before: Option<&QosSpecs>,
        after: Option<&QosSpecs>,
    ) {
        let Some(id) = after.or(before).map(|qos| qos.id) else {
            return;
        };
        let (before, after) = (before.map(State::from), after.map(State::from));
        unit.record(&Event::of(caller, self.now(), action, &id, before, after));
    }
}

async fn existing(view: &mut (impl ReadTx + ?Sized), id: &str) -> Result<QosSpecs> {
    let found = match QosSpecsId::parse(id) {
        Some(wanted) => view.qos_specs(wanted).await?,
        None => None,
    };
    found.ok_or_else(|| ServiceError::NotFound(Resource::QosSpecs, id.to_owned()))
}

/// Those of that name, of which there is one at most.
fn named(name: &str) -> QosQuery {
    let page = Paging { limit: 1, offset: 0, marker: None, sort: Vec::new() };
    QosQuery { id: None, name: Some(name.to_owned()), consumer: None, page }
}
