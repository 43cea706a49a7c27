//! JSON in, JSON out: every route, with its handler, on this page, for the cloud's own API in
//! `native.rs` and for what is below `/_evs` in `own/mod.rs`.
//!
//! Must not know: SQL, or how anything is decided.

mod answer;
mod auth;
mod call;
pub mod dialect;
pub mod error;
mod evs;
mod faults;
mod fields;
mod idempotency;
mod identity;
mod literal;
mod native;
pub mod openapi;
mod openstack;
mod own;
mod page;
mod python;
pub mod readers;
mod received;
mod table;
mod time;

use std::time::Duration;

use actix_web::guard::{GuardContext, fn_guard};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, Scope};

pub use answer::answer;
pub use own::{message, state_view};

use crate::config::AuthMode;
use crate::service::App;
use crate::tasks::Tasks;
use dialect::Dialect;
use error::ApiError;
use native::{backup_service, cloud_disks, jobs};
use own::steering;
use table::{delete, get, head, patch, post, put, resource};

/// What every handler works with.
#[derive(Debug, Clone)]
pub struct Api {
    /// The use cases.
    pub app: App,
    /// Where writes run, so that a client that goes away does not cut them.
    pub tasks: Tasks,
    /// Whether a token is needed.
    pub mode: AuthMode,
    /// What links begin with; none: the scheme and host of the request.
    pub public_url: Option<String>,
    /// The region in the service catalogue.
    pub region: String,
    /// How long a body may take to come in.
    pub request_timeout: Duration,
    /// How long a stream is silent at most.
    pub heartbeat: Duration,
}

/// The whole route table.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/").route(get().to(openstack::versions::all)))
        .service(resource("/v1").route(get().to(openstack::versions::v1)))
        .service(resource("/v2").route(get().to(openstack::versions::v2)))
        .service(resource("/v2/").route(get().to(openstack::versions::v2)))
        .service(resource("/v3").route(get().to(openstack::versions::v3)))
        .service(resource("/v3/").route(get().to(openstack::versions::v3)))
        .service(resource("/identity").route(get().to(identity::versions::all)))
        .service(resource("/identity/").route(get().to(identity::versions::all)))
        .service(resource("/identity/v3").route(get().to(identity::versions::v3)))
        .service(resource("/identity/v3/").route(get().to(identity::versions::v3)))
        .configure(access_keys)
        .service(web::scope("/identity/v3").configure(accounts))
        // Huawei's clients keep only scheme and host of the identity URL. No project id of 32 digits
        // is spelled like one of these words, so the volume API loses nothing.
        .service(web::scope("/v3").guard(fn_guard(is_about_accounts)).configure(accounts))
        .service(web::scope("/_evs").configure(steering))
        .service(web::scope("/v1/{project_id}").configure(jobs))
        .service(web::scope("/v2.1/{project_id}").configure(cloud_disks))
        .service(
            block_storage(web::scope("/v2/{project_id}"))
                .configure(backup_service)
                .configure(cloud_disks),
        )
        .service(
            block_storage(web::scope("/v3/{project_id}"))
                .configure(|c| transfers(c, "/volume-transfers", openstack::transfers::create_v355))
                .configure(since_v3)
                .configure(attachments)
                .configure(cloud_disks),
        )
        .default_service(web::to(no_route));
}

/// Access keys, as Huawei's identity service manages them.
fn access_keys(config: &mut ServiceConfig) {
    use identity::access_keys as keys;
    config
        .service(
            resource("/v3.0/OS-CREDENTIAL/credentials")
                .route(get().to(keys::list))
                .route(post().to(keys::create)),
        )
        .service(
            resource("/v3.0/OS-CREDENTIAL/credentials/{access}")
                .route(get().to(keys::show))
                .route(put().to(keys::update))
                .route(delete().to(keys::delete)),
        );
}

