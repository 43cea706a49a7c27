//! Which projects see and use a private disk type.

use tracing::info;

use super::super::{App, Result, settle};
use super::{DiskTypeRefused, seen};
use crate::domain::access::Caller;
use crate::domain::disk_type::DiskType;
use crate::domain::event::{Event, State};
use crate::domain::ids::ProjectId;
use crate::store::WriteTx;

impl App {
    /// A private type and the projects with access to it.
    pub async fn disk_type_access(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(DiskType, Vec<ProjectId>)> {
        let mut view = self.read().await?;
        let disk_type = seen(&mut *view, caller, id).await?;
        if disk_type.is_public {
            return Err(DiskTypeRefused::PublicHasNoList.into());
        }
        let projects = view.disk_type_access(disk_type.id).await?;
        Ok((disk_type, projects))
    }

    /// Lets a project see and use a private type.
    pub async fn add_disk_type_access(
        &self,
        caller: &Caller,
        id: &str,
        project: ProjectId,
    ) -> Result<()> {
        let mut unit = self.write().await?;
        let added = async {
            let (disk_type, has) = access(&mut *unit, caller, id, &project).await?;
            if has {
                return Err(DiskTypeRefused::AccessExists(disk_type.id, project.clone()).into());
            }
            unit.insert_disk_type_access(disk_type.id, &project, self.now());
            let after = Some(state(&disk_type, &project));
            let action = "disk_type.add_access";
            unit.record(&Event::of(caller, self.now(), action, &disk_type.id, None, after));
            Ok(disk_type)
        }
        .await;
        let disk_type = settle(unit, added).await?;
        info!(disk_type.id = %disk_type.id, project.id = %project,
            "let project {project} use disk type {}", disk_type.name);
        Ok(())
    }

    /// Lets a project see and use a private type no more; disks that it has stay.
    pub async fn remove_disk_type_access(
        &self,
        caller: &Caller,
        id: &str,
        project: ProjectId,
    ) -> Result<()> {
        let mut unit = self.write().await?;
        let removed = async {
            let (disk_type, has) = access(&mut *unit, caller, id, &project).await?;
            if !has {
                return Err(DiskTypeRefused::NoAccess(disk_type.id, project.clone()).into());
            }
            unit.delete_disk_type_access(disk_type.id, &project);
            let before = Some(state(&disk_type, &project));
            let action = "disk_type.remove_access";
            unit.record(&Event::of(caller, self.now(), action, &disk_type.id, before, None));
            Ok(disk_type)
        }
        .await;
        let disk_type = settle(unit, removed).await?;
        info!(disk_type.id = %disk_type.id, project.id = %project,
            "let project {project} use disk type {} no more", disk_type.name);
        Ok(())
    }
}

/// A private type, and whether the project has access to it.
async fn access(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    id: &str,
    project: &ProjectId,
) -> Result<(DiskType, bool)> {
    let disk_type = seen(unit, caller, id).await?;
    if disk_type.is_public {
        return Err(DiskTypeRefused::PublicHasNoAccess.into());
    }
    let has = unit.disk_type_access(disk_type.id).await?.contains(project);
    Ok((disk_type, has))
}

/// One project's access, as an event tells of it.
fn state(disk_type: &DiskType, project: &ProjectId) -> State {
    State {
        project_id: project.to_string(),
        name: Some(disk_type.name.clone()),
        ..State::default()
    }
}
