//! The route table of the cloud's own API: the other half of that in `mod.rs`.

use actix_web::web::ServiceConfig;

use super::evs;
use super::table::{delete, get, post, put, resource};

/// The backups, their sharing and the backup policies of VBS.
pub(super) fn backup_service(config: &mut ServiceConfig) {
    use evs::policies;
    config
        .configure(cloud_backups)
        .service(
            resource("/backuppolicy")
                .route(get().to(policies::list))
                .route(post().to(policies::create)),
        )
        .service(resource("/backuppolicy/tags").route(get().to(policies::list_all_tags)))
        .service(
            resource("/backuppolicy/resource_instances/action").route(post().to(policies::search)),
        )
        .service(
            resource("/backuppolicy/{id}")
                .route(get().to(policies::show))
                .route(put().to(policies::update))
                .route(delete().to(policies::delete)),
        )
        .service(
            resource("/backuppolicy/{id}/tags")
                .route(get().to(policies::list_tags))
                .route(post().to(policies::add_tag)),
        )
        .service(resource("/backuppolicy/{id}/tags/action").route(post().to(policies::change_tags)))
        .service(resource("/backuppolicy/{id}/tags/{key}").route(delete().to(policies::remove_tag)))
        .service(resource("/backuppolicy/{id}/action").route(post().to(policies::run)))
        .service(resource("/backuppolicy/{id}/backuptasks").route(get().to(policies::list_tasks)))
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

/// Backups as the backup service's own API has them.
fn cloud_backups(config: &mut ServiceConfig) {
    use evs::{backup_shares as shares, cloudbackups as backups};
    config
        .service(resource("/cloudbackups").route(post().to(backups::create)))
        .service(resource("/cloudbackups/quota").route(get().to(backups::quota)))
        .service(resource("/cloudbackups/{id}").route(post().to(backups::delete)))
        .service(resource("/cloudbackups/{id}/restore").route(post().to(backups::restore)))
        .service(
            resource("/os-vendor-backup-sharing")
                .route(post().to(shares::create))
                .route(delete().to(shares::delete_all)),
        )
        .service(resource("/os-vendor-backup-sharing/detail").route(get().to(shares::list)))
        .service(resource("/os-vendor-backup-sharing/count").route(get().to(shares::count)))
        .service(
            resource("/os-vendor-backup-sharing/{id}")
                .route(get().to(shares::show))
                .route(delete().to(shares::delete)),
        );
}

/// What has begun.
pub(super) fn jobs(config: &mut ServiceConfig) {
    config.service(resource("/jobs/{id}").route(get().to(evs::jobs::show)));
}

/// Disks and their tags as the cloud's own API has them, alike under `/v2`, `/v2.1` and `/v3`.
pub(super) fn cloud_disks(config: &mut ServiceConfig) {
    use evs::{cloudvolumes, tags};
    config
        .service(
            resource("/cloudvolumes")
                .route(get().to(cloudvolumes::list))
                .route(post().to(cloudvolumes::create)),
        )
        .service(resource("/cloudvolumes/detail").route(get().to(cloudvolumes::list_detail)))
        .service(resource("/cloudvolumes/tags").route(get().to(tags::list_all)))
        .service(resource("/cloudvolumes/resource_instances/action").route(post().to(tags::search)))
        .service(
            resource("/cloudvolumes/{id}")
                .route(get().to(cloudvolumes::show))
                .route(put().to(cloudvolumes::update))
                .route(delete().to(cloudvolumes::delete)),
        )
        .service(resource("/cloudvolumes/{id}/action").route(post().to(cloudvolumes::action)))
        .service(resource("/cloudvolumes/{id}/tags").route(get().to(tags::list)))
        .service(resource("/cloudvolumes/{id}/tags/action").route(post().to(tags::change)))
        .service(resource("/volumes/{id}/retype").route(post().to(cloudvolumes::retype)))
        .configure(vendor_disks)
        .configure(vendor_tags)
        .configure(cloud_snapshots);
}

/// Snapshots as the cloud's own API has them, with the other name that one operation has.
fn cloud_snapshots(config: &mut ServiceConfig) {
    use evs::cloudsnapshots::{self as snapshots, roll_back};
    config
        .service(resource("/cloudsnapshots").route(post().to(snapshots::create)))
        .service(resource("/cloudsnapshots/detail").route(get().to(snapshots::list_detail)))
        .service(
            resource("/cloudsnapshots/{id}")
                .route(get().to(snapshots::show))
                .route(put().to(snapshots::update))
                .route(delete().to(snapshots::delete)),
        )
        .service(resource("/cloudsnapshots/{id}/rollback").route(post().to(roll_back)))
        .service(resource("/os-vendor-snapshots/{id}/rollback").route(post().to(roll_back)));
}

/// The other name of `cloudvolumes`, for as much of it as is documented.
fn vendor_disks(config: &mut ServiceConfig) {
    use evs::{cloudvolumes, tags};
    config
        .service(resource("/os-vendor-volumes").route(post().to(cloudvolumes::create)))
        .service(resource("/os-vendor-volumes/detail").route(get().to(cloudvolumes::list_detail)))
        .service(
            resource("/os-vendor-volumes/resource_instances/action").route(post().to(tags::search)),
        )
        .service(resource("/os-vendor-volumes/{id}").route(get().to(cloudvolumes::show)))
        .service(
            resource("/os-vendor-volumes/{id}/internal-info")
                .route(get().to(cloudvolumes::show_internals)),
        )
        .service(resource("/os-vendor-volumes/{id}/tags").route(get().to(tags::list)))
        .service(resource("/os-vendor-volumes/{id}/tags/action").route(post().to(tags::change)));
}

/// Tags by the kind of what has them, deprecated.
fn vendor_tags(config: &mut ServiceConfig) {
    use evs::vendor_tags as tags;
    config
        .service(resource("/os-vendor-tags/{type}").route(get().to(tags::list_all)))
        .service(
            resource("/os-vendor-tags/{type}/resource_instances").route(get().to(tags::search)),
        )
        .service(
            resource("/os-vendor-tags/{type}/{id}")
                .route(get().to(tags::list))
                .route(post().to(tags::create))
                .route(put().to(tags::replace)),
        )
        .service(resource("/os-vendor-tags/{type}/{id}/action").route(post().to(tags::action)))
        .service(
            resource("/os-vendor-tags/{type}/{id}/{key}")
                .route(get().to(tags::show_one))
                .route(put().to(tags::update_one))
                .route(delete().to(tags::delete_one)),
        );
}
