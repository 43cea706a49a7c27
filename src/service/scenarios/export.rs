//! What is there, as a scenario.

use std::collections::BTreeMap;

use super::super::{App, Result};
use super::types::usual_specs;
use crate::domain::account::{ProjectFilter, ProjectProfile, UserFilter, UserProfile};
use crate::domain::backup::{Backup, BackupFilter, BackupQuery};
use crate::domain::cloud_disk::{CloudDisk, CloudFilter, CloudQuery};
use crate::domain::disk::Disk;
use crate::domain::disk_type::{DiskType, DiskTypeQuery, Shown};
use crate::domain::ids::{
    BackupId, DiskId, DiskTypeId, PolicyId, ProjectId, SnapshotId, UserId, derived,
};
use crate::domain::page::Paging;
use crate::domain::policy::Policy;
use crate::domain::progress::Ending;
use crate::domain::role_assignment::{AssignmentFilter, NamedPlace};
use crate::domain::scenario::{
    At, AttachmentEntry, BackupEntry, DiskEntry, Ends, Place, PolicyEntry, ProjectEntry, Scenario,
    SnapshotEntry, TransferEntry, TypeEntry, UnderWay, UserEntry,
};
use crate::domain::snapshot::{Snapshot, SnapshotFilter, SnapshotQuery};
use crate::domain::transfer::{Lifetime, Transfer, TransferQuery};
use crate::store::WriteTx;

/// More than there is of anything.
const ALL: u32 = u32::MAX;

impl App {
    /// All that is there, or that a project has, as a scenario. Asked in a unit of work, so that it is
    /// of one moment; nothing is written.
    pub async fn export(&self, project: Option<&str>) -> Result<Option<Scenario>> {
        let mut unit = self.write().await?;
        let exported = self.exported(&mut *unit, project).await;
        unit.refuse().await?;
        exported
    }

    async fn exported(
        &self,
        unit: &mut dyn WriteTx,
        project: Option<&str>,
    ) -> Result<Option<Scenario>> {
        let filter = ProjectFilter {
            name: project.map(str::to_owned),
            limit: ALL,
            ..ProjectFilter::default()
        };
        let projects = unit.list_projects(&filter).await?;
        if project.is_some() && projects.is_empty() {
            return Ok(None);
        }
        let users = unit.list_users(&UserFilter { limit: ALL, ..UserFilter::default() }).await?;
        let assignments = unit.role_assignments(&AssignmentFilter::default()).await?;
        let mut scenario = Scenario::default();
        let class = unit.class_limits().await?;
        for profile in &projects {
            let mut limits = unit.limits(&profile.project.id).await?;
            limits.retain(|key, limit| class.get(key) != Some(limit));
            scenario.projects.push(project_entry(profile, &limits));
        }
        for profile in &users {
            let mut entry = user_entry(profile, &projects);
            for assignment in assignments.iter().filter(|of| of.user == profile.user.id) {
                match &assignment.place {
                    NamedPlace::Project(of) if projects.iter().any(|p| p.project.id == of.id) => {
                        entry.projects.push(At::new((of.name.clone(), assignment.role)));
                    }
                    NamedPlace::Project(_) => {}
                    NamedPlace::Domain(_) => entry.domain_roles.push(At::new(assignment.role)),
                }
            }
            if project.is_none() || !entry.projects.is_empty() {
                scenario.users.push(entry);
            }
        }
        let names: Names = Names {
            users: users.iter().map(|p| (p.user.id.clone(), p.user.name.clone())).collect(),
            ..Names::default()
        };
        let mut exporter = Exporter { app: self, unit, scenario, names };
        exporter.things(&projects).await?;
        exporter.types(&projects, project.is_some()).await?;
        Ok(Some(exporter.scenario))
    }
}

/// How things are referred to.
#[derive(Debug, Default)]
struct Names {
    users: BTreeMap<UserId, String>,
    disks: BTreeMap<DiskId, String>,
    policies: BTreeMap<PolicyId, String>,
    snapshots: BTreeMap<SnapshotId, String>,
    backups: BTreeMap<BackupId, String>,
}

struct Exporter<'a> {
    app: &'a App,
    unit: &'a mut dyn WriteTx,
    scenario: Scenario,
    names: Names,
}

