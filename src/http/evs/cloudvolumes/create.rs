//! Making disks, one or a hundred.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::members::{Members, body};
use super::super::refusals::native;
use super::super::{codes, tags};
use super::accepted;
use super::metadata::{Metadata, create_metadata};
use crate::domain::access::Action;
use crate::domain::cloud_disk::DEFAULT_ENTERPRISE_PROJECT;
use crate::domain::disk::{Kind, SourceRefused};
use crate::domain::ids::{ServerId, is_uuid};
use crate::http::call::{Answer, Call};
use crate::http::error::{ApiError, NativeFault};
use crate::service::ServiceError;
use crate::service::cloud_disks::{LARGEST_SYSTEM_DISK_GIB, NewCloudDisks};
use crate::service::disks::{NewDisk, Source};

/// Data disks have at least so many GiB (OTC "Creating EVS Disks").
const SMALLEST_DATA_DISK_GIB: i64 = 10;

/// The most disks of one request.
const MOST_DISKS: i64 = 100;

/// The longest name in characters; that of several disks, in bytes, leaves room for a number.
const LONGEST_NAME: usize = 255;
const LONGEST_NAME_OF_SEVERAL: usize = 250;

/// The longest description, in bytes.
const LONGEST_DESCRIPTION: usize = 255;

/// The longest `X-Client-Token`, in bytes.
const LONGEST_TOKEN: usize = 255;

const HINTS: &str = "OS-SCH-HNT:scheduler_hints";

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateDisk)?;
    let asked = body(&call)?;
    let (mut new, metadata) = new_disks(&asked, call.app().rules().max_size_gib)?;
    new.request = client_token(&call)?.map(|token| (token, asked.to_string()));
    let source = new.each.source.clone();
    let job = call
        .write(move |app| async move { app.create_cloud_disks(&caller, new).await })
        .await
        .map_err(|error| other_type(error, &source))?;
    let mut view = json!({"job_id": job.id.as_str()});
    if (metadata.wants_ids || call.path().starts_with("/v2.1/"))
        && let Some(members) = view.as_object_mut()
    {
        let ids = job.parts.iter().map(|part| part.disk.to_string()).collect();
        members.insert("volume_ids".to_owned(), ids);
    }
    Ok(accepted(&call).json(view))
}

/// The client's name for the request, under which it may send it again.
fn client_token(call: &Call) -> Result<Option<String>, NativeFault> {
    let Some(token) = call.header("x-client-token") else { return Ok(None) };
    let good = (1..=LONGEST_TOKEN).contains(&token.len());
    if good { Ok(Some(token.to_owned())) } else { Err(codes::INVALID_REQUEST) }
}

/// A disk has the type of the snapshot that it is made from; the code's text names both.
fn other_type(error: ApiError, source: &Source) -> ApiError {
    if let ApiError::Service(ServiceError::Source(SourceRefused::OtherType(name, Kind::Snapshot))) =
        &error
        && let Source::Snapshot(snapshot) = source
    {
        let text = format!("Target volumeType[{name}] is not matched with snapshot[{snapshot}] !");
        return NativeFault::bad_request("EVS.2096", "").saying(text).into();
    }
    native(error)
}

pub(in crate::http) fn new_disks(
    asked: &Value,
    largest: i64,
) -> Result<(NewCloudDisks, Metadata), NativeFault> {
    let top = Members::of(asked, codes::NO_CREATE)?;
    let volume = Members::of(top.get("volume").ok_or(codes::NO_NEW_VOLUME)?, codes::NO_NEW_VOLUME)?;
    check_payment(top)?;
    let source = source(volume)?;
    let count = count(volume, &source)?;
    let (Some(zone), Some(disk_type)) =
        (volume.filled("availability_zone")?, volume.filled("volume_type")?)
    else {
        return Err(codes::NO_ZONE_OR_TYPE);
    };
    let metadata = create_metadata(volume, &source)?;
    for key in ["iops", "throughput"] {
        volume.whole(key)?;
    }
    let each = NewDisk {
        size_gib: size(volume, &source, largest)?,
        name: name(volume, count > 1)?,
        description: description(volume)?,
        disk_type: Some(disk_type.to_owned()),
        zone: Some(zone.to_owned()),
        multiattach: multiattach(volume, &source)?,
        dedicated_storage: dedicated_storage(top)?,
        metadata: metadata.values.clone(),
        source,
    };
    let new = NewCloudDisks {
        each,
        count,
        tags: new_tags(volume)?,
        enterprise_project: enterprise_project(volume)?,
        server: server(top)?,
        request: None,
    };
    Ok((new, metadata))
}

/// The one thing that the disks are made from; empty texts are like none.
fn source(volume: Members<'_>) -> Result<Source, NativeFault> {
    let image = volume.filled("imageRef")?;
    let snapshot = volume.filled("snapshot_id")?;
    let backup = volume.filled("backup_id")?;
    let uuid = |id: &str, fault| if is_uuid(id) { Ok(id.to_owned()) } else { Err(fault) };
    Ok(match (image, snapshot, backup) {
        (None, None, None) => Source::Nothing,
        (Some(id), None, None) => Source::Image(uuid(id, codes::IMAGE)?),
        (None, Some(id), None) => Source::Snapshot(uuid(id, codes::SNAPSHOT_ID)?),
        (None, None, Some(id)) => Source::Backup(uuid(id, codes::BACKUP_ID)?),
        _ => return Err(codes::SEVERAL_SOURCES),
    })
}

