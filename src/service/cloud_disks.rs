//! Disks as the cloud's own API handles them: in batches, with tags, answered with jobs.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use tracing::info;

use super::disks::{DiskChange, Growth, NewDisk, Source, no_disk, parse, visible};
use super::identity::tokens::hex;
use super::{App, Result, ServiceError, settle};
use crate::domain::access::Caller;
use crate::domain::cloud_disk::{CloudDisk, CloudFilter, CloudQuery, DEFAULT_ENTERPRISE_PROJECT};
use crate::domain::disk::{Disk, DiskStatus, Kind, SourceRefused};
use crate::domain::event::{Event, State};
use crate::domain::ids::{BackupId, ServerId};
use crate::domain::job::{ClientRequest, Job, JobKind};
use crate::domain::tag::{MOST_TAGS, TagChange, Tags};
use crate::store::WriteTx;

/// The largest system disk, in GiB (OTC "Creating EVS Disks").
pub const LARGEST_SYSTEM_DISK_GIB: i64 = 1024;

/// What is asked for when disks are made.
#[derive(Debug, Clone)]
pub struct NewCloudDisks {
    /// What each of them shall be.
    pub each: NewDisk,
    /// How many there shall be, at least one; of several, each gets a number behind its name.
    pub count: u16,
    /// The tags of each.
    pub tags: Tags,
    /// The enterprise project that they are billed to.
    pub enterprise_project: String,
    /// The server that gets them.
    pub server: Option<ServerId>,
    /// The client's name for the request and what it asks for, if it may be sent again.
    pub request: Option<(String, String)>,
}

impl App {
    /// A disk that the caller sees.
    pub async fn cloud_disk(&self, caller: &Caller, id: &str) -> Result<CloudDisk> {
        let found = self.read().await?.cloud_disk(parse(id)?).await?;
        found.filter(|cloud| caller.sees(&cloud.disk.project)).ok_or_else(|| no_disk(id.to_owned()))
    }

    /// One page of the caller's project's disks. An unknown marker is not found.
    pub async fn cloud_disks(&self, caller: &Caller, query: CloudQuery) -> Result<Vec<CloudDisk>> {
        if let Some(marker) = query.page.marker {
            self.disk(caller, &marker.to_string()).await?;
        }
        Ok(self.read().await?.cloud_disks(&query).await?)
    }

    /// How many disks there are on all pages.
    pub async fn count_cloud_disks(&self, filter: &CloudFilter) -> Result<i64> {
        Ok(self.read().await?.count_cloud_disks(filter).await?)
    }

    /// Every tag key of the caller's project's disks with the values that it has.
    pub async fn project_tags(
        &self,
        caller: &Caller,
    ) -> Result<BTreeMap<String, BTreeSet<String>>> {
        Ok(self.read().await?.project_tags(&caller.project).await?)
    }

    /// Makes disks. The same request sent again makes none: it gets the job of the first time.
    pub async fn create_cloud_disks(&self, caller: &Caller, new: NewCloudDisks) -> Result<Job> {
        let mut unit = self.write().await?;
        let made = self.make_cloud_disks(&mut *unit, caller, new).await;
        let job = settle(unit, made).await?;
        self.woken.notify_one();
        info!(job.id = %job.id, job.disks = job.parts.len(), "job {} makes disks", job.id);
        Ok(job)
    }

    async fn make_cloud_disks(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        new: NewCloudDisks,
    ) -> Result<Job> {
        let request = new.request.map(|(token, asked)| ClientRequest {
            token,
            fingerprint: hex(&Sha256::digest(asked.as_bytes())),
        });
        if let Some(request) = &request
            && let Some(job) = unit.job_of_token(&caller.project, &request.token).await?
        {
            let same = job.request.as_ref() == Some(request);
            return if same { Ok(job) } else { Err(ServiceError::TokenReused) };
        }
        lies_with_its_backup(unit, &new.each).await?;
        let mut disks = self.add_disks(unit, caller, new.each, new.count).await?;
        if let Some(server) = new.server {
            let there =
                |disk: &Disk| disk.pending.is_some() || disk.status == DiskStatus::Available;
            for (number, disk) in disks.iter_mut().enumerate().filter(|(_, disk)| there(disk)) {
                let mut kept = disk.clone();
                kept.keep_for(server, device(number), self.now());
                let saved = self.save(unit, caller, "disk.attach", disk, Some(kept));
                *disk = saved.unwrap_or_else(|| disk.clone());
            }
        }
        for disk in &disks {
            if new.enterprise_project != DEFAULT_ENTERPRISE_PROJECT {
                unit.set_enterprise_project(disk.id, &new.enterprise_project);
            }
            for (key, value) in &new.tags {
                unit.set_tag(disk.id, key, value);
            }
        }
        let worked = |disk: &Disk| matches!(disk.status, DiskStatus::Available | DiskStatus::InUse);
        let parts =
            disks.iter().map(|disk| self.job_part(disk, Some(disk), worked(disk))).collect();
        let kind = if new.count > 1 { JobKind::CreateBatch } else { JobKind::Create };
        Ok(self.begin_job(unit, caller, kind, request, parts))
    }