/// All that a project has.
struct Things<'a> {
    project: &'a ProjectProfile,
    disks: Vec<CloudDisk>,
    snapshots: Vec<Snapshot>,
    backups: Vec<Backup>,
    policies: Vec<(Policy, Vec<DiskId>)>,
    transfers: Vec<Transfer>,
}

impl Exporter<'_> {
    async fn things(&mut self, projects: &[ProjectProfile]) -> Result<()> {
        let mut all = Vec::new();
        for project in projects {
            all.push(self.things_of(project).await?);
        }
        let disks = all.iter().flat_map(|of| &of.disks).map(|cloud| &cloud.disk);
        let disks: Vec<&Disk> = disks.collect();
        for disk in &disks {
            let name = disk.name.as_ref().filter(|name| {
                disks.iter().filter(|other| other.name.as_ref() == Some(*name)).count() == 1
            });
            self.names.disks.insert(disk.id, name.cloned().unwrap_or_else(|| disk.id.to_string()));
        }
        for of in &all {
            let name = of.project.project.name.as_str();
            for cloud in &of.disks {
                let entry = self.disk(name, cloud, &of.disks);
                self.scenario.disks.push(entry);
            }
        }
        for of in &all {
            for snapshot in &of.snapshots {
                self.names.snapshots.insert(
                    snapshot.id,
                    told(snapshot.name.as_ref(), &snapshot.id, || {
                        let same = |other: &&Snapshot| {
                            other.disk == snapshot.disk && other.name == snapshot.name
                        };
                        of.snapshots.iter().filter(same).count() == 1
                    }),
                );
                let entry = self.snapshot(snapshot, &of.disks);
                self.scenario.snapshots.push(entry);
            }
        }
        for of in &all {
            let name = of.project.project.name.as_str();
            for (policy, disks) in &of.policies {
                let entry = self.policy(name, policy, disks, &of.policies);
                self.scenario.policies.push(entry);
            }
        }
        for of in &all {
            let name = of.project.project.name.as_str();
            for backup in &of.backups {
                self.names.backups.insert(
                    backup.id,
                    told(backup.name.as_ref(), &backup.id, || {
                        let same = |other: &&Backup| {
                            other.disk == backup.disk && other.name == backup.name
                        };
                        of.backups.iter().filter(same).count() == 1
                    }),
                );
                let entry = self.backup(name, backup, &of.disks);
                self.scenario.backups.push(entry);
            }
        }
        for transfer in all.iter().flat_map(|of| &of.transfers) {
            let entry = self.transfer(transfer);
            self.scenario.transfers.push(entry);
        }
        Ok(())
    }

    async fn things_of<'p>(&mut self, project: &'p ProjectProfile) -> Result<Things<'p>> {
        let id = &project.project.id;
        let filter = CloudFilter { project: id.clone(), conditions: Vec::new() };
        let mut disks = self.unit.cloud_disks(&CloudQuery { filter, page: whole() }).await?;
        disks.sort_by_key(|cloud| (cloud.disk.created_at, cloud.disk.name.clone(), cloud.disk.id));
        let filter = SnapshotFilter { project: Some(id.clone()), conditions: Vec::new() };
        let mut snapshots = self.unit.snapshots(&SnapshotQuery { filter, page: whole() }).await?;
        snapshots.sort_by_key(|snapshot| (snapshot.created_at, snapshot.name.clone(), snapshot.id));
        let filter = BackupFilter { project: Some(id.clone()), conditions: Vec::new() };
        let mut backups = self.unit.backups(&BackupQuery { filter, page: whole() }).await?;
        backups.sort_by_key(|backup| (backup.created_at, backup.name.clone(), backup.id));
        let mut policies = Vec::new();
        let mut listed = self.unit.policies(id).await?;
        listed.sort_by_key(|policy| (policy.name.clone(), policy.id));
        for policy in listed {
            let bound = self.unit.bound_disks(policy.id).await?;
            policies.push((policy, bound));
        }
        let query = TransferQuery {
            project: Some(id.clone()),
            name: None,
            id: None,
            disk: None,
            page: whole(),
        };
        let mut transfers = self.unit.transfers(&query, self.app.now()).await?;
        transfers.sort_by_key(|transfer| (transfer.name.clone(), transfer.disk));
        Ok(Things { project, disks, snapshots, backups, policies, transfers })
    }

    fn disk(&self, project: &str, cloud: &CloudDisk, others: &[CloudDisk]) -> DiskEntry {
        let disk = &cloud.disk;
        let rules = self.app.rules();
        let same = |other: &&CloudDisk| other.disk.name == disk.name;
        let only = disk.name.is_some() && others.iter().filter(same).count() == 1;
        let name = disk.name.as_deref().unwrap_or_default();
        let is_derived = only && disk.id == DiskId::derived(&disk.project, name);
        let user = self.names.users.get(&disk.user).filter(|name| *name != project);
        let pending = disk.pending.as_ref();
        let attachments: Vec<AttachmentEntry> = disk.attachments.iter().map(attachment).collect();
        DiskEntry {
            place: Place::default(),
            project: At::new(project.to_owned()),
            name: some(disk.name.clone()),
            id: some((!is_derived).then_some(disk.id)),
            user: some(user.cloned()),
            description: some(disk.description.clone().filter(|text| !text.is_empty())),
            size: some(Some(disk.size_gib)),
            disk_type: some(Some(&disk.disk_type).filter(|is| **is != rules.default_type).cloned()),
            zone: some(Some(&disk.zone).filter(|zone| rules.zones.first() != Some(zone)).cloned()),
            status: some(disk_status(disk)),
            under_way: under_way(pending.map(|pending| pending.ending)),
            former: some(pending.and_then(|pending| pending.former)),
            new_size: some(pending.and_then(|pending| pending.size_gib)),
            new_type: some(pending.and_then(|pending| pending.disk_type.clone())),
            bootable: flag(disk.bootable),
            multiattach: flag(disk.multiattach),
            read_only: some(disk.read_only),
            dedicated_storage: some(disk.dedicated_storage.clone()),
            metadata: filled(&disk.metadata),
            tags: filled(&cloud.tags),
            attachments: some(Some(attachments).filter(|all| !all.is_empty())),
            created_at: some(Some(disk.created_at)),
        }
    }

    fn snapshot(&self, snapshot: &Snapshot, disks: &[CloudDisk]) -> SnapshotEntry {
        let told = self.names.snapshots.get(&snapshot.id).cloned();
        let name = snapshot.name.clone().unwrap_or_default();
        let is_derived = told.as_ref() == snapshot.name.as_ref()
            && snapshot.id == SnapshotId::derived(snapshot.disk, &name);
        let size = disks.iter().find(|cloud| cloud.disk.id == snapshot.disk);
        let size = size.map(|cloud| cloud.disk.size_gib);
        let status = snapshot.status;
        SnapshotEntry {
            place: Place::default(),
            disk: At::new(self.disk_name(snapshot.disk)),
            project: None,
            name: some(snapshot.name.clone()),
            id: some((!is_derived).then_some(snapshot.id)),
            description: some(snapshot.description.clone().filter(|text| !text.is_empty())),
            size: some(Some(snapshot.size_gib).filter(|own| size != Some(*own))),
            status: some(
                (status != crate::domain::snapshot::SnapshotStatus::Available).then_some(status),
            ),
            under_way: under_way(snapshot.ending),
            metadata: filled(&snapshot.metadata),
            created_at: some(Some(snapshot.created_at)),
        }
    }

    fn backup(&self, project: &str, backup: &Backup, disks: &[CloudDisk]) -> BackupEntry {
        let disk = disks.iter().find(|cloud| cloud.disk.id == backup.disk).map(|cloud| &cloud.disk);
        let told = self.names.backups.get(&backup.id).cloned();
        let name = backup.name.clone().unwrap_or_default();
        let is_derived = told.as_ref() == backup.name.as_ref()
            && backup.id == BackupId::derived(backup.disk, &name);
        let zone = disk.map(|disk| &disk.zone).or(self.app.rules().zones.first());
        let base = backup.base.map(|id| match self.names.backups.get(&id) {
            Some(name) => name.clone(),
            None => id.to_string(),
        });
        let snapshot = backup.snapshot.map(|id| match self.names.snapshots.get(&id) {
            Some(name) => name.clone(),
            None => id.to_string(),
        });
        let policy = backup.policy.map(|id| match self.names.policies.get(&id) {
            Some(name) => name.clone(),
            None => id.to_string(),
        });
        let status = backup.status;
        let incremental = backup.incremental && backup.base.is_none();
        BackupEntry {
            place: Place::default(),
            disk: At::new(self.disk_name(backup.disk)),
            project: some(disk.is_none().then(|| project.to_owned())),
            name: some(backup.name.clone()),
            id: some((!is_derived).then_some(backup.id)),
            description: some(backup.description.clone().filter(|text| !text.is_empty())),
            container: some(backup.container.clone()),
            size: some(
                Some(backup.size_gib).filter(|own| disk.map(|of| of.size_gib) != Some(*own)),
            ),
            zone: some(Some(&backup.zone).filter(|own| zone != Some(own)).cloned()),
            status: some(
                (status != crate::domain::backup::BackupStatus::Available).then_some(status),
            ),
            under_way: under_way(backup.ending),
            fail_reason: some(backup.fail_reason.clone()),
            incremental: flag(incremental),
            base: some(base),
            snapshot: some(snapshot),
            own_snapshot: flag(backup.own_snapshot),
            policy: some(policy),
            native: flag(backup.native),
            metadata: filled(&backup.metadata),
            data_at: some(backup.data_at),
            created_at: some(Some(backup.created_at)),
        }
    }

    fn policy(
        &mut self,
        project: &str,
        policy: &Policy,
        disks: &[DiskId],
        others: &[(Policy, Vec<DiskId>)],
    ) -> PolicyEntry {
        let only = others.iter().filter(|(other, _)| other.name == policy.name).count() == 1;
        let is_derived = policy.is_default
            || (only && policy.id == PolicyId::derived(&policy.project, &policy.name));
        let name = if only { policy.name.clone() } else { policy.id.to_string() };
        self.names.policies.insert(policy.id, name);
        let schedule = &policy.schedule;
        let usual = Policy::default_of(&policy.project, policy.created_at).schedule;
        let mut disks: Vec<String> = disks.iter().map(|disk| self.disk_name(*disk)).collect();
        disks.sort();
        PolicyEntry {
            project: At::new(project.to_owned()),
            name: At::new(policy.name.clone()),
            id: some((!is_derived).then_some(policy.id)),
            hours: some(Some(schedule.hours.clone()).filter(|own| *own != usual.hours)),
            days: some(Some(schedule.days.clone()).filter(|own| *own != usual.days)),
            time_zone: some(Some(schedule.zone).filter(|own| *own != usual.zone)),
            retention: some(Some(schedule.retention).filter(|own| *own != usual.retention)),
            keep_first_of_month: flag(schedule.keep_first_of_month),
            enabled: some(Some(schedule.enabled).filter(|own| *own == policy.is_default)),
            tags: filled(&policy.tags),
            disks: disks.into_iter().map(At::new).collect(),
        }
    }

    fn transfer(&self, transfer: &Transfer) -> TransferEntry {
        TransferEntry {
            place: Place::default(),
            disk: At::new(self.disk_name(transfer.disk)),
            project: None,
            name: some(transfer.name.clone()),
            auth_key: None,
            no_snapshots: flag(transfer.no_snapshots),
            expires: some(match transfer.expiry {
                Some(expiry) => Some(Ends::At(expiry.at)),
                None if self.app.rules().transfers_last == Lifetime::FOREVER => None,
                None => Some(Ends::In(0)),
            }),
        }
    }

    fn disk_name(&self, id: DiskId) -> String {
        self.names.disks.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// Every type, or those that the disks have which are told of.
    async fn types(&mut self, projects: &[ProjectProfile], only_used: bool) -> Result<()> {
        let query = DiskTypeQuery {
            shown: Shown::All,
            name: None,
            extra_specs: BTreeMap::new(),
            page: whole(),
        };
        let mut types: Vec<DiskType> = self.unit.disk_types(&query).await?;
        types.sort_by_key(|of| (of.created_at, of.name.clone()));
        let default = &self.app.rules().default_type;
        for of in types {
            let is_it =
                |said: &Option<At<String>>| said.as_ref().is_some_and(|said| said.value == of.name);
            let used = of.name == *default
                || self
                    .scenario
                    .disks
                    .iter()
                    .any(|disk| is_it(&disk.disk_type) || is_it(&disk.new_type));
            if only_used && !used {
                continue;
            }
            let access =
                if of.is_public { Vec::new() } else { self.unit.disk_type_access(of.id).await? };
            let names = projects.iter().map(|profile| &profile.project);
            let access = names.filter(|project| access.contains(&project.id));
            let access = access.map(|project| At::new(project.name.clone())).collect();
            let specs = Some(&of.extra_specs)
                .filter(|specs| **specs != usual_specs(&of.name, &self.app.rules().zones));
            self.scenario.types.push(TypeEntry {
                id: some((of.id != DiskTypeId::derived(&of.name)).then_some(of.id)),
                description: some(of.description.clone()),
                public: some((!of.is_public).then_some(false)),
                encrypted: flag(of.encrypted),
                extra_specs: some(specs.cloned()),
                access,
                name: At::new(of.name),
            });
        }
        Ok(())
    }
}

