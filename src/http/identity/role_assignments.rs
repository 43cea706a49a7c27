//! `/v3/roles`, `/v3/role_assignments`, and the grants of roles below projects and domains.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::call::IdentityCall;
use crate::domain::access::Role;
use crate::domain::account::Domain;
use crate::domain::identity::IdentityAction;
use crate::domain::ids::{ProjectId, UserId};
use crate::domain::role_assignment::{AssignmentFilter, NamedPlace, Place, RoleAssignment};
use crate::http::call::Answer;
use crate::service::identity::role_assignments::{Grant, role_by_id, role_id};
use crate::service::identity::{IdentityError, Kind};
use crate::service::{App, ServiceError};

/// Every role, of one name only if one is asked for.
pub(in crate::http) async fn roles(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::ListRoles, None)?;
    let in_a_domain = call.query("domain_id").is_some_and(|domain| !domain.is_empty());
    let roles: Vec<Value> = Role::ALL
        .iter()
        .filter(|_| !in_a_domain)
        .filter(|role| call.query("name").is_none_or(|name| name == role.as_str()))
        .map(|role| role_view(&call, *role))
        .collect();
    Ok(call.list("roles", &roles))
}

/// One role.
pub(in crate::http) async fn role(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::GetRole, None)?;
    let id = call.part("role");
    let missing = || ServiceError::from(IdentityError::NotFound(Kind::Role, id.to_owned()));
    let role = role_by_id(id).ok_or_else(missing)?;
    Ok(HttpResponse::Ok().json(json!({"role": role_view(&call, role)})))
}

fn role_view(call: &IdentityCall, role: Role) -> Value {
    let id = role_id(role);
    json!({
        "id": id,
        "name": role.as_str(),
        "domain_id": null,
        "description": null,
        "options": {},
        "links": {"self": call.link(&format!("roles/{id}"))},
    })
}

/// The assignments that pass the filters.
pub(in crate::http) async fn list(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::ListRoleAssignments, None)?;
    let place = match (call.query("scope.project.id"), call.query("scope.domain.id")) {
        (Some(project), _) => Some(Place::Project(ProjectId::new(project))),
        (None, Some(domain)) => Some(Place::Domain(domain.to_owned())),
        (None, None) => None,
    };
    let role = call.query("role.id").map(role_by_id);
    // No role of that id, no group and no grant in the system is there to be listed.
    let nothing = role == Some(None)
        || ["group.id", "scope.system"].iter().any(|name| call.query(name).is_some());
    let user = call.query("user.id").map(UserId::new);
    let filter = AssignmentFilter { user, place, role: role.flatten() };
    let mut assignments = call.app().list_role_assignments(call.asker(), filter).await?;
    if nothing {
        assignments.clear();
    }
    // Given without a value, as Keystone's clients do, it means yes.
    let names = call.flag("include_names") == Some(true);
    let views: Vec<Value> =
        assignments.iter().map(|assignment| view(&call, assignment, names)).collect();
    Ok(call.list("role_assignments", &views))
}

fn view(call: &IdentityCall, assignment: &RoleAssignment, names: bool) -> Value {
    let thing = |id: &str, name: &str, domain: Option<&Domain>| {
        let mut members = Map::from_iter([("id".to_owned(), Value::from(id))]);
        if names {
            members.insert("name".to_owned(), name.into());
            if let Some(domain) = domain {
                let domain = json!({"id": domain.id, "name": domain.name});
                members.insert("domain".to_owned(), domain);
            }
        }
        Value::Object(members)
    };
    let RoleAssignment { user, user_name, user_domain, place, role } = assignment;
    let (scope, collection, id) = match place {
        NamedPlace::Project(project) => {
            let id = project.id.as_str();
            let view = thing(id, &project.name, Some(&project.domain));
            (json!({"project": view}), "projects", id)
        }
        NamedPlace::Domain(domain) => {
            let view = thing(&domain.id, &domain.name, None);
            (json!({"domain": view}), "domains", domain.id.as_str())
        }
    };
    let role_id = role_id(*role);
    let path = format!("{collection}/{id}/users/{user}/roles/{role_id}");
    json!({
        "role": thing(&role_id, role.as_str(), None),
        "user": thing(user.as_str(), user_name, Some(user_domain)),
        "scope": scope,
        "links": {"assignment": call.link(&path)},
    })
}

/// The roles of a user in a project or domain.
pub(in crate::http) async fn list_grants(call: IdentityCall) -> Answer {
    let user = UserId::new(call.part("user"));
    let roles = call.app().list_grants(call.asker(), &user, &place(&call)).await?;
    Ok(call.list("roles", &roles.iter().map(|role| role_view(&call, *role)).collect::<Vec<_>>()))
}

/// Whether a user has a role there.
pub(in crate::http) async fn check_grant(call: IdentityCall) -> Answer {
    call.app().check_grant(call.asker(), &grant(&call)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives a user a role there.
pub(in crate::http) async fn create_grant(call: IdentityCall) -> Answer {
    let grant = grant(&call);
    call.write(|app: App, asker| async move { app.grant_role(&asker, &grant).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes a role from a user there.
pub(in crate::http) async fn revoke_grant(call: IdentityCall) -> Answer {
    let grant = grant(&call);
    call.write(|app: App, asker| async move { app.revoke_role(&asker, &grant).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn grant(call: &IdentityCall) -> Grant {
    let user = UserId::new(call.part("user"));
    Grant { user, place: place(call), role: call.part("role").to_owned() }
}

fn place(call: &IdentityCall) -> Place {
    match call.part("project") {
        "" => Place::Domain(call.part("domain").to_owned()),
        project => Place::Project(ProjectId::new(project)),
    }
}
