//! What lists of disks are narrowed by, at which version, and what is told of all pages together.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::lists::ids;
use crate::support::{Client, TestServer};

/// Four disks a second apart, which differ in all that can be asked for.
async fn four(server: &TestServer, client: &Client) -> Vec<String> {
    let mut made = Vec::new();
    for volume in [
        json!({"size": 10, "name": "ledger", "metadata": {"a": "1", "b": "it's"}}),
        json!({"size": 20, "name": "'ledger'", "metadata": {"a": "1"}, "volume_type": "SAS"}),
        json!({"size": 10, "description": "100%_off", "availability_zone": "az-sim-2"}),
        json!({"size": 30, "name": "Ledger 2", "multiattach": true}),
    ] {
        made.push(client.disk_of(volume).await);
        server.advance(TimeDelta::seconds(1));
    }
    made
}

/// Which disks, by their number, a list shows at a version.
async fn found(client: &Client, made: &[String], version: &str, query: &str) -> Vec<usize> {
    let at = if version == "v2" { client.clone() } else { client.at(version) };
    let path = if version == "v2" { "v2" } else { "v3" };
    let answer = at.get(&at.path(path, &format!("volumes?{query}"))).await;
    assert_eq!(answer.status, 200, "{version} {query}: {}", answer.text);
    let place = |id: &String| made.iter().position(|made| made == id).unwrap();
    ids(&answer.body).iter().map(place).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_finds_what_it_says_and_nothing_else() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let made = four(&server, &demo).await;
    let act = json!({"os-set_bootable": {"bootable": true}});
    demo.act(&made[0], act).await.is_empty(200);
    admin.reset(&made[3], "error").await;
    let all = vec![3, 2, 1, 0];
    for (query, expected) in [
        ("name=ledger", vec![0]),
        ("name='ledger'", vec![1]),
        ("name=ledger&size=10", vec![0]),
        ("name=ledger&size=20", vec![]),
        ("status=error", vec![3]),
        ("status='error'", vec![3]),
        ("status=['error','available']", all.clone()),
        ("status=[]", vec![]),
        ("status=null", vec![]),
        ("availability_zone=az-sim-2", vec![2]),
        ("size=10", vec![2, 0]),
        ("size=[20,30]", vec![3, 1]),
        ("size=x", vec![]),
        ("bootable=true", vec![0]),
        ("bootable=False", vec![3, 2, 1]),
        ("metadata={'a':'1'}", vec![1, 0]),
        ("metadata={\"a\":\"1\"}", vec![1, 0]),
        ("metadata={'a': 1}", vec![1, 0]),
        ("metadata={'a':'1','b':\"it's\"}", vec![0]),
        ("metadata={'a':'2'}", vec![]),
        ("metadata={}", all.clone()),
        ("metadata=a", vec![]),
        ("metadata={'a'", vec![]),
    ] {
        for version in ["v2", "3.0", "3.30", "3.31", "3.71"] {
            let answer = found(&demo, &made, version, query).await;
            assert_eq!(answer, expected, "{version} {query}");
            let query = format!("{query}&all_tenants=1");
            assert_eq!(found(&admin, &made, version, &query).await, expected, "{version} {query}");
            assert_eq!(found(&demo, &made, version, &query).await, expected, "{version} {query}");
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_ask_for_more_and_what_is_no_column_finds_nothing() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let partner = server.login("partner").await;
    let made = four(&server, &demo).await;
    let theirs = partner.disk().await;
    let shown = admin.show_disk(&made[1]).await;
    let host = shown.body["volume"]["os-vol-host-attr:host"].as_str().unwrap().to_owned();
    assert_eq!(host, "evs@SAS#SAS");
    let typed = admin.at("3.63").show_disk(&made[1]).await.body["volume"]["volume_type_id"].clone();
    let every: Vec<String> = made.iter().chain([&theirs]).cloned().collect();
    let all = vec![4, 3, 2, 1, 0];
    for (query, expected) in [
        (format!("project_id={}", demo.project), vec![3, 2, 1, 0]),
        (format!("project_id={}&size=20", demo.project), vec![1]),
        ("project_id=nonsense".to_owned(), vec![]),
        (format!("user_id={}", partner.user), vec![4]),
        (format!("id={}", made[2]), vec![2]),
        (format!("id=['{}','{}']", made[2], theirs.to_uppercase()), vec![4, 2]),
        ("id=nonsense".to_owned(), vec![]),
        ("host=evs@SAS%23SAS".to_owned(), vec![1]),
        ("host=evs@SAS".to_owned(), vec![1]),
        ("host=evs".to_owned(), all.clone()),
        ("host=other".to_owned(), vec![]),
        (format!("volume_type_id={}", typed.as_str().unwrap()), vec![1]),
        ("volume_type_id=nonsense".to_owned(), vec![]),
        ("multiattach=1".to_owned(), vec![3]),
        ("description=100%25_off".to_owned(), vec![2]),
        ("migration_status=None".to_owned(), all.clone()),
        ("migration_status=starting".to_owned(), vec![]),
        ("nonsense=1".to_owned(), vec![]),
        ("volume_type=SSD".to_owned(), vec![]),
    ] {
        for version in ["v2", "3.0", "3.31", "3.71"] {
            let query = format!("{query}&all_tenants=1");
            assert_eq!(found(&admin, &every, version, &query).await, expected, "{version} {query}");
        }
    }
    let clone = demo.disk_of(json!({"size": 20, "source_volid": made[1]})).await;
    let snapshot = demo.snapshot(&made[0]).await;
    let restored = demo.disk_of(json!({"size": 10, "snapshot_id": snapshot})).await;
    let made = [clone, restored];
    for (query, expected) in [
        (format!("source_volid={}", every[1]), [0]),
        (format!("snapshot_id={}", snapshot.to_uppercase()), [1]),
    ] {
        let query = format!("{query}&all_tenants=1");
        assert_eq!(found(&admin, &made, "3.0", &query).await, expected, "{query}");
    }
    // Without all projects, it is one's own whatever else is said.
    let own = format!("project_id={}", demo.project);
    assert_eq!(found(&admin, &every, "3.0", &own).await, Vec::<usize>::new());
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_is_not_listed_is_dropped_up_to_330_and_refused_from_331_on() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let made = four(&server, &demo).await;
    let all = vec![3, 2, 1, 0];
    for (query, names) in [
        ("nonsense=1", "nonsense"),
        ("id=x&name=ledger&host=y", "id,host"),
        ("project_id=p&all_tenants=1", "project_id"),
        ("display_name=x", "display_name"),
        ("size~=1", "size~"),
        ("with_count=1", "with_count"),
    ] {
        for version in ["v2", "3.0", "3.30"] {
            let expected = if query.contains("name=ledger") { vec![0] } else { all.clone() };
            assert_eq!(found(&demo, &made, version, query).await, expected, "{version} {query}");
        }
        for version in ["3.31", "3.44", "3.71"] {
            let listed = query.starts_with("with_count") && version == "3.71";
            let answer = demo.at(version).get(&demo.path("v3", &format!("volumes?{query}"))).await;
            if listed {
                assert_eq!(answer.body["count"], 4);
            } else {
                let message = format!("Invalid filters {names} are found in query options.");
                answer.is_fault(400, &message);
            }
        }
    }
    let path = demo.path("v3", "volumes?n%C3%A4me=x");
    demo.at("3.31")
        .get(&path)
        .await
        .is_fault(400, "Filter keys can only contain ASCII characters.");
    assert_eq!(demo.get(&path).await.status, 200);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_are_heard_from_their_version_on() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let made = four(&server, &demo).await;
    let all = || vec![3, 2, 1, 0];
    for (query, before, since, expected) in [
        ("name~=ledger", "3.30", "3.34", vec![3, 1, 0]),
        ("name~=%25", "3.30", "3.34", vec![]),
        ("description~=0%25_o", "3.30", "3.34", vec![2]),
        ("status~=avail", "3.30", "3.34", all()),
        ("availability_zone~=-2", "3.30", "3.34", vec![2]),
        ("group_id=x", "3.9", "3.10", vec![]),
        ("consumes_quota=false", "3.64", "3.65", vec![]),
        ("consumes_quota=true", "3.64", "3.65", all()),
        ("created_at=gt:2026-11-23T07:41:06", "3.59", "3.60", vec![3, 2, 1]),
        ("created_at=gte:2026-11-23T07:41:06.318204", "3.59", "3.60", vec![3, 2, 1]),
        ("created_at=gt:2026-11-23T07:41:06.318204", "3.59", "3.60", vec![3, 2]),
        ("created_at=eq:2026-11-23T07:41:06.318204Z", "3.59", "3.60", vec![1]),
        ("created_at=neq:2026-11-23T08:41:06.318204%2B01:00", "3.59", "3.60", vec![3, 2, 0]),
        ("created_at=gt:2026-11-23T07:41:06,lt:2026-11-23T07:41:08", "3.59", "3.60", vec![2, 1]),
        ("created_at=lte:2026-11-23T07:41:05.318204", "3.59", "3.60", vec![0]),
        ("created_at=gt:2026-11-24", "3.59", "3.60", vec![]),
        ("updated_at=gt:2026-11-01", "3.59", "3.60", vec![]),
    ] {
        assert_eq!(found(&demo, &made, before, query).await, all(), "{before} {query}");
        assert_eq!(found(&demo, &made, since, query).await, expected, "{since} {query}");
        let query = format!("{query}&all_tenants=1");
        assert_eq!(found(&admin, &made, before, &query).await, all(), "{before} {query}");
        assert_eq!(found(&admin, &made, since, &query).await, expected, "{since} {query}");
    }
    let known = json!({"os-set_image_metadata": {"metadata": {"os_type": "linux", "k": "v"}}});
    assert_eq!(demo.act(&made[2], known).await.status, 200);
    let glance = "glance_metadata={'os_type':'linux'}&all_tenants=1";
    assert_eq!(found(&admin, &made, "3.3", glance).await, all());
    assert_eq!(found(&admin, &made, "3.4", glance).await, [2]);
    let other = "glance_metadata={'os_type':'linux','k':'w'}&all_tenants=1";
    assert_eq!(found(&admin, &made, "3.4", other).await, Vec::<usize>::new());
    assert_eq!(found(&demo, &made, "3.4", glance).await, all());
    for (query, message) in [
        ("created_at=2026", "Invalid 2026 operator"),
        ("created_at=ge:2026-11-01", "Invalid ge operator"),
        ("created_at=gt", "Invalid gt value"),
        ("updated_at=lt:2026-11-01,gt:nonsense", "Invalid nonsense value"),
        ("bootable=maybe", "Invalid input received: 'bootable = maybe'"),
        ("consumes_quota=maybe", "Value 'maybe' for 'use_quota' is not a boolean."),
        ("with_count=maybe", "Value 'maybe' for 'with_count' is not a boolean."),
    ] {
        let path = demo.path("v3", &format!("volumes/detail?{query}"));
        demo.at("3.71").get(&path).await.is_fault(400, message);
    }
    // Before 3.2, anything is true that is not false.
    for (query, expected) in [("bootable=maybe", vec![]), ("bootable=FALSE", all())] {
        assert_eq!(found(&demo, &made, "3.1", query).await, expected);
        assert_eq!(found(&demo, &made, "v2", query).await, expected);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_is_of_all_pages_and_the_link_keeps_the_whole_query() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let made = four(&server, &demo).await;
    server.login("partner").await.disk().await;
    for kind in ["volumes", "volumes/detail"] {
        let query = "limit=1&with_count=True&size=10&metadata=%7B%7D&sort=size:asc";
        let path = demo.path("v3", &format!("{kind}?{query}"));
        let answer = demo.at("3.45").get(&path).await;
        assert_eq!((ids(&answer.body).len(), &answer.body["count"]), (1, &json!(2)), "{kind}");
        let next = answer.body["volumes_links"][0]["href"].as_str().unwrap();
        let query = query.replace("size:asc", "size%3Aasc");
        let marker = &ids(&answer.body)[0];
        let path = demo.path("v3", kind);
        assert_eq!(next, format!("{}{path}?{query}&marker={marker}", demo.url));
        let rest = demo.at("3.45").get(next.strip_prefix(&demo.url).unwrap()).await;
        assert_eq!((ids(&rest.body).len(), &rest.body["count"]), (1, &json!(2)));
        assert!(made.contains(&ids(&rest.body)[0]) && ids(&rest.body)[0] != *marker);
        let path = demo.path("v3", &format!("{kind}?with_count=0"));
        assert_eq!(demo.at("3.45").get(&path).await.body["count"], Value::Null);
        let path = admin.path("v3", &format!("{kind}?with_count=1&all_tenants=1&limit=0"));
        let answer = admin.at("3.45").get(&path).await;
        answer.is(200, &json!({"volumes": [], "count": 5}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_adds_up_the_projects_disks_from_312_on_and_their_metadata_from_336_on() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    four(&server, &demo).await;
    let body = json!({"size": 5, "metadata": {"a": "2", "c": "3"}});
    server.login("partner").await.disk_of(body).await;
    let of = |client: &Client, version: &str, query: &str| {
        let (client, path) =
            (client.at(version), client.path("v3", &format!("volumes/summary{query}")));
        async move { client.get(&path).await }
    };
    let gone = "The resource could not be found.";
    of(&demo, "3.11", "").await.is_fault(404, gone);
    demo.get(&demo.path("v2", "volumes/summary")).await.is_fault(404, gone);
    let own = json!({"volume-summary": {"total_count": 4, "total_size": 70}});
    of(&demo, "3.12", "").await.is(200, &own);
    of(&demo, "3.35", "?all_tenants=1&name=x").await.is(200, &own);
    let mut told = own.clone();
    told["volume-summary"]["metadata"] = json!({"a": ["1"], "b": ["it's"]});
    of(&demo, "3.36", "").await.is(200, &told);
    let none = json!({"total_count": 0, "total_size": 0, "metadata": {}});
    of(&admin, "3.36", "").await.is(200, &json!({"volume-summary": none}));
    let metadata = json!({"a": ["1", "2"], "b": ["it's"], "c": ["3"]});
    let all = json!({"total_count": 5, "total_size": 75, "metadata": metadata});
    of(&admin, "3.36", "?all_tenants=1").await.is(200, &json!({"volume-summary": all}));
    server.finish().await;
}
