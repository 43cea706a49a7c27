//! `os-availability-zone`: the zones of the settings.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use crate::domain::access::Action;
use crate::http::call::{Answer, Call};

pub(in crate::http) async fn list(call: Call) -> Answer {
    call.may(Action::ListZones)?;
    let zones: Vec<Value> = call
        .app()
        .rules()
        .zones
        .iter()
        .map(|zone| json!({"zoneName": zone, "zoneState": {"available": true}}))
        .collect();
    Ok(HttpResponse::Ok().json(json!({"availabilityZoneInfo": zones})))
}