/// Whether a path below `/v3` is the identity service's: looked at before any route is tried.
fn is_about_accounts(request: &GuardContext<'_>) -> bool {
    Dialect::of(request.head().uri.path()) == Dialect::Keystone
}

/// Keystone's v3 API below one of its two roots.
fn accounts(config: &mut ServiceConfig) {
    use identity::tokens;
    use identity::{application_credentials, catalog, domains, projects, role_assignments, users};
    config
        .service(
            resource("/auth/tokens")
                .route(post().to(tokens::issue))
                .route(get().to(tokens::show))
                .route(head().to(tokens::check))
                .route(delete().to(tokens::revoke)),
        )
        .service(resource("/auth/catalog").route(get().to(catalog::show)))
        .service(resource("/auth/projects").route(get().to(projects::own)))
        .service(resource("/auth/domains").route(get().to(domains::own)))
        .service(resource("/auth/system").route(get().to(domains::system)))
        .service(
            resource("/projects")
                .route(get().to(projects::list))
                .route(post().to(projects::create)),
        )
        .service(
            resource("/projects/{project}")
                .route(get().to(projects::show))
                .route(patch().to(projects::update))
                .route(delete().to(projects::delete)),
        )
        .service(resource("/users").route(get().to(users::list)).route(post().to(users::create)))
        .service(
            resource("/users/{user}")
                .route(get().to(users::show))
                .route(patch().to(users::update))
                .route(delete().to(users::delete)),
        )
        .service(resource("/users/{user}/password").route(post().to(users::change_password)))
        .service(resource("/users/{user}/projects").route(get().to(projects::of_user)))
        .service(
            resource("/users/{user}/application_credentials")
                .route(get().to(application_credentials::list))
                .route(post().to(application_credentials::create)),
        )
        .service(
            resource("/users/{user}/application_credentials/{id}")
                .route(get().to(application_credentials::show))
                .route(delete().to(application_credentials::delete)),
        )
        .service(resource("/groups").route(get().to(users::groups)))
        .service(resource("/domains").route(get().to(domains::list)))
        .service(resource("/domains/{domain}").route(get().to(domains::show)))
        .service(resource("/roles").route(get().to(role_assignments::roles)))
        .service(resource("/roles/{role}").route(get().to(role_assignments::role)))
        .service(resource("/role_assignments").route(get().to(role_assignments::list)))
        .service(resource("/regions").route(get().to(catalog::regions)))
        .service(resource("/regions/{id}").route(get().to(catalog::region)))
        .service(resource("/services").route(get().to(catalog::services)))
        .service(resource("/services/{id}").route(get().to(catalog::service)))
        .service(resource("/endpoints").route(get().to(catalog::endpoints)))
        .service(resource("/endpoints/{id}").route(get().to(catalog::endpoint)));
    for place in ["/projects/{project}", "/domains/{domain}"] {
        config
            .service(
                resource(&format!("{place}/users/{{user}}/roles"))
                    .route(get().to(role_assignments::list_grants)),
            )
            .service(
                resource(&format!("{place}/users/{{user}}/roles/{{role}}"))
                    .route(get().to(role_assignments::check_grant))
                    .route(head().to(role_assignments::check_grant))
                    .route(put().to(role_assignments::create_grant))
                    .route(delete().to(role_assignments::revoke_grant)),
            );
    }
}

