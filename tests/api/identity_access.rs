//! Who is let in where in the identity service: every route, read from the route table, against every
//! kind of asker.

use std::collections::BTreeSet;
use std::io::Write as _;

use evs_local::domain::ids::{derived, random_hex};
use reqwest::Method;
use serde_json::{Value, json};

use crate::access;
use crate::disks::VERSIONS;
use crate::routes;
use crate::support::{Answer, Client, PASSWORD, TestServer, password_login};

const ROOTS: [&str; 2] = ["/v3", "/identity/v3"];

/// A route and what it answers. Readers and members are answered alike: a role in a project says
/// nothing about accounts (Keystone's defaults). An asker without a right may still do `own`.
struct Route {
    method: &'static str,
    path: &'static str,
    /// To a reader and a member, about themselves or about nobody.
    own: u16,
    /// To a reader and a member, about somebody else; none: the route is about nobody.
    other: Option<u16>,
    /// To an admin, about somebody else.
    admin: u16,
}

const fn about(method: &'static str, path: &'static str, [own, other, admin]: [u16; 3]) -> Route {
    Route { method, path, own, other: Some(other), admin }
}

const fn general(method: &'static str, path: &'static str, [own, admin]: [u16; 2]) -> Route {
    Route { method, path, own, other: None, admin }
}

const KEYS: &str = "/v3.0/OS-CREDENTIAL/credentials";
const KEY: &str = "/v3.0/OS-CREDENTIAL/credentials/{access}";
const CREDENTIALS: &str = "/users/{user}/application_credentials";
const CREDENTIAL: &str = "/users/{user}/application_credentials/{id}";
const IN_PROJECT: &str = "/projects/{project}/users/{user}/roles";
const ROLE_IN_PROJECT: &str = "/projects/{project}/users/{user}/roles/{role}";
const IN_DOMAIN: &str = "/domains/{domain}/users/{user}/roles";
const ROLE_IN_DOMAIN: &str = "/domains/{domain}/users/{user}/roles/{role}";

const ROUTES: &[Route] = &[
    general("POST", "/auth/tokens", [201, 201]),
    about("GET", "/auth/tokens", [200, 403, 200]),
    about("HEAD", "/auth/tokens", [200, 403, 200]),
    about("DELETE", "/auth/tokens", [204, 403, 204]),
    general("GET", "/auth/catalog", [200, 200]),
    general("GET", "/auth/projects", [200, 200]),
    general("GET", "/auth/domains", [200, 200]),
    general("GET", "/auth/system", [200, 200]),
    general("GET", "/projects", [200, 200]),
    general("POST", "/projects", [403, 201]),
    about("GET", "/projects/{project}", [200, 403, 200]),
    about("PATCH", "/projects/{project}", [403, 403, 200]),
    about("DELETE", "/projects/{project}", [403, 403, 204]),
    general("GET", "/users", [403, 200]),
    general("POST", "/users", [403, 201]),
    about("GET", "/users/{user}", [200, 403, 200]),
    about("PATCH", "/users/{user}", [403, 403, 200]),
    about("DELETE", "/users/{user}", [403, 403, 204]),
    // An admin sets a password by changing the user; this is for who knows the present one.
    about("POST", "/users/{user}/password", [204, 403, 403]),
    about("GET", "/users/{user}/projects", [200, 403, 200]),
    about("GET", CREDENTIALS, [200, 403, 200]),
    about("POST", CREDENTIALS, [201, 403, 403]),
    about("GET", CREDENTIAL, [200, 403, 200]),
    about("DELETE", CREDENTIAL, [204, 403, 204]),
    general("GET", "/groups", [403, 200]),
    general("GET", "/domains", [403, 200]),
    general("GET", "/domains/{domain}", [200, 200]),
    general("GET", "/roles", [403, 200]),
    general("GET", "/roles/{role}", [403, 200]),
    general("GET", "/role_assignments", [403, 200]),
    general("GET", "/regions", [200, 200]),
    general("GET", "/regions/{id}", [200, 200]),
    general("GET", "/services", [403, 200]),
    general("GET", "/services/{id}", [403, 200]),
    general("GET", "/endpoints", [403, 200]),
    general("GET", "/endpoints/{id}", [403, 200]),
    about("GET", IN_PROJECT, [403, 403, 200]),
    about("GET", ROLE_IN_PROJECT, [403, 403, 204]),
    about("HEAD", ROLE_IN_PROJECT, [403, 403, 204]),
    about("PUT", ROLE_IN_PROJECT, [403, 403, 204]),
    about("DELETE", ROLE_IN_PROJECT, [403, 403, 204]),
    about("GET", IN_DOMAIN, [403, 403, 200]),
    about("GET", ROLE_IN_DOMAIN, [403, 403, 204]),
    about("HEAD", ROLE_IN_DOMAIN, [403, 403, 204]),
    about("PUT", ROLE_IN_DOMAIN, [403, 403, 204]),
    about("DELETE", ROLE_IN_DOMAIN, [403, 403, 204]),
    about("GET", KEYS, [200, 403, 200]),
    about("POST", KEYS, [201, 403, 201]),
    // Others' keys are not there (Huawei Cloud IAM), rather than forbidden.
    about("GET", KEY, [200, 404, 200]),
    about("PUT", KEY, [200, 404, 200]),
    about("DELETE", KEY, [204, 404, 204]),
];

