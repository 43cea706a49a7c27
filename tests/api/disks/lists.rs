//! Lists of disks: order, filters and pages.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{ABSENT, VERSIONS};
use crate::support::{Client, TestServer};

pub(super) fn ids(body: &Value) -> Vec<String> {
    let disks = body["volumes"].as_array().unwrap();
    disks.iter().map(|disk| disk["id"].as_str().unwrap().to_owned()).collect()
}

/// Five disks a second apart: d0 to d4, of falling sizes.
async fn five(server: &TestServer, client: &Client) -> Vec<String> {
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(client.disk_of(json!({"size": 50 - n, "name": format!("d{}", n % 3)})).await);
        server.advance(TimeDelta::seconds(1));
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_the_projects_own_newest_first_sorted_filtered_and_paged() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let admin = server.login("admin").await;
    let made = five(&server, &demo).await;
    let theirs = partner.disk().await;
    admin.reset(&made[1], "error").await;
    let pick = |of: &[usize]| of.iter().map(|n| made[*n].clone()).collect::<Vec<_>>();
    for version in VERSIONS {
        for kind in ["volumes", "volumes/detail"] {
            for (query, expected) in [
                ("", pick(&[4, 3, 2, 1, 0])),
                ("sort=created_at:asc", pick(&[0, 1, 2, 3, 4])),
                ("sort_key=size", pick(&[0, 1, 2, 3, 4])),
                ("sort_key=size&sort_dir=asc", pick(&[4, 3, 2, 1, 0])),
                ("sort=name:asc,created_at:asc", pick(&[0, 3, 1, 4, 2])),
                ("sort=status:desc,size:asc", pick(&[1, 4, 3, 2, 0])),
                ("limit=2", pick(&[4, 3])),
                ("limit=2&offset=2", pick(&[2, 1])),
                ("offset=5", vec![]),
                ("limit=0", vec![]),
                ("name=d1", pick(&[4, 1])),
                ("status=error", pick(&[1])),
                ("status=AVAILABLE", vec![]),
                ("status=nonsense", vec![]),
                ("name=nonsense", vec![]),
                ("all_tenants=1", pick(&[4, 3, 2, 1, 0])),
                ("nonsense=1", pick(&[4, 3, 2, 1, 0])),
            ] {
                let answer = demo.get(&demo.path(version, &format!("{kind}?{query}"))).await;
                assert_eq!((answer.status, ids(&answer.body)), (200, expected), "{kind} {query}");
            }
            for sort in [
                "id",
                "updated_at",
                "display_name",
                "display_description",
                "availability_zone",
                "bootable",
                "multiattach",
                "project_id",
                "user_id",
                "host",
                "volume_type_id",
            ] {
                let path = demo.path(version, &format!("{kind}?sort={sort}:asc"));
                assert_eq!(ids(&demo.get(&path).await.body).len(), 5, "{sort}");
            }
            let marked = demo.path(version, &format!("{kind}?limit=2&marker={}", made[3]));
            let answer = demo.get(&marked).await;
            assert_eq!(ids(&answer.body), pick(&[2, 1]));
            let href =
                format!("{}{}?limit=2&marker={}", demo.url, demo.path(version, kind), made[1]);
            assert_eq!(answer.body["volumes_links"], json!([{"rel": "next", "href": href}]));
            let all = admin.get(&admin.path(version, &format!("{kind}?all_tenants=true"))).await;
            let mut everyone = pick(&[4, 3, 2, 1, 0]);
            everyone.insert(0, theirs.clone());
            assert_eq!(ids(&all.body), everyone);
            let own = admin.get(&admin.path(version, kind)).await;
            own.is(200, &json!({"volumes": []}));
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_query_is_refused_and_an_unknown_or_foreign_marker_is_not_found() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let theirs = partner.disk().await;
    for version in VERSIONS {
        for kind in ["volumes", "volumes/detail"] {
            for (query, message) in [
                ("limit=abc", "limit param must be an integer"),
                ("limit=-1", "limit param must be positive"),
                ("offset=x", "offset must be an integer"),
                ("sort_key=secret", "Invalid input received: Sort key supplied is invalid: secret"),
                (
                    "sort_dir=up",
                    "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.",
                ),
            ] {
                let path = demo.path(version, &format!("{kind}?{query}"));
                demo.get(&path).await.is_fault(400, message);
            }
            for marker in ["nonsense", ABSENT, &theirs] {
                let path = demo.path(version, &format!("{kind}?marker={marker}"));
                let message = format!("Volume {marker} could not be found.");
                demo.get(&path).await.is_fault(404, &message);
            }
        }
    }
    let admin = server.login("admin").await;
    admin
        .get(&admin.path("v3", "volumes?all_tenants=maybe"))
        .await
        .is_fault(400, "Value 'maybe' for 'all_tenants' is not a boolean.");
    server.finish().await;
}