fn project_entry(profile: &ProjectProfile, limits: &BTreeMap<String, i64>) -> ProjectEntry {
    let ProjectProfile { project, description, enabled } = profile;
    let usual = ProjectId::new(derived("project", &project.name));
    ProjectEntry {
        name: At::new(project.name.clone()),
        id: some(Some(&project.id).filter(|id| **id != usual).cloned()),
        description: some(Some(description.clone()).filter(|text| !text.is_empty())),
        enabled: some((!enabled).then_some(false)),
        quota: limits.iter().map(|(key, limit)| (key.clone(), At::new(*limit))).collect(),
    }
}

fn user_entry(profile: &UserProfile, projects: &[ProjectProfile]) -> UserEntry {
    let user = &profile.user;
    let usual = UserId::new(derived("user", &user.name));
    let default = profile.default_project.as_ref();
    let default = projects.iter().map(|of| &of.project).find(|of| Some(&of.id) == default);
    UserEntry {
        name: At::new(user.name.clone()),
        id: some(Some(&user.id).filter(|id| **id != usual).cloned()),
        password: None,
        description: some(profile.description.clone()),
        email: some(profile.email.clone()),
        enabled: some((!profile.enabled).then_some(false)),
        default_project: some(default.map(|project| project.name.clone())),
        projects: Vec::new(),
        domain_roles: Vec::new(),
    }
}

