//! The disk types of a scenario.

use super::{Seeder, record};
use crate::domain::disk_type::{BACKEND, ControlLocation, DiskType, Encryption, ZONES};
use crate::domain::event::{Event, State};
use crate::domain::ids::{DiskTypeId, EncryptionId};
use crate::domain::scenario::{At, TypeEntry};
use crate::service::Result;
use crate::store::WriteTx;

impl Seeder<'_> {
    pub(super) async fn decide_types(&mut self, unit: &mut dyn WriteTx) -> Result<()> {
        for entry in &self.scenario.types {
            let name = &entry.name;
            if self.types.contains_key(&name.value) {
                self.complaints
                    .add(name.place, format!("the type {:?} is named twice", name.value));
                continue;
            }
            let found = unit.disk_type_named(name, None).await?;
            let before = found.filter(|found| found.name == name.value);
            let after = self.disk_type(unit, entry, before.as_ref()).await?;
            self.types.insert(name.value.clone(), Some(after.clone()));
            let access = self.access(unit, entry, before.as_ref()).await?;
            let changed = before.as_ref() != Some(&after);
            self.seeded.count("type", before.is_some(), changed || !access.is_empty());
            if changed {
                self.write_type(unit, before.as_ref(), &after);
            }
            for project in access {
                unit.insert_disk_type_access(after.id, &project, self.now);
                let state = State { project_id: project.to_string(), ..State::default() };
                let action = "disk_type.add_access";
                let event = Event::of(self.caller, self.now, action, &after.id, None, Some(state));
                record(unit, event);
            }
        }
        Ok(())
    }

    async fn disk_type(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &TypeEntry,
        before: Option<&DiskType>,
    ) -> Result<DiskType> {
        let name = &entry.name.value;
        let mut after = match before {
            Some(before) => before.clone(),
            None => self.new_type(unit, entry).await?,
        };
        if let (Some(id), Some(before)) = (&entry.id, before)
            && id.value != before.id
        {
            self.complaints.add(id.place, format!("the type {name:?} has the id {}", before.id));
        }
        if let Some(text) = &entry.description {
            after.description = Some(text.value.clone()).filter(|text| !text.is_empty());
        }
        if let Some(public) = &entry.public {
            after.is_public = public.value;
        }
        if let Some(specs) = &entry.extra_specs {
            after.extra_specs.clone_from(&specs.value);
            let changes = before.is_some_and(|before| before.extra_specs != specs.value);
            if changes && unit.disk_type_is_used(name).await? {
                let sentence = format!("the type {name:?} has disks, so that its extra_specs stay");
                self.complaints.add(specs.place, sentence);
            }
        }
        if let Some(encrypted) = &entry.encrypted {
            after.encrypted = encrypted.value;
            if before.is_some_and(|before| before.encrypted != encrypted.value) {
                let sentence = format!("the type {name:?} is there, and its encryption stays");
                self.complaints.add(encrypted.place, sentence);
            }
        }
        if before.is_some_and(|before| before != &after) {
            after.updated_at = Some(self.now);
        }
        Ok(after)
    }

    async fn new_type(&mut self, unit: &mut dyn WriteTx, entry: &TypeEntry) -> Result<DiskType> {
        let name = &entry.name.value;
        let derived = DiskTypeId::derived(name);
        let id = match &entry.id {
            Some(id) => id.value,
            None if unit.disk_type(derived, None).await?.is_some() => DiskTypeId::random(),
            None => derived,
        };
        if let (Some(said), Some(other)) = (&entry.id, unit.disk_type(id, None).await?) {
            self.complaints.add(said.place, format!("this id has the type {:?}", other.name));
        }
        Ok(DiskType {
            id,
            name: name.clone(),
            description: None,
            is_public: true,
            qos_specs: None,
            extra_specs: usual_specs(name, &self.app.rules().zones),
            encrypted: false,
            created_at: self.now,
            updated_at: None,
        })
    }

    /// The projects that the type is to be opened to.
    async fn access(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &TypeEntry,
        before: Option<&DiskType>,
    ) -> Result<Vec<crate::domain::ids::ProjectId>> {
        let has = match before {
            Some(before) => unit.disk_type_access(before.id).await?,
            None => Vec::new(),
        };
        let mut new = Vec::new();
        for name in &entry.access {
            if entry.public.as_ref().is_none_or(|public| public.value) {
                self.complaints.add(name.place, "only a type with public = false has access");
            }
            if let Some(project) = self.project(unit, name).await?
                && !has.contains(&project)
                && !new.contains(&project)
            {
                new.push(project);
            }
        }
        Ok(new)
    }

    fn write_type(&self, unit: &mut dyn WriteTx, before: Option<&DiskType>, after: &DiskType) {
        let action = if let Some(before) = before {
            unit.update_disk_type(after);
            for key in before.extra_specs.keys().filter(|key| !after.extra_specs.contains_key(*key))
            {
                unit.delete_extra_spec(after.id, key);
            }
            for (key, value) in &after.extra_specs {
                if before.extra_specs.get(key) != Some(value) {
                    unit.set_extra_spec(after.id, key, value.as_deref());
                }
            }
            "disk_type.update"
        } else {
            unit.insert_disk_type(after);
            if after.encrypted {
                unit.insert_encryption(&Encryption {
                    id: EncryptionId::derived(&after.name),
                    disk_type: after.id,
                    provider: "luks".to_owned(),
                    cipher: Some("aes-xts-plain64".to_owned()),
                    key_size: Some(256),
                    control_location: ControlLocation::FrontEnd,
                    created_at: self.now,
                    updated_at: None,
                });
            }
            "disk_type.create"
        };
        let (from, to) = (before.map(State::from), Some(State::from(after)));
        record(unit, Event::of(self.caller, self.now, action, &after.id, from, to));
    }

    /// The type of that name, there already or about to be; complains if there is none.
    pub(super) async fn type_named(
        &mut self,
        unit: &mut dyn WriteTx,
        name: &At<String>,
    ) -> Result<Option<DiskType>> {
        if !self.types.contains_key(&name.value) {
            let found = unit.disk_type_named(name, None).await?;
            let found = found.filter(|found| found.name == name.value);
            self.types.insert(name.value.clone(), found);
        }
        let found = self.types.get(&name.value).cloned().flatten();
        if found.is_none() {
            self.complaints.add(name.place, format!("there is no disk type {:?}", name.value));
        }
        Ok(found)
    }
}

/// The extra specs of a type that says nothing about them.
pub(super) fn usual_specs(name: &str, zones: &[String]) -> crate::domain::disk_type::Specs {
    [(BACKEND.to_owned(), Some(name.to_owned())), (ZONES.to_owned(), Some(zones.join(",")))].into()
}