/// The OpenStack Block Storage API, alike under `/v2` and `/v3`.
fn block_storage(scope: Scope) -> Scope {
    use openstack::{disks, quotas, snapshots};
    scope
        .configure(|c| transfers(c, "/os-volume-transfer", openstack::transfers::create))
        .service(resource("/volumes").route(get().to(disks::list)).route(post().to(disks::create)))
        .service(resource("/volumes/detail").route(get().to(disks::list_detail)))
        .service(resource("/volumes/summary").route(get().to(disks::summary)))
        .service(
            resource("/volumes/{id}")
                .route(get().to(disks::show))
                .route(put().to(disks::update))
                .route(delete().to(disks::delete)),
        )
        .service(resource("/volumes/{id}/action").route(post().to(disks::action)))
        .service(resource("/volumes/{id}/encryption").route(get().to(disks::encryption::show)))
        .service(
            resource("/volumes/{id}/encryption/{key}")
                .route(get().to(disks::encryption::show_member)),
        )
        .service(
            resource("/volumes/{id}/metadata")
                .route(get().to(disks::metadata::show))
                .route(post().to(disks::metadata::create))
                .route(put().to(disks::metadata::update)),
        )
        .service(
            resource("/volumes/{id}/metadata/{key}")
                .route(get().to(disks::metadata::show_one))
                .route(put().to(disks::metadata::update_one))
                .route(delete().to(disks::metadata::delete)),
        )
        .service(
            resource("/snapshots")
                .route(get().to(snapshots::list))
                .route(post().to(snapshots::create)),
        )
        .service(resource("/snapshots/detail").route(get().to(snapshots::list_detail)))
        .service(
            resource("/snapshots/{id}")
                .route(get().to(snapshots::show))
                .route(put().to(snapshots::update))
                .route(delete().to(snapshots::delete)),
        )
        .service(
            resource("/snapshots/{id}/metadata")
                .route(get().to(snapshots::metadata::show))
                .route(post().to(snapshots::metadata::create))
                .route(put().to(snapshots::metadata::update)),
        )
        .service(
            resource("/snapshots/{id}/metadata/{key}")
                .route(get().to(snapshots::metadata::show_one))
                .route(put().to(snapshots::metadata::update_one))
                .route(delete().to(snapshots::metadata::delete)),
        )
        .service(resource("/snapshots/{id}/action").route(post().to(snapshots::action)))
        .configure(backups)
        .service(
            resource("/os-quota-sets/{target}")
                .route(get().to(quotas::show))
                .route(put().to(quotas::update))
                .route(delete().to(quotas::delete)),
        )
        .service(resource("/os-quota-sets/{target}/defaults").route(get().to(quotas::defaults)))
        .service(
            resource("/os-quota-class-sets/{class}")
                .route(get().to(quotas::show_class))
                .route(put().to(quotas::update_class)),
        )
        .service(resource("/limits").route(get().to(quotas::limits_and_usage)))
        .configure(node)
        .configure(disk_types)
        .configure(qos_specs)
}

/// Backups.
fn backups(config: &mut ServiceConfig) {
    use openstack::backups;
    config
        .service(
            resource("/backups").route(get().to(backups::list)).route(post().to(backups::create)),
        )
        .service(resource("/backups/detail").route(get().to(backups::list_detail)))
        .service(resource("/backups/import_record").route(post().to(backups::import)))
        .service(
            resource("/backups/{id}")
                .route(get().to(backups::show))
                .route(put().to(backups::update))
                .route(delete().to(backups::delete)),
        )
        .service(resource("/backups/{id}/action").route(post().to(backups::action)))
        .service(resource("/backups/{id}/restore").route(post().to(backups::restore)))
        .service(resource("/backups/{id}/export_record").route(get().to(backups::export)));
}

/// Disk types and what belongs to them.
fn disk_types(config: &mut ServiceConfig) {
    use openstack::types::{self, access, encryptions, extra_specs};
    config
        .service(resource("/types").route(get().to(types::list)).route(post().to(types::create)))
        .service(
            resource("/types/{id}")
                .route(get().to(types::show))
                .route(put().to(types::update))
                .route(delete().to(types::delete)),
        )
        .service(resource("/types/{id}/action").route(post().to(access::action)))
        .service(resource("/types/{id}/os-volume-type-access").route(get().to(access::list)))
        .service(
            resource("/types/{id}/extra_specs")
                .route(get().to(extra_specs::list))
                .route(post().to(extra_specs::create)),
        )
        .service(
            resource("/types/{id}/extra_specs/{key}")
                .route(get().to(extra_specs::show))
                .route(put().to(extra_specs::update))
                .route(delete().to(extra_specs::delete)),
        )
        .service(
            resource("/types/{id}/encryption")
                .route(get().to(encryptions::show))
                .route(post().to(encryptions::create)),
        )
        .service(
            resource("/types/{id}/encryption/{key}")
                .route(get().to(encryptions::show_member))
                .route(put().to(encryptions::update))
                .route(delete().to(encryptions::delete)),
        );
}

