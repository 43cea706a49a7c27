//! `os-hosts`, `scheduler-stats` and `capabilities`: the one node, its backends and their pools.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::not_found;
use super::resource_filters::{POOL, REFUSED, refuse};
use super::services::{DISKS, no_service, services};
use crate::domain::access::Action;
use crate::domain::host::{Host, backend, pool};
use crate::domain::ids::is_uuid;
use crate::domain::microversion::Microversion;
use crate::domain::quota::{TypeUsage, UNLIMITED};
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::time::zoneless;
use crate::service::Resource;

/// From here on pools are listed by name.
const POOLS_BY_NAME: Microversion = Microversion(3, 28);
/// From here on pools are listed by disk type.
const POOLS_BY_TYPE: Microversion = Microversion(3, 35);

pub(in crate::http) async fn list(call: Call) -> Answer {
    call.may(Action::ShowHosts)?;
    let zone = call.app().rules().zones.first().map(String::as_str).unwrap_or_default();
    let asked = call.query("zone").filter(|asked| !asked.is_empty());
    let here = asked.is_none_or(|asked| asked == zone);
    let hosts: Vec<Value> = services(&call)
        .await?
        .iter()
        .filter(|_| here)
        .map(|service| {
            json!({
                "host_name": service.host,
                "service": service.binary,
                "zone": zone,
                "service-status": "available",
                "service-state": "enabled",
                "last-update": zoneless(call.app().now()),
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"hosts": hosts})))
}

/// What lies on a backend, all together and by project.
pub(in crate::http) async fn show(call: Call) -> Answer {
    call.may(Action::ShowHosts)?;
    let host = call.decoded_part("host");
    let types = call.app().disk_type_names().await?;
    let Some(name) = types.iter().find(|name| backend(name) == host) else {
        return Err(no_service(DISKS, &host));
    };
    let mut total = TypeUsage::default();
    let mut resources = Vec::new();
    for (project, disk_type, usage) in call.app().usage_of_all().await? {
        // Cinder lists the projects that have disks there.
        if disk_type == *name && usage.disks > 0 {
            total.disks += usage.disks;
            total.disk_gib += usage.disk_gib;
            total.snapshots += usage.snapshots;
            total.snapshot_gib += usage.snapshot_gib;
            resources.push(resource(&host, project.as_str(), usage));
        }
    }
    resources.insert(0, resource(&host, "(total)", total));
    Ok(HttpResponse::Ok().json(json!({"host": resources})))
}

fn resource(host: &str, project: &str, usage: TypeUsage) -> Value {
    json!({"resource": {
        "host": host,
        "project": project,
        "volume_count": usage.disks.to_string(),
        "total_volume_gb": usage.disk_gib.to_string(),
        "snapshot_count": usage.snapshots.to_string(),
        "total_snapshot_gb": usage.snapshot_gib.to_string(),
    }})
}

pub(in crate::http) async fn pools(call: Call) -> Answer {
    call.may(Action::ListPools)?;
    let detail = call.flag("detail")?;
    if call.version() >= REFUSED {
        let keys = call.query_pairs().map(|(key, _)| key).filter(|key| *key != "detail");
        refuse(keys.filter(|key| !POOL.contains(key)))?;
    }
    let name = call.query("name").filter(|_| call.version() >= POOLS_BY_NAME);
    let of_type = wanted_type(&call).await?;
    let mut types = call.app().disk_type_names().await?;
    types.retain(|disk_type| {
        name.is_none_or(|name| pool(disk_type) == name)
            && of_type.as_ref().is_none_or(|wanted| wanted == disk_type)
    });
    let pools = if detail {
        detailed(&call, &types).await?
    } else {
        types.iter().map(|disk_type| json!({"name": pool(disk_type)})).collect()
    };
    Ok(HttpResponse::Ok().json(json!({"pools": pools})))
}

