//! `types`: the disk types of the settings.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::not_found;
use crate::domain::access::Action;
use crate::http::call::{Answer, Call};
use crate::service::{DiskType, Resource};

pub(in crate::http) async fn list(call: Call) -> Answer {
    call.may(Action::ListTypes)?;
    let types: Vec<Value> =
        call.app().rules().disk_types.iter().map(|disk_type| view(&call, disk_type)).collect();
    Ok(HttpResponse::Ok().json(json!({"volume_types": types})))
}

/// By id, or `default`; a name is not found here, which makes clients look through the list.
pub(in crate::http) async fn show(call: Call) -> Answer {
    call.may(Action::ShowType)?;
    let (rules, id) = (call.app().rules(), call.part("id"));
    let found = match id {
        "default" => rules.disk_type(&rules.default_type),
        _ => rules.disk_types.iter().find(|disk_type| disk_type.id() == id),
    };
    let found = found.ok_or_else(|| not_found(Resource::DiskType, id.to_owned()))?;
    Ok(HttpResponse::Ok().json(json!({"volume_type": view(&call, found)})))
}

fn view(call: &Call, disk_type: &DiskType) -> Value {
    let zones = call.app().rules().zones.join(",");
    json!({
        "id": disk_type.id(),
        "name": disk_type.name,
        "is_public": true,
        "description": null,
        "extra_specs": {
            "volume_backend_name": disk_type.name,
            "RESKEY:availability_zones": zones,
        },
        "qos_specs_id": null,
        "os-volume-type-access:is_public": true,
    })
}