impl Route {
    /// The paths at which it is: access keys have one, everything else one below each root.
    fn paths(&self) -> Vec<String> {
        if self.path.starts_with("/v3.0") {
            vec![self.path.to_owned()]
        } else {
            ROOTS.iter().map(|root| format!("{root}{}", self.path)).collect()
        }
    }

    fn looks_only(&self) -> bool {
        ["GET", "HEAD"].contains(&self.method)
    }

    /// Whether nobody is the same afterwards.
    fn takes_away(&self) -> bool {
        self.method == "DELETE" || self.path.ends_with("/password")
    }

    fn is_login(&self) -> bool {
        (self.method, self.path) == ("POST", "/auth/tokens")
    }
}

/// Somebody with a user, a project, and one of everything that users have.
struct Party {
    client: Client,
    name: String,
    role: String,
    credential: String,
    access: String,
}

impl Party {
    /// Made by an admin.
    async fn new(admin: &Client, role: &str) -> Self {
        let name = random_hex();
        let id = |answer: Answer, of: &str| {
            assert_eq!(answer.status, 201, "{}", answer.text);
            answer.body[of]["id"].as_str().unwrap().to_owned()
        };
        let body = json!({"project": {"name": name}});
        let project = id(admin.post("/v3/projects", body).await, "project");
        let body = json!({"user": {"name": name, "password": PASSWORD}});
        let user = id(admin.post("/v3/users", body).await, "user");
        let role = derived("role", role);
        for place in [format!("projects/{project}"), "domains/default".to_owned()] {
            let path = format!("/v3/{place}/users/{user}/roles/{role}");
            admin.send(Method::PUT, &path, None).await.is_empty(204);
        }
        let login = password_login(&name, PASSWORD);
        let issued = admin.with_token(None).post("/v3/auth/tokens", login).await;
        let mut client = admin.holding(&issued).in_project(&project);
        client.user.clone_from(&user);
        let path = format!("/v3/users/{user}/application_credentials");
        let body = json!({"application_credential": {"name": "ci"}});
        let credential = id(client.post(&path, body).await, "application_credential");
        let key = client.post(KEYS, json!({"credential": {"user_id": user}})).await;
        assert_eq!(key.status, 201, "{}", key.text);
        let access = key.body["credential"]["access"].as_str().unwrap().to_owned();
        Self { client, name, role, credential, access }
    }
}

/// Asks a route at one of its paths about somebody.
async fn ask(client: &Client, route: &Route, path: &str, about: &Party) -> Answer {
    let id = match path.trim_start_matches("/identity") {
        of if of.starts_with("/v3/regions") => "sim-1".to_owned(),
        of if of.starts_with("/v3/services") => derived("service", "identity"),
        of if of.starts_with("/v3/endpoints") => derived("endpoint", "identity:public"),
        _ => about.credential.clone(),
    };
    let user = &about.client.user;
    let mut path = path
        .replace("{user}", user)
        .replace("{project}", &about.client.project)
        .replace("{domain}", "default")
        .replace("{role}", &about.role)
        .replace("{access}", &about.access)
        .replace("{id}", &id);
    if (route.method, route.path) == ("GET", KEYS) {
        path = format!("{path}?user_id={user}");
    }
    let new = random_hex();
    let body = match (route.method, route.path) {
        ("POST", "/auth/tokens") => password_login(&about.name, PASSWORD),
        ("POST", "/projects") => json!({"project": {"name": new}}),
        ("PATCH", "/projects/{project}") => json!({"project": {"description": "d"}}),
        ("POST", "/users") => json!({"user": {"name": new}}),
        ("PATCH", "/users/{user}") => json!({"user": {"description": "d"}}),
        ("POST", "/users/{user}/password") => {
            client.keep_secret(&new);
            json!({"user": {"original_password": PASSWORD, "password": new}})
        }
        ("POST", CREDENTIALS) => json!({"application_credential": {"name": new}}),
        ("POST", KEYS) => json!({"credential": {"user_id": user}}),
        ("PUT", KEY) => json!({"credential": {"description": "d"}}),
        _ => Value::Null,
    };
    let subject = [("x-subject-token", about.client.token.as_deref().unwrap_or_default())];
    let json = [("content-type", "application/json")];
    let headers: &[(&str, &str)] = match route.path {
        "/auth/tokens" if route.method != "POST" => &subject,
        _ if body.is_null() => &[],
        _ => &json,
    };
    let body = (!body.is_null()).then(|| body.to_string());
    let method = Method::from_bytes(route.method.as_bytes()).unwrap();
    client.send_with(method, &path, headers, body).await
}

