//! `/v3/domains`, `/v3/auth/domains` and `/v3/auth/system`.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::call::IdentityCall;
use crate::domain::account::Domain;
use crate::domain::identity::IdentityAction;
use crate::http::call::Answer;
use crate::service::identity::DOMAIN_ID;

/// Every domain that passes the filters.
pub(in crate::http) async fn list(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::ListDomains, None)?;
    let mut domains = call.app().domains().await?;
    domains.retain(|domain| call.query("name").is_none_or(|name| name == domain.name));
    if call.flag("enabled") == Some(false) {
        domains.clear();
    }
    Ok(call.list("domains", &views(&call, &domains)))
}

/// One domain, for its users and for admins.
pub(in crate::http) async fn show(call: IdentityCall) -> Answer {
    let (id, user) = (call.part("domain"), &call.asker().session.user);
    call.asker().must(IdentityAction::GetDomain, (user.domain.id == id).then_some(&user.id))?;
    let domain = call.app().domain(id).await?;
    Ok(HttpResponse::Ok().json(json!({"domain": view(&call, &domain)})))
}

/// The domains that the asker has a role in, or in a project of. Huawei's SDK takes the first.
pub(in crate::http) async fn own(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::ListOwnScopes, None)?;
    let domains = call.app().domains_of(&call.asker().session.user.id).await?;
    Ok(call.list("domains", &views(&call, &domains)))
}

/// Whether the asker can get a token for the whole system.
pub(in crate::http) async fn system(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::ListOwnScopes, None)?;
    let every = [json!({"all": true})];
    let all = call.app().has_system(&call.asker().session.user.id).await?;
    Ok(call.list("system", if all { &every } else { &[] }))
}

fn views(call: &IdentityCall, domains: &[Domain]) -> Vec<Value> {
    domains.iter().map(|domain| view(call, domain)).collect()
}

fn view(call: &IdentityCall, domain: &Domain) -> Value {
    let description = if domain.id == DOMAIN_ID { "The default domain" } else { "" };
    json!({
        "id": domain.id,
        "name": domain.name,
        "description": description,
        "enabled": true,
        "tags": [],
        "options": {},
        "links": {"self": call.link(&format!("domains/{}", domain.id))},
    })
}
