//! Requests that are sent again under the same key: one change, one answer, and nothing in the file that
//! yields either key.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::statements::Watch;
use crate::support::{Answer, Client, FAMILIES, TestServer};

/// What a tester reads of a kept answer.
type Kept = (String, String, String, String, String, i64, String, String);

const REPLAYED: &str = "idempotency-replayed";

/// A key that stands nowhere else.
fn key(word: &str) -> String {
    format!("{word}-8e03978e-40d5-43dd-bc93-6894a57f9324")
}

fn offer_of(disk: &str) -> Value {
    json!({"transfer": {"volume_id": disk, "name": "ledger handover"}})
}

fn accept_with(auth_key: &str) -> Value {
    json!({"accept": {"auth_key": auth_key}})
}

/// Offers a disk under a key; the first answer.
async fn offered(client: &Client, key: &str, disk: &str) -> Answer {
    let path = client.path("v3", "os-volume-transfer");
    let answer = client.retry(Method::POST, &path, key, Some(&offer_of(disk))).await;
    assert_eq!((answer.status, answer.header(REPLAYED).as_str()), (202, ""), "{}", answer.text);
    answer
}

fn id_and_key(answer: &Answer) -> (String, String) {
    let text = |name: &str| answer.body["transfer"][name].as_str().unwrap().to_owned();
    (text("id"), text("auth_key"))
}

/// Asserts the first answer, told as such.
#[track_caller]
fn is_again(answer: &Answer, first: &Answer) {
    assert_eq!((answer.status, &answer.text), (first.status, &first.text));
    assert_eq!(answer.header(REPLAYED), "true");
    assert_eq!(answer.header("content-type"), first.header("content-type"));
}

#[track_caller]
fn is_another_request(answer: &Answer) {
    answer.is_fault(
        422,
        "The Idempotency-Key belongs to another request; a request that differs in its method, \
         path, body or expiry needs a key of its own.",
    );
    assert_eq!(answer.header(REPLAYED), "");
}

async fn number(server: &TestServer, sql: &'static str) -> i64 {
    server.rows::<(i64,)>(sql, "").await[0].0
}

async fn events(server: &TestServer) -> i64 {
    number(server, "SELECT count(*) FROM events WHERE action <> $1").await
}

