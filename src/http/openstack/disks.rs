//! `volumes`, as far as handing disks over needs them (reference: OTC "EVS Disk", Cinder volumes).

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::{not_found, one_action, page, wanted_status};
use crate::domain::access::{Action, Caller, Role};
use crate::domain::disk::{Disk, DiskQuery, DiskSort, DiskStatus};
use crate::domain::ids::DiskId;
use crate::domain::microversion::Microversion;
use crate::domain::page::Direction;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::page::{SortWords, paging};
use crate::http::time::zoneless;
use crate::service::disks::{DiskChange, NewDisk};
use crate::service::{DiskType, Resource};

/// From here on unknown members of create are refused, and updates without any member.
const STRICT: Microversion = Microversion(3, 53);

const SORT_WORDS: SortWords<DiskSort> = &[
    ("created_at", DiskSort::CreatedAt),
    ("updated_at", DiskSort::UpdatedAt),
    ("id", DiskSort::Id),
    ("name", DiskSort::Name),
    ("display_name", DiskSort::Name),
    ("status", DiskSort::Status),
    ("size", DiskSort::Size),
    ("availability_zone", DiskSort::Zone),
    ("bootable", DiskSort::Bootable),
];

/// What create takes.
const NEW: &[&str] = &[
    "size",
    "availability_zone",
    "volume_type",
    "name",
    "display_name",
    "description",
    "display_description",
    "metadata",
    "multiattach",
    "shareable",
    "count",
    "consistencygroup_id",
    "source_replica",
    "snapshot_id",
    "source_volid",
    "imageRef",
    "image_id",
    "backup_id",
    "group_id",
];

/// Sources that a disk could be made from; only `null` is taken: disks are made from nothing here.
const SOURCES: &[&str] = &["snapshot_id", "source_volid", "imageRef", "image_id", "backup_id"];

const HINTS: &str = "OS-SCH-HNT:scheduler_hints";

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateDisk)?;
    let new = new_disk(&call.json()?, call.version())?;
    let mut disk =
        call.write(move |app| async move { app.create_disk(&caller, new).await }).await?;
    // It is on disk and available; the API's word in this one answer is `creating`.
    disk.status = DiskStatus::Creating;
    Ok(HttpResponse::Accepted().json(json!({"volume": view(&call, &disk)})))
}

fn new_disk(body: &Value, version: Microversion) -> Result<NewDisk, ApiError> {
    let top = Fields::top(body)?;
    let volume = top.required_object("volume")?;
    top.no_others(&["volume", HINTS])?;
    if version >= STRICT {
        volume.no_others(NEW)?;
    }
    for source in SOURCES {
        if volume.text(source)?.is_some_and(|text| !text.is_empty()) {
            return Err(volume.wrong_value(source, |_| {
                "Volumes are made empty here: a source is not supported".to_owned()
            }));
        }
    }
    let zone = volume.text("availability_zone")?.filter(|zone| !zone.is_empty());
    let disk_type = volume.text("volume_type")?.filter(|name| !name.is_empty());
    Ok(NewDisk {
        size_gib: volume.required_number("size", 1)?,
        name: either(&volume, "name", "display_name")?,
        description: either(&volume, "description", "display_description")?,
        disk_type: disk_type.map(str::to_owned),
        zone: zone.map(str::to_owned),
        multiattach: volume.boolean("multiattach")?,
        dedicated_storage: dedicated_storage(&top)?,
        metadata: volume.metadata("metadata")?,
    })
}

fn dedicated_storage(top: &Fields<'_>) -> Result<Option<String>, ApiError> {
    if top.get(HINTS).is_none_or(Value::is_null) {
        return Ok(None);
    }
    let hints = top.required_object(HINTS)?;
    Ok(hints.text("dedicated_storage_id")?.filter(|id| !id.is_empty()).map(str::to_owned))
}

/// The first of two names of one thing that is there.
fn either(fields: &Fields<'_>, key: &str, alias: &str) -> Result<Option<String>, ApiError> {
    fields.label(if fields.get(key).is_some() { key } else { alias })
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowDisk)?;
    let disk = call.app().disk(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"volume": detail(&call, &caller, &disk)})))
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    list_as(&call, |call, _, disk| {
        let id = disk.id.to_string();
        json!({"id": id, "name": disk.name, "links": call.links("volumes", &id)})
    })
    .await
}

pub(in crate::http) async fn list_detail(call: Call) -> Answer {
    list_as(&call, detail).await
}

async fn list_as(call: &Call, view: fn(&Call, &Caller, &Disk) -> Value) -> Answer {
    let caller = call.may(Action::ListDisks)?;
    let query = DiskQuery {
        project: None,
        name: call.filter("name"),
        status: call.filter("status"),
        page: paging(
            call,
            SORT_WORDS,
            (DiskSort::CreatedAt, Direction::Descending),
            DiskId::parse,
            |id| not_found(Resource::Disk, id),
        )?,
    };
    let limit = query.page.limit;
    let disks = call.app().disks(&caller, call.everywhere()?, query).await?;
    let id = |disk: &Disk| disk.id.to_string();
    let body = page(call, "volumes", limit, &disks, id, |disk| view(call, &caller, disk));
    Ok(HttpResponse::Ok().json(body))
}

pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateDisk)?;
    let change = disk_change(&call.json()?, call.version())?;
    let id = call.part("id").to_owned();
    let disk =
        call.write(move |app| async move { app.update_disk(&caller, &id, change).await }).await?;
    Ok(HttpResponse::Ok().json(json!({"volume": view(&call, &disk)})))
}

fn disk_change(body: &Value, version: Microversion) -> Result<DiskChange, ApiError> {
    let volume = Fields::only(body, "volume")?;
    if version >= STRICT && volume.keys().next().is_none() {
        return Err(volume.wrong("{} does not have enough properties"));
    }
    volume.no_others(&[
        "name",
        "description",
        "display_name",
        "display_description",
        "metadata",
    ])?;
    let given = |key: &str, alias: &str| volume.get(key).or(volume.get(alias)).is_some();
    let mut change = DiskChange::default();
    if given("name", "display_name") {
        change.name = Some(either(&volume, "name", "display_name")?);
    }
    if given("description", "display_description") {
        change.description = Some(either(&volume, "description", "display_description")?);
    }
    if volume.get("metadata").is_some_and(|metadata| !metadata.is_null()) {
        change.metadata = Some(volume.metadata("metadata")?);
    }
    Ok(change)
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteDisk)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.delete_disk(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// The actions that handing disks over needs; exactly one stands in the body.
pub(in crate::http) async fn action(call: Call) -> Answer {
    let body = call.json()?;
    let (name, top) = one_action(&body)?;
    match name {
        "os-extend" => extend(call, &top.required_object(name)?).await,
        "os-set_bootable" => set_bootable(call, &top.required_object(name)?).await,
        "os-reset_status" => reset_status(call, &top.required_object(name)?).await,
        "os-force_delete" => force_delete(call).await,
        other => Err(ApiError::NoSuchAction(other.to_owned())),
    }
}

async fn extend(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::ExtendDisk)?;
    let size = fields.required_number("new_size", 1)?;
    fields.no_others(&["new_size"])?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.extend_disk(&caller, &id, size).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

async fn set_bootable(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::UpdateDisk)?;
    fields.required("bootable")?;
    let bootable = fields.boolean("bootable")?;
    fields.no_others(&["bootable"])?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.set_bootable(&caller, &id, bootable).await }).await?;
    Ok(HttpResponse::Ok().finish())
}

/// `attach_status` and `migration_status` are taken and change nothing: nothing is ever attached or
/// migrated here.
async fn reset_status(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::ResetDiskStatus)?;
    fields.no_others(&["status", "attach_status", "migration_status"])?;
    if fields.keys().next().is_none() {
        return Err(fields.wrong("{} does not have enough properties"));
    }
    let status = match fields.text("status")? {
        None => None,
        Some(_) => Some(wanted_status(fields, DiskStatus::parse, |status| {
            *status != DiskStatus::Deleting
        })?),
    };
    for key in ["attach_status", "migration_status"] {
        fields.text(key)?;
    }
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.reset_disk_status(&caller, &id, status).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

async fn force_delete(call: Call) -> Answer {
    let caller = call.may(Action::ForceDeleteDisk)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.force_delete_disk(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// The members of create's and update's answers, in Cinder's order.
fn view(call: &Call, disk: &Disk) -> Value {
    let id = disk.id.to_string();
    let mut view = json!({
        "id": id,
        "status": disk.status.as_str(),
        "size": disk.size_gib,
        "availability_zone": disk.zone,
        "created_at": zoneless(disk.created_at),
        "updated_at": disk.updated_at.map(zoneless),
        "name": disk.name,
        "description": disk.description,
        "volume_type": disk.disk_type,
        "snapshot_id": null,
        "source_volid": null,
        "metadata": disk.metadata,
        "links": call.links("volumes", &id),
        "user_id": disk.user.as_str(),
        "bootable": if disk.bootable { "true" } else { "false" },
        "encrypted": disk.encrypted,
        "replication_status": null,
        "consistencygroup_id": null,
        "multiattach": disk.multiattach,
        "attachments": [],
    });
    let type_id = call.app().rules().disk_type(&disk.disk_type).map(DiskType::id);
    let since: &[(Microversion, &str, Value)] = &[
        (Microversion(3, 13), "group_id", Value::Null),
        (Microversion(3, 48), "shared_targets", true.into()),
        (Microversion(3, 48), "service_uuid", Value::Null),
        (Microversion(3, 63), "volume_type_id", type_id.into()),
        (Microversion(3, 65), "consumes_quota", true.into()),
    ];
    if let Some(members) = view.as_object_mut() {
        for (version, name, value) in since {
            if call.version() >= *version {
                members.insert((*name).to_owned(), value.clone());
            }
        }
    }
    view
}

/// The same with what show and the detailed list add.
fn detail(call: &Call, caller: &Caller, disk: &Disk) -> Value {
    let mut view = view(call, disk);
    if let Some(members) = view.as_object_mut() {
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        add("os-vol-tenant-attr:tenant_id", disk.project.as_str().into());
        if caller.role == Role::Admin {
            add("os-vol-host-attr:host", format!("evs@{}#{0}", disk.disk_type).into());
            add("os-vol-mig-status-attr:migstat", Value::Null);
            add("os-vol-mig-status-attr:name_id", Value::Null);
            add("migration_status", Value::Null);
            if call.version() >= Microversion(3, 21) {
                add("provider_id", Value::Null);
            }
            if call.version() >= Microversion(3, 61) {
                add("cluster_name", Value::Null);
            }
        }
    }
    view
}
