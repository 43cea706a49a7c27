//! Private types and the projects that use them all the same.

use serde_json::json;

use super::{events, is_conflict, made, names, path};
use crate::disks::{ABSENT, VERSIONS};
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_private_type_is_there_only_for_administrators_and_projects_with_access() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    for version in VERSIONS {
        let name = format!("gold-{version}");
        let new = json!({"name": name, "os-volume-type-access:is_public": false});
        let id = made(&admin, new).await;
        let (own, action) = (format!("types/{id}"), format!("types/{id}/action"));
        let access = format!("{own}/os-volume-type-access");
        let list = |projects: &[&str]| {
            let element = |project: &&str| json!({"volume_type_id": id, "project_id": project});
            json!({"volume_type_access": projects.iter().map(element).collect::<Vec<_>>()})
        };
        let (list_path, action) = (admin.path(version, &access), admin.path(version, &action));
        admin.get(&list_path).await.is(200, &list(&[]));

        let add = json!({"addProjectAccess": {"project": demo.project}});
        admin.post(&action, add.clone()).await.is_empty(202);
        admin.get(&list_path).await.is(200, &list(&[&demo.project]));
        let pair = format!("{id} / {}", demo.project);
        let again = admin.post(&action, add).await;
        is_conflict(&again, &format!("Volume type access for {pair} combination already exists."));

        let with_it = [&name, "SATA", "SAS", "GPSSD", "SSD", "ESSD"];
        for (client, there) in [(&admin, true), (&demo, true), (&partner, false)] {
            let shown = client.get(&client.path(version, &own)).await;
            let specs = client.get(&client.path(version, &format!("{own}/extra_specs"))).await;
            let volumes = client.path(version, "volumes");
            let mut made = Vec::new();
            for named in [&name, &id] {
                let new = json!({"volume": {"size": 1, "volume_type": named}});
                made.push(client.post(&volumes, new).await);
            }
            if there {
                assert_eq!([shown.status, specs.status], [200, 200]);
                assert!(made.iter().all(|answer| answer.status == 202), "{made:?}");
            } else {
                let message = format!("Volume type {id} could not be found.");
                shown.is_fault(404, &message);
                specs.is_fault(404, &message);
                let by_name = format!("Volume type with name {name} could not be found.");
                made[0].is_fault(404, &by_name);
                made[1].is_fault(404, &message);
            }
        }
        let listed = demo.get(&demo.path(version, "types?sort=created_at:desc,name:asc")).await;
        let mut sorted = names(&listed);
        sorted.retain(|name| with_it.contains(name));
        assert_eq!(sorted.len(), 6);
        assert!(!names(&partner.get(&partner.path(version, "types")).await).contains(&&*name));

        let remove = json!({"removeProjectAccess": {"project": demo.project}});
        admin.post(&action, remove.clone()).await.is_empty(202);
        admin
            .post(&action, remove)
            .await
            .is_fault(404, &format!("Volume type access not found for {pair} combination."));
        let gone = demo.get(&demo.path(version, &own)).await;
        gone.is_fault(404, &format!("Volume type {id} could not be found."));
        assert_eq!(
            events(&server, &id).await,
            ["disk_type.create", "disk_type.add_access", "disk_type.remove_access"]
        );
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_type_has_no_list_of_projects_and_wrong_actions_are_refused() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let id = made(&admin, json!({"name": "gold"})).await;
    let access = |id: &str| path(&admin, &format!("types/{id}/os-volume-type-access"));
    let action = |id: &str| path(&admin, &format!("types/{id}/action"));
    let list = admin.get(&access(&id)).await;
    list.is_fault(404, "Access list not available for public volume types.");
    let absent = format!("Volume type {ABSENT} could not be found.");
    admin.get(&access(ABSENT)).await.is_fault(404, &absent);
    for name in ["addProjectAccess", "removeProjectAccess"] {
        admin.post(&action(&id), json!({name: {"project": "p"}})).await.is_fault(
            400,
            "Invalid volume type: Type access modification is not applicable to public volume type.",
        );
        admin.post(&action(ABSENT), json!({name: {"project": "p"}})).await.is_fault(404, &absent);
        let about = format!("Invalid input for field/attribute {name}. Value:");
        admin
            .post(&action(&id), json!({name: {}}))
            .await
            .is_fault(400, &format!("{about} {{}}. 'project' is a required property"));
        admin.post(&action(&id), json!({name: {"project": ""}})).await.is_fault(
            400,
            "Invalid input for field/attribute project. Value: . '' should be non-empty",
        );
    }
    admin.post(&action(&id), json!({"paint": {}})).await.is_fault(
        400,
        "There is no such action: paint. Verify the request body and Content-Type header and try \
         again.",
    );
    server.finish().await;
}