async fn kept(server: &TestServer) -> i64 {
    number(server, "SELECT count(*) FROM idempotency_keys WHERE key_hash <> $1").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_is_sent_again_gets_the_first_answer_whatever_happened_meanwhile() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    for (number, (version, family)) in FAMILIES.into_iter().enumerate() {
        let disk = demo.disk().await;
        let (path, key, body) =
            (demo.path(version, family), key(&number.to_string()), offer_of(&disk));
        let first = demo.at("3.57").retry(Method::POST, &path, &key, Some(&body)).await;
        let (id, auth_key) = id_and_key(&first);
        let mut expected = json!({
            "id": id,
            "name": "ledger handover",
            "volume_id": disk,
            "links": demo.links(version, "os-volume-transfer", &id),
            "created_at": "2026-11-23T07:41:05.318204",
        });
        if version == "v3" {
            expected["no_snapshots"] = false.into();
            expected["source_project_id"] = demo.project.clone().into();
            expected["destination_project_id"] = Value::Null;
            expected["accepted"] = false.into();
        }
        expected["auth_key"] = auth_key.clone().into();
        first.is(202, &json!({"transfer": expected}));
        assert_eq!(first.header(REPLAYED), "");

        let before = events(&server).await;
        let again =
            async |client: &Client| client.retry(Method::POST, &path, &key, Some(&body)).await;
        is_again(&again(&demo.at("3.57")).await, &first);
        is_again(&again(&demo.at("3.0")).await, &first);
        is_again(&again(&demo.at("3.71")).await, &first);
        let listed = demo.get(&format!("{path}?volume_id={disk}")).await;
        assert_eq!(listed.body["transfers"].as_array().unwrap().len(), 1);
        assert_eq!(events(&server).await, before, "nothing happened");

        assert_eq!(partner.accept(&id, &auth_key).await.status, 202);
        is_again(&again(&demo).await, &first);
        let gone = format!("Transfer {id} could not be found.");
        partner.accept(&id, &auth_key).await.is_fault(404, &gone);
        let removed = partner.path("v3", &format!("volumes/{disk}"));
        partner.delete(&removed).await.is_empty(202);
        is_again(&again(&demo).await, &first);
    }
    assert_eq!(kept(&server).await, 3);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accept_that_is_sent_again_gets_the_first_answer_and_not_a_404() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    for (number, (version, family)) in FAMILIES.into_iter().enumerate() {
        let disk = demo.disk().await;
        let (id, auth_key) = demo.offer(&disk).await;
        let path = partner.path(version, &format!("{family}/{id}/accept"));
        let (key, body) = (key(&number.to_string()), accept_with(&auth_key));
        let first = partner.retry(Method::POST, &path, &key, Some(&body)).await;
        let links = partner.links(version, "os-volume-transfer", &id);
        let taken = json!({"id": id, "name": null, "volume_id": disk, "links": links});
        first.is(202, &json!({"transfer": taken}));
        assert_eq!(first.header(REPLAYED), "");
        let before = events(&server).await;
        for client in [&partner, &partner.at("3.57")] {
            is_again(&client.retry(Method::POST, &path, &key, Some(&body)).await, &first);
        }
        assert_eq!(events(&server).await, before);
        let without = partner.post(&path, body.clone()).await;
        without.is_fault(404, &format!("Transfer {id} could not be found."));
        // The donor takes it back; the recipient's retry still tells what was.
        let (back, back_key) = partner.offer(&disk).await;
        assert_eq!(demo.accept(&back, &back_key).await.status, 202);
        is_again(&partner.retry(Method::POST, &path, &key, Some(&body)).await, &first);
        assert_eq!(demo.disk_status(&disk).await, "available", "and takes nothing");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_that_is_sent_again_gets_the_first_answer_and_not_a_404() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for (number, (version, family)) in FAMILIES.into_iter().enumerate() {
        let disk = demo.disk().await;
        let (id, _) = demo.offer(&disk).await;
        let (path, key) = (demo.path(version, &format!("{family}/{id}")), key(&number.to_string()));
        let first = demo.retry(Method::DELETE, &path, &key, None).await;
        first.is_empty(202);
        assert_eq!(first.header(REPLAYED), "");
        let (second, _) = demo.offer(&disk).await;
        let again = demo.retry(Method::DELETE, &path, &key, None).await;
        again.is_empty(202);
        is_again(&again, &first);
        demo.delete(&path).await.is_fault(404, &format!("Transfer {id} could not be found."));
        let shown = demo.get(&demo.path("v3", &format!("os-volume-transfer/{second}"))).await;
        assert_eq!(shown.status, 200, "the second offer stands");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_moment_of_expiry_is_part_of_request_and_answer() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (disk, key) = (demo.disk().await, key("expiry"));
    let path = demo.path("v3", "volume-transfers");
    let send = async |expires_in: Option<&str>| {
        let mut headers = vec![("content-type", "application/json"), ("idempotency-key", &*key)];
        headers.extend(expires_in.map(|seconds| ("x-evs-transfer-expires-in", seconds)));
        demo.send_with(Method::POST, &path, &headers, Some(offer_of(&disk).to_string())).await
    };
    let first = send(Some("60")).await;
    assert_eq!(first.header("x-evs-transfer-expires-at"), "2026-11-23T07:42:05.318204Z");
    server.advance(TimeDelta::seconds(30));
    let again = send(Some("60")).await;
    is_again(&again, &first);
    assert_eq!(again.header("x-evs-transfer-expires-at"), "2026-11-23T07:42:05.318204Z");
    for other in [None, Some("61"), Some("0"), Some("060")] {
        is_another_request(&send(other).await);
    }
    server.advance(TimeDelta::seconds(31));
    is_again(&send(Some("60")).await, &first);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_request_under_the_same_key_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let [disk, other] = [demo.disk().await, demo.disk().await];
    let key = key("one");
    let first = offered(&demo, &key, &disk).await;
    let (id, auth_key) = id_and_key(&first);
    let before = events(&server).await;
    let named = json!({"transfer": {"volume_id": disk, "name": "another name"}});
    let nameless = json!({"transfer": {"volume_id": disk}});
    for (path, body) in [
        ("v3 os-volume-transfer", offer_of(&other)),
        ("v3 os-volume-transfer", named),
        ("v3 os-volume-transfer", nameless),
        ("v2 os-volume-transfer", offer_of(&disk)),
        ("v3 volume-transfers", offer_of(&disk)),
    ] {
        let (version, family) = path.split_once(' ').unwrap();
        let path = demo.path(version, family);
        is_another_request(&demo.retry(Method::POST, &path, &key, Some(&body)).await);
    }
    let path = demo.path("v3", &format!("os-volume-transfer/{id}"));
    let accept = format!("{path}/accept");
    let body = accept_with(&auth_key);
    is_another_request(&demo.retry(Method::POST, &accept, &key, Some(&body)).await);
    is_another_request(&demo.retry(Method::DELETE, &path, &key, None).await);
    let spaced = format!("{} ", offer_of(&disk));
    let headers = [("content-type", "application/json"), ("idempotency-key", &*key)];
    let offers = demo.path("v3", "os-volume-transfer");
    let other_bytes = demo.send_with(Method::POST, &offers, &headers, Some(spaced)).await;
    is_another_request(&other_bytes);
    assert_eq!((events(&server).await, kept(&server).await), (before, 1));
    assert_eq!(demo.disk_status(&other).await, "available");
    assert_eq!(demo.disk_status(&disk).await, "awaiting-transfer");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_user_in_one_project() {
    let server = TestServer::start().await;
    let key = key("shared");
    let mut seen = BTreeSet::new();
    for name in ["demo", "partner", "admin"] {
        let client = server.login(name).await;
        let disk = client.disk().await;
        let first = offered(&client, &key, &disk).await;
        let path = client.path("v3", "os-volume-transfer");
        is_again(&client.retry(Method::POST, &path, &key, Some(&offer_of(&disk))).await, &first);
        // A new token of the same user is the same user.
        let fresh = server.login(name).await;
        is_again(&fresh.retry(Method::POST, &path, &key, Some(&offer_of(&disk))).await, &first);
        seen.insert(first.text);
    }
    assert_eq!((seen.len(), kept(&server).await), (3, 3));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_not_kept_and_is_decided_anew() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let (disk, create, accept) = (demo.disk().await, key("create"), key("accept"));
    let offers = demo.path("v3", "os-volume-transfer");
    admin.reset(&disk, "error").await;
    let refused = demo.retry(Method::POST, &offers, &create, Some(&offer_of(&disk))).await;
    refused
        .is_fault(400, "Invalid volume: status must be available, but the current status is error");
    assert_eq!(kept(&server).await, 0);
    admin.reset(&disk, "available").await;
    let (id, auth_key) = id_and_key(&offered(&demo, &create, &disk).await);

    let path = partner.path("v3", &format!("os-volume-transfer/{id}/accept"));
    let wrong = accept_with("0123456789abcdef");
    let wrong_key = format!("Invalid auth key: Attempt to transfer {id} with invalid auth key.");
    for _ in 0..2 {
        let answer = partner.retry(Method::POST, &path, &accept, Some(&wrong)).await;
        answer.is_fault(400, &wrong_key);
    }
    let taken = partner.retry(Method::POST, &path, &accept, Some(&accept_with(&auth_key))).await;
    assert_eq!((taken.status, taken.header(REPLAYED).as_str()), (202, ""));
    let delete = demo.path("v3", &format!("os-volume-transfer/{id}"));
    let gone = demo.retry(Method::DELETE, &delete, &key("delete"), None).await;
    gone.is_fault(404, &format!("Transfer {id} could not be found."));
    assert_eq!(kept(&server).await, 2);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_too_short_too_long_or_not_visible_is_refused() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let message = "The header Idempotency-Key must be 16 to 255 visible ASCII characters, such as a \
                   random UUID, and come once; a shorter one could be guessed from the data file.";
    let long = "q".repeat(256);
    let bad = ["", "fifteen-letters", "sixteen  letters", "sechzehn-groß-ßß", long.as_str()];
    for (version, family) in FAMILIES {
        let (id, auth_key) = demo.offer(&disk).await;
        let own = demo.path(version, &format!("{family}/{id}"));
        let offers = demo.path(version, family);
        for bad in bad {
            for (method, path, body) in [
                (Method::POST, offers.clone(), Some(offer_of(&disk).to_string())),
                (Method::POST, format!("{own}/accept"), Some(accept_with(&auth_key).to_string())),
                (Method::DELETE, own.clone(), None),
            ] {
                let headers = [("content-type", "application/json"), ("Idempotency-Key", bad)];
                demo.send_with(method, &path, &headers, body).await.is_fault(400, message);
            }
        }
        let [one, two] = [key("one"), key("two")];
        let headers = [("idempotency-key", &*one), ("idempotency-key", &*two)];
        demo.send_with(Method::DELETE, &own, &headers, None).await.is_fault(400, message);
        demo.delete(&own).await.is_empty(202);
    }
    for good in ["sixteen-letters!", "q".repeat(255).as_str()] {
        let (id, _) = id_and_key(&offered(&demo, good, &disk).await);
        demo.delete(&demo.path("v3", &format!("os-volume-transfer/{id}"))).await.is_empty(202);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_window_a_key_is_unknown_and_its_answer_goes() {
    let server = TestServer::start_with(|settings| {
        settings.transfers.idempotency_window = TimeDelta::seconds(60);
    })
    .await;
    let demo = server.login("demo").await;
    let (disk, key) = (demo.disk().await, key("window"));
    let path = demo.path("v3", "os-volume-transfer");
    let first = offered(&demo, &key, &disk).await;
    server.advance(TimeDelta::milliseconds(59_999));
    let send = async || demo.retry(Method::POST, &path, &key, Some(&offer_of(&disk))).await;
    is_again(&send().await, &first);
    assert_eq!(server.purge().await, 0);
    server.advance(TimeDelta::milliseconds(1));
    send().await.is_fault(
        400,
        "Invalid volume: status must be available, but the current status is awaiting-transfer",
    );
    assert_eq!(kept(&server).await, 1, "not removed yet, but unknown");
    let other = demo.disk().await;
    let second = offered(&demo, &key, &other).await;
    assert_eq!(kept(&server).await, 1, "in the place of the first");
    let again = demo.retry(Method::POST, &path, &key, Some(&offer_of(&other))).await;
    is_again(&again, &second);
    server.advance(TimeDelta::seconds(60));
    assert_eq!((server.purge().await, kept(&server).await), (1, 0));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_after_a_restart_gets_the_first_answer_to_the_byte() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let disk = demo.disk().await;
    let keys = [key("create"), key("accept")];
    let created = offered(&demo, &keys[0], &disk).await;
    let (id, auth_key) = id_and_key(&created);
    let server = server.restart().await;
    let (demo, partner) = (demo.moved_to(&server), partner.moved_to(&server));
    let offers = demo.path("v3", "os-volume-transfer");
    is_again(&demo.retry(Method::POST, &offers, &keys[0], Some(&offer_of(&disk))).await, &created);
    let path = partner.path("v3", &format!("os-volume-transfer/{id}/accept"));
    let body = accept_with(&auth_key);
    let accepted = partner.retry(Method::POST, &path, &keys[1], Some(&body)).await;
    assert_eq!(accepted.status, 202, "the key of the first answer opens it: {}", accepted.text);
    let server = server.restart().await;
    let (demo, partner) = (demo.moved_to(&server), partner.moved_to(&server));
    is_again(&partner.retry(Method::POST, &path, &keys[1], Some(&body)).await, &accepted);
    is_again(&demo.retry(Method::POST, &offers, &keys[0], Some(&offer_of(&disk))).await, &created);
    server.finish().await;
}

/// The search of the file with which every test ends would find what it looks for: what a tester reads
/// there is hashes and a sealed answer.
#[tokio::test(flavor = "multi_thread")]
async fn the_file_has_neither_the_key_nor_the_answer() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (disk, key) = (demo.disk().await, key("sealed"));
    let first = offered(&demo, &key, &disk).await;
    let (id, auth_key) = id_and_key(&first);
    let sql = "SELECT key_hash, request_hash, user_id, action, transfer_id, status, nonce,
                      sealed_answer
               FROM idempotency_keys WHERE project_id = $1";
    let rows: Vec<Kept> = server.rows(sql, &demo.project).await;
    let (key_hash, request_hash, user, action, transfer, status, nonce, sealed) = rows[0].clone();
    let said = (user.as_str(), action.as_str(), transfer.as_str(), status);
    assert_eq!(said, (demo.user.as_str(), "transfer.create", id.as_str(), 202));
    let lengths = (key_hash.len(), request_hash.len(), nonce.len());
    assert_eq!(lengths, (64, 64, 48));
    for secret in [key.as_str(), auth_key.as_str(), "auth_key"] {
        assert!(!sealed.contains(secret) && !key_hash.contains(secret));
    }
    assert!(sealed.len() > first.text.len(), "the whole answer is in there");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_nothing_is_looked_up_or_kept() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let watch = Watch::begin();
    let offers = demo.path("v3", "os-volume-transfer");
    let disk = demo.disk().await;
    let plain = demo.post(&offers, offer_of(&disk)).await;
    let (id, auth_key) = id_and_key(&plain);
    let path = demo.path("v3", &format!("os-volume-transfer/{id}"));
    let accepted = demo.post(&format!("{path}/accept"), accept_with(&auth_key)).await;
    let (id, _) = demo.offer(&disk).await;
    let deleted = demo.delete(&demo.path("v3", &format!("os-volume-transfer/{id}"))).await;
    for answer in [&plain, &accepted, &deleted] {
        assert_eq!(answer.status, 202, "{}", answer.text);
        let statements = watch.of_request(&answer.header("x-request-id"));
        assert!(!statements.is_empty());
        let about = statements.iter().filter(|sql| sql.contains("idempotency_keys")).count();
        assert_eq!(about, 0, "{statements:?}");
    }
    let keyed = offered(&demo, &key("watched"), &disk).await;
    let statements = watch.of_request(&keyed.header("x-request-id"));
    let about = statements.iter().filter(|sql| sql.contains("idempotency_keys")).count();
    assert_eq!(about, 2, "a look on a reader and one that counts: {statements:?}");
    assert_eq!(kept(&server).await, 1);
    server.finish().await;
}

/// A retry that comes after the first request was done does no work of its own: no argon2, no unit.
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_asks_readers_only() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (disk, key) = (demo.disk().await, key("cheap"));
    let first = offered(&demo, &key, &disk).await;
    let watch = Watch::begin();
    let path = demo.path("v3", "os-volume-transfer");
    let again = demo.retry(Method::POST, &path, &key, Some(&offer_of(&disk))).await;
    is_again(&again, &first);
    let statements = watch.of_request(&again.header("x-request-id"));
    let looks = statements.iter().filter(|sql| sql.contains("idempotency_keys")).count();
    assert_eq!(looks, 1, "no second look, so no unit of work: {statements:?}");
    server.finish().await;
}

/// Lets `many` send the same thing at once, and gives their answers.
async fn at_once(
    many: usize,
    client: &Client,
    method: &Method,
    path: &str,
    key: &str,
    body: Option<&Value>,
) -> Vec<Answer> {
    let start = Arc::new(Barrier::new(many));
    let mut running = JoinSet::new();
    for _ in 0..many {
        let (start, client, body) = (Arc::clone(&start), client.clone(), body.cloned());
        let (method, path, key) = (method.clone(), path.to_owned(), key.to_owned());
        running.spawn(async move {
            start.wait().await;
            client.retry(method, &path, &key, body.as_ref()).await
        });
    }
    running.join_all().await
}

/// All answers are alike, and one alone was the first.
#[track_caller]
fn are_alike(answers: &[Answer], round: usize) {
    let first: Vec<_> =
        answers.iter().filter(|answer| answer.header(REPLAYED).is_empty()).collect();
    assert_eq!(first.len(), 1, "round {round}: {answers:?}");
    for answer in answers {
        assert_eq!((answer.status, &answer.text), (202, &first[0].text), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_retries_at_once_one_is_done_and_all_get_its_answer() {
    let server = TestServer::start_with(|settings| settings.server.workers = 2).await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    for round in 0..40 {
        let disk = demo.disk().await;
        let offers = demo.path("v3", "os-volume-transfer");
        let key = |what: &str| key(&format!("{what}-{round}"));
        let body = offer_of(&disk);
        let created = at_once(12, &demo, &Method::POST, &offers, &key("create"), Some(&body)).await;
        are_alike(&created, round);
        let listed = demo.get(&format!("{offers}?volume_id={disk}")).await;
        assert_eq!(listed.body["transfers"].as_array().unwrap().len(), 1, "round {round}");
        let (id, auth_key) = id_and_key(&created[0]);
        if round % 2 == 0 {
            let path = partner.path("v3", &format!("os-volume-transfer/{id}/accept"));
            let body = accept_with(&auth_key);
            let taken =
                at_once(12, &partner, &Method::POST, &path, &key("accept"), Some(&body)).await;
            are_alike(&taken, round);
            assert_eq!(partner.disk_status(&disk).await, "available");
        } else {
            let path = demo.path("v3", &format!("os-volume-transfer/{id}"));
            let gone = at_once(12, &demo, &Method::DELETE, &path, &key("delete"), None).await;
            are_alike(&gone, round);
            assert_eq!(demo.disk_status(&disk).await, "available");
        }
    }
    let offers = "SELECT count(*) FROM events WHERE action = 'transfer.create' AND action <> $1";
    assert_eq!((number(&server, offers).await, kept(&server).await), (40, 80));
    server.finish().await;
}

/// Sends something under a key, whose answer a fault loses.
async fn lost(client: &Client, method: Method, path: &str, key: &str, body: Option<&Value>) {
    client.keep_secret(key);
    let request = reqwest::Client::new().request(method, format!("{}{path}", client.url));
    let request = request.header("x-auth-token", client.token.clone().unwrap());
    let request = request.header("idempotency-key", key);
    let request = request.header("content-type", "application/json");
    let answer = request.body(body.map(Value::to_string).unwrap_or_default()).send().await;
    assert!(answer.is_err(), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_a_fault_loses_is_had_by_whoever_sends_the_request_again() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let fault = json!({"operation": "transfer.*", "drop": "after", "times": 3});
    assert_eq!(admin.post("/_evs/faults", fault).await.status, 201);
    let disk = demo.disk().await;
    let offers = demo.path("v3", "os-volume-transfer");
    let [create, delete, again] = ["create", "delete", "again"].map(key);

    lost(&demo, Method::POST, &offers, &create, Some(&offer_of(&disk))).await;
    let path = |id: &str| demo.path("v3", &format!("os-volume-transfer/{id}"));
    let sql = "SELECT id FROM transfers WHERE disk_id = $1 AND status = 'pending'";
    let id = server.rows::<(String,)>(sql, &disk).await.remove(0).0;
    lost(&demo, Method::DELETE, &path(&id), &delete, None).await;
    assert_eq!(demo.disk_status(&disk).await, "available", "both were done");
    lost(&demo, Method::POST, &offers, &again, Some(&offer_of(&disk))).await;

    let first = demo.retry(Method::POST, &offers, &create, Some(&offer_of(&disk))).await;
    assert_eq!((first.status, first.header(REPLAYED).as_str()), (202, "true"));
    assert_eq!(first.body["transfer"]["id"], id);
    let gone = demo.retry(Method::DELETE, &path(&id), &delete, None).await;
    assert_eq!((gone.status, gone.header(REPLAYED).as_str()), (202, "true"));
    let second = demo.retry(Method::POST, &offers, &again, Some(&offer_of(&disk))).await;
    assert_eq!(second.header(REPLAYED), "true");
    let (id, auth_key) = id_and_key(&second);
    assert_eq!(partner.accept(&id, &auth_key).await.status, 202, "its key opens it");
    server.finish().await;
}