/// Every method and path of the identity service in the product's route table, without the root.
fn routes_of_the_product() -> BTreeSet<(String, String)> {
    let mut found = routes::below(&["/identity/v3"]);
    found.extend(routes::all().into_iter().filter(|(_, path)| path.starts_with("/v3.0/")));
    found
}

#[test]
fn every_identity_route_has_its_row_in_the_matrix() {
    let tried = ROUTES.iter().map(|route| (route.method.to_owned(), route.path.to_owned()));
    let tried: BTreeSet<_> = tried.collect();
    assert_eq!(tried, routes_of_the_product());
    let paths: usize = ROUTES.iter().map(|route| route.paths().len()).sum();
    let about: usize =
        ROUTES.iter().filter(|route| route.other.is_some()).map(|route| route.paths().len()).sum();
    // Past the runner's capture: the count is to be seen.
    let _ = writeln!(
        std::io::stderr(),
        "{} identity routes at {paths} paths, each with 5 bad tokens, a reader and a member about \
         themselves, {about} about somebody else, and an admin: {} requests",
        ROUTES.len(),
        paths * (5 + 2 + 1) + about * 2
    );
}

async fn events(server: &TestServer) -> i64 {
    let counted: Vec<(i64,)> = server.rows("SELECT count(*) FROM events WHERE seq > $1", "0").await;
    counted[0].0
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_and_members_change_nothing_but_what_is_their_own() {
    let server = TestServer::start_with(|settings| settings.server.workers = 2).await;
    let admin = server.login("admin").await;
    let make = async || {
        let reader = Party::new(&admin, "reader").await;
        let member = Party::new(&admin, "member").await;
        [reader, member, Party::new(&admin, "member").await]
    };
    let lasting = make().await;
    for route in ROUTES {
        for path in route.paths() {
            let is = |who: &str, answer: &Answer, status: u16| {
                assert_eq!(answer.status, status, "{} {path} by {who}: {answer:?}", route.method);
            };
            let fresh;
            let [reader, member, victim] = if route.takes_away() {
                fresh = make().await;
                &fresh
            } else {
                &lasting
            };
            let before = events(&server).await;
            for token in [None, Some(""), Some("garbage"), Some("ü"), Some(PASSWORD)] {
                let answer = ask(&victim.client.with_token(token), route, &path, victim).await;
                if route.is_login() {
                    is("a stranger who knows the password", &answer, 201);
                } else if route.method == "HEAD" {
                    answer.is_empty(401);
                } else {
                    answer.is_unauthenticated();
                }
            }
            for (who, party) in [("a reader", reader), ("a member", member)] {
                if let Some(status) = route.other {
                    is(who, &ask(&party.client, route, &path, victim).await, status);
                }
                if route.own >= 400 {
                    is(who, &ask(&party.client, route, &path, party).await, route.own);
                }
            }
            assert_eq!(events(&server).await, before, "{} {path}: a refusal changed", route.method);
            is("an admin", &ask(&admin, route, &path, victim).await, route.admin);
            for (who, party) in [("a reader", reader), ("a member", member)] {
                if route.own < 400 {
                    is(who, &ask(&party.client, route, &path, party).await, route.own);
                }
            }
        }
    }
    server.finish().await;
}

/// A client whose token acts on what this says.
async fn acting_on(of: &Client, name: &str, scope: &Value) -> Client {
    let mut login = password_login(name, PASSWORD);
    login["auth"]["scope"] = scope.clone();
    let issued = of.with_token(None).post("/v3/auth/tokens", login).await;
    assert_eq!(issued.status, 201, "{}", issued.text);
    of.holding(&issued)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_of_the_domain_or_the_system_is_one_for_accounts_and_nobody_for_disks() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let grant = format!("/v3/domains/default/users/{}/roles/", admin.user);
    let grant = grant + &derived("role", "admin");
    admin.send(Method::PUT, &grant, None).await.is_empty(204);
    let victim = Party::new(&admin, "member").await;
    let of_domain = acting_on(&admin, "admin", &json!({"domain": {"id": "default"}})).await;
    let of_system = acting_on(&admin, "admin", &json!({"system": {"all": true}})).await;
    let unscoped = acting_on(&admin, "admin", &json!("unscoped")).await;
    for route in ROUTES.iter().filter(|route| route.looks_only()) {
        for path in route.paths() {
            for client in [&of_domain, &of_system] {
                let answer = ask(client, route, &path, &victim).await;
                assert_eq!(answer.status, route.admin, "{} {path}: {answer:?}", route.method);
            }
            let answer = ask(&unscoped, route, &path, &victim).await;
            // Who has no role in the scope of the token is no admin, whoever it is; and an unscoped
            // token has no catalogue.
            let status = match (route.other, route.path) {
                (Some(other), _) => other,
                (None, "/auth/catalog") => 403,
                (None, _) => route.own,
            };
            assert_eq!(answer.status, status, "{} {path} unscoped: {answer:?}", route.method);
        }
    }
    for client in [&of_domain, &of_system] {
        let made = Party::new(client, "reader").await;
        assert_eq!(made.client.get(&made.client.path("v3", "volumes")).await.status, 200);
        let own = client.post(KEYS, json!({"credential": {"user_id": client.user}})).await;
        assert_eq!(own.status, 201, "{}", own.text);
    }
    for version in VERSIONS {
        for route in access::routes(version) {
            for client in [&of_domain, &of_system, &unscoped] {
                for project in ["default", "system", &admin.project, &victim.client.project] {
                    let answer = access::ask(client, version, project, &route).await;
                    access::is_wrong_project(&answer, &route);
                }
            }
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_open_mode_too_a_role_in_the_domain_says_nothing_about_disks() {
    let open = evs_local::config::AuthMode::Open;
    let server = TestServer::start_with(|settings| settings.auth.mode = open).await;
    let admin = server.login("admin").await;
    let of_system = acting_on(&admin, "admin", &json!({"system": {"all": true}})).await;
    let disk = of_system.disk().await;
    let reset = json!({"os-reset_status": {"status": "error"}});
    let rule = "volume_extension:volume_admin_actions:reset_status";
    let sentence = format!("Policy doesn't allow {rule} to be performed.");
    of_system.act(&disk, reset.clone()).await.is_fault(403, &sentence);
    admin.act(&disk, reset).await.is_empty(202);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_credential_is_not_widened_to_an_access_key() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let party = Party::new(&admin, "member").await;
    let path = format!("/v3/users/{}/application_credentials", party.client.user);
    for unrestricted in [false, true] {
        let name = unrestricted.to_string();
        let new = json!({"name": name, "unrestricted": unrestricted});
        let made = party.client.post(&path, json!({ "application_credential": new })).await;
        let credential = &made.body["application_credential"];
        let login = json!({"auth": {"identity": {
            "methods": ["application_credential"],
            "application_credential": {"id": credential["id"], "secret": credential["secret"]},
        }}});
        let issued = party.client.with_token(None).post("/v3/auth/tokens", login).await;
        assert_eq!(issued.status, 201, "{}", issued.text);
        let program = party.client.holding(&issued);
        let sentence = "You are not authorized to perform the requested action: Using method \
                        'application_credential' is not allowed for managing additional \
                        application credentials.";
        let body = json!({"credential": {"user_id": party.client.user}});
        program.post(KEYS, body).await.is_identity_fault(403, sentence);
        let key = format!("{KEYS}/{}", party.access);
        let change = json!({"credential": {"status": "inactive"}});
        program.put(&key, change).await.is_identity_fault(403, sentence);
        program.delete(&key).await.is_identity_fault(403, sentence);
        assert_eq!(program.get(&key).await.status, 200);
    }
    server.finish().await;
}
