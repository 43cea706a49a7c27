//! What holds for every request: versions, request ids, unknown routes, bad bodies, links.

use reqwest::Method;
use serde_json::{Value, json};

use crate::disks::{ABSENT, VERSIONS};
use crate::support::TestServer;

const IDS: [&str; 3] = ["x-openstack-request-id", "x-compute-request-id", "x-request-id"];

#[tokio::test(flavor = "multi_thread")]
async fn the_microversion_is_read_from_the_header_and_told_with_successes_and_errors() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let path = demo.path("v3", "volumes");
    for (header, version) in [
        ("volume 3.0", "3.0"),
        ("volume 3.71", "3.71"),
        ("volume latest", "3.71"),
        ("VOLUME 3.9", "3.9"),
        ("compute 2.1, volume 3.55", "3.55"),
        ("volume 3.55,identity 3.14", "3.55"),
        ("compute 2.95", "3.0"),
        ("", "3.0"),
    ] {
        let client = demo.at_raw(header);
        for (answer, status) in [
            (client.get(&path).await, 200),
            (client.get(&format!("{path}/{ABSENT}")).await, 404),
            (client.post(&path, json!({})).await, 400),
            (client.send(Method::PATCH, &path, None).await, 405),
            (client.get("/v3/nowhere/at/all").await, 404),
            (client.with_token(None).get(&path).await, 401),
            (client.get("/v3").await, 200),
        ] {
            assert_eq!(answer.status, status, "{}", answer.text);
            assert_eq!(answer.header("openstack-api-version"), format!("volume {version}"));
            assert_eq!(answer.header("vary"), "OpenStack-API-Version");
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_none_of_ours_is_406_and_what_is_no_version_400() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let paths = [demo.path("v3", "volumes"), demo.path("v3", "volume-transfers"), "/v3".to_owned()];
    for path in &paths {
        for version in ["3.72", "3.99", "2.0", "4.0"] {
            demo.at(version).get(path).await.is(
                406,
                &json!({"computeFault": {
                    "code": 406,
                    "message": format!(
                        "Version {version} is not supported by the API. Minimum is 3.0 and \
                         maximum is 3.71."
                    ),
                }}),
            );
        }
        for version in ["abc", "3", "3.", "3.x", "3.05", "-3.1", "3.5.1"] {
            let message = format!(
                "API Version String {version} is of invalid format. Must be of format \
                 MajorNum.MinorNum."
            );
            demo.at(version).get(path).await.is_fault(400, &message);
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_volume_apis_v3_has_microversions() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await.at("3.99");
    let paths = [demo.path("v2", "volumes"), demo.path("v2", "backuppolicy")];
    for path in paths.iter().map(String::as_str).chain(["/v2", "/v1", "/identity/v3", "/_evs/info"])
    {
        let answer = demo.get(path).await;
        assert_eq!((answer.status, answer.header("openstack-api-version")), (200, String::new()));
        assert_eq!(answer.header("vary"), "");
    }
    let login = demo.post("/v3/auth/tokens", json!({})).await;
    assert_eq!((login.status, login.header("openstack-api-version")), (400, String::new()));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_one_request_id_of_its_own_in_three_headers() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let mut seen = std::collections::BTreeSet::new();
    for path in [
        demo.path("v3", "volumes"),
        demo.path("v2", "volumes/x"),
        demo.path("v2", "backuppolicy/x"),
        "/v3/other/volumes".to_owned(),
        "/".to_owned(),
        "/nowhere".to_owned(),
        "/identity/nowhere".to_owned(),
        "/_evs/health".to_owned(),
    ] {
        for client in [&demo, &server.anonymous(), &demo.at("9.9")] {
            let answer = client.get(&path).await;
            let id = answer.header(IDS[0]);
            let uuid = id.strip_prefix("req-").unwrap_or_default();
            assert_eq!(uuid.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id}");
            for name in IDS {
                assert_eq!(answer.header(name), id, "{path}");
            }
            assert!(seen.insert(id), "each request has its own");
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_route_is_404_and_a_wrong_method_405_in_the_dialect_of_the_path() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (gone, bad) =
        ("The resource could not be found.", "The method is not allowed for the requested URL.");
    for client in [&demo, &server.anonymous()] {
        for version in VERSIONS {
            for method in [Method::GET, Method::DELETE, Method::PUT, Method::POST] {
                for rest in ["nowhere", "volumes/x/y/z", "volumes//action"] {
                    let path = demo.path(version, rest);
                    client.send(method.clone(), &path, None).await.is_fault(404, gone);
                }
                // Cinder's router answers an empty id by itself.
                let empty = json!({
                    "message": "The resource could not be found.<br /><br />\n\n\n",
                    "code": "404 Not Found",
                    "title": "Not Found",
                });
                for rest in ["volumes/", "snapshots/", ""] {
                    let path = demo.path(version, rest);
                    client.send(method.clone(), &path, None).await.is(404, &empty);
                }
            }
            for (method, rest) in [
                (Method::PUT, "volumes"),
                (Method::DELETE, "volumes/detail"),
                (Method::PATCH, "volumes/x"),
                (Method::GET, "volumes/x/action"),
                (Method::PUT, "os-volume-transfer/x"),
                (Method::GET, "os-volume-transfer/x/accept"),
                (Method::PATCH, "snapshots/x"),
                (Method::PATCH, "backups/x"),
                (Method::POST, "os-quota-sets/x"),
                (Method::PUT, "types"),
                (Method::POST, "os-availability-zone"),
            ] {
                client.send(method, &demo.path(version, rest), None).await.is_fault(405, bad);
            }
        }
        for path in ["/nowhere", "/v4", "/v3x", "/v2/x", "/_evs/nowhere"] {
            client.get(path).await.is_fault(404, gone);
        }
        for path in ["/", "/v2", "/v3", "/_evs/health"] {
            client.post(path, json!({})).await.is_fault(405, bad);
        }
        for rest in ["backuppolicy/x/nowhere", "backuppolicy/"] {
            let answer = client.get(&demo.path("v2", rest)).await;
            answer.is_evs_fault(404, "EVS.5404", gone);
        }
        for rest in ["backuppolicy", "backuppolicy/x", "backuppolicyresources"] {
            let answer = client.send(Method::PATCH, &demo.path("v2", rest), None).await;
            answer.is_evs_fault(405, "EVS.5400", bad);
        }
        client.get(&demo.path("v3", "nowhere/backuppolicy")).await.is_fault(404, gone);
        for path in ["/identity/v3/nowhere", "/identity/v2.0", "/v3/auth/nowhere"] {
            client.get(path).await.is_keystone_fault(404, "Not Found", gone);
        }
        for path in ["/identity/v3/auth/tokens", "/v3/auth/tokens", "/identity/v3"] {
            let answer = client.send(Method::PUT, path, None).await;
            answer.is_keystone_fault(405, "Method Not Allowed", bad);
        }
        for (path, allow) in [
            (demo.path("v3", "volumes"), "GET, POST"),
            (demo.path("v2", "volumes/x"), "GET, PUT, DELETE"),
            (demo.path("v3", "volume-transfers/x/accept"), "POST"),
            (demo.path("v2", "backuppolicy/x"), "GET, PUT, DELETE"),
            ("/v3/auth/tokens".to_owned(), "POST, GET, HEAD, DELETE"),
            ("/_evs/health".to_owned(), "GET, HEAD"),
        ] {
            let answer = client.send(Method::PATCH, &path, None).await;
            assert_eq!((answer.status, answer.header("allow").as_str()), (405, allow), "{path}");
        }
        assert_eq!(client.get("/nowhere").await.header("allow"), "");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_413_in_every_dialect_and_nothing_is_made() {
    let server = TestServer::start_with(|settings| settings.server.max_body_bytes = 1000).await;
    let demo = server.login("demo").await;
    let large = "Request is too large: see server.max_body_bytes.";
    let description = "x".repeat(1000);
    let body = json!({"volume": {"size": 1, "description": description}});
    for version in VERSIONS {
        let path = demo.path(version, "volumes");
        let answer = demo.post(&path, body.clone()).await;
        answer.is(413, &json!({"overLimit": {"code": 413, "message": large}}));
        assert_eq!(answer.header("retry-after"), "", "trying again does not help");
        demo.get(&path).await.is(200, &json!({"volumes": []}));
    }
    let policy = demo.post(&demo.path("v2", "backuppolicy"), body.clone()).await;
    policy.is_evs_fault(413, "EVS.5413", large);
    let login = server.anonymous().post("/identity/v3/auth/tokens", body).await;
    login.is_keystone_fault(413, "Payload Too Large", large);
    let empty = json!({"volume": {"size": 1}}).to_string();
    let padded = format!("{empty}{}", " ".repeat(1000 - empty.len()));
    let fits = demo.send(Method::POST, &demo.path("v3", "volumes"), Some(padded)).await;
    assert_eq!(fits.status, 202, "{}", fits.text);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_another_type_is_refused_and_one_of_none_is_taken_for_json() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let body = json!({"volume": {"size": 1}}).to_string();
    for version in VERSIONS {
        let path = demo.path(version, "volumes");
        let post = async |headers: &[(&str, &str)]| {
            demo.send_with(Method::POST, &path, headers, Some(body.clone())).await
        };
        for kind in ["text/plain", "application/xml", "application/jsonp", "", "ü"] {
            post(&[("content-type", kind)]).await.is_fault(400, "Unsupported Content-Type");
        }
        demo.get(&path).await.is(200, &json!({"volumes": []}));
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/json ;x"] {
            let answer = post(&[("content-type", kind)]).await;
            assert_eq!(answer.status, 202, "{kind}: {}", answer.text);
        }
        let answer = post(&[]).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        for made in demo.get(&path).await.body["volumes"].as_array().unwrap() {
            demo.delete(&format!("{path}/{}", made["id"].as_str().unwrap())).await.is_empty(202);
        }
    }
    let policy = demo.path("v2", "backuppolicy");
    let headers = [("content-type", "text/plain")];
    let answer = demo.send_with(Method::POST, &policy, &headers, Some("{}".to_owned())).await;
    answer.is_evs_fault(400, "EVS.5400", "Unsupported Content-Type");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_nesting_however_deep_is_more_than_a_bad_body() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let deep =
        |open: &str, close: &str| format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
    for body in [deep("[", "]"), deep("{\"a\":", "}"), "[".repeat(500_000)] {
        for path in [demo.path("v2", "volumes"), demo.path("v3", "volumes/x/action")] {
            let answer = demo.send(Method::POST, &path, Some(body.clone())).await;
            answer.is_fault(400, "Malformed request body");
        }
        let login = demo.send(Method::POST, "/v3/auth/tokens", Some(body)).await;
        login.is_keystone_fault(400, "Bad Request", "Malformed request body");
    }
    server.finish().await;
}

fn document(base: &str, version: &str) -> Value {
    let (id, status, most, least, path) = match version {
        "v1" => ("v1.0", "SUPPORTED", "", "", "/v1"),
        "v2" => ("v2.0", "SUPPORTED", "", "", "/v2/"),
        _ => ("v3.0", "CURRENT", "3.71", "3.0", "/v3/"),
    };
    json!({
        "id": id,
        "status": status,
        "version": most,
        "min_version": least,
        "updated": "2023-08-31T00:00:00Z",
        "links": [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": format!("{base}{path}")},
        ],
        "media-types": [{
            "base": "application/json",
            "type": format!("application/vnd.openstack.volume+json;version={}", &version[1..]),
        }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_of_the_volume_api_needs_no_token_and_every_version_has_its_document() {
    let server = TestServer::start().await;
    let (nobody, base) = (server.anonymous(), server.url());
    let all: Vec<Value> = ["v1", "v2", "v3"].map(|version| document(&base, version)).into();
    nobody.get("/").await.is(300, &json!({"versions": all}));
    nobody.with_token(Some("garbage")).get("/").await.is(300, &json!({"versions": all}));
    for (path, version) in
        [("/v1", "v1"), ("/v2", "v2"), ("/v2/", "v2"), ("/v3", "v3"), ("/v3/", "v3")]
    {
        let answer = nobody.get(path).await;
        answer.is(200, &json!({"versions": [document(&base, version)]}));
        assert_eq!(answer.header("content-type"), "application/json");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_lead_back_through_the_proxy_that_the_client_came_through() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let own = server.url();
    let host = own.strip_prefix("http://").unwrap();
    for (headers, base) in [
        (vec![("host", "evs.example:8080")], "http://evs.example:8080"),
        (vec![("x-forwarded-host", "out.example")], "http://out.example"),
        (
            vec![("x-forwarded-host", "out.example, in.example"), ("x-forwarded-proto", "https")],
            "https://in.example",
        ),
        (vec![("x-forwarded-proto", "https")], &*format!("https://{host}")),
        (vec![("x-forwarded-proto", "gopher")], &own),
        (vec![], &own),
    ] {
        for version in VERSIONS {
            let path = demo.path(version, &format!("volumes/{disk}"));
            let answer = demo.send_with(Method::GET, &path, &headers, None).await;
            let links = demo.links(version, "volumes", &disk).to_string().replace(&own, base);
            assert_eq!(answer.body["volume"]["links"].to_string(), links);
            let path = demo.path(version, "volumes?limit=1");
            let list = demo.send_with(Method::GET, &path, &headers, None).await;
            let next = format!("{base}{path}&marker={disk}");
            assert_eq!(list.body["volumes_links"][0]["href"], json!(next));
        }
        let found = demo.send_with(Method::GET, "/v3", &headers, None).await;
        found.is(200, &json!({"versions": [document(base, "v3")]}));
        let (nobody, path) = (server.anonymous(), demo.path("v3", "volumes"));
        let refused = nobody.send_with(Method::GET, &path, &headers, None).await;
        let challenge = format!("Keystone uri=\"{base}/identity\"");
        assert_eq!(refused.header("www-authenticate"), challenge);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_public_url_begins_every_link_whatever_the_client_says() {
    let base = "https://evs.example/cloud";
    let server =
        TestServer::start_with(|settings| settings.server.public_url = Some(base.to_owned())).await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let headers = [("x-forwarded-host", "out.example"), ("host", "other")];
    let path = demo.path("v3", &format!("volumes/{disk}"));
    let answer = demo.send_with(Method::GET, &path, &headers, None).await;
    let links = demo.links("v3", "volumes", &disk).to_string().replace(&server.url(), base);
    assert_eq!(answer.body["volume"]["links"].to_string(), links);
    let found = demo.send_with(Method::GET, "/v2/", &headers, None).await;
    found.is(200, &json!({"versions": [document(base, "v2")]}));
    let login = crate::support::password_login("demo", crate::support::PASSWORD);
    let login = demo.post("/identity/v3/auth/tokens", login).await;
    let first = &login.body["token"]["catalog"][0]["endpoints"][0]["url"];
    assert_eq!(first, &json!(format!("{base}/identity/v3")));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_says_of_itself_that_it_lives_is_ready_and_where_its_data_are() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    nobody.get("/_evs/health").await.is(200, &json!({"status": "alive"}));
    nobody.get("/_evs/ready").await.is(200, &json!({"status": "ready"}));
    for path in ["/_evs/health", "/_evs/ready"] {
        nobody.send(Method::HEAD, path, None).await.is_empty(200);
    }
    let info = nobody.get("/_evs/info").await;
    let (schema, library) = (&info.body["schema"], &info.body["sqlite_version"]);
    assert!(schema.as_i64().is_some_and(|version| version > 0), "{schema}");
    assert!(library.as_str().is_some_and(|version| version.starts_with("3.")), "{library}");
    info.is(
        200,
        &json!({
            "version": env!("CARGO_PKG_VERSION"),
            "data_file": server.database().to_string_lossy(),
            "schema": schema,
            "sqlite_version": library,
            "durable": info.body["durable"],
        }),
    );
    server.finish().await;
}
