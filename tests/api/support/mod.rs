//! A real server on a real file for each test, a client that speaks raw JSON to it, and the checks
//! with which every test ends: the doctor's invariants, and no secret in the file or the log.

mod log;
mod plans;
pub(crate) mod told;

use std::sync::Arc;
use std::sync::Mutex;

use aho_corasick::AhoCorasick;
use chrono::{DateTime, TimeDelta, Utc};
use evs_local::config::Settings;
use evs_local::domain::clock::{Clock as _, ManualClock};
use evs_local::server::{Running, Server};
use evs_local::store::sqlite::doctor;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Where every test's clock stands at first.
pub(crate) const START: &str = "2026-11-23T07:41:05.318204Z";
/// The same as answers spell it.
pub(crate) const T0: &str = "2026-11-23T07:41:05.318204";
/// The password of every account: a word that stands nowhere else.
pub(crate) const PASSWORD: &str = "correct-horse-7c1e";

/// The paths of transfers; each is tried with the same tests.
pub(crate) const FAMILIES: [(&str, &str); 3] =
    [("v2", "os-volume-transfer"), ("v3", "os-volume-transfer"), ("v3", "volume-transfers")];

/// A server of a test's own.
pub(crate) struct TestServer {
    running: Running,
    clock: Arc<ManualClock>,
    settings: Settings,
    http: reqwest::Client,
    secrets: Arc<Mutex<Vec<String>>>,
    /// How much other servers had logged before it.
    log_began: usize,
    dir: TempDir,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With settings that differ from the tests' usual ones.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        log::capture();
        let log_began = log::length();
        let dir = TempDir::new().unwrap();
        let mut settings = Settings::defaults().unwrap();
        settings.server.listen = "127.0.0.1:0".parse().unwrap();
        settings.server.workers = 1;
        settings.data.dir = dir.path().join("data");
        settings.bootstrap.password = PASSWORD.into();
        settings.auth.password.memory_kib = 8;
        settings.auth.password.iterations = 1;
        settings.transfers.key.memory_kib = 8;
        change(&mut settings);
        let start: DateTime<Utc> = START.parse().unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let running = Server::start(settings.clone(), Arc::clone(&clock) as _).await.unwrap();
        let secrets = Arc::new(Mutex::new(vec![PASSWORD.to_owned()]));
        Self { running, clock, settings, http: reqwest::Client::new(), secrets, log_began, dir }
    }

    /// Stops the server and starts it again on the same file.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// The same with other settings.
    pub(crate) async fn restart_with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let Self { running, clock, mut settings, http, secrets, log_began, dir } = self;
        running.stop().await;
        change(&mut settings);
        let running = Server::start(settings.clone(), Arc::clone(&clock) as _).await.unwrap();
        Self { running, clock, settings, http, secrets, log_began, dir }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.running.addr())
    }

    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.settings.data.dir.join("evs.db")
    }

    pub(crate) fn advance(&self, step: TimeDelta) {
        self.clock.advance(step);
    }

    /// What the clock shows.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A client without a token, for any path.
    pub(crate) fn anonymous(&self) -> Client {
        Client {
            http: self.http.clone(),
            url: self.url(),
            project: String::new(),
            user: String::new(),
            token: None,
            version: None,
            secrets: Arc::clone(&self.secrets),
        }
    }

    /// A client that has logged in as one of the first accounts: admin, demo or partner.
    pub(crate) async fn login(&self, name: &str) -> Client {
        let client = self.anonymous();
        let answer = client.post("/identity/v3/auth/tokens", password_login(name, PASSWORD)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let id = |of: &str| answer.body["token"][of]["id"].as_str().unwrap().to_owned();
        Client {
            project: id("project"),
            user: id("user"),
            token: Some(answer.header("x-subject-token")),
            ..client
        }
    }

    /// The first access key of a user and its secret, which stands in the file on purpose.
    pub(crate) async fn first_key(&self, user: &str) -> (String, String) {
        let sql = "SELECT k.access, k.secret FROM access_keys AS k
                   JOIN users AS u ON u.id = k.user_id
                   WHERE u.name = $1 ORDER BY k.rowid LIMIT 1";
        self.rows(sql, user).await.remove(0)
    }

    /// Asks the data file something behind the server's back; the question has one parameter.
    pub(crate) async fn rows<R>(&self, sql: &'static str, parameter: &str) -> Vec<R>
    where
        R: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow> + Send + Unpin,
    {
        use sqlx::Connection as _;
        let mut tester = self.tester().await;
        let rows = sqlx::query_as(sql).bind(parameter.to_owned());
        let rows = rows.fetch_all(&mut tester).await.unwrap();
        tester.close().await.unwrap();
        rows
    }

    /// Takes the events from this one on away, which a guard forbids.
    pub(crate) async fn take_back(&self, seq: i64) {
        use sqlx::Connection as _;
        let mut tester = self.tester().await;
        let sql =
            format!("DROP TRIGGER events_are_never_deleted; DELETE FROM events WHERE seq >= {seq}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut tester).await.unwrap();
        tester.close().await.unwrap();
    }

    /// Runs one statement in the data file behind the server's back, as a tester may.
    pub(crate) async fn edit(&self, sql: &str) {
        use sqlx::Connection as _;
        let mut tester = self.tester().await;
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        let touched = sqlx::raw_sql(sql).execute(&mut tester).await.unwrap().rows_affected();
        assert_eq!(touched, 1, "one row");
        tester.close().await.unwrap();
    }

    /// Puts a status on a backup that no administrator may put there.
    pub(crate) async fn backup_comes_to(&self, id: &str, status: &str) {
        self.edit(&format!("UPDATE backups SET status = '{status}' WHERE id = '{id}'")).await;
    }

    /// From here on this text stands neither in the file nor in the log.
    pub(crate) fn must_hide(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }

    /// Removes what has expired, as the server does by itself every now and then; how much it was.
    pub(crate) async fn purge(&self) -> u32 {
        self.running.purge().await.unwrap()
    }

    /// Whether anything with these words was logged so far, by whatever server.
    pub(crate) fn has_logged(words: &str) -> bool {
        holds_any(&log::since(0), &[words.to_owned()])
    }

    /// A connection to the data file behind the server's back.
    pub(crate) async fn tester(&self) -> sqlx::SqliteConnection {
        use sqlx::Connection as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.database());
        sqlx::SqliteConnection::connect_with(&options).await.unwrap()
    }

    /// Ends a test: no invariant is broken, no secret stands in the file or the log.
    pub(crate) async fn finish(self) {
        let database = self.database();
        let report = doctor::examine(&database).await.unwrap();
        let violations: Vec<&str> =
            report.violations.iter().map(|violation| violation.sentence.as_str()).collect();
        assert_eq!(violations, Vec::<&str>::new());
        assert!(report.checks > 10, "{} checks", report.checks);
        let mut tester = self.tester().await;
        let scans = plans::scans(&mut tester).await;
        assert_eq!(scans, Vec::<String>::new(), "statements that read through a table");
        sqlx::Connection::close(tester).await.unwrap();

        let mut secrets = self.secrets.lock().unwrap().clone();
        for name in ["evs.db", "evs.db-wal"] {
            let bytes = std::fs::read(database.with_file_name(name)).unwrap_or_default();
            assert!(!holds_any(&bytes, &secrets), "{name} holds a secret");
        }
        // Those of access keys stand in the file on purpose; in the log they must not.
        let of_keys = "SELECT secret FROM access_keys WHERE secret <> $1";
        secrets.extend(self.rows::<(String,)>(of_keys, "").await.into_iter().map(|(key,)| key));
        self.running.stop().await;
        assert!(!holds_any(&log::since(self.log_began), &secrets), "the log holds a secret");
    }
}

/// Whether one of these texts stands in there, in one pass however many they are.
fn holds_any(bytes: &[u8], texts: &[String]) -> bool {
    AhoCorasick::new(texts).unwrap().is_match(bytes)
}

/// A login by names with project scope.
pub(crate) fn password_login(name: &str, password: &str) -> Value {
    json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": name, "password": password, "domain": {"name": "Default"},
        }}},
        "scope": {"project": {"name": name, "domain": {"name": "Default"}}},
    }})
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body as JSON; null if it is none.
    pub(crate) body: Value,
}

