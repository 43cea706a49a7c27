//! How transfers end: withdrawn, or with their disk; and what an old key is worth afterwards.

use serde_json::json;

use crate::support::{FAMILIES, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn delete_makes_the_disk_available_and_the_key_worthless() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    for (version, family) in FAMILIES {
        let disk = demo.disk().await;
        let (id, key) = demo.offer(&disk).await;
        let path = demo.path(version, &format!("{family}/{id}"));
        let gone = format!("Transfer {id} could not be found.");
        partner
            .delete(&partner.path(version, &format!("{family}/{id}")))
            .await
            .is_fault(404, &gone);
        demo.delete(&path).await.is_empty(202);
        assert_eq!(demo.disk_status(&disk).await, "available");
        demo.delete(&path).await.is_fault(404, &gone);
        partner.accept(&id, &key).await.is_fault(404, &gone);
        demo.offer(&disk).await;
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_out_of_awaiting_transfer_ends_the_transfer_with_it() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    for status in ["available", "error", "maintenance"] {
        let disk = demo.disk().await;
        let (id, key) = demo.offer(&disk).await;
        admin.reset(&disk, status).await;
        let gone = format!("Transfer {id} could not be found.");
        partner.accept(&id, &key).await.is_fault(404, &gone);
        demo.get(&demo.path("v3", &format!("os-volume-transfer/{id}"))).await.is_fault(404, &gone);
        assert_eq!(demo.disk_status(&disk).await, status);

        admin.reset(&disk, "available").await;
        let (second, second_key) = demo.offer(&disk).await;
        partner.accept(&id, &key).await.is_fault(404, &gone);
        let wrong =
            format!("Invalid auth key: Attempt to transfer {second} with invalid auth key.");
        partner.accept(&second, &key).await.is_fault(400, &wrong);
        assert_eq!(partner.accept(&second, &second_key).await.status, 202);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_to_awaiting_transfer_is_refused() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let reset = json!({"os-reset_status": {"status": "awaiting-transfer"}});
    let refusal = "Invalid volume: status can not be reset to awaiting-transfer; create a \
                   transfer instead.";
    admin.act(&disk, reset.clone()).await.is_fault(400, refusal);
    assert_eq!(demo.disk_status(&disk).await, "available");
    demo.offer(&disk).await;
    admin.act(&disk, reset).await.is_fault(400, refusal);
    assert_eq!(demo.disk_status(&disk).await, "awaiting-transfer");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_force_delete_ends_the_transfer_with_the_disk() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let disk = demo.disk().await;
    let (id, key) = demo.offer(&disk).await;
    demo.delete(&demo.path("v3", &format!("volumes/{disk}"))).await.is_fault(
        400,
        "Invalid volume: Volume status must be available or error or error_restoring or \
         error_extending or error_managing and must not be migrating, attached, belong to a \
         group, have snapshots, awaiting a transfer, or be disassociated from snapshots after \
         volume transfer.",
    );
    let forbidden =
        "Policy doesn't allow volume_extension:volume_admin_actions:force_delete to be performed.";
    demo.act(&disk, json!({"os-force_delete": {}})).await.is_fault(403, forbidden);
    admin.act(&disk, json!({"os-force_delete": {}})).await.is_empty(202);
    demo.show_disk(&disk).await.is_fault(404, &format!("Volume {disk} could not be found."));
    let gone = format!("Transfer {id} could not be found.");
    partner.accept(&id, &key).await.is_fault(404, &gone);
    let list = demo.get(&demo.path("v3", "os-volume-transfer")).await;
    list.is(200, &json!({"transfers": []}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_disk_awaits_transfer_only_what_the_reference_lists_is_allowed() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let policy = demo.policy("nightly", "ON").await;
    demo.offer(&disk).await;
    demo.act(&disk, json!({"os-extend": {"new_size": 20}})).await.is_fault(
        400,
        &format!(
            "Invalid volume: Volume {disk} status must be '{{'status': 'available'}}' to extend, \
             currently awaiting-transfer."
        ),
    );
    let body = json!({"snapshot": {"volume_id": disk}});
    demo.post(&demo.path("v3", "snapshots"), body).await.is_fault(
        400,
        &format!(
            "Invalid volume: Volume {disk} status must be available, but current status is: \
             awaiting-transfer."
        ),
    );
    let body = json!({"backup": {"volume_id": disk, "force": true}});
    demo.post(&demo.path("v3", "backups"), body).await.is_fault(
        400,
        "Invalid volume: Volume to be backed up must be available or in-use, but the current \
         status is \"awaiting-transfer\".",
    );
    demo.bind(&policy, &disk).await.is(
        200,
        &json!({"success_resources": [], "fail_resources": [{
            "resource_id": disk,
            "resource_type": "volume",
            "availability_zone": null,
            "os_vol_host_attr": null,
            "code": "AutoBackup.0206",
            "message": "The disk status awaiting-transfer forbids it.",
        }]}),
    );
    let renamed = json!({"volume": {"name": "renamed"}});
    let answer = demo.put(&demo.path("v3", &format!("volumes/{disk}")), renamed).await;
    assert_eq!((answer.status, &answer.body["volume"]["name"]), (200, &json!("renamed")));
    assert_eq!(answer.body["volume"]["status"], "awaiting-transfer");
    demo.act(&disk, json!({"os-set_bootable": {"bootable": true}})).await.is_empty(200);
    assert_eq!(demo.disk_status(&disk).await, "awaiting-transfer");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_where_it_was_after_a_restart() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let disk = demo.disk().await;
    let (id, key) = demo.offer(&disk).await;
    let show = demo.path("v3", &format!("os-volume-transfer/{id}"));
    let before = (demo.show_disk(&disk).await.text, demo.get(&show).await.text);
    let url = demo.url.clone();
    let server = server.restart().await;
    let (demo, partner) = (demo.moved_to(&server), partner.moved_to(&server));
    let here = |text: String| text.replace(&server.url(), &url);
    let after = (here(demo.show_disk(&disk).await.text), here(demo.get(&show).await.text));
    assert_eq!(before, after, "tokens work, bodies are the same");
    assert_eq!(partner.accept(&id, &key).await.status, 202);
    server.finish().await;
}