fn attachment(of: &crate::domain::attachment::Attachment) -> AttachmentEntry {
    use crate::domain::attachment::AttachStatus;
    AttachmentEntry {
        place: Place::default(),
        id: some(Some(of.id)),
        server: some(of.server),
        host: some(of.host_name.clone()),
        mountpoint: some(of.mountpoint.clone()),
        mode: some(of.mode),
        status: some(Some(of.status).filter(|status| *status != AttachStatus::Attached)),
    }
}

/// The status, unless it follows from what else is said.
fn disk_status(disk: &Disk) -> Option<crate::domain::disk::DiskStatus> {
    use crate::domain::disk::DiskStatus as S;
    let follows = disk.status == S::Available
        || (disk.status == S::AwaitingTransfer && disk.transfer.is_some())
        || (disk.status == S::InUse && disk.is_attached());
    (!follows).then_some(disk.status)
}

fn told(name: Option<&String>, id: &impl ToString, is_only: impl FnOnce() -> bool) -> String {
    match name {
        Some(name) if is_only() => name.clone(),
        Some(_) | None => id.to_string(),
    }
}

fn whole<I, K>() -> Paging<I, K> {
    Paging { limit: ALL, offset: 0, marker: None, sort: Vec::new() }
}

fn some<T>(value: Option<T>) -> Option<At<T>> {
    value.map(At::new)
}

fn flag(is: bool) -> Option<At<bool>> {
    is.then(|| At::new(true))
}

fn filled(values: &BTreeMap<String, String>) -> Option<At<BTreeMap<String, String>>> {
    (!values.is_empty()).then(|| At::new(values.clone()))
}

fn under_way(ending: Option<Ending>) -> UnderWay {
    UnderWay {
        ends: ending.map(|ending| At::new(Ends::At(ending.at))),
        outcome: ending.map(|ending| At::new(ending.outcome)),
    }
}