impl Answer {
    /// Reads it to its end.
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, text, body }
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
    }

    /// Asserts status and whole body.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &Value) {
        assert_eq!((self.status, &self.body), (status, body), "{}", self.text);
    }

    /// Asserts status and no byte of body.
    #[track_caller]
    pub(crate) fn is_empty(&self, status: u16) {
        assert_eq!((self.status, self.text.as_str()), (status, ""));
    }

    /// Asserts an error of the OpenStack dialect.
    #[track_caller]
    pub(crate) fn is_fault(&self, status: u16, message: &str) {
        let name = match status {
            400 => "badRequest",
            403 => "forbidden",
            404 => "itemNotFound",
            405 => "badMethod",
            _ => "computeFault",
        };
        self.is(status, &json!({name: {"code": status, "message": message}}));
    }

    /// Asserts an error of the EVS dialect.
    #[track_caller]
    pub(crate) fn is_evs_fault(&self, status: u16, code: &str, message: &str) {
        self.is(status, &json!({"error": {"code": code, "message": message}}));
    }

    /// Asserts an error of Keystone's dialect.
    #[track_caller]
    pub(crate) fn is_keystone_fault(&self, status: u16, title: &str, message: &str) {
        let fault = json!({"code": status, "message": message, "title": title});
        self.is(status, &json!({"error": fault}));
    }

    /// Asserts the one answer to everybody who is not let in.
    #[track_caller]
    pub(crate) fn is_unauthenticated(&self) {
        let message = "The request you have made requires authentication.";
        self.is_keystone_fault(401, "Unauthorized", message);
    }

    /// Asserts an error of the identity service.
    #[track_caller]
    pub(crate) fn is_identity_fault(&self, status: u16, message: &str) {
        let title = match status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            _ => "Conflict",
        };
        let error = json!({"code": status, "message": message, "title": title});
        self.is(status, &json!({"error": error}));
    }

    /// Asserts a broken quota.
    #[track_caller]
    pub(crate) fn is_over_limit(&self, message: &str) {
        let fault = json!({"code": 413, "message": message, "retryAfter": "0"});
        self.is(413, &json!({"overLimit": fault}));
        assert_eq!(self.header("retry-after"), "0");
    }
}

