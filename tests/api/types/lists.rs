//! Lists of types: who sees which, filters, order, pages.

use chrono::TimeDelta;
use serde_json::json;

use super::{made, names, path};
use crate::disks::ABSENT;
use crate::support::TestServer;

const SETTINGS: [&str; 5] = ["SATA", "SAS", "GPSSD", "SSD", "ESSD"];

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_asks_for_public_private_or_all_types_and_nobody_else_is_heard() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let gold = json!({"name": "gold", "os-volume-type-access:is_public": false});
    server.advance(TimeDelta::seconds(1));
    made(&admin, gold).await;
    let all = ["gold", "SATA", "SAS", "GPSSD", "SSD", "ESSD"];
    for (query, expected) in [
        ("", &SETTINGS[..]),
        ("?is_public=True", &SETTINGS),
        ("?is_public=1", &SETTINGS),
        ("?is_public=None", &all),
        ("?is_public=none", &all),
        ("?is_public=False", &all[..1]),
        ("?is_public=0", &all[..1]),
    ] {
        let types = path(&admin, &format!("types{query}"));
        assert_eq!(names(&admin.get(&types).await), expected, "{query}");
        let types = path(&demo, &format!("types{query}"));
        assert_eq!(names(&demo.get(&types).await), SETTINGS, "{query}");
    }
    let wrong = admin.get(&path(&admin, "types?is_public=perhaps")).await;
    wrong.is_fault(400, "Invalid is_public filter [perhaps]");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_linked_and_sorted_and_an_unknown_marker_is_not_there() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let types = path(&demo, "types");
    let mut next = format!("{types}?limit=2&sort=name:asc");
    let mut found = Vec::new();
    for size in [2, 2, 1] {
        let page = demo.get(&next).await;
        let elements = page.body["volume_types"].as_array().unwrap();
        assert_eq!(elements.len(), size);
        found.extend(names(&page).into_iter().map(str::to_owned));
        let last = elements[size - 1]["id"].as_str().unwrap();
        let href = format!("{}{types}?limit=2&sort=name%3Aasc&marker={last}", demo.url);
        let links = json!([{"rel": "next", "href": href}]);
        let links = if size == 2 { links } else { json!(null) };
        assert_eq!(page.body["volume_type_links"], links);
        next = href.strip_prefix(&demo.url).unwrap().to_owned();
    }
    assert_eq!(found, ["ESSD", "GPSSD", "SAS", "SATA", "SSD"]);
    assert_eq!(names(&demo.get(&format!("{types}?offset=3")).await), ["SSD", "ESSD"]);
    assert_eq!(
        names(&demo.get(&format!("{types}?sort_key=name&sort_dir=desc&limit=1")).await),
        ["SSD"]
    );
    let wrong = demo.get(&format!("{types}?marker={ABSENT}")).await;
    wrong.is_fault(404, &format!("Volume type {ABSENT} could not be found."));
    let wrong = demo.get(&format!("{types}?limit=-1")).await;
    wrong.is_fault(400, "limit param must be positive");
    let wrong = demo.get(&format!("{types}?sort=colour")).await;
    wrong.is_fault(400, "Invalid input received: Sort key supplied is invalid: colour");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn name_and_extra_specs_filter_for_administrators_and_from_3_52_on_for_everybody() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let specs = json!({"multiattach": "<is> True", "tier": "1"});
    made(&admin, json!({"name": "gold", "extra_specs": specs})).await;
    let new = demo.at("3.52");
    for query in [
        "name=gold",
        "extra_specs={'multiattach':'<is> True'}",
        "extra_specs={\"tier\":\"1\",\"multiattach\":\"<is> True\"}",
    ] {
        for client in [&admin, &new] {
            let list = client.get(&path(client, &format!("types?{query}"))).await;
            assert_eq!(names(&list), ["gold"], "{query}");
        }
        let unheard = demo.get(&path(&demo, &format!("types?{query}"))).await;
        assert_eq!(names(&unheard).len(), 6, "{query}");
    }
    let none = new.get(&path(&new, "types?extra_specs={'tier':'2'}")).await;
    none.is(200, &json!({"volume_types": []}));
    let wrong = new.get(&path(&new, "types?colour=red&name=gold&size=1")).await;
    wrong.is_fault(400, "Invalid filters colour,size are found in query options.");
    let wrong = new.get(&path(&new, "types?extra_specs=tier")).await;
    wrong.is_fault(400, "Invalid input received: extra_specs is no dictionary: tier");
    server.finish().await;
}
