//! `os-services`: the services of the one node, which are up as long as anybody can ask.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use crate::domain::access::Action;
use crate::domain::host::{NODE, backend};
use crate::domain::microversion::Microversion;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::python::repr;
use crate::http::time::zoneless;

/// What runs the disks of a backend.
pub(super) const DISKS: &str = "cinder-volume";

/// From here on a service tells its cluster.
const CLUSTERS: Microversion = Microversion(3, 7);
/// From here on what runs disks tells how its backend is.
const BACKEND_STATE: Microversion = Microversion(3, 49);

/// A service.
pub(super) struct Service {
    /// What it is.
    pub(super) binary: &'static str,
    /// Where it runs.
    pub(super) host: String,
}

/// Every service: one a backend for the disks, and one each for backups and for choosing pools.
pub(super) async fn services(call: &Call) -> Result<Vec<Service>, ApiError> {
    let alone = |binary| Service { binary, host: NODE.to_owned() };
    let mut services = vec![alone("cinder-backup"), alone("cinder-scheduler")];
    for name in call.app().disk_type_names().await? {
        services.push(Service { binary: DISKS, host: backend(&name) });
    }
    Ok(services)
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    call.may(Action::ListServices)?;
    let given = |name: &str| call.query(name).filter(|text| !text.is_empty());
    let (binary, host) = (given("binary"), given("host"));
    let listed: Vec<Value> = services(&call)
        .await?
        .iter()
        .filter(|service| binary.is_none_or(|binary| service.binary == binary))
        .filter(|service| host.is_none_or(|host| is_on(service, host)))
        .map(|service| view(&call, service))
        .collect();
    Ok(HttpResponse::Ok().json(json!({"services": listed})))
}

/// A host without a backend means all of its backends too.
fn is_on(service: &Service, host: &str) -> bool {
    service.host.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
}

fn view(call: &Call, service: &Service) -> Value {
    let mut view = json!({
        "binary": service.binary,
        "host": service.host,
        "zone": call.app().rules().zones.first(),
        "status": "enabled",
        "state": "up",
        "updated_at": zoneless(call.app().now()),
    });
    let Some(members) = view.as_object_mut() else { return view };
    let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
    if service.binary == DISKS && call.version() >= BACKEND_STATE {
        add("backend_state", "up".into());
    }
    if call.version() >= CLUSTERS {
        add("cluster", Value::Null);
    }
    add("disabled_reason", Value::Null);
    if service.binary == DISKS {
        add("replication_status", "disabled".into());
        add("active_backend_id", Value::Null);
        add("frozen", false.into());
    }
    view
}

/// A service that is on is switched on with nothing to do; nothing else can be done to the services
/// of a simulator, which says so instead of pretending.
pub(in crate::http) async fn update(call: Call) -> Answer {
    call.may(Action::UpdateServices)?;
    let body = call.json()?;
    let top = Fields::top(&body)?;
    match call.part("action") {
        "enable" => enable(&call, &top).await,
        "disable" => disable(&call, &top, NAMED).await,
        "disable-log-reason" => {
            given_text(&top, "disabled_reason")?;
            disable(&call, &top, &[NAMED, &["disabled_reason"]].concat()).await
        }
        "freeze" => {
            let host = switched_host(&call, &top, SWITCHED).await?;
            Err(invalid(&format!("the service on {host} is simulated and is not frozen.")))
        }
        "thaw" => not_switched(&call, &top, SWITCHED, "frozen", "True").await,
        "failover_host" => {
            let expected = "['enabled', 'failed-over'] and must be up";
            let known = [SWITCHED, &["backend_id"]].concat();
            not_switched(&call, &top, &known, "replication_status", expected).await
        }
        _ => Err(ApiError::NoRoute),
    }
}

/// What a body names one service by.
const NAMED: &[&str] = &["binary", "host", "cluster", "service"];
/// What a body names all services by that run the disks of a host.
const SWITCHED: &[&str] = &["cluster", "host"];

async fn enable(call: &Call, top: &Fields<'_>) -> Answer {
    let service = named(call, top, NAMED).await?;
    Ok(HttpResponse::Ok().json(json!({
        "host": service.host,
        "service": given_text(top, "service")?.unwrap_or_default(),
        "binary": given_text(top, "binary")?.unwrap_or_default(),
        "status": "enabled",
        "disabled": false,
    })))
}

async fn disable(call: &Call, top: &Fields<'_>, known: &[&str]) -> Answer {
    let Service { binary, host } = named(call, top, known).await?;
    Err(invalid(&format!("service {binary} on host {host} is simulated and is not disabled.")))
}

/// A text that may be missing but not `null`.
fn given_text<'a>(top: &Fields<'a>, name: &str) -> Result<Option<&'a str>, ApiError> {
    top.get(name).map(|_| top.required_text(name)).transpose()
}

/// The service that a body means, if there is one.
async fn named(call: &Call, top: &Fields<'_>, known: &[&str]) -> Result<Service, ApiError> {
    top.no_others(known)?;
    let (binary, service) = (given_text(top, "binary")?, given_text(top, "service")?);
    if binary.or(service).is_none() {
        let body = call.json()?;
        return Err(
            top.wrong(&format!("{} is not valid under any of the given schemas", repr(&body)))
        );
    }
    let host = host(top)?;
    let name = binary.or(service).unwrap_or_default();
    let all = services(call).await?;
    let found = all.into_iter().find(|service| service.binary == name && service.host == host);
    found.ok_or_else(|| no_service(name, &host))
}

fn host(top: &Fields<'_>) -> Result<String, ApiError> {
    let host = top.text("host")?.filter(|host| !host.is_empty());
    host.map(str::to_owned).ok_or_else(|| invalid("Host field is missing."))
}

/// The host of a body, if disks are run there.
async fn switched_host(call: &Call, top: &Fields<'_>, known: &[&str]) -> Result<String, ApiError> {
    top.no_others(known)?;
    let host = host(top)?;
    let found = services(call)
        .await?
        .iter()
        .any(|service| service.binary == DISKS && is_on(service, &host));
    if found {
        Ok(host)
    } else {
        Err(ApiError::Query(format!("No service found with host={host}")))
    }
}

/// Cinder's refusal of what the services are not in the state for.
async fn not_switched(
    call: &Call,
    top: &Fields<'_>,
    known: &[&str],
    field: &str,
    expected: &str,
) -> Answer {
    let host = switched_host(call, top, known).await?;
    let hosts: Vec<Value> = services(call)
        .await?
        .into_iter()
        .filter(|service| service.binary == DISKS && is_on(service, &host))
        .map(|service| service.host.into())
        .collect();
    let hosts = repr(&Value::Array(hosts));
    Err(invalid(&format!(
        "No service could be changed: {field} in {hosts} must be {expected} to failover."
    )))
}

/// Cinder's sentence about a service that is not there.
pub(super) fn no_service(binary: &str, host: &str) -> ApiError {
    ApiError::NotThere(format!("Service {binary} could not be found on host {host}."))
}

fn invalid(reason: &str) -> ApiError {
    ApiError::Query(format!("Invalid input received: {reason}"))
}
