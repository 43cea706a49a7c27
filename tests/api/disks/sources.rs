//! Disks made from something: snapshots, disks, backups and images.

use serde_json::{Value, json};

use super::{ABSENT, VERSIONS, shown};
use crate::support::{Client, TestServer};

async fn create(client: &Client, version: &str, volume: Value) -> crate::support::Answer {
    client.post(&client.path(version, "volumes"), json!({"volume": volume})).await
}

fn id_of(answer: &crate::support::Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.body["volume"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_from_a_snapshot_or_a_disk_takes_its_size_type_and_zone() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let source = demo
        .disk_of(json!({"size": 12, "volume_type": "SAS", "availability_zone": "az-sim-2"}))
        .await;
    let snapshot = demo.snapshot(&source).await;
    for version in VERSIONS {
        for (wish, from) in [
            (json!({"snapshot_id": snapshot}), json!({"snapshot_id": snapshot})),
            (json!({"source_volid": source}), json!({"source_volid": source})),
            (
                json!({"snapshot_id": snapshot, "size": 20, "volume_type": "SAS"}),
                json!({"snapshot_id": snapshot, "size": 20}),
            ),
        ] {
            // What a clone of a disk that was made from a snapshot is made from is that disk.
            let id = id_of(&create(&demo, version, wish).await);
            let mut changes =
                json!({"size": 12, "volume_type": "SAS", "availability_zone": "az-sim-2"});
            changes.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
            let expected = shown(&demo, "v3", &id, changes);
            demo.show_disk(&id).await.is(200, &json!({"volume": expected}));
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_from_an_image_is_a_system_disk_that_knows_its_image() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = id_of(&create(&demo, "v3", json!({"size": 5, "imageRef": ABSENT})).await);
    let image = json!({
        "image_id": ABSENT, "image_name": ABSENT, "container_format": "bare",
        "disk_format": "raw", "min_disk": "0", "min_ram": "0", "size": "0",
    });
    let expected = shown(
        &demo,
        "v3",
        &id,
        json!({"size": 5, "bootable": "true", "volume_image_metadata": image}),
    );
    demo.show_disk(&id).await.is(200, &json!({"volume": expected}));
    let offer = json!({"transfer": {"volume_id": id}});
    assert_eq!(demo.post(&demo.path("v3", "os-volume-transfer"), offer).await.status, 400);
    demo.act(&id, json!({"os-set_image_metadata": {"metadata": {"os_distro": "plan9"}}})).await.is(
        200,
        &{
            let mut all = image.clone();
            all["os_distro"] = "plan9".into();
            json!({"metadata": all})
        },
    );
    demo.act(&id, json!({"os-unset_image_metadata": {"key": "os_distro"}})).await.is_empty(200);
    demo.act(&id, json!({"os-show_image_metadata": null}))
        .await
        .is(200, &json!({"metadata": image}));
    demo.act(&id, json!({"os-unset_image_metadata": {"key": "os_distro"}}))
        .await
        .is_fault(404, "Metadata item was not found");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_3_47_a_disk_is_made_from_a_backup_and_before_that_the_member_means_nothing() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let source = demo.disk().await;
    let backup = demo.backup(&source).await;
    let id = id_of(&create(&demo.at("3.47"), "v3", json!({"backup_id": backup})).await);
    assert_eq!(demo.show_disk(&id).await.body["volume"]["size"], 10);
    create(&demo.at("3.47"), "v3", json!({"backup_id": backup, "size": 9})).await.is_fault(
        400,
        "Invalid input received: Volume size '9'GB cannot be smaller than the backup size 10GB. \
         They must be >= backup size.",
    );
    let id = id_of(&create(&demo.at("3.46"), "v3", json!({"backup_id": backup, "size": 1})).await);
    assert_eq!(demo.show_disk(&id).await.body["volume"]["size"], 1);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_fit_is_refused_with_cinders_words_and_nothing_is_made() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let partner = server.login("partner").await;
    let source = demo.disk().await;
    let snapshot = demo.snapshot(&source).await;
    let (foreign_disk, foreign_backup) = (partner.disk().await, {
        let disk = partner.disk().await;
        partner.backup(&disk).await
    });
    let foreign_snapshot = partner.snapshot(&foreign_disk).await;
    let busy = demo.disk().await;
    admin.reset(&busy, "error").await;
    let received = |rule: &str| format!("Invalid input received: {rule}");
    let cases = [
        (
            json!({"snapshot_id": snapshot, "size": 9}),
            received(
                "Volume size '9'GB cannot be smaller than the snapshot size 10GB. They must be >= \
                 snapshot size.",
            ),
        ),
        (
            json!({"source_volid": source, "size": 9}),
            received(
                "Volume size '9'GB cannot be smaller than original volume size  10GB. They must \
                 be >= original volume size.",
            ),
        ),
        (
            json!({"snapshot_id": snapshot, "volume_type": "SAS"}),
            received(
                "Invalid volume_type provided: SAS (requested type is not compatible; recommend \
                 omitting the type argument).",
            ),
        ),
        (
            json!({"source_volid": source, "volume_type": "SAS"}),
            received(
                "Invalid volume_type provided: SAS (requested type is not compatible; either \
                 match source volume, or omit type argument).",
            ),
        ),
        (
            json!({"snapshot_id": snapshot, "availability_zone": "az-sim-2"}),
            received("Volume must be in the same availability zone as the snapshot"),
        ),
        (
            json!({"source_volid": source, "snapshot_id": snapshot}),
            received("May specify only one of snapshot, imageRef or source volume"),
        ),
        (
            json!({"source_volid": busy}),
            "Invalid volume: Originating source volume status must be one of 'available, in-use' \
             values"
                .to_owned(),
        ),
        (
            json!({"size": 1, "imageRef": "ubuntu"}),
            "Invalid image identifier or unable to access requested image.".to_owned(),
        ),
    ];
    let before = demo.get(&demo.path("v3", "volumes")).await.text;
    for version in VERSIONS {
        for (volume, message) in &cases {
            create(&demo, version, volume.clone()).await.is_fault(400, message);
        }
        // Absent and not yours are told apart nowhere.
        for (member, kind, foreign) in [
            ("snapshot_id", "Snapshot", &foreign_snapshot),
            ("source_volid", "Volume", &foreign_disk),
        ] {
            for id in [ABSENT, foreign, "x"] {
                create(&demo, version, json!({member: id}))
                    .await
                    .is_fault(404, &format!("{kind} {id} could not be found."));
            }
        }
    }
    for id in [ABSENT, &foreign_backup] {
        create(&demo.at("3.47"), "v3", json!({"backup_id": id}))
            .await
            .is_fault(404, &format!("Backup {id} could not be found."));
    }
    assert_eq!(demo.get(&demo.path("v3", "volumes")).await.text, before);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_goes_back_to_its_latest_snapshot_of_its_own_size_only() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = demo.disk().await;
    let (first, last) = (demo.snapshot(&id).await, {
        server.advance(chrono::TimeDelta::seconds(1));
        demo.snapshot(&id).await
    });
    let revert = |snapshot: &str| json!({"revert": {"snapshot_id": snapshot}});
    demo.at("3.39").act(&id, revert(&last)).await.is_fault(
        400,
        "There is no such action: revert. Verify the request body and Content-Type header and try \
         again.",
    );
    let demo = demo.at("3.40");
    demo.act(&id, revert(&last)).await.is_empty(202);
    demo.act(&id, revert(&first)).await.is_fault(
        400,
        &format!(
            "Can't revert volume {id} to snapshot {first}. It is not the latest snapshot of the \
             volume."
        ),
    );
    demo.act(&id, revert(ABSENT))
        .await
        .is_fault(404, &format!("Snapshot {ABSENT} could not be found."));
    demo.act(&id, json!({"os-extend": {"new_size": 11}})).await.is_empty(202);
    demo.act(&id, revert(&last)).await.is_fault(
        400,
        &format!(
            "Can't revert volume {id} to its latest snapshot {last}. The volume size must be equal \
             to the snapshot size."
        ),
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cascade_takes_the_snapshots_along_and_force_asks_for_an_administrator_from_3_23_on() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    let snapshot = demo.snapshot(&id).await;
    let path = |query: &str| demo.path("v3", &format!("volumes/{id}{query}"));
    let forbidden = demo.delete(&path("")).await;
    assert_eq!(forbidden.status, 400);
    demo.delete(&path("?cascade=maybe"))
        .await
        .is_fault(400, "Value 'maybe' for 'cascade' is not a boolean.");
    demo.at("3.23").delete(&path("?force=true")).await.is_fault(
        403,
        "Policy doesn't allow volume_extension:volume_admin_actions:force_delete to be performed.",
    );
    let reset = json!({"os-reset_status": {"status": "error_deleting"}});
    let own = admin.path("v3", &format!("snapshots/{snapshot}/action"));
    admin.post(&own, reset).await.is_empty(202);
    demo.delete(&path("?cascade=true")).await.is_fault(400, &text_of(&forbidden));
    let reset = json!({"os-reset_status": {"status": "error"}});
    admin.post(&own, reset).await.is_empty(202);
    demo.delete(&path("?cascade=true")).await.is_empty(202);
    demo.show_disk(&id).await.is_fault(404, &format!("Volume {id} could not be found."));
    let gone = demo.get(&demo.path("v3", &format!("snapshots/{snapshot}"))).await;
    gone.is_fault(404, &format!("Snapshot {snapshot} could not be found."));

    // Whatever the status: an offered disk too, and its key opens nothing any more.
    let offered = demo.disk().await;
    let (transfer, key) = demo.offer(&offered).await;
    let path = admin.path("v3", &format!("volumes/{offered}?force=true"));
    admin.at("3.22").delete(&path).await.is_fault(400, &text_of(&forbidden));
    admin.at("3.23").delete(&path).await.is_empty(202);
    assert_eq!(server.login("partner").await.accept(&transfer, &key).await.status, 404);
    server.finish().await;
}

fn text_of(answer: &crate::support::Answer) -> String {
    answer.body["badRequest"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_answers_what_the_image_will_be_and_leaves_the_disk_as_it_was() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = demo.disk_of(json!({"size": 10, "description": "books"})).await;
    let body = json!({"os-volume_upload_image": {
        "image_name": "golden", "disk_format": "qcow2", "container_format": "bare", "force": false,
    }});
    let answer = demo.act(&id, body).await;
    let image = answer.body["os-volume_upload_image"]["image_id"].as_str().unwrap();
    assert_eq!(image.len(), 36);
    let volume_type = answer.body["os-volume_upload_image"]["volume_type"].clone();
    assert_eq!(volume_type["name"], "SSD");
    answer.is(
        202,
        &json!({"os-volume_upload_image": {
            "id": id,
            "updated_at": crate::support::T0,
            "status": "uploading",
            "display_description": "books",
            "size": 10,
            "volume_type": volume_type,
            "image_id": image,
            "container_format": "bare",
            "disk_format": "qcow2",
            "image_name": "golden",
        }}),
    );
    assert_eq!(demo.disk_status(&id).await, "available");
    let about = "Invalid input for field/attribute";
    for (upload, message) in [
        (
            json!({}),
            format!(
                "{about} os-volume_upload_image. Value: {{}}. 'image_name' is a required property"
            ),
        ),
        (json!({"image_name": ""}), format!("{about} image_name. Value: . '' is too short")),
    ] {
        let body = json!({"os-volume_upload_image": upload});
        demo.act(&id, body).await.is_fault(400, &message);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retype_asks_for_another_type_that_there_is() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = demo.disk().await;
    let retype = |to: Value| json!({"os-retype": to});
    demo.act(&id, retype(json!({"new_type": "SAS", "migration_policy": "never"})))
        .await
        .is_empty(202);
    assert_eq!(demo.show_disk(&id).await.body["volume"]["volume_type"], "SAS");
    for (to, message) in [
        (
            json!({"new_type": "SAS"}),
            "Invalid volume: Retype needs volume to be in available or in-use state, not be part \
             of an active migration or a consistency group, requested type has to be different \
             that the one from the volume, and for in-use volumes front-end qos specs cannot \
             change.",
        ),
        (json!({"new_type": "Gold"}), "Invalid input received: Invalid volume_type passed: Gold."),
        (
            json!({"new_type": "SSD", "migration_policy": "maybe"}),
            "Invalid input for field/attribute migration_policy. Value: maybe. 'maybe' is not one \
             of ['on-demand', 'never']",
        ),
        (
            json!({}),
            "Invalid input for field/attribute os-retype. Value: {}. 'new_type' is a required \
             property",
        ),
    ] {
        demo.act(&id, retype(to)).await.is_fault(400, message);
    }
    server.finish().await;
}