/// Qualities of service.
fn qos_specs(config: &mut ServiceConfig) {
    use openstack::qos_specs as qos;
    config
        .service(resource("/qos-specs").route(get().to(qos::list)).route(post().to(qos::create)))
        .service(
            resource("/qos-specs/{id}")
                .route(get().to(qos::show))
                .route(put().to(qos::update))
                .route(delete().to(qos::delete)),
        )
        .service(resource("/qos-specs/{id}/delete_keys").route(put().to(qos::delete_keys)))
        .service(resource("/qos-specs/{id}/associations").route(get().to(qos::associations)))
        .service(resource("/qos-specs/{id}/associate").route(get().to(qos::associate)))
        .service(resource("/qos-specs/{id}/disassociate").route(get().to(qos::disassociate)))
        .service(
            resource("/qos-specs/{id}/disassociate_all").route(get().to(qos::disassociate_all)),
        );
}

/// What there is to know about the node itself: none of it can be changed.
fn node(config: &mut ServiceConfig) {
    use openstack::{extensions, hosts, resource_filters, services, zones};
    config
        .service(resource("/os-availability-zone").route(get().to(zones::list)))
        .service(resource("/extensions").route(get().to(extensions::list)))
        .service(resource("/extensions/{alias}").route(get().to(extensions::show)))
        .service(resource("/resource_filters").route(get().to(resource_filters::list)))
        .service(resource("/os-services").route(get().to(services::list)))
        .service(resource("/os-services/{action}").route(put().to(services::update)))
        .service(resource("/os-hosts").route(get().to(hosts::list)))
        .service(resource("/os-hosts/{host}").route(get().to(hosts::show)))
        .service(resource("/scheduler-stats/get_pools").route(get().to(hosts::pools)))
        .service(resource("/capabilities/{host}").route(get().to(hosts::show_capabilities)));
}

/// What there is under `/v3` only.
fn since_v3(config: &mut ServiceConfig) {
    use openstack::messages;
    config.service(resource("/messages").route(get().to(messages::list))).service(
        resource("/messages/{id}")
            .route(get().to(messages::show))
            .route(delete().to(messages::delete)),
    );
}

/// Attachments, which `/v2` does not know.
fn attachments(config: &mut ServiceConfig) {
    use openstack::attachments;
    config
        .service(
            resource("/attachments")
                .route(get().to(attachments::list))
                .route(post().to(attachments::create)),
        )
        .service(resource("/attachments/detail").route(get().to(attachments::list_detail)))
        .service(
            resource("/attachments/{id}")
                .route(get().to(attachments::show))
                .route(put().to(attachments::update))
                .route(delete().to(attachments::delete)),
        )
        .service(resource("/attachments/{id}/action").route(post().to(attachments::action)));
}

/// Transfers under one of their two names, which differ in what create takes.
fn transfers<F, Args>(config: &mut ServiceConfig, name: &str, create: F)
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    use openstack::transfers;
    config
        .service(resource(name).route(get().to(transfers::list)).route(post().to(create)))
        .service(resource(&format!("{name}/detail")).route(get().to(transfers::list_detail)))
        .service(
            resource(&format!("{name}/{{id}}"))
                .route(get().to(transfers::show))
                .route(delete().to(transfers::delete)),
        )
        .service(resource(&format!("{name}/{{id}}/accept")).route(post().to(transfers::accept)));
}

async fn no_route(request: HttpRequest) -> Result<String, ApiError> {
    Err(if request.path().ends_with('/') { ApiError::EmptyId } else { ApiError::NoRoute })
}
