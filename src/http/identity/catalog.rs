//! The service catalogue, and the regions, services and endpoints that it is made of: read-only,
//! since the settings say what there is.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::call::IdentityCall;
use crate::domain::account::{Session, TokenScope};
use crate::domain::identity::IdentityAction;
use crate::domain::ids::derived;
use crate::http::Api;
use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::service::ServiceError;
use crate::service::identity::{IdentityError, Kind};

/// What the catalogue lists, and under which path. `{P}` stands for the project: the two Python
/// clients look for `block-storage` and `volumev3`, old ones for `volumev2` and `volume`, Huawei's
/// tools for `evs` and `vbs`.
const CATALOGUE: &[(&str, &str, &str)] = &[
    ("identity", "keystone", "/identity/v3"),
    ("block-storage", "cinder", "/v3/{P}"),
    ("volumev3", "cinderv3", "/v3/{P}"),
    ("volumev2", "cinderv2", "/v2/{P}"),
    ("volume", "cinder", "/v2/{P}"),
    ("evs", "evs", "/v2/{P}"),
    ("vbs", "vbs", "/v2/{P}"),
];

const INTERFACES: [&str; 3] = ["public", "internal", "admin"];

/// The catalogue of a token; what needs a project is left out if the token acts on none.
pub(super) fn of(api: &Api, base: &str, session: &Session) -> Value {
    let project = session.project().map(|project| project.id.as_str());
    let entry = |(kind, name, path): &(&str, &str, &str)| {
        let path = match project {
            Some(project) => path.replace("{P}", project),
            None if path.contains("{P}") => return None,
            None => (*path).to_owned(),
        };
        let url = format!("{base}{path}");
        let endpoints: Vec<Value> = INTERFACES
            .iter()
            .map(|interface| {
                json!({
                    "id": endpoint_id(kind, interface),
                    "interface": interface,
                    "region": api.region,
                    "region_id": api.region,
                    "url": url,
                })
            })
            .collect();
        let id = service_id(kind);
        Some(json!({"type": kind, "name": name, "id": id, "endpoints": endpoints}))
    };
    CATALOGUE.iter().filter_map(entry).collect()
}

fn service_id(kind: &str) -> String {
    derived("service", kind)
}

fn endpoint_id(kind: &str, interface: &str) -> String {
    derived("endpoint", &format!("{kind}:{interface}"))
}

/// The catalogue of the asker's token; an unscoped one has none.
pub(in crate::http) async fn show(call: IdentityCall) -> Answer {
    let session = &call.asker().session;
    if session.scope == TokenScope::Unscoped {
        let refused = IdentityError::NotAuthorized(IdentityAction::GetCatalog);
        return Err(ServiceError::from(refused).into());
    }
    let catalog = of(call.api(), call.base(), session);
    let url = call.link("auth/catalog");
    let links = json!({"next": null, "self": url, "previous": null});
    Ok(HttpResponse::Ok().json(json!({"catalog": catalog, "links": links})))
}

/// Every region: there is one.
pub(in crate::http) async fn regions(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::ListRegions, None)?;
    let inside_another = call.query("parent_region_id").is_some_and(|parent| !parent.is_empty());
    let regions = if inside_another { Vec::new() } else { vec![region_view(&call)] };
    Ok(call.list("regions", &regions))
}

/// One region.
pub(in crate::http) async fn region(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::GetRegion, None)?;
    if call.part("id") == call.api().region {
        Ok(HttpResponse::Ok().json(json!({"region": region_view(&call)})))
    } else {
        Err(missing(&call, Kind::Region))
    }
}

fn region_view(call: &IdentityCall) -> Value {
    let id = &call.api().region;
    json!({
        "id": id,
        "description": "",
        "parent_region_id": null,
        "links": {"self": call.link(&format!("regions/{id}"))},
    })
}

/// The services, of one type or name only if one is asked for.
pub(in crate::http) async fn services(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::ListServices, None)?;
    let services: Vec<Value> = CATALOGUE
        .iter()
        .filter(|(kind, name, _)| {
            call.query("type").is_none_or(|asked| asked == *kind)
                && call.query("name").is_none_or(|asked| asked == *name)
        })
        .map(|(kind, name, _)| service_view(&call, kind, name))
        .collect();
    Ok(call.list("services", &services))
}

/// One service.
pub(in crate::http) async fn service(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::GetService, None)?;
    let found = CATALOGUE.iter().find(|(kind, ..)| service_id(kind) == call.part("id"));
    let (kind, name, _) = found.ok_or_else(|| missing(&call, Kind::Service))?;
    Ok(HttpResponse::Ok().json(json!({"service": service_view(&call, kind, name)})))
}

fn service_view(call: &IdentityCall, kind: &str, name: &str) -> Value {
    let id = service_id(kind);
    json!({
        "id": id,
        "type": kind,
        "name": name,
        "description": "",
        "enabled": true,
        "links": {"self": call.link(&format!("services/{id}"))},
    })
}

/// The endpoints, of one service, interface or region only if one is asked for.
pub(in crate::http) async fn endpoints(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::ListEndpoints, None)?;
    let here = call.query("region_id").or(call.query("region"));
    let endpoints: Vec<Value> = all_endpoints()
        .filter(|(kind, _, interface)| {
            call.query("service_id").is_none_or(|asked| asked == service_id(kind))
                && call.query("interface").is_none_or(|asked| asked == *interface)
                && here.is_none_or(|asked| asked == call.api().region)
        })
        .map(|(kind, path, interface)| endpoint_view(&call, kind, path, interface))
        .collect();
    Ok(call.list("endpoints", &endpoints))
}

/// One endpoint.
pub(in crate::http) async fn endpoint(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::GetEndpoint, None)?;
    let (kind, path, interface) = all_endpoints()
        .find(|(kind, _, interface)| endpoint_id(kind, interface) == call.part("id"))
        .ok_or_else(|| missing(&call, Kind::Endpoint))?;
    Ok(HttpResponse::Ok().json(json!({"endpoint": endpoint_view(&call, kind, path, interface)})))
}

fn all_endpoints() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    CATALOGUE.iter().flat_map(|(kind, _, path)| {
        INTERFACES.iter().map(move |interface| (*kind, *path, *interface))
    })
}

/// Its URL is a template here: Keystone fills the project in when it makes a catalogue.
fn endpoint_view(call: &IdentityCall, kind: &str, path: &str, interface: &str) -> Value {
    let (id, region) = (endpoint_id(kind, interface), &call.api().region);
    json!({
        "id": id,
        "interface": interface,
        "region": region,
        "region_id": region,
        "service_id": service_id(kind),
        "url": format!("{}{}", call.base(), path.replace("{P}", "$(project_id)s")),
        "enabled": true,
        "links": {"self": call.link(&format!("endpoints/{id}"))},
    })
}

fn missing(call: &IdentityCall, kind: Kind) -> ApiError {
    ServiceError::from(IdentityError::NotFound(kind, call.part("id").to_owned())).into()
}
