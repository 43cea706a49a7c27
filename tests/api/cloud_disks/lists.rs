//! Lists: pages, counts, filters, and the code of each wrong parameter.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{VERSIONS, disk, empty, empty_with, shown};
use crate::disks::ABSENT;
use crate::support::{Client, TestServer};

const EPS: &str = "11111111-2222-4333-8444-555555555555";

/// Ids of the disks of a detailed list.
async fn ids(client: &Client, query: &str) -> Vec<String> {
    let answer = client.get(&client.path("v2", &format!("cloudvolumes/detail?{query}"))).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    let volumes = answer.body["volumes"].as_array().unwrap();
    assert!(answer.body["count"].as_u64().unwrap() >= volumes.len() as u64);
    volumes.iter().map(|volume| volume["id"].as_str().unwrap().to_owned()).collect()
}

/// Percent-encodes what a query cannot hold.
fn encoded(text: &str) -> String {
    let url = reqwest::Url::parse_with_params("http://x/", [("q", text)]).unwrap();
    url.query().unwrap().trim_start_matches("q=").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_the_newest_first_and_page_by_marker_with_the_count_of_all() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    disk(&partner, empty()).await;
    let mut disks = Vec::new();
    for n in 0..3 {
        disks.push(disk(&demo, empty_with(json!({"name": format!("d{n}")}))).await);
        server.advance(TimeDelta::seconds(1));
    }
    disks.reverse();
    for version in VERSIONS {
        let links = if version == "v3" { "v3" } else { "v2" };
        let short: Vec<Value> = (0..3)
            .map(|n| {
                let id = &disks[n];
                let links = demo.links(links, "volumes", id);
                json!({"id": id, "name": format!("d{}", 2 - n), "links": links})
            })
            .collect();
        let list = demo.get(&demo.path(version, "cloudvolumes")).await;
        list.is(200, &json!({"volumes": short}));
        for place in ["cloudvolumes", "os-vendor-volumes"] {
            let path = demo.path(version, &format!("{place}/detail?limit=2"));
            let page = demo.get(&path).await;
            assert_eq!(page.body["count"], 3);
            let next = page.body["volumes_links"][0]["href"].as_str().unwrap();
            let expected = format!("{}{path}&marker={}", demo.url, disks[1]);
            assert_eq!(next, expected);
            let rest = demo.get(next.strip_prefix(&demo.url).unwrap()).await;
            let mut oldest = shown(&demo, &disks[2], json!({"name": "d0"}));
            oldest["links"] = demo.links(links, "volumes", &disks[2]);
            rest.is(200, &json!({"count": 3, "volumes": [oldest]}));
        }
    }
    let all = |order: [usize; 3]| order.map(|n| disks[n].clone()).to_vec();
    assert_eq!(ids(&demo, "sort_dir=asc").await, all([2, 1, 0]));
    assert_eq!(ids(&demo, "offset=1&limit=1").await, all([0, 1, 2])[1..2]);
    let mut by_id = disks.clone();
    by_id.sort();
    assert_eq!(ids(&demo, "sort_key=id&sort_dir=asc").await, by_id);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_narrows_the_list() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let plain = disk(&demo, empty_with(json!({"name": "Ledger", "metadata": {"k": "v"}}))).await;
    server.advance(TimeDelta::seconds(1));
    let special = json!({
        "name": "other", "availability_zone": "az-sim-2", "volume_type": "SAS",
        "multiattach": true, "enterprise_project_id": EPS,
    });
    let body = json!({
        "volume": empty_with(special),
        "OS-SCH-HNT:scheduler_hints": {"dedicated_storage_id": "dss-1"},
    });
    let made = demo.post(&demo.path("v2.1", "cloudvolumes"), body).await;
    let other = made.body["volume_ids"][0].as_str().unwrap().to_owned();
    admin.reset(&other, "error").await;
    let types = demo.get(&demo.path("v2", "types")).await;
    let types = types.body["volume_types"].as_array().unwrap();
    let sas = types.iter().find(|kind| kind["name"] == "SAS").unwrap()["id"].as_str().unwrap();

    let both = [other.clone(), plain.clone()].to_vec();
    let (one, two, none) = (vec![plain.clone()], vec![other.clone()], Vec::<String>::new());
    let listed = encoded(&format!("['{plain}', '{ABSENT}', 'x']"));
    for (query, expected) in [
        ("name=edg".to_owned(), &one),
        ("name=nothing".to_owned(), &none),
        ("name=".to_owned(), &both),
        ("status=error".to_owned(), &two),
        ("status=nonsense".to_owned(), &none),
        ("availability_zone=az-sim-2".to_owned(), &two),
        ("multiattach=false".to_owned(), &one),
        ("service_type=EVS".to_owned(), &one),
        ("service_type=dss".to_owned(), &two),
        ("service_type=DESS".to_owned(), &none),
        ("dedicated_storage_id=dss-1".to_owned(), &two),
        ("dedicated_storage_name=x".to_owned(), &none),
        (format!("volume_type_id={sas}"), &two),
        (format!("volume_type_id={ABSENT}"), &none),
        (format!("id={plain}"), &one),
        ("id=x".to_owned(), &none),
        (format!("ids={listed}"), &one),
        (format!("ids={listed}&id={other}"), &one),
        (format!("enterprise_project_id={EPS}"), &two),
        ("enterprise_project_id=0".to_owned(), &one),
        ("enterprise_project_id=all_granted_eps".to_owned(), &both),
        (format!("metadata={}", encoded(r#"{"k":"v"}"#)), &one),
        (format!("metadata={}", encoded("{'k':'v'}")), &one),
        (format!("metadata={}", encoded(r#"{"k":"w"}"#)), &none),
        (format!("not_metadata={}", encoded(r#"{"k":"v"}"#)), &two),
        (format!("server_id={ABSENT}"), &none),
        ("unknown=1".to_owned(), &both),
    ] {
        assert_eq!(ids(&demo, &query).await, *expected, "{query}");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_parameter_has_its_code() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (limit, offset) = ("invalid filter limit!", "offset param must be an integer.");
    let metadata = "invalid metadata filter!";
    let sixty_one = encoded(&format!("[{}]", vec![format!("'{ABSENT}'"); 61].join(",")));
    for (query, code, message) in [
        ("limit=0", "EVS.1023", limit),
        ("limit=-1", "EVS.1023", limit),
        ("limit=x", "EVS.1023", limit),
        ("limit=1001", "EVS.2142", "invalid filter limit, can not greater than 1000."),
        ("marker=x", "EVS.1024", "invalid filter marker!"),
        ("offset=x", "EVS.5400", offset),
        ("offset=-1", "EVS.5400", offset),
        ("sort_key=colour", "EVS.1039", "invalid sort_key!"),
        ("sort_dir=up", "EVS.1040", "invalid sort_dir!"),
        ("availability_zone=moon", "EVS.1041", "invalid filter availablity-zone!"),
        ("metadata=x", "EVS.1058", metadata),
        ("metadata=%7B%22k%22%3A1%7D", "EVS.1058", metadata),
        ("not_metadata=x", "EVS.1058", metadata),
        ("multiattach=maybe", "EVS.1018", "Type conversion error , parameter type is unexpected"),
        (&format!("ids={sixty_one}"), "EVS.1070", "invalid request."),
    ] {
        for list in ["cloudvolumes", "cloudvolumes/detail", "os-vendor-volumes/detail"] {
            let path = demo.path("v2", &format!("{list}?{query}"));
            demo.get(&path).await.is_evs_fault(400, code, message);
        }
    }
    let path = demo.path("v2", &format!("cloudvolumes/detail?marker={ABSENT}"));
    let text = format!("Volume {ABSENT} could not be found.");
    demo.get(&path).await.is_evs_fault(404, "EVS.5404", &text);
    server.finish().await;
}
