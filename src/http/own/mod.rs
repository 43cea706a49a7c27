//! Everything of our own, below `/_evs`: its part of the route table, and a file for each noun.

mod call;
mod clock;
mod event_stream;
mod event_types;
mod events;
mod faults;
mod node;
mod progress;
pub(super) mod seed;
mod state;
pub mod state_view;
mod transferable;
mod webhooks;

use actix_web::web::ServiceConfig;

use super::table::{delete, get, head, post, put, resource};
pub(super) use clock::wanted as clock_change;
pub use events::message;
pub(super) use events::{NARROWED_BY, STREAM};
pub(super) use faults::drafts as fault_drafts;

/// The routes below `/_evs`.
pub(super) fn steering(config: &mut ServiceConfig) {
    config
        .service(resource("/health").route(get().to(node::health)).route(head().to(node::health)))
        .service(resource("/ready").route(get().to(node::ready)).route(head().to(node::ready)))
        .service(resource("/info").route(get().to(node::info)))
        .service(resource("/metrics").route(get().to(node::metrics)))
        .service(resource("/openapi.json").route(get().to(node::openapi)))
        .service(resource("/events").route(get().to(events::list)))
        .service(resource("/events/stream").route(get().to(events::stream)))
        .service(resource("/webhooks").route(get().to(webhooks::list)))
        .service(resource("/progress").route(post().to(progress::step)))
        .service(resource("/disks/{id}/transferable").route(get().to(transferable::show)))
        .service(resource("/clock").route(get().to(clock::show)).route(post().to(clock::change)))
        .service(resource("/seed").route(post().to(seed::seed)))
        .service(resource("/export").route(get().to(seed::export)))
        .configure(fault_rules)
        .configure(states);
}

/// Rules by which something goes wrong on purpose.
fn fault_rules(config: &mut ServiceConfig) {
    config
        .service(
            resource("/faults")
                .route(get().to(faults::list))
                .route(post().to(faults::create))
                .route(delete().to(faults::clear)),
        )
        .service(
            resource("/faults/{id}")
                .route(get().to(faults::show))
                .route(delete().to(faults::delete)),
        );
}

/// States by name. What is no name stands before the names.
fn states(config: &mut ServiceConfig) {
    config
        .service(resource("/state").route(get().to(state::list)))
        .service(resource("/state/diff").route(get().to(state::compare)))
        .service(resource("/state/reset").route(post().to(state::reset)))
        .service(
            resource("/state/{state}")
                .route(put().to(state::save))
                .route(post().to(state::save))
                .route(delete().to(state::delete)),
        )
        .service(resource("/state/{state}/load").route(post().to(state::load)));
}