/// The name of the type whose pools are asked for, by its id or its name.
async fn wanted_type(call: &Call) -> Result<Option<String>, ApiError> {
    let asked = call.query("volume_type").filter(|asked| !asked.is_empty());
    let Some(asked) = asked.filter(|_| call.version() >= POOLS_BY_TYPE) else { return Ok(None) };
    let types = call.app().disk_type_ids().await?;
    let found = types.into_iter().find(|(name, id)| name == asked || id.to_string() == asked);
    let kind = if is_uuid(asked) { Resource::DiskType } else { Resource::DiskTypeName };
    found.map(|(name, _)| Some(name)).ok_or_else(|| not_found(kind, asked.to_owned()))
}

async fn detailed(call: &Call, types: &[String]) -> Result<Vec<Value>, ApiError> {
    let usage = call.app().usage_of_all().await?;
    let limits = call.app().default_limits().await?;
    let pools = types.iter().map(|disk_type| {
        let gib = usage
            .iter()
            .filter(|(_, of, _)| of == disk_type)
            .map(|(_, _, usage)| usage.disk_gib)
            .sum();
        // Nothing is ever full here but a quota: a pool holds what a project may have in it.
        let by_type = limits.of(&format!("gigabytes_{disk_type}"));
        let capacity = if by_type == UNLIMITED { limits.of("gigabytes") } else { by_type };
        json!({"name": pool(disk_type), "capabilities": capabilities(call, disk_type, capacity, gib)})
    });
    Ok(pools.collect())
}

fn capabilities(call: &Call, disk_type: &str, capacity_gib: i64, used_gib: i64) -> Value {
    let (total, free): (Value, Value) = if capacity_gib == UNLIMITED {
        ("infinite".into(), "infinite".into())
    } else {
        (capacity_gib.into(), (capacity_gib - used_gib).max(0).into())
    };
    json!({
        "pool_name": disk_type,
        "volume_backend_name": disk_type,
        "vendor_name": VENDOR,
        "driver_version": env!("CARGO_PKG_VERSION"),
        "storage_protocol": PROTOCOL,
        "total_capacity_gb": total,
        "free_capacity_gb": free,
        "allocated_capacity_gb": used_gib,
        "provisioned_capacity_gb": used_gib,
        "reserved_percentage": 0,
        "max_over_subscription_ratio": "1.0",
        "location_info": null,
        "QoS_support": false,
        "multiattach": true,
        "thin_provisioning_support": false,
        "thick_provisioning_support": true,
        "online_extend_support": true,
        "replication_enabled": false,
        "backend_state": "up",
        "filter_function": null,
        "goodness_function": null,
        "timestamp": zoneless(call.app().now()),
    })
}

const VENDOR: &str = "evs-local";
const PROTOCOL: &str = "simulated";

/// What a backend can do; a pool stands for its backend, and the node for its first one.
pub(in crate::http) async fn show_capabilities(call: Call) -> Answer {
    call.may(Action::ShowCapabilities)?;
    let host = call.decoded_part("host");
    let types = call.app().disk_type_names().await?;
    let found = match Host::parse(&host) {
        Host::Node => types.first(),
        Host::Backend(name) | Host::Pool(name) => types.iter().find(|known| **known == name),
        Host::Unknown => None,
    };
    let Some(name) = found else {
        return Err(ApiError::NotThere(format!("Can't find service: {host}")));
    };
    Ok(HttpResponse::Ok().json(json!({
        "namespace": format!("OS::Storage::Capabilities::{}", backend(name)),
        "vendor_name": VENDOR,
        "volume_backend_name": name,
        "pool_name": null,
        "driver_version": env!("CARGO_PKG_VERSION"),
        "storage_protocol": PROTOCOL,
        "display_name": null,
        "description": null,
        "visibility": null,
        "replication_targets": [],
        "properties": {
            "thin_provisioning": property("Thin Provisioning", "Sets thin provisioning."),
            "compression": property("Compression", "Enables compression."),
            "qos": property("QoS", "Enables QoS."),
            "replication_enabled": property("Replication", "Enables replication."),
        },
    })))
}

fn property(title: &str, description: &str) -> Value {
    json!({"title": title, "description": description, "type": "boolean"})
}
