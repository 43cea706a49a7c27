//! Logins that are none: whatever is sent, the answer is 400 or 401 in Keystone's shape, and no
//! word of it stands in the answer, the log or the file.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestServer, password_login};

const WORD: &str = "sesame-5d2f-open";

fn bodies() -> Vec<Value> {
    let user = json!({"name": "demo", "password": WORD, "domain": {"name": "Default"}});
    let password = |user: Value| json!({"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}});
    let token =
        |token: Value| json!({"auth": {"identity": {"methods": ["token"], "token": token}}});
    let credential = |credential: Value| {
        json!({"auth": {"identity": {"methods": ["application_credential"],
                                     "application_credential": credential}}})
    };
    let methods = |methods: Value| json!({"auth": {"identity": {"methods": methods, "password": {"user": user}}}});
    vec![
        json!(null),
        json!([]),
        json!("auth"),
        json!(1),
        json!({}),
        json!({"auth": null}),
        json!({"auth": []}),
        json!({"auth": {}}),
        json!({"auth": {"identity": null}}),
        json!({"auth": {"identity": {}}}),
        json!({"auth": {"identity": {"methods": ["password"]}}}),
        json!({"auth": {"identity": {"methods": ["password"], "password": WORD}}}),
        json!({"auth": {"identity": {"methods": ["password"], "password": {"user": WORD}}}}),
        json!({"auth": {"identity": {"methods": ["token"]}}}),
        json!({"auth": {"identity": {"methods": ["application_credential"]}}}),
        methods(json!(null)),
        methods(json!("password")),
        methods(json!([])),
        methods(json!([1])),
        methods(json!(["oauth1"])),
        methods(json!(["hw_ak_sk"])),
        methods(json!(["password", "token"])),
        methods(json!(["Password"])),
        methods(json!(["password", "password"])),
        password(json!({})),
        password(json!({"name": "demo"})),
        password(json!({"name": "demo", "password": WORD})),
        password(json!({"name": 1, "password": WORD})),
        password(json!({"id": 1, "password": WORD})),
        password(json!({"id": null, "password": WORD})),
        password(json!({"id": "", "password": WORD})),
        password(json!({"id": "x", "password": WORD})),
        password(json!({"id": "x", "password": null})),
        password(json!({"name": "demo", "password": 1, "domain": {"name": "Default"}})),
        password(json!({"name": "demo", "password": [WORD], "domain": {"name": "Default"}})),
        password(json!({"name": "demo", "password": "", "domain": {"name": "Default"}})),
        password(json!({"name": "demo", "password": WORD, "domain": "Default"})),
        password(json!({"name": "demo", "password": WORD, "domain": {}})),
        password(json!({"name": "demo", "password": WORD, "domain": {"id": 1}})),
        password(json!({"name": "demo", "password": WORD, "domain": {"name": null}})),
        password(json!({"name": "demo", "password": WORD, "domain": {"name": "default"}})),
        password(json!({"name": "demo\u{0}", "password": WORD, "domain": {"id": "default"}})),
        password(
            json!({"name": "x".repeat(100_000), "password": WORD, "domain": {"id": "default"}}),
        ),
        password(json!({"name": "' OR 1=1 --", "password": WORD, "domain": {"id": "default"}})),
        password(user.clone()),
        token(json!({})),
        token(json!({"id": null})),
        token(json!({"id": 1})),
        token(json!({"id": ""})),
        token(json!({"id": WORD})),
        token(json!({"id": format!("{WORD}\u{0}ü")})),
        token(json!(WORD)),
        credential(json!({})),
        credential(json!(WORD)),
        credential(json!({"id": "x"})),
        credential(json!({"id": 1, "secret": WORD})),
        credential(json!({"id": "x", "secret": 1})),
        credential(json!({"id": "x", "secret": WORD})),
        credential(json!({"name": "x", "secret": WORD})),
        credential(json!({"name": "x", "secret": WORD, "user": {"name": "demo"}})),
        credential(json!({"name": "x", "secret": WORD, "user": {"id": "demo"}})),
    ]
}

/// Scopes that demo gets no token for.
fn scopes() -> Vec<Value> {
    vec![
        json!([]),
        json!(1),
        json!(true),
        json!({}),
        json!("scoped"),
        json!({"project": null}),
        json!({"project": "demo"}),
        json!({"project": {}}),
        json!({"project": {"id": 1}}),
        json!({"project": {"id": ""}}),
        json!({"project": {"name": "demo", "domain": "Default"}}),
        json!({"project": {"name": "demo", "domain": {"name": "Nowhere"}}}),
        json!({"project": {"name": "demo"}, "domain": {"id": "default"}}),
        json!({"domain": null}),
        json!({"domain": {}}),
        json!({"domain": {"id": "x"}}),
        json!({"system": null}),
        json!({"system": {}}),
        json!({"system": {"all": false}}),
        json!({"system": {"all": "true"}}),
        json!({"system": {"all": true}}),
        json!({"OS-TRUST:trust": {"id": "x"}}),
    ]
}

/// The headers and the body of one request.
type Sent<'a> = (Vec<(&'a str, &'a str)>, Vec<u8>);

#[tokio::test]
async fn whatever_is_no_login_is_400_or_401_in_keystones_shape() {
    let server = TestServer::start().await;
    let client = server.anonymous();
    client.keep_secret(WORD);
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let scoped = scopes().into_iter().map(|scope| {
        let mut login = password_login("demo", PASSWORD);
        login["auth"]["scope"] = scope;
        login
    });
    let mut requests: Vec<Sent<'_>> = bodies()
        .into_iter()
        .chain(scoped)
        .map(|body| (vec![("content-type", "application/json")], body.to_string().into_bytes()))
        .collect();
    assert!(requests.len() >= 60, "{}", requests.len());
    let raw: [&[u8]; 8] = [
        b"",
        b"{",
        b"{\"auth\": ",
        b"\xff\xfe{\0}\0",
        b"\xef\xbb\xbf{}",
        b"{\"auth\": \"\xff\"}",
        deep.as_bytes(),
        b"auth=password",
    ];
    for body in raw {
        requests.push((vec![], body.to_vec()));
        requests.push((vec![("content-type", "text/plain")], body.to_vec()));
        requests.push((vec![("content-encoding", "gzip")], body.to_vec()));
        requests.push((vec![("x-auth-token", "\t"), ("x-subject-token", "x")], body.to_vec()));
    }
    for root in ["/identity/v3", "/v3"] {
        for (headers, body) in &requests {
            let path = format!("{root}/auth/tokens");
            let answer = client.send_raw(Method::POST, &path, headers, body.clone()).await;
            let sent = String::from_utf8_lossy(body).chars().take(200).collect::<String>();
            assert!([400, 401].contains(&answer.status), "{} {sent}", answer.status);
            let error = answer.body["error"].as_object().unwrap();
            assert_eq!(error.keys().collect::<Vec<_>>(), ["code", "message", "title"], "{sent}");
            assert_eq!(error["code"], answer.status);
            assert!(!answer.text.contains(WORD) && !answer.text.contains(PASSWORD), "{sent}");
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn a_token_that_is_none_opens_nothing() {
    let server = TestServer::start().await;
    let client = server.anonymous();
    for token in ["", " ", "x", "null", &"a".repeat(64), &"a".repeat(4000), "%00", "\u{fc}"] {
        for path in ["/v3/users", "/v3/projects", "/v3/auth/tokens", "/identity/v3/auth/catalog"] {
            let answer = client.send_raw(Method::GET, path, &[("x-auth-token", token)], "").await;
            let sentence = "The request you have made requires authentication.";
            answer.is_identity_fault(401, sentence);
            let asked = answer.header("www-authenticate");
            assert!(asked.starts_with("Keystone uri="), "{asked}");
        }
    }
    server.finish().await;
}
