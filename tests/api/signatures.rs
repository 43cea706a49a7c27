//! Requests signed with an access key, by a signer of the test's own.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, START, TestServer};

const UNAUTHENTICATED: &str = "The request you have made requires authentication.";
/// What somebody in between may do to a request.
type Change = (&'static str, fn(&mut Signed));
const MISMATCH: &str = "verify aksk signature fail";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

/// One request as a signer sees it; what is changed after signing is what somebody in between did.
#[derive(Clone)]
pub(crate) struct Signed {
    method: &'static str,
    path: String,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Signed {
    pub(crate) fn new(
        method: &'static str,
        server: &TestServer,
        path: &str,
        body: Option<&Value>,
    ) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let now: DateTime<Utc> = START.parse().unwrap();
        let host = server.url().strip_prefix("http://").unwrap().to_owned();
        let mut headers = vec![
            ("host", host),
            ("user-agent", "signer/1".to_owned()),
            ("x-sdk-date", now.format("%Y%m%dT%H%M%SZ").to_string()),
        ];
        if body.is_some() {
            headers.push(("content-type", "application/json;charset=utf-8".to_owned()));
        }
        headers.sort();
        let body = body.map(ToString::to_string).unwrap_or_default();
        Self { method, path: path.to_owned(), query: query.to_owned(), headers, body }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(key, _)| *key != name);
        self.headers.push((name, value.to_owned()));
        self.headers.sort();
        self
    }

    fn names(&self) -> String {
        self.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
    }

    fn date(&self) -> &str {
        &self.headers.iter().find(|(name, _)| *name == "x-sdk-date").unwrap().1
    }

    fn canonical(&self, names: &str) -> String {
        let mut query: Vec<&str> = self.query.split('&').filter(|pair| !pair.is_empty()).collect();
        query.sort_unstable();
        let value = |name: &str| {
            let mut values = self.headers.iter().filter(|(key, _)| *key == name);
            values.next().map(|(_, value)| value.trim()).unwrap_or_default()
        };
        let mut headers = String::new();
        for name in names.split(';') {
            writeln!(headers, "{name}:{}", value(name)).unwrap();
        }
        let payload = match value("x-sdk-content-sha256") {
            "" => hex(&Sha256::digest(&self.body)),
            given => given.to_owned(),
        };
        let (method, path, query) = (self.method, &self.path, query.join("&"));
        format!("{method}\n{path}/\n{query}\n{headers}\n{names}\n{payload}")
    }

    /// Signs these of the headers.
    fn sign_only(self, names: &str, (access, secret): &(String, String)) -> Self {
        let hash = hex(&Sha256::digest(self.canonical(names)));
        let text = format!("SDK-HMAC-SHA256\n{}\n{hash}", self.date());
        let signature = hex(&hmac(secret.as_bytes(), text.as_bytes()));
        self.with(
            "authorization",
            &format!(
                "SDK-HMAC-SHA256 Access={access}, SignedHeaders={names}, Signature={signature}"
            ),
        )
    }

    pub(crate) fn sign(self, pair: &(String, String)) -> Self {
        let names = self.names();
        self.sign_only(&names, pair)
    }

    fn sign_v11(self, scope: &str, (access, secret): &(String, String)) -> Self {
        let names = self.names();
        let extracted = hmac(access.as_bytes(), secret.as_bytes());
        let derived = hex(&hmac(&extracted, &[scope.as_bytes(), &[1]].concat()));
        let hash = hex(&Sha256::digest(self.canonical(&names)));
        let text = format!("V11-HMAC-SHA256\n{}\n{scope}\n{hash}", self.date());
        let signature = hex(&hmac(derived.as_bytes(), text.as_bytes()));
        self.with(
            "authorization",
            &format!(
                "V11-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={names}, \
                 Signature={signature}"
            ),
        )
    }

    pub(crate) async fn send(&self, server: &TestServer) -> Answer {
        let mut url = format!("{}{}", server.url(), self.path);
        if !self.query.is_empty() {
            write!(url, "?{}", self.query).unwrap();
        }
        let method = Method::from_bytes(self.method.as_bytes()).unwrap();
        let mut request = reqwest::Client::new().request(method, url).body(self.body.clone());
        for (name, value) in &self.headers {
            let name = HeaderName::from_static(name);
            request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Answer::of(request.send().await.unwrap()).await
    }
}

#[track_caller]
fn is_refused(answer: &Answer, why: &str) {
    let text = format!("Incorrect IAM authentication information: {why}");
    let request = answer.header("x-request-id");
    answer.is(401, &json!({"error_code": "APIGW.0301", "error_msg": text, "request_id": request}));
}

/// A server, demo's key, and demo's list of transfers.
async fn listing() -> (TestServer, (String, String), Signed) {
    let server = TestServer::start().await;
    let pair = server.first_key("demo").await;
    let demo = server.login("demo").await;
    let list = Signed::new("GET", &server, &demo.path("v2", "os-volume-transfer?limit=5"), None);
    (server, pair, list)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_transfers_is_answered_to_a_signed_request() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let (ours, theirs) = (server.first_key("demo").await, server.first_key("partner").await);
    for (version, name) in crate::support::FAMILIES {
        let disk = demo.disk().await;
        let at = |rest: &str| demo.path(version, &format!("{name}{rest}"));
        let create = json!({"transfer": {"volume_id": disk, "name": "ü"}});
        let call = async |method: &'static str, path: String, body: Option<&Value>| {
            let request = Signed::new(method, &server, &path, body);
            request.with("x-project-id", &demo.project).sign(&ours).send(&server).await
        };
        let created = call("POST", at(""), Some(&create)).await;
        assert_eq!(created.status, 202, "{}", created.text);
        let id = created.body["transfer"]["id"].as_str().unwrap();
        assert_eq!(call("GET", at(&format!("/{id}")), None).await.status, 200);
        for path in ["?limit=1&name=%C3%BC", "/detail"] {
            let listed = call("GET", at(path), None).await;
            assert_eq!(listed.body["transfers"][0]["id"], id, "{}", listed.text);
        }
        call("DELETE", at(&format!("/{id}")), None).await.is_empty(202);

        let created = call("POST", at(""), Some(&create)).await;
        let (id, key) = (&created.body["transfer"]["id"], &created.body["transfer"]["auth_key"]);
        let accept = json!({"accept": {"auth_key": key}});
        let path = partner.path(version, &format!("{name}/{}/accept", id.as_str().unwrap()));
        let request = Signed::new("POST", &server, &path, Some(&accept));
        let accepted = request.sign(&theirs).send(&server).await;
        assert_eq!(accepted.status, 202, "without a project header: {}", accepted.text);
        assert_eq!(partner.disk_status(&disk).await, "available");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_with_a_body_can_be_signed_too() {
    let server = TestServer::start().await;
    let (admin, member) = (server.first_key("admin").await, server.first_key("demo").await);
    let body = json!({"disk_id": crate::disks::ABSENT});
    for (pair, status) in [(admin, 200), (member, 403)] {
        let step = Signed::new("POST", &server, "/_evs/progress", Some(&body)).sign(&pair);
        let answer = step.send(&server).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_after_signing_is_refused_alike() {
    let server = TestServer::start().await;
    let (demo, pair) = (server.login("demo").await, server.first_key("demo").await);
    let path = demo.path("v3", "volumes?a=1&b=2");
    let body = json!({"volume": {"size": 1}});
    let good = Signed::new("POST", &server, &path, Some(&body)).sign(&pair);
    assert_eq!(good.send(&server).await.status, 202, "unchanged");
    let mut other = good.clone();
    (other.query, other.path) = ("b=2&%61=1".to_owned(), good.path.replace("volumes", "%76olumes"));
    assert_eq!(other.send(&server).await.status, 202, "spelled differently, meant alike");

    let changes: [Change; 8] = [
        ("body", |s| s.body = s.body.replace('1', "2")),
        ("no body", |s| s.body.clear()),
        ("query", |s| s.query = "a=1&b=3".to_owned()),
        ("longer query", |s| s.query.push_str("&c=")),
        ("path", |s| s.path = s.path.replace("volumes", "snapshots")),
        ("version", |s| s.path = s.path.replace("/v3/", "/v2/")),
        ("method", |s| s.method = "GET"),
        ("header", |s| *s = s.clone().with("user-agent", "signer/2")),
    ];
    for (what, change) in changes {
        let mut tampered = good.clone();
        change(&mut tampered);
        let answer = tampered.send(&server).await;
        assert_eq!(answer.status, 401, "{what}");
        is_refused(&answer, MISMATCH);
        assert!(answer.header("www-authenticate").starts_with("Keystone uri="));
    }
    let wrong = (pair.0.clone(), "0".repeat(40));
    let request = Signed::new("POST", &server, &path, Some(&body));
    is_refused(&request.clone().sign(&wrong).send(&server).await, MISMATCH);
    let unknown = ("AKSIMAAAAAAAAAAAAAAA".to_owned(), pair.1.clone());
    is_refused(&request.sign(&unknown).send(&server).await, MISMATCH);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_key_and_a_deleted_one_are_refused_as_an_unknown_one() {
    let (server, pair, list) = listing().await;
    let demo = server.login("demo").await;
    let key = format!("/v3.0/OS-CREDENTIAL/credentials/{}", pair.0);
    let signed = list.sign(&pair);
    assert_eq!(signed.send(&server).await.status, 200);
    let turn = async |status: &str| {
        let answer = demo.put(&key, json!({"credential": {"status": status}})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    };
    turn("inactive").await;
    is_refused(&signed.send(&server).await, MISMATCH);
    turn("active").await;
    assert_eq!(signed.send(&server).await.status, 200);
    demo.delete(&key).await.is_empty(204);
    is_refused(&signed.send(&server).await, MISMATCH);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_counts_for_a_quarter_of_an_hour_either_way() {
    let (server, pair, list) = listing().await;
    let signed = list.clone().sign(&pair);
    let early = list.with("x-sdk-date", "20261123T075606Z").sign(&pair);
    let stale = "x-sdk-date is too far from the present time";
    is_refused(&early.send(&server).await, stale);
    server.advance(TimeDelta::seconds(1));
    assert_eq!(early.send(&server).await.status, 200);
    server.advance(TimeDelta::seconds(898));
    assert_eq!(signed.send(&server).await.status, 200);
    server.advance(TimeDelta::seconds(1));
    is_refused(&signed.send(&server).await, stale);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn host_and_date_must_be_signed_and_a_hash_in_place_of_the_body_too() {
    let (server, pair, list) = listing().await;
    let unsigned = |name: &str| format!("the header {name} must be among the signed ones");
    let refused = list.clone().sign_only("user-agent;x-sdk-date", &pair).send(&server).await;
    is_refused(&refused, &unsigned("host"));
    let refused = list.clone().sign_only("host;user-agent", &pair).send(&server).await;
    is_refused(&refused, &unsigned("x-sdk-date"));
    assert_eq!(list.sign_only("host;x-sdk-date", &pair).send(&server).await.status, 200);

    let demo = server.login("demo").await;
    let (small, large) = (json!({"volume": {"size": 1}}), json!({"volume": {"size": 2}}));
    let create = Signed::new("POST", &server, &demo.path("v3", "volumes"), Some(&small));
    let mut forged = create.clone().sign(&pair);
    let hash = hex(&Sha256::digest(&forged.body));
    forged.body = large.to_string();
    let forged = forged.with("x-sdk-content-sha256", &hash);
    is_refused(&forged.send(&server).await, &unsigned("x-sdk-content-sha256"));
    let mut other = create.clone().with("x-sdk-content-sha256", &hash).sign(&pair);
    assert_eq!(other.send(&server).await.status, 202);
    other.body = large.to_string();
    let answer = other.send(&server).await;
    is_refused(&answer, "x-sdk-content-sha256 is not the hash of the body");
    let open = create.with("x-sdk-content-sha256", "UNSIGNED-PAYLOAD").sign(&pair);
    assert_eq!(open.send(&server).await.status, 202, "left out by the client's own choice");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_reaches_the_projects_of_its_user_and_the_path_must_name_one() {
    let (server, pair, list) = listing().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let theirs = Signed::new("GET", &server, &partner.path("v2", "os-volume-transfer"), None);
    theirs.clone().sign(&pair).send(&server).await.is_fault(400, "Malformed request url");
    let beyond = "the access key does not reach the project";
    for project in [partner.project.as_str(), "nowhere", "no such;", ""] {
        let refused = list.clone().with("x-project-id", project).sign(&pair).send(&server).await;
        is_refused(&refused, beyond);
    }
    server
        .edit(&format!(
            "INSERT INTO role_assignments (user_id, project_id, role) VALUES ('{}', '{}', 'reader')",
            demo.user, partner.project
        ))
        .await;
    let signed = theirs.with("x-project-id", &partner.project).sign(&pair);
    assert_eq!(signed.send(&server).await.status, 200);
    let body = json!({"volume": {"size": 1}});
    let create = Signed::new("POST", &server, &partner.path("v2", "volumes"), Some(&body));
    let refused = create.with("x-project-id", &partner.project).sign(&pair).send(&server).await;
    refused.is_fault(403, "Policy doesn't allow volume:create to be performed.");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_derived_key_signs_for_the_day_of_the_request_only() {
    let (server, pair, list) = listing().await;
    let answer = list.clone().sign_v11("20261123/sim-1/evs", &pair).send(&server).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let other_day = list.clone().sign_v11("20261122/sim-1/evs", &pair).send(&server).await;
    is_refused(
        &other_day,
        "x-sdk-date is no time of the form YYYYMMDDTHHMMSSZ, or not the credential's",
    );
    let mut moved = list.sign_v11("20261123/sim-1/evs", &pair);
    for (name, value) in &mut moved.headers {
        if *name == "authorization" {
            *value = value.replace("/evs", "/ecs");
        }
    }
    is_refused(&moved.send(&server).await, MISMATCH);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_wins_over_a_signature_and_open_mode_asks_for_neither() {
    let (server, pair, list) = listing().await;
    let demo = server.login("demo").await;
    let token = demo.token.clone().unwrap();
    let broken = list.clone().with("authorization", "SDK-HMAC-SHA256 nonsense");
    assert_eq!(broken.clone().with("x-auth-token", &token).send(&server).await.status, 200);
    let signed = list.clone().sign(&pair).with("x-auth-token", "x");
    let refused = signed.send(&server).await;
    assert_eq!((refused.status, &refused.body["error"]["message"]), (401, &json!(UNAUTHENTICATED)));
    server.finish().await;

    let open = TestServer::start_with(|settings| {
        settings.auth.mode = evs_local::config::AuthMode::Open;
    })
    .await;
    let list = Signed::new("GET", &open, "/v2/anything/os-volume-transfer", None);
    let list = list.with("authorization", "SDK-HMAC-SHA256 nonsense");
    assert_eq!(list.send(&open).await.status, 200);
    open.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_body_is_read_within_the_limit() {
    let server = TestServer::start_with(|settings| settings.server.max_body_bytes = 1024).await;
    let (demo, pair) = (server.login("demo").await, server.first_key("demo").await);
    let body = json!({"volume": {"size": 1, "name": "x".repeat(2000)}});
    let create = Signed::new("POST", &server, &demo.path("v3", "volumes"), Some(&body));
    assert_eq!(create.sign(&pair).send(&server).await.status, 413);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_malformed_header_is_answered_with_anything_but_401() {
    let (server, pair, list) = listing().await;
    let good = list.clone().sign(&pair);
    let authorization = &good.headers.iter().find(|(name, _)| *name == "authorization").unwrap().1;
    let (front, signature) = authorization.rsplit_once('=').unwrap();
    let ak = format!("Access={}", pair.0);
    let swapped = |from: &str, to: &str| authorization.replace(from, to).into_bytes();
    let mut cases: Vec<Vec<u8>> = [
        "SDK-HMAC-SHA256",
        "SDK-HMAC-SHA256 ",
        "SDK-HMAC-SHA256\tAccess=AK",
        "SDK-HMAC-SHA256,",
        "SDK-HMAC-SHA256 ,,,",
        "SDK-HMAC-SHA256 Access",
        "SDK-HMAC-SHA256 Access=AK",
        "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date",
        "SDK-HMAC-SHA256 SignedHeaders=host;x-sdk-date, Signature=00",
        "V11-HMAC-SHA256",
        "V11-HMAC-SHA256 Credential=AK, SignedHeaders=host;x-sdk-date, Signature=00",
        "Basic c2VjcmV0OnNlY3JldA==",
        "Bearer x",
        "AWS4-HMAC-SHA256 Credential=AK",
        "",
        "=",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    cases.extend([
        swapped("SDK-", "V11-"),
        swapped("SDK-", "sdk-"),
        swapped(&ak, "Access="),
        swapped(&ak, "Access=a'b\"c"),
        swapped(&ak, "Access=%00"),
        swapped(&ak, &format!("Access={}", "A".repeat(129))),
        swapped(&ak, &format!("{ak}, {ak}")),
        swapped(&ak, "Access=../../x"),
        swapped("host;", "Host;"),
        swapped("host;", "host;host;"),
        swapped("host;", "host;;"),
        swapped("host;", "host;x-absent;"),
        swapped("host;", "host;h\u{f6}st;"),
        swapped("host;", &"x;".repeat(9000)),
        swapped("SignedHeaders=", "SignedHeaders=;"),
        swapped("Signature=", "Signature=="),
        swapped("Signature=", "Signatures="),
        format!("{front}=").into_bytes(),
        format!("{front}={}", signature.to_uppercase()).into_bytes(),
        format!("{front}={}", &signature[1..]).into_bytes(),
        format!("{front}={signature}00").into_bytes(),
        format!("{front}={}", "g".repeat(64)).into_bytes(),
        format!("{front}={}", "\u{e9}".repeat(32)).into_bytes(),
        format!("{front}={}", "0".repeat(20_000)).into_bytes(),
        [front.as_bytes(), b"=\xff\xfe"].concat(),
        b"SDK-HMAC-SHA256 Access=\xff".to_vec(),
    ]);
    for scope in ["", "/", "20261123", "20261123/sim-1", "a/b/c/d", "//", "20261123/s i/evs"] {
        let credential = format!("Credential={}/{scope}", pair.0);
        let text = authorization.replace("SDK-", "V11-").replace(&ak, &credential);
        cases.push(text.into_bytes());
    }
    assert!(cases.len() > 45);
    let url = format!("{}{}?{}", server.url(), good.path, good.query);
    for case in cases {
        let shown = String::from_utf8_lossy(&case).into_owned();
        let mut request = reqwest::Client::new().get(&url);
        for (name, value) in good.headers.iter().filter(|(name, _)| *name != "authorization") {
            request = request.header(*name, value);
        }
        let request = request.header("authorization", HeaderValue::from_bytes(&case).unwrap());
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 401, "{shown}: {}", answer.text);
        assert!(!answer.text.contains(&pair.0), "{shown}: {}", answer.text);
    }
    for date in ["", "x", "20261123T074105", "20261399T074105Z", "99999999T999999Z", "２０２６"]
    {
        let answer = list.clone().with("x-sdk-date", date).sign(&pair).send(&server).await;
        assert_eq!(answer.status, 401, "{date}: {}", answer.text);
    }
    let mut twice = good.clone();
    twice.headers.push(("authorization", authorization.clone()));
    is_refused(&twice.send(&server).await, "a signed header is missing or comes twice");
    let mut twice = good;
    twice.headers.push(("x-sdk-date", twice.date().to_owned()));
    is_refused(&twice.send(&server).await, "a signed header is missing or comes twice");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_the_region_means_the_project_of_the_key() {
    let server = TestServer::start().await;
    let (demo, pair) = (server.login("demo").await, server.first_key("demo").await);
    let look = async |name: &str| {
        let path = format!("/v3/projects?name={name}");
        Signed::new("GET", &server, &path, None).sign(&pair).send(&server).await
    };
    let url = format!("{}/v3/projects", server.url());
    for name in ["sim-1", "demo"] {
        look(name).await.is(
            200,
            &json!({
                "projects": [{
                    "id": demo.project,
                    "name": "demo",
                    "domain_id": "default",
                    "parent_id": "default",
                    "description": "",
                    "enabled": true,
                    "is_domain": false,
                    "tags": [],
                    "options": {},
                    "links": {"self": format!("{url}/{}", demo.project)},
                }],
                "links": {
                    "self": format!("{url}?name={name}"), "previous": null, "next": null,
                },
            }),
        );
    }
    assert_eq!(look("partner").await.body["projects"], json!([]));
    let anonymous = server.anonymous().get("/v3/projects?name=sim-1").await;
    assert_eq!(anonymous.body["error"]["message"], UNAUTHENTICATED);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_disabled_user_or_project_lets_nobody_in_until_it_is_enabled_again() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let pair = server.first_key("demo").await;
    let list = async || {
        let path = demo.path("v3", "os-volume-transfer");
        Signed::new("GET", &server, &path, None).sign(&pair).send(&server).await
    };
    assert_eq!(list().await.status, 200);
    let user = (format!("/v3/users/{}", demo.user), "user", "verify aksk signature fail");
    let project = (
        format!("/v3/projects/{}", demo.project),
        "project",
        "the access key does not reach the project",
    );
    for (path, kind, refusal) in [user, project] {
        for enabled in [false, true] {
            let answer = admin.patch(&path, json!({kind: {"enabled": enabled}})).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            if enabled {
                assert_eq!(list().await.status, 200);
            } else {
                is_refused(&list().await, refusal);
            }
        }
    }
    server.finish().await;
}
