//! JSON in, JSON out: every route on this page, with its handler.
//!
//! Must not know: SQL, or how anything is decided.

mod admin;
mod answer;
mod auth;
mod call;
pub mod error;
mod evs;
mod fields;
mod identity;
mod openstack;
mod page;
mod python;
mod time;

use actix_web::web::{self, ServiceConfig, delete, get, head, post, put};
use actix_web::{Resource, Scope};

pub use answer::answer;

use crate::config::AuthMode;
use crate::service::App;
use crate::tasks::Tasks;
use error::ApiError;

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
        .service(resource("/identity/v3/auth/tokens").route(post().to(identity::tokens::issue)))
        // Huawei's clients keep only scheme and host of the identity URL.
        .service(resource("/v3/auth/tokens").route(post().to(identity::tokens::issue)))
        .service(resource("/v3/projects").route(get().to(identity::region_project::list)))
        .configure(access_keys)
        .service(resource("/_evs/health").route(get().to(admin::health)).route(head().to(admin::health)))
        .service(resource("/_evs/ready").route(get().to(admin::ready)).route(head().to(admin::ready)))
        .service(resource("/_evs/info").route(get().to(admin::info)))
        .service(block_storage(web::scope("/v2/{project_id}")).configure(backup_service))
        .service(
            block_storage(web::scope("/v3/{project_id}"))
                .configure(|c| transfers(c, "/volume-transfers", openstack::transfers::create_v355)),
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

/// The OpenStack Block Storage API, alike under `/v2` and `/v3`.
fn block_storage(scope: Scope) -> Scope {
    use openstack::{backups, disks, quotas, snapshots, types, zones};
    scope
        .configure(|c| transfers(c, "/os-volume-transfer", openstack::transfers::create))
        .service(resource("/volumes").route(get().to(disks::list)).route(post().to(disks::create)))
        .service(resource("/volumes/detail").route(get().to(disks::list_detail)))
        .service(
            resource("/volumes/{id}")
                .route(get().to(disks::show))
                .route(put().to(disks::update))
                .route(delete().to(disks::delete)),
        )
        .service(resource("/volumes/{id}/action").route(post().to(disks::action)))
        .service(
            resource("/snapshots")
                .route(get().to(snapshots::list))
                .route(post().to(snapshots::create)),
        )
        .service(resource("/snapshots/detail").route(get().to(snapshots::list_detail)))
        .service(
            resource("/snapshots/{id}")
                .route(get().to(snapshots::show))
                .route(delete().to(snapshots::delete)),
        )
        .service(resource("/snapshots/{id}/action").route(post().to(snapshots::action)))
        .service(
            resource("/backups").route(get().to(backups::list)).route(post().to(backups::create)),
        )
        .service(resource("/backups/detail").route(get().to(backups::list_detail)))
        .service(
            resource("/backups/{id}")
                .route(get().to(backups::show))
                .route(delete().to(backups::delete)),
        )
        .service(resource("/backups/{id}/action").route(post().to(backups::action)))
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
        .service(resource("/types").route(get().to(types::list)))
        .service(resource("/types/{id}").route(get().to(types::show)))
        .service(resource("/os-availability-zone").route(get().to(zones::list)))
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

/// The backup policies of VBS.
fn backup_service(config: &mut ServiceConfig) {
    use evs::policies;
    config
        .service(
            resource("/backuppolicy")
                .route(get().to(policies::list))
                .route(post().to(policies::create)),
        )
        .service(
            resource("/backuppolicy/{id}")
                .route(get().to(policies::show))
                .route(delete().to(policies::delete)),
        )
        .service(
            resource("/backuppolicyresources")
                .route(get().to(policies::bound))
                .route(post().to(policies::bind)),
        )
        .service(
            resource("/backuppolicyresources/{id}/deleted_resources")
                .route(post().to(policies::unbind)),
        );
}

/// A path that answers methods without a route with 405: a bare `Scope::route` would say 404.
fn resource(path: &str) -> Resource {
    web::resource(path).default_service(web::to(bad_method))
}

async fn no_route() -> Result<String, ApiError> {
    Err(ApiError::NoRoute)
}

async fn bad_method() -> Result<String, ApiError> {
    Err(ApiError::BadMethod)
}
