//! What lists of snapshots are narrowed and sorted by, who is heard, and how many there are.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer};

fn ids(answer: &Answer) -> Vec<String> {
    let snapshots = answer.body["snapshots"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    snapshots.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn list(client: &Client, query: &str) -> Answer {
    client.get(&client.path("v3", &format!("snapshots?{query}"))).await
}

async fn take(client: &Client, snapshot: Value) -> String {
    let answer = client.post(&client.path("v3", "snapshots"), json!({"snapshot": snapshot})).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.body["snapshot"]["id"].as_str().unwrap().to_owned()
}

/// Three snapshots of demo, of which the second is of another disk in another zone, and one of
/// partner.
async fn scene() -> (TestServer, [Client; 3], [String; 2], [String; 3], String) {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let one = demo.disk().await;
    let other = demo.disk_of(json!({"size": 20, "availability_zone": "az-sim-2"})).await;
    let mut made = Vec::new();
    for (name, disk, metadata) in [
        ("nightly-1", &one, json!({"kept": "yes", "by": "cron"})),
        ("before-upgrade", &other, json!({"kept": "yes"})),
        ("nightly-2", &one, json!({})),
    ] {
        let body = json!({"volume_id": disk, "name": name, "metadata": metadata});
        made.push(take(&demo, body).await);
        server.advance(TimeDelta::seconds(1));
    }
    let disk = partner.disk().await;
    let theirs = take(&partner, json!({"volume_id": disk, "name": "nightly-1"})).await;
    (server, [admin, demo, partner], [one, other], made.try_into().unwrap(), theirs)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_leaves_what_it_names_from_its_version_on() {
    let (server, [_, demo, _], disks, made, _) = scene().await;
    let pick = |of: &[usize]| of.iter().map(|n| made[*n].clone()).collect::<Vec<_>>();
    for (version, query, expected) in [
        ("3.0", "name=nightly-1".to_owned(), pick(&[0])),
        ("3.0", "display_name=nightly-1".to_owned(), pick(&[2, 1, 0])),
        ("3.0", "status=AVAILABLE".to_owned(), vec![]),
        ("3.0", "status=available".to_owned(), pick(&[2, 1, 0])),
        ("3.0", format!("volume_id={}", disks[1]), pick(&[1])),
        ("3.0", format!("volume_id={}", disks[1].replace('-', "")), pick(&[1])),
        ("3.0", "availability_zone=az-sim-2".to_owned(), pick(&[1])),
        ("3.0", "availability_zone=nowhere".to_owned(), vec![]),
        ("3.21", "metadata={'kept':'yes'}".to_owned(), pick(&[2, 1, 0])),
        ("3.22", "metadata={'kept':'yes'}".to_owned(), pick(&[1, 0])),
        ("3.22", "metadata={\"kept\":\"yes\",\"by\":\"cron\"}".to_owned(), pick(&[0])),
        ("3.22", "metadata={'kept':'no'}".to_owned(), vec![]),
        ("3.22", "metadata=nonsense".to_owned(), vec![]),
        ("3.30", "name~=nightly".to_owned(), pick(&[2, 1, 0])),
        ("3.34", "name~=NIGHTLY".to_owned(), pick(&[2, 0])),
        ("3.34", "name~=%25".to_owned(), vec![]),
        ("3.64", "consumes_quota=false&limit=3".to_owned(), pick(&[2, 1, 0])),
        ("3.65", "consumes_quota=false".to_owned(), vec![]),
        ("3.65", "consumes_quota=true".to_owned(), pick(&[2, 1, 0])),
        ("3.0", "size=20&user_id=x&project_id=y".to_owned(), pick(&[2, 1, 0])),
        ("3.0", "limit=0".to_owned(), vec![]),
        ("3.0", "name=nightly-1&volume_id=x".to_owned(), vec![]),
        ("3.0", "sort=name".to_owned(), pick(&[2, 0, 1])),
        ("3.0", "sort=volume_size:asc,created_at:desc".to_owned(), pick(&[2, 0, 1])),
        ("3.0", "sort=size:desc,created_at:desc".to_owned(), pick(&[1, 2, 0])),
        ("3.0", "sort_key=status&sort_dir=asc&limit=9".to_owned(), {
            let mut all = pick(&[0, 1, 2]);
            all.sort();
            all
        }),
    ] {
        let answer = list(&demo.at(version), &query).await;
        assert_eq!((answer.status, ids(&answer)), (200, expected), "{version} {query}");
        let detailed = demo.path("v3", &format!("snapshots/detail?{query}"));
        assert_eq!(ids(&demo.at(version).get(&detailed).await), ids(&answer), "{query}");
    }
    let zone = demo.path("v2", "snapshots/detail?availability_zone=az-sim-2");
    assert_eq!(ids(&demo.get(&zone).await), pick(&[1]));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_filter_is_not_heard_before_3_31_and_refused_from_then_on_but_for_admins() {
    let (server, [admin, demo, partner], disks, made, theirs) = scene().await;
    assert_eq!(ids(&list(&demo.at("3.30"), "size=1").await).len(), 3);
    for (query, message) in [
        ("size=1", "Invalid filters size are found in query options."),
        ("size=1&x=1&name=n", "Invalid filters size,x are found in query options."),
        ("name~=n", "Invalid filters name~ are found in query options."),
    ] {
        list(&demo.at("3.31"), query).await.is_fault(400, message);
    }
    let quota = list(&demo.at("3.65"), "consumes_quota=perhaps").await;
    quota.is_fault(400, "Value 'perhaps' for 'use_quota' is not a boolean.");
    let sorted = list(&demo, "sort_key=progress").await;
    sorted.is_fault(400, "Invalid input received: Sort key supplied is invalid: progress");
    let all = "all_tenants=1&";
    for (query, expected) in [
        (format!("{all}size=20"), vec![made[1].clone()]),
        (format!("{all}size=x"), vec![]),
        (format!("{all}project_id={}", partner.project), vec![theirs.clone()]),
        (format!("project_id={}", partner.project), vec![]),
        (format!("{all}id={}", made[2]), vec![made[2].clone()]),
        (format!("{all}user_id={}", partner.user), vec![theirs.clone()]),
        (format!("{all}name=nightly-1"), vec![theirs.clone(), made[0].clone()]),
        (format!("{all}volume_id~={}", &disks[1][..8]), vec![made[1].clone()]),
        (format!("{all}progress=x"), vec![]),
        (format!("{all}progress~=x"), vec![]),
        (format!("{all}description=x"), vec![]),
    ] {
        let answer = list(&admin.at("3.40"), &query).await;
        assert_eq!((answer.status, ids(&answer)), (200, expected), "{query}");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_3_45_a_list_tells_how_many_there_are_on_all_pages() {
    let (server, [admin, demo, _], _, made, _) = scene().await;
    for (client, query, count, shown) in [
        (&demo, "with_count=1&limit=1", 3, 1),
        (&demo, "with_count=true&name=nightly-1", 1, 1),
        (&demo, "with_count=1&limit=0", 3, 0),
        (&admin, "with_count=1", 0, 0),
        (&admin, "with_count=1&all_tenants=1&limit=2", 4, 2),
    ] {
        for kind in ["snapshots", "snapshots/detail"] {
            let path = client.path("v3", &format!("{kind}?{query}"));
            let answer = client.at("3.45").get(&path).await;
            assert_eq!(answer.body["count"], count, "{query}: {}", answer.text);
            assert_eq!(ids(&answer).len(), shown, "{query}");
        }
    }
    assert_eq!(list(&demo.at("3.44"), "with_count=1").await.status, 400);
    assert_eq!(list(&demo.at("3.30"), "with_count=1").await.body.get("count"), None);
    assert_eq!(list(&demo.at("3.45"), "with_count=0").await.body.get("count"), None);
    let path = demo.path("v3", &format!("snapshots?limit=1&marker={}", made[2]));
    let answer = demo.at("3.45").get(&path).await;
    let next = format!("{}{}?limit=1&marker={}", demo.url, demo.path("v3", "snapshots"), made[1]);
    assert_eq!(answer.body["snapshots_links"], json!([{"rel": "next", "href": next}]));
    server.finish().await;
}
