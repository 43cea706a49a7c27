//! Listing and showing transfers: who sees what, order, pages, filters, bad queries.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, FAMILIES, T0, TestServer};

fn ids(answer: &Value) -> Vec<String> {
    let transfers = answer["transfers"].as_array().unwrap();
    transfers.iter().map(|transfer| transfer["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_has_four_members_and_the_detail_one_more() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for (version, family) in FAMILIES {
        demo.get(&demo.path(version, family)).await.is(200, &json!({"transfers": []}));
    }
    let disk = demo.disk().await;
    let (id, _) = demo.offer(&disk).await;
    for (version, family) in FAMILIES {
        let mut transfer = json!({
            "id": id,
            "name": null,
            "volume_id": disk,
            "links": demo.links(version, "os-volume-transfer", &id),
        });
        let path = demo.path(version, family);
        demo.get(&path).await.is(200, &json!({"transfers": [transfer]}));
        transfer["created_at"] = T0.into();
        demo.get(&format!("{path}/detail")).await.is(200, &json!({"transfers": [transfer]}));
        demo.get(&format!("{path}/{id}")).await.is(200, &json!({"transfer": transfer}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_acceptance_the_donor_and_admins_see_a_transfer_and_nobody_else() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let (id, _) = demo.offer(&demo.disk().await).await;
    let absent = "93c1a7de-2f40-4d6b-8b15-7ce0d94fa2b8";
    for (version, family) in FAMILIES {
        let one = |client: &Client, id: &str| client.path(version, &format!("{family}/{id}"));
        assert_eq!(demo.get(&one(&demo, &id)).await.status, 200);
        assert_eq!(admin.get(&one(&admin, &id)).await.status, 200);
        let hidden = partner.get(&one(&partner, &id)).await;
        hidden.is_fault(404, &format!("Transfer {id} could not be found."));
        let missing = partner.get(&one(&partner, absent)).await;
        assert_eq!(hidden.text.replace(&id, absent), missing.text, "byte for byte");

        for (client, query, seen) in [
            (&demo, "", 1),
            (&demo, "?all_tenants=1", 1),
            (&partner, "", 0),
            (&partner, "?all_tenants=1", 0),
            (&partner, "?all_tenants=nonsense", 0),
            (&admin, "", 0),
            (&admin, "?all_tenants=1", 1),
            (&admin, "?all_tenants=true", 1),
            (&admin, "?all_tenants=0", 0),
        ] {
            for kind in ["", "/detail"] {
                let path = client.path(version, &format!("{family}{kind}{query}"));
                assert_eq!(ids(&client.get(&path).await.body).len(), seen, "{path}");
            }
        }
        let path = admin.path(version, &format!("{family}?all_tenants=nonsense"));
        admin
            .get(&path)
            .await
            .is_fault(400, "Value 'nonsense' for 'all_tenants' is not a boolean.");
    }
    server.finish().await;
}

/// Seven transfers a second apart, oldest first.
async fn seven(server: &TestServer, demo: &Client) -> Vec<String> {
    let mut made = Vec::new();
    for number in 0..7 {
        let body = json!({"transfer": {
            "volume_id": demo.disk().await, "name": format!("t{}", number % 3),
        }});
        let answer = demo.post(&demo.path("v3", "os-volume-transfer"), body).await;
        made.push(answer.body["transfer"]["id"].as_str().unwrap().to_owned());
        server.advance(TimeDelta::seconds(1));
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_run_forwards_before_3_59_and_backwards_from_then_on() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let made = seven(&server, &demo).await;
    let backwards: Vec<String> = made.iter().rev().cloned().collect();
    for family in ["os-volume-transfer", "volume-transfers"] {
        let path = demo.path("v3", family);
        assert_eq!(ids(&demo.get(&path).await.body), made);
        assert_eq!(ids(&demo.at("3.58").get(&path).await.body), made);
        assert_eq!(ids(&demo.at("3.59").get(&path).await.body), backwards);
        for (query, expected) in [
            ("sort=created_at:asc", &made),
            ("sort=created_at:desc", &backwards),
            ("sort=created_at", &backwards),
            ("sort_key=created_at&sort_dir=asc", &made),
            ("sort_dir=asc", &made),
        ] {
            let path = format!("{path}?{query}");
            assert_eq!(&ids(&demo.get(&path).await.body), expected, "{query}");
            assert_eq!(&ids(&demo.at("3.59").get(&path).await.body), expected, "{query}");
        }
    }
    assert_eq!(ids(&demo.get(&demo.path("v2", "os-volume-transfer")).await.body), made);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn next_links_lead_through_all_pages_on_the_path_they_came_from() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let made = seven(&server, &demo).await;
    for (version, family) in FAMILIES {
        for kind in ["", "/detail"] {
            for sort in ["", "&sort=name:asc", "&sort=name:desc,created_at:asc", "&sort=id"] {
                let start = demo.path(version, &format!("{family}{kind}"));
                let mut path = format!("{start}?limit=3{sort}");
                let (mut seen, mut sizes) = (Vec::new(), Vec::new());
                loop {
                    let answer = demo.get(&path).await;
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    let page = ids(&answer.body);
                    sizes.push(page.len());
                    seen.extend(page);
                    let Some(links) = answer.body.get("transfers_links") else { break };
                    let href = links[0]["href"].as_str().unwrap();
                    assert_eq!(links, &json!([{"rel": "next", "href": href}]));
                    path = href.strip_prefix(&demo.url).unwrap().to_owned();
                    assert!(path.starts_with(&format!("{start}?limit=3")), "{path}");
                    if kind == "/detail" {
                        assert!(answer.body["transfers"][0].get("created_at").is_some());
                    }
                }
                assert_eq!(sizes, [3, 3, 1], "{start} {sort}");
                let unique: BTreeSet<&String> = seen.iter().collect();
                assert_eq!(unique, made.iter().collect(), "none lost, none twice");
            }
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_page_until_an_empty_page_and_markers_exclude_themselves() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let made = seven(&server, &demo).await;
    for (version, family) in FAMILIES {
        let list = async |query: &str| {
            let answer = demo.get(&demo.path(version, &format!("{family}?{query}"))).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            ids(&answer.body)
        };
        assert_eq!(list("limit=4&offset=0").await, made[..4]);
        assert_eq!(list("limit=4&offset=4").await, made[4..]);
        assert_eq!(list("offset=5").await, made[5..]);
        assert_eq!(list("offset=7").await, Vec::<String>::new());
        assert_eq!(list("offset=99999999999999999999").await, Vec::<String>::new());
        assert_eq!(list("limit=0").await, made);
        assert_eq!(list("limit=1001").await, made);
        assert_eq!(list("limit=99999999999999999999").await, made);
        assert_eq!(list(&format!("marker={}", made[2])).await, made[3..]);
        assert_eq!(list(&format!("limit=2&marker={}", made[2])).await, made[3..5]);
        assert_eq!(list(&format!("marker={}", made[6])).await, Vec::<String>::new());
        assert_eq!(list("name=t1").await, [made[1].clone(), made[4].clone()]);
        assert_eq!(list(&format!("id={}", made[3])).await, [made[3].clone()]);
        assert_eq!(list("volume_id=nonsense").await, Vec::<String>::new());
        assert_eq!(list("unknown=1").await, made, "unknown parameters are not heard");
        let shown = demo.get(&demo.path(version, &format!("{family}/{}", made[5]))).await;
        let disk = shown.body["transfer"]["volume_id"].as_str().unwrap().to_owned();
        assert_eq!(list(&format!("volume_id={disk}")).await, [made[5].clone()]);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_query_is_refused_by_parameter_and_rule() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let (theirs, _) = partner.offer(&partner.disk().await).await;
    let absent = "93c1a7de-2f40-4d6b-8b15-7ce0d94fa2b8";
    for (version, family) in FAMILIES {
        for kind in ["", "/detail"] {
            for (query, status, message) in [
                ("limit=abc", 400, "limit param must be an integer"),
                ("limit=", 400, "limit param must be an integer"),
                ("limit=1.5", 400, "limit param must be an integer"),
                ("limit=-1", 400, "limit param must be positive"),
                ("offset=abc", 400, "offset must be an integer"),
                ("offset=-1", 400, "offset must be >= 0"),
                (
                    "sort=name&sort_key=id",
                    400,
                    "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used \
                     with the 'sort' parameter.",
                ),
                (
                    "sort=key_hash",
                    400,
                    "Invalid input received: Sort key supplied is invalid: key_hash",
                ),
                (
                    "sort=name:up",
                    400,
                    "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.",
                ),
                ("marker=nonsense", 404, "Transfer nonsense could not be found."),
            ] {
                let path = demo.path(version, &format!("{family}{kind}?{query}"));
                demo.get(&path).await.is_fault(status, message);
            }
            for marker in [absent, &theirs] {
                let path = demo.path(version, &format!("{family}{kind}?marker={marker}"));
                let message = format!("Transfer {marker} could not be found.");
                demo.get(&path).await.is_fault(404, &message);
            }
        }
    }
    server.finish().await;
}