fn count(volume: Members<'_>, source: &Source) -> Result<u16, NativeFault> {
    let count = volume.whole("count")?.unwrap_or(1);
    if !(1..=MOST_DISKS).contains(&count) {
        return Err(codes::COUNT);
    }
    if count > 1 && matches!(source, Source::Backup(_)) {
        return Err(codes::BACKUP_BATCH);
    }
    u16::try_from(count).map_err(|_| codes::COUNT)
}

/// The size in GiB. It may be missing for disks from backups, which have one; what is made from
/// something may be as small as that.
fn size(volume: Members<'_>, source: &Source, largest: i64) -> Result<Option<i64>, NativeFault> {
    let size = volume.whole("size")?;
    let range = match source {
        Source::Nothing => SMALLEST_DATA_DISK_GIB..=largest,
        Source::Image(_) => 1..=largest.min(LARGEST_SYSTEM_DISK_GIB),
        Source::Snapshot(_) | Source::Backup(_) | Source::Disk(_) => 1..=largest,
    };
    match size {
        None if matches!(source, Source::Backup(_)) => Ok(None),
        Some(size) if range.contains(&size) => Ok(Some(size)),
        _ => Err(codes::SIZE),
    }
}

fn name(volume: Members<'_>, several: bool) -> Result<Option<String>, NativeFault> {
    let Some(name) = volume.text("name")?.map(str::trim) else { return Ok(None) };
    let fits =
        name.chars().count() <= LONGEST_NAME && !(several && name.len() > LONGEST_NAME_OF_SEVERAL);
    if fits && !name.contains('\0') { Ok(Some(name.to_owned())) } else { Err(codes::NAME) }
}

/// A name in an update.
pub(super) fn new_name(volume: Members<'_>) -> Result<Option<String>, NativeFault> {
    name(volume, false)
}

pub(super) fn description(volume: Members<'_>) -> Result<Option<String>, NativeFault> {
    let Some(text) = volume.text("description")?.map(str::trim) else { return Ok(None) };
    let fits = text.len() <= LONGEST_DESCRIPTION && !text.contains('\0');
    if fits { Ok(Some(text.to_owned())) } else { Err(codes::DESCRIPTION) }
}

/// `shareable` is the old word, checked and not heard.
fn multiattach(volume: Members<'_>, source: &Source) -> Result<bool, NativeFault> {
    volume.flag("shareable").map_err(|_| codes::SHAREABLE)?;
    let multiattach = volume.flag("multiattach")?.unwrap_or(false);
    if multiattach && matches!(source, Source::Image(_)) {
        return Err(codes::SHARED_SYSTEM_DISK);
    }
    Ok(multiattach)
}

fn new_tags(volume: Members<'_>) -> Result<BTreeMap<String, String>, NativeFault> {
    volume.get("tags").map_or_else(|| Ok(BTreeMap::new()), tags::tags_of)
}

fn enterprise_project(volume: Members<'_>) -> Result<String, NativeFault> {
    let id = volume.filled("enterprise_project_id")?.unwrap_or(DEFAULT_ENTERPRISE_PROJECT);
    let good = id == DEFAULT_ENTERPRISE_PROJECT || is_uuid(id);
    if good { Ok(id.to_owned()) } else { Err(codes::NO_NEW_VOLUME) }
}

fn dedicated_storage(top: Members<'_>) -> Result<Option<String>, NativeFault> {
    let Some(hints) = top.object(HINTS)? else { return Ok(None) };
    Ok(hints.filled("dedicated_storage_id")?.map(str::to_owned))
}

/// There are no servers here to ask about; an id that cannot be one is told.
fn server(top: Members<'_>) -> Result<Option<ServerId>, NativeFault> {
    let Some(id) = top.filled("server_id")? else { return Ok(None) };
    ServerId::parse(id).map(Some).ok_or(codes::SERVER)
}

/// Nothing is paid for here; what cannot be paid anywhere is told.
pub(super) fn check_payment(top: Members<'_>) -> Result<(), NativeFault> {
    let Some(payment) = top.object("bssParam")? else { return Ok(()) };
    for (key, words) in [
        ("chargingMode", ["prePaid", "postPaid"]),
        ("periodType", ["month", "year"]),
        ("isAutoPay", ["true", "false"]),
        ("isAutoRenew", ["true", "false"]),
    ] {
        if payment.filled(key)?.is_some_and(|word| !words.contains(&word)) {
            return Err(codes::INVALID_REQUEST);
        }
    }
    let periods = payment.whole("periodNum")?;
    if periods.is_some_and(|periods| periods < 1) { Err(codes::INVALID_REQUEST) } else { Ok(()) }
}