    /// Lets a disk grow to `size_gib`, in use or not.
    pub async fn extend_cloud_disk(&self, caller: &Caller, id: &str, size_gib: i64) -> Result<Job> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let begun = async {
            let disk = visible(&mut *unit, caller, wanted).await?.disk;
            let after = self.grow(&mut *unit, caller, wanted, size_gib, Growth::Online).await?;
            if disk.bootable && size_gib > LARGEST_SYSTEM_DISK_GIB {
                return Err(ServiceError::TooLarge(LARGEST_SYSTEM_DISK_GIB));
            }
            let part = self.job_part(&after, Some(&after), after.size_gib == size_gib);
            Ok(self.begin_job(&mut *unit, caller, JobKind::Extend, None, vec![part]))
        }
        .await;
        self.settle_job(unit, begun).await
    }

    /// Gives a disk another type, by its name or id. What lies on solid state stays there (OTC
    /// "Changing the EVS Disk Type").
    pub async fn retype_cloud_disk(&self, caller: &Caller, id: &str, to: &str) -> Result<Job> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let begun = async {
            let before = visible(&mut *unit, caller, wanted).await?.disk;
            let after = self.convert(&mut *unit, caller, wanted, to).await?;
            let new = after.pending.as_ref().and_then(|p| p.disk_type.as_ref());
            let new = new.unwrap_or(&after.disk_type);
            if is_solid_state(&before.disk_type) && !is_solid_state(new) {
                return Err(ServiceError::LowerType(new.clone()));
            }
            let worked = after.disk_type != before.disk_type;
            let part = self.job_part(&after, Some(&after), worked);
            Ok(self.begin_job(&mut *unit, caller, JobKind::Retype, None, vec![part]))
        }
        .await;
        self.settle_job(unit, begun).await
    }

    /// Removes a disk.
    pub async fn delete_cloud_disk(&self, caller: &Caller, id: &str) -> Result<Job> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let begun = async {
            let disk = visible(&mut *unit, caller, wanted).await?.disk;
            let how = super::disks::Deletion::Plain;
            let after = self.remove_disk(&mut *unit, caller, wanted, how).await?;
            let part = self.job_part(&disk, after.as_ref(), after.is_none());
            Ok(self.begin_job(&mut *unit, caller, JobKind::Delete, None, vec![part]))
        }
        .await;
        self.settle_job(unit, begun).await
    }

    pub(super) async fn settle_job(
        &self,
        unit: Box<dyn WriteTx>,
        begun: Result<Job>,
    ) -> Result<Job> {
        let job = settle(unit, begun).await?;
        self.woken.notify_one();
        info!(job.id = %job.id, job.kind = %job.kind, "began job {}, {}", job.id, job.kind);
        Ok(job)
    }

    /// Changes what people say about a disk. `reserved` names the keys of its metadata that stay as
    /// they are where the metadata is replaced.
    pub async fn update_cloud_disk(
        &self,
        caller: &Caller,
        id: &str,
        mut change: DiskChange,
        reserved: &[&str],
    ) -> Result<CloudDisk> {
        let before = self.cloud_disk(caller, id).await?;
        if let Some(metadata) = &mut change.metadata {
            let kept = before.disk.metadata.iter().filter(|(key, _)| reserved.contains(&&***key));
            metadata.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
        }
        let disk = self.update_disk(caller, id, change).await?;
        Ok(CloudDisk { disk, ..before })
    }

    /// Changes the tags of a disk, in any status, and says what they are then.
    pub async fn change_tags(&self, caller: &Caller, id: &str, change: TagChange) -> Result<Tags> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let changed = async {
            let cloud = unit.cloud_disk(wanted).await?;
            let cloud = cloud.filter(|cloud| caller.sees(&cloud.disk.project));
            let CloudDisk { disk, tags: before, .. } =
                cloud.ok_or_else(|| no_disk(id.to_owned()))?;
            let after = change.of(&before).ok_or(ServiceError::NoTag(wanted))?;
            if after.len() > MOST_TAGS {
                return Err(ServiceError::TooManyTags(MOST_TAGS));
            }
            for (key, value) in after.iter().filter(|(key, value)| before.get(*key) != Some(value))
            {
                unit.set_tag(wanted, key, value);
            }
            for key in before.keys().filter(|key| !after.contains_key(*key)) {
                unit.delete_tag(wanted, key);
            }
            let state = |tags: &Tags| State { values: tags.clone(), ..State::from(&disk) };
            let (from, to) = (Some(state(&before)), Some(state(&after)));
            let event = Event::of(caller, self.now(), "disk.tag", &wanted, from, to);
            unit.record(&Event { disk: Some(wanted), ..event });
            Ok(after)
        }
        .await;
        let tags = settle(unit, changed).await?;
        info!(disk.id = %wanted, disk.tags = tags.len(), "changed the tags of disk {wanted}");
        Ok(tags)
    }
}

/// A disk from a backup lies where the backup does; Cinder's own API has no such rule.
async fn lies_with_its_backup(unit: &mut dyn WriteTx, new: &NewDisk) -> Result<()> {
    let (Source::Backup(id), Some(zone)) = (&new.source, &new.zone) else { return Ok(()) };
    let Some(id) = BackupId::parse(id) else { return Ok(()) };
    match unit.backup(id).await? {
        Some(backup) if backup.zone != *zone => Err(SourceRefused::OtherZone(Kind::Backup).into()),
        _ => Ok(()),
    }
}

/// Whether disks of a type lie on solid state, by its name: GPSSD, SSD, ESSD.
fn is_solid_state(disk_type: &str) -> bool {
    disk_type.contains("SSD")
}

/// The device name that the disk of this number, from 0, gets at its server: `/dev/vdb` to
/// `/dev/vdz`, then `/dev/vdba` and so on.
fn device(number: usize) -> String {
    let letter = |place: usize| char::from(b'a' + u8::try_from(place % 26).unwrap_or_default());
    match (number + 1) / 26 {
        0 => format!("/dev/vd{}", letter(number + 1)),
        round => format!("/dev/vd{}{}", letter(round), letter(number + 1)),
    }
}