/// A client of one user and project.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) project: String,
    pub(crate) user: String,
    pub(crate) token: Option<String>,
    version: Option<String>,
    secrets: Arc<Mutex<Vec<String>>>,
}

impl Client {
    /// The same client asking for a microversion, such as `3.57`.
    pub(crate) fn at(&self, version: &str) -> Self {
        Self { version: Some(format!("volume {version}")), ..self.clone() }
    }

    /// The same client with this text in the version header.
    pub(crate) fn at_raw(&self, header: &str) -> Self {
        Self { version: Some(header.to_owned()), ..self.clone() }
    }

    /// The same client with another token, or with none.
    pub(crate) fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..self.clone() }
    }

    /// The same client in the paths of another project.
    pub(crate) fn in_project(&self, project: &str) -> Self {
        Self { project: project.to_owned(), ..self.clone() }
    }

    /// The same client with the token that this answer issued.
    pub(crate) fn holding(&self, issued: &Answer) -> Self {
        Self { token: Some(issued.header("x-subject-token")), ..self.clone() }
    }

    /// The same client speaking to a server that was started anew.
    pub(crate) fn moved_to(&self, server: &TestServer) -> Self {
        Self { url: server.url(), ..self.clone() }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        let json = [("content-type", "application/json")];
        let headers: &[(&str, &str)] = if body.is_some() { &json } else { &[] };
        self.send_with(method, path, headers, body).await
    }

    /// Sends these headers besides the client's own.
    pub(crate) async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        self.send_bytes(method, path, headers, body.map(Into::into)).await
    }

    /// The same with a body of any bytes.
    pub(crate) async fn send_raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        self.send_bytes(method, path, headers, Some(body.into())).await
    }

    async fn send_bytes(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<reqwest::Body>,
    ) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("x-auth-token", token);
        }
        if let Some(version) = &self.version {
            request = request.header("openstack-api-version", version);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
            if name.eq_ignore_ascii_case("idempotency-key") && value.len() > 8 {
                self.keep_secret(value);
            }
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let answer = Answer::of(response).await;
        self.remember_secrets(&answer);
        assert!(answer.status < 500, "{answer:?}");
        told::assert_told(&method, path, &answer);
        answer
    }

    /// A word that must stand neither in the file nor in the log when the test ends.
    pub(crate) fn keep_secret(&self, word: &str) {
        self.secrets.lock().unwrap().push(word.to_owned());
    }

    /// Every word that must stand nowhere.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.secrets.lock().unwrap().clone()
    }

    /// Asks for something whose answer is not read to its end.
    pub(crate) async fn open(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = self.http.get(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("x-auth-token", token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    fn remember_secrets(&self, answer: &Answer) {
        let mut secrets = self.secrets.lock().unwrap();
        if let Some(key) = answer.body["transfer"]["auth_key"].as_str() {
            secrets.push(key.to_owned());
        }
        if let Some(secret) = answer.body["application_credential"]["secret"].as_str() {
            secrets.push(secret.to_owned());
        }
        for transfer in answer.body["transfers"].as_array().into_iter().flatten() {
            secrets.extend(transfer["auth_key"].as_str().map(str::to_owned));
        }
        let token = answer.header("x-subject-token");
        if !token.is_empty() {
            secrets.push(token);
        }
    }

    /// Sends something under an `Idempotency-Key`, which must stand neither in the file nor in the log
    /// when the test ends, nor in any answer.
    pub(crate) async fn retry(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: Option<&Value>,
    ) -> Answer {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let body = body.map(Value::to_string);
        let answer = self.send_with(method, path, &headers, body).await;
        assert!(!answer.text.contains(key) && !format!("{:?}", answer.headers).contains(key));
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    pub(crate) async fn send_empty_post(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body.to_string())).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// `/{version}/{own project}/{rest}`.
    pub(crate) fn path(&self, version: &str, rest: &str) -> String {
        format!("/{version}/{}/{rest}", self.project)
    }

    /// A disk of 10 GiB; its id.
    pub(crate) async fn disk(&self) -> String {
        self.disk_of(json!({"size": 10})).await
    }

    /// A disk like this; its id.
    pub(crate) async fn disk_of(&self, volume: Value) -> String {
        let answer = self.post(&self.path("v3", "volumes"), json!({"volume": volume})).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.body["volume"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn show_disk(&self, id: &str) -> Answer {
        self.get(&self.path("v3", &format!("volumes/{id}"))).await
    }

    pub(crate) async fn disk_status(&self, id: &str) -> String {
        let answer = self.show_disk(id).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["volume"]["status"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn act(&self, id: &str, action: Value) -> Answer {
        self.post(&self.path("v3", &format!("volumes/{id}/action")), action).await
    }

    /// An admin's reset of a disk's status.
    pub(crate) async fn reset(&self, id: &str, status: &str) {
        self.act(id, json!({"os-reset_status": {"status": status}})).await.is_empty(202);
    }

    /// Offers a disk; the transfer's id and key.
    pub(crate) async fn offer(&self, disk: &str) -> (String, String) {
        let body = json!({"transfer": {"volume_id": disk}});
        let answer = self.post(&self.path("v3", "os-volume-transfer"), body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let transfer = &answer.body["transfer"];
        let text = |name: &str| transfer[name].as_str().unwrap().to_owned();
        (text("id"), text("auth_key"))
    }

    pub(crate) async fn accept(&self, transfer: &str, key: &str) -> Answer {
        let path = self.path("v3", &format!("os-volume-transfer/{transfer}/accept"));
        self.post(&path, json!({"accept": {"auth_key": key}})).await
    }

    /// The two links of a thing as this client sees them.
    pub(crate) fn links(&self, version: &str, collection: &str, id: &str) -> Value {
        let (url, project) = (&self.url, &self.project);
        json!([
            {"rel": "self", "href": format!("{url}/{version}/{project}/{collection}/{id}")},
            {"rel": "bookmark", "href": format!("{url}/{project}/{collection}/{id}")},
        ])
    }

    /// A snapshot; its id.
    pub(crate) async fn snapshot(&self, disk: &str) -> String {
        let body = json!({"snapshot": {"volume_id": disk}});
        let answer = self.post(&self.path("v3", "snapshots"), body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.body["snapshot"]["id"].as_str().unwrap().to_owned()
    }

    /// A backup; its id.
    pub(crate) async fn backup(&self, disk: &str) -> String {
        let body = json!({"backup": {"volume_id": disk}});
        let answer = self.post(&self.path("v3", "backups"), body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.body["backup"]["id"].as_str().unwrap().to_owned()
    }

    /// A backup policy, `ON` or `OFF`; its id.
    pub(crate) async fn policy(&self, name: &str, status: &str) -> String {
        let schedule = json!({
            "start_time": "02:00", "frequency": 1, "rentention_num": 7, "status": status,
        });
        let body = json!({"backup_policy_name": name, "scheduled_policy": schedule});
        let answer = self.post(&self.path("v2", "backuppolicy"), body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["backup_policy_id"].as_str().unwrap().to_owned()
    }

    /// Puts a disk under a policy.
    pub(crate) async fn bind(&self, policy: &str, disk: &str) -> Answer {
        let resources = json!([{"resource_id": disk, "resource_type": "volume"}]);
        let body = json!({"backup_policy_id": policy, "resources": resources});
        self.post(&self.path("v2", "backuppolicyresources"), body).await
    }

    /// Takes a disk out of a policy.
    pub(crate) async fn unbind(&self, policy: &str, disk: &str) -> Answer {
        let path = self.path("v2", &format!("backuppolicyresources/{policy}/deleted_resources"));
        self.post(&path, json!({"resources": [{"resource_id": disk}]})).await
    }

    /// Sets limits of a project, as an admin.
    pub(crate) async fn set_quota(&self, project: &str, limits: Value) {
        let path = self.path("v3", &format!("os-quota-sets/{project}"));
        let answer = self.put(&path, json!({"quota_set": limits})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// What a project uses of a key, as the API counts it.
    pub(crate) async fn in_use(&self, project: &str, key: &str) -> i64 {
        let path = self.path("v3", &format!("os-quota-sets/{project}?usage=true"));
        self.get(&path).await.body["quota_set"][key]["in_use"].as_i64().unwrap()
    }
}
