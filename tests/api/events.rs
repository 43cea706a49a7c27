//! What happened: as a list that is resumed by number, and as a stream.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use evs_local::config::{AuthMode, Settings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::support::{Answer, Client, PASSWORD, START, TestServer, password_login};

/// What waits for something that must come waits so long at most.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn events(client: &Client, query: &str) -> Value {
    let answer = client.get(&format!("/_evs/events?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.body
}

/// One member of each event.
pub(crate) fn each<'a>(body: &'a Value, member: &str) -> Vec<&'a Value> {
    body["events"].as_array().unwrap().iter().map(|event| &event[member]).collect()
}

pub(crate) async fn latest(admin: &Client) -> i64 {
    events(admin, "after=latest").await["latest"].as_i64().unwrap()
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
struct Block {
    id: i64,
    event: String,
    data: Value,
}

/// A stream that is read as it comes.
struct Stream {
    response: reqwest::Response,
    text: String,
    comments: usize,
}

impl Stream {
    async fn open(client: &Client, query: &str, last: Option<i64>) -> Self {
        let last = last.map(|last| last.to_string());
        let mut headers = vec![("accept", "text/event-stream")];
        headers.extend(last.as_deref().map(|last| ("last-event-id", last)));
        let response = client.open(&format!("/_evs/events?{query}"), &headers).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new(), comments: 0 }
    }

    /// The next event; none: the stream has ended.
    async fn next(&mut self) -> Option<Block> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if block.starts_with(':') {
                    self.comments += 1;
                    continue;
                }
                let mut lines = block.lines();
                let mut line = |name: &str| {
                    lines.next().unwrap().strip_prefix(&format!("{name}: ")).unwrap().to_owned()
                };
                let id = line("id").parse().unwrap();
                let (event, data) = (line("event"), line("data"));
                return Some(Block { id, event, data: serde_json::from_str(&data).unwrap() });
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// Reads what comes next; false: nothing more does.
    async fn more(&mut self) -> bool {
        let chunk = timeout(PATIENCE, self.response.chunk()).await.unwrap().unwrap();
        let chunk = chunk.map(|chunk| String::from_utf8(chunk.to_vec()).unwrap());
        self.text.push_str(chunk.as_deref().unwrap_or_default());
        chunk.is_some()
    }

    async fn ids(&mut self, count: usize) -> Vec<i64> {
        let mut ids = Vec::new();
        while ids.len() < count {
            ids.push(self.next().await.unwrap().id);
        }
        ids
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_told_in_full_and_called_as_cinder_calls_it() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let admin = server.login("admin").await;
    let before = latest(&admin).await;
    let disk = demo.disk_of(json!({"size": 10, "name": "ledger", "metadata": {"k": "v"}})).await;
    assert_eq!(demo.disk_status(&disk).await, "available");
    let (transfer, key) = demo.offer(&disk).await;
    assert_eq!(partner.accept(&transfer, &key).await.status, 202);

    let body = events(&admin, &format!("after={before}")).await;
    let request = |place: usize| body["events"][place]["request_id"].clone();
    let state = |status: &str, of: &Client| {
        json!({"status": status, "project_id": of.project, "name": "ledger", "size_gib": 10,
               "bootable": false, "values": {"k": "v"}})
    };
    let event = |place: usize, called: &str, action: &str, by: &Client, resource: &str| {
        json!({
            "seq": before + 1 + i64::try_from(place).unwrap(), "at": START, "event_type": called,
            "action": action, "request_id": request(place), "user_id": by.user,
            "project_id": by.project, "resource_id": resource, "disk_id": disk,
            "before": null, "after": null, "reason": null,
        })
    };
    let with = |mut event: Value, was: Value, is: Value| {
        event["before"] = was;
        event["after"] = is;
        event
    };
    let offered = state("awaiting-transfer", &demo);
    let expected = json!({
        "events": [
            with(event(0, "volume.create.end", "disk.create", &demo, &disk), Value::Null, state("available", &demo)),
            with(event(1, "transfer.create.end", "transfer.create", &demo, &transfer), state("available", &demo), offered.clone()),
            with(event(2, "transfer.accept.end", "transfer.accept", &partner, &transfer), offered, state("available", &partner)),
        ],
        "next": before + 3,
        "latest": before + 3,
        "epoch": 1,
    });
    assert_eq!(body, expected);
    assert!(request(0).as_str().unwrap().starts_with("req-"));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_time_has_a_start_and_an_end_or_an_error() {
    let server = TestServer::start_with(|settings| {
        settings.simulation.explicit = true;
        settings.simulation.fail = vec!["extend".to_owned()];
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let before = latest(&admin).await;
    let step = || async { admin.send_empty_post("/_evs/progress").await };
    let disk = demo.disk().await;
    step().await;
    demo.act(&disk, json!({"os-extend": {"new_size": 20}})).await.is_empty(202);
    step().await;
    demo.delete(&demo.path("v3", &format!("volumes/{disk}"))).await;
    let body = events(&admin, &format!("after={before}&disk_id={disk}")).await;
    let called = [
        "volume.create.start",
        "volume.create.end",
        "volume.resize.start",
        "volume.resize.error",
        "volume.delete.start",
    ];
    assert_eq!(each(&body, "event_type"), called);
    let words = format!("after={before}&event_type=volume.resize.*");
    assert_eq!(each(&events(&admin, &words).await, "event_type"), called[2..4]);
    let words = format!("after={before}&event_type=volume.create.end");
    let ended = events(&admin, &words).await;
    assert_eq!(each(&ended, "action"), ["disk.progress"]);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_resumed_after_a_number_page_by_page() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    for _ in 0..7 {
        demo.disk().await;
    }
    let all = events(&admin, "").await;
    let last = all["latest"].as_i64().unwrap();
    assert_eq!(each(&all, "seq"), (1..=last).collect::<Vec<_>>());
    let (mut after, mut seen) = (0, Vec::new());
    while after < last {
        let page = events(&admin, &format!("after={after}&limit=3")).await;
        assert!(each(&page, "seq").len() <= 3);
        seen.extend(page["events"].as_array().unwrap().clone());
        assert_eq!(
            page["next"].as_i64(),
            page["events"].as_array().unwrap().last().unwrap()["seq"].as_i64()
        );
        after = page["next"].as_i64().unwrap();
    }
    assert_eq!(Value::from(seen), all["events"]);
    // Where nothing is found, nothing is looked through again.
    let none = events(&admin, "action=disk.delete").await;
    assert_eq!(none, json!({"events": [], "next": last, "latest": last, "epoch": 1}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_narrowed_by_each_of_its_parameters() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let admin = server.login("admin").await;
    let before = latest(&admin).await;
    let (first, second) = (demo.disk().await, partner.disk().await);
    server.advance(TimeDelta::seconds(10));
    let (transfer, _) = demo.offer(&first).await;
    let all = events(&admin, &format!("after={before}")).await;
    assert_eq!(each(&all, "action"), ["disk.create", "disk.create", "transfer.create"]);
    let request = each(&all, "request_id")[1].as_str().unwrap();
    for (query, places) in [
        ("action=disk.create".to_owned(), vec![0, 1]),
        ("action=transfer.*".to_owned(), vec![2]),
        ("action=*".to_owned(), vec![0, 1, 2]),
        ("event_type=volume.create.end".to_owned(), vec![0, 1]),
        ("event_type=volume.*".to_owned(), vec![0, 1]),
        ("event_type=volume.create.start".to_owned(), vec![]),
        ("action=disk.*&event_type=transfer.*".to_owned(), vec![]),
        (format!("project_id={}", demo.project), vec![0, 2]),
        (format!("disk_id={second}"), vec![1]),
        (format!("disk_id={first}&limit=1"), vec![0]),
        (format!("resource_id={transfer}"), vec![2]),
        (format!("request_id={request}"), vec![1]),
        (format!("user_id={}", partner.user), vec![1]),
        ("since=2026-11-23T07:41:15Z".to_owned(), vec![2]),
        ("until=2026-11-23T07:41:15Z".to_owned(), vec![0, 1]),
        (
            "since=2026-11-23T07:41:05.318204Z&until=2026-11-23T07:41:15.318204Z".to_owned(),
            vec![0, 1, 2],
        ),
        ("disk_id=x".to_owned(), vec![]),
    ] {
        let found = events(&admin, &format!("after={before}&{query}")).await;
        let expected: Vec<&Value> =
            places.iter().map(|place: &usize| &all["events"][*place]).collect();
        assert_eq!(
            found["events"].as_array().unwrap().iter().collect::<Vec<_>>(),
            expected,
            "{query}"
        );
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_is_wrong_or_unknown_is_named() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let wrong = |name: &str, value: &str, rule: &str| {
        format!("Invalid input for query parameter {name}: '{value}' is not {rule}.")
    };
    let (number, word) =
        ("a number from 0 on or 'latest'", "a word such as transfer.create or transfer.*");
    for (name, value, rule) in [
        ("after", "-1", number),
        ("after", "x", number),
        ("after", "", number),
        ("after", "9223372036854775808", number),
        ("epoch", "0", "a number from 1 on"),
        ("limit", "0", "a number from 1 to 1000"),
        ("limit", "1001", "a number from 1 to 1000"),
        ("wait_s", "61", "a number from 0 to 60"),
        ("action", "disk*", word),
        ("event_type", "Volume", word),
        ("since", "yesterday", "a moment such as 2026-12-01T00:00:00Z"),
        ("until", "", "a moment such as 2026-12-01T00:00:00Z"),
    ] {
        let answer = admin.get(&format!("/_evs/events?{name}={value}")).await;
        answer.is_fault(400, &wrong(name, value, rule));
    }
    let unknown = "'colour' is none of the parameters: after, epoch, limit, action, event_type, \
                   project_id, disk_id, resource_id, request_id, user_id, since, until, wait_s.";
    admin.get("/_evs/events?colour=red").await.is_fault(400, unknown);
    let response = admin.open("/_evs/events/stream", &[("last-event-id", "x")]).await;
    Answer::of(response).await.is_fault(400, &wrong("Last-Event-ID", "x", "a number"));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_number_that_is_not_there_is_gone_and_so_is_another_epoch() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let last = latest(&admin).await;
    let gone = |after: i64| {
        let message = format!(
            "There is no event {after} to go on after: events end at {last} in epoch 1. Their numbers go \
             back when a saved state is loaded; begin again with after=0 or after=latest."
        );
        json!({"gone": {"code": 410, "message": message}})
    };
    admin.get(&format!("/_evs/events?after={}", last + 1)).await.is(410, &gone(last + 1));
    admin.get("/_evs/events?after=2&epoch=2").await.is(410, &gone(2));
    assert_eq!(events(&admin, &format!("after={last}&epoch=1")).await["next"], last);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_what_was_done_on_behalf_of_its_project_and_nothing_else() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let admin = server.login("admin").await;
    let before = latest(&admin).await;
    let disk = demo.disk().await;
    let (transfer, key) = demo.offer(&disk).await;
    partner.accept(&transfer, &key).await;
    admin.reset(&disk, "error").await;
    for (client, seen) in
        [(&demo, vec!["disk.create", "transfer.create"]), (&partner, vec!["transfer.accept"])]
    {
        let own = events(client, &format!("after={before}")).await;
        assert_eq!(each(&own, "action"), seen);
        assert!(each(&own, "project_id").iter().all(|project| **project == client.project));
        let about = events(client, &format!("disk_id={disk}")).await;
        assert_eq!(each(&about, "action"), seen);
        let mut stream = Stream::open(client, &format!("after={before}"), None).await;
        assert_eq!(
            stream.ids(seen.len()).await,
            each(&own, "seq").iter().map(|seq| seq.as_i64().unwrap()).collect::<Vec<_>>()
        );
    }
    let theirs = events(&demo, &format!("project_id={}", partner.project)).await;
    assert_eq!(each(&theirs, "seq"), Vec::<&Value>::new());
    let about = events(&admin, &format!("disk_id={disk}")).await;
    assert_eq!(
        each(&about, "action"),
        ["disk.create", "transfer.create", "transfer.accept", "disk.reset_status"]
    );

    server.anonymous().get("/_evs/events").await.is_unauthenticated();
    let mut nowhere = password_login("demo", PASSWORD);
    nowhere["auth"]["scope"] = json!("unscoped");
    let issued = server.anonymous().post("/identity/v3/auth/tokens", nowhere).await;
    let nowhere = demo.holding(&issued);
    let refused = nowhere.get("/_evs/events").await;
    refused.is_fault(403, "Policy doesn't allow evs:events:list to be performed.");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_open_mode_anybody_sees_everything() {
    let server = TestServer::start_with(|settings| settings.auth.mode = AuthMode::Open).await;
    let anybody = server.anonymous();
    let disk = anybody.in_project("one").disk().await;
    let found = events(&anybody, &format!("disk_id={disk}")).await;
    assert_eq!(each(&found, "project_id"), ["one"]);
    anybody.get("/_evs/webhooks").await.is(200, &json!({"webhooks": []}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_holds_a_secret() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let admin = server.login("admin").await;
    let disk = demo.disk().await;
    let (transfer, key) = demo.offer(&disk).await;
    partner.accept(&transfer, "wrong-key-5f0b").await;
    partner.keep_secret("wrong-key-5f0b");
    partner.accept(&transfer, &key).await;
    server
        .anonymous()
        .post("/identity/v3/auth/tokens", password_login("demo", "wrong-word-81c7"))
        .await;
    let user = json!({"user": {"name": "ann", "password": "sesame-open-3301"}});
    assert_eq!(admin.post("/identity/v3/users", user).await.status, 201);
    let credential = json!({"application_credential": {"name": "robot", "secret": "spanner-77ab"}});
    let path = format!("/identity/v3/users/{}/application_credentials", demo.user);
    assert_eq!(demo.post(&path, credential).await.status, 201);
    let body = json!({"credential": {"user_id": admin.user, "description": "d"}});
    let made = admin.post("/v3.0/OS-CREDENTIAL/credentials", body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let told = admin.get("/_evs/events").await;
    for action in [
        "transfer.wrong_key",
        "login.wrong_password",
        "user.create",
        "access_key.create",
        "application_credential.create",
    ] {
        assert!(told.text.contains(action), "{action}");
    }
    let mut secrets = admin.secrets();
    secrets.extend(["wrong-word-81c7", "sesame-open-3301", "spanner-77ab"].map(str::to_owned));
    secrets.push(made.body["credential"]["secret"].as_str().unwrap().to_owned());
    secrets.push("argon2".to_owned());
    for secret in secrets {
        assert!(!told.text.contains(&secret), "{secret}");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_not_there_yet_is_waited_for() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let last = latest(&admin).await;
    let path = format!("after={last}&wait_s=60&action=disk.create");
    let begun = Instant::now();
    let (found, disk) = tokio::join!(events(&admin, &path), async {
        // What is not asked for ends no wait.
        admin.post("/_evs/clock", json!({"freeze": true})).await;
        demo.disk().await
    });
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(each(&found, "resource_id"), [&json!(disk)]);
    assert_eq!(events(&admin, "after=latest&wait_s=0").await["events"], json!([]));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_a_cut_without_gap_or_repetition() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let before = latest(&admin).await;
    let mut stream = Stream::open(&admin, &format!("after={before}"), None).await;
    let disk = demo.disk().await;
    let first = stream.next().await.unwrap();
    let listed = events(&admin, &format!("after={before}")).await;
    let expected = Block {
        id: before + 1,
        event: "volume.create.end".to_owned(),
        data: listed["events"][0].clone(),
    };
    assert_eq!(first, expected);
    drop(stream);
    demo.offer(&disk).await;
    demo.disk().await;
    // The client still has in its query where it began; the header says how far it came.
    let mut stream = Stream::open(&admin, &format!("after={before}"), Some(first.id)).await;
    assert_eq!(stream.ids(2).await, [before + 2, before + 3]);
    demo.disk().await;
    assert_eq!(stream.ids(1).await, [before + 4]);
    drop(stream);

    let server = server.restart().await;
    let admin = admin.moved_to(&server);
    let mut stream = Stream::open(&admin, "", Some(before + 3)).await;
    assert_eq!(stream.ids(1).await, [before + 4]);
    let mut narrowed = Stream::open(&admin, "event_type=transfer.*", None).await;
    assert_eq!(narrowed.ids(1).await, [before + 2]);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_are_told_the_same_as_stands_in_the_table_while_many_write() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let admin = server.login("admin").await;
    let before = latest(&admin).await;
    let writing = |client: Client| async move {
        for _ in 0..25 {
            let disk = client.disk().await;
            client.offer(&disk).await;
        }
    };
    let following = || async {
        let mut stream = Stream::open(&admin, &format!("after={before}"), None).await;
        stream.ids(100).await
    };
    let (one, two, three, (), ()) = tokio::join!(
        following(),
        following(),
        following(),
        writing(demo.clone()),
        writing(partner.clone())
    );
    let rows = "SELECT seq FROM events WHERE seq > $1 ORDER BY seq";
    let rows: Vec<(i64,)> = server.rows(rows, &before.to_string()).await;
    let rows: Vec<i64> = rows.into_iter().map(|(seq,)| seq).collect();
    assert_eq!(rows, (before + 1..=before + 100).collect::<Vec<_>>());
    assert_eq!((&one, &two, &three), (&rows, &rows, &rows));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_has_nothing_to_say_says_so_and_ends_with_its_token() {
    let server = TestServer::start_with(|settings| {
        settings.events.stream_heartbeat = Duration::from_millis(5);
        settings.auth.token_lifetime = TimeDelta::seconds(60);
    })
    .await;
    let admin = server.login("admin").await;
    let mut stream = Stream::open(&admin, "after=latest", None).await;
    while stream.text.matches(": nothing new\n\n").count() < 3 {
        assert!(stream.more().await);
    }
    server.advance(TimeDelta::seconds(60));
    assert_eq!(stream.next().await, None);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_is_told_when_the_numbers_go_back() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let last = latest(&admin).await;
    let mut stream = Stream::open(&admin, &format!("after={last}"), None).await;
    demo.disk().await;
    assert_eq!(stream.ids(1).await, [last + 1]);
    // As a state that is loaded takes them back: two, since the edit itself is noted as the next one.
    server.take_back(last).await;
    let told = stream.next().await.unwrap();
    let expected =
        Block { id: 0, event: "reset".to_owned(), data: json!({"after": 0, "epoch": 1}) };
    assert_eq!(told, expected);
    assert_eq!(stream.ids(2).await, [1, 2]);
    let mut late = Stream::open(&admin, "", Some(last + 1)).await;
    assert_eq!(late.next().await.unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_goes_on_with_the_first_event_after_a_state_was_loaded() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    demo.disk().await;
    assert_eq!(admin.send_empty_post("/_evs/state/a").await.status, 201);
    let saved = latest(&admin).await;
    let mut stream = Stream::open(&admin, "after=latest&event_type=*", None).await;
    for _ in 0..3 {
        demo.disk().await;
    }
    assert_eq!(stream.ids(3).await, [saved + 1, saved + 2, saved + 3]);
    assert_eq!(admin.send_empty_post("/_evs/state/a/load").await.status, 200);
    let told = stream.next().await.unwrap();
    let expected =
        Block { id: saved, event: "reset".to_owned(), data: json!({"after": saved, "epoch": 2}) };
    assert_eq!(told, expected);
    let first = stream.next().await.unwrap();
    assert_eq!((first.id, first.event.as_str()), (saved + 1, "state.load"));
    demo.disk().await;
    assert_eq!(stream.ids(1).await, [saved + 2]);

    // Whoever was away is told too: by the number, or where new ones have taken its place, by the epoch.
    let mut away = Stream::open(&admin, "", Some(saved + 3)).await;
    assert_eq!(away.next().await.unwrap(), expected);
    let mut away = Stream::open(&admin, "epoch=1", Some(saved + 1)).await;
    assert_eq!(away.next().await.unwrap(), expected);
    assert_eq!(away.ids(2).await, [saved + 1, saved + 2]);
    assert_eq!(admin.get(&format!("/_evs/events?after={}", saved + 3)).await.status, 410);
    assert_eq!(admin.get(&format!("/_evs/events?after={saved}&epoch=1")).await.status, 410);
    assert_eq!(events(&admin, &format!("after={saved}&epoch=2")).await["epoch"], 2);

    let reset = json!({"everything": true});
    let reset = admin.post("/_evs/state/reset", reset).await;
    assert_eq!(reset.status, 200, "{}", reset.text);
    let told = stream.next().await;
    let expected =
        Block { id: 0, event: "reset".to_owned(), data: json!({"after": 0, "epoch": 3}) };
    // The token of whoever follows is of the past that is gone; what is followed is not.
    assert_eq!(told, Some(expected));
    assert_eq!(stream.ids(2).await, [1, 2]);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_do_not_hold_up_a_stop() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(Stream::open(&admin, "after=latest", None).await);
    }
    let begun = Instant::now();
    server.finish().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    for mut stream in streams {
        assert_eq!(stream.next().await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_what_server_sent_events_are_on_the_wire() {
    fn open(settings: &mut Settings) {
        settings.auth.mode = AuthMode::Open;
    }
    let server = TestServer::start_with(open).await;
    let last = latest(&server.anonymous()).await;
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
    let request =
        format!("GET /_evs/events/stream?after={} HTTP/1.1\r\nHost: {address}\r\n\r\n", last - 1);
    socket.write_all(request.as_bytes()).await.unwrap();
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.split_once("\ndata: ").is_some_and(|(_, data)| data.contains("\n\n")) {
        let read = timeout(PATIENCE, socket.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "{text}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    for line in ["http/1.1 200 ok", "content-type: text/event-stream", "cache-control: no-store"] {
        assert!(head.contains(line), "{head}");
    }
    // Each chunk stands between two lines that end otherwise than ours.
    let body: String = body.split("\r\n").filter(|line| line.contains('\n')).collect();
    let (opening, event) = body.split_once("\n\n").unwrap();
    assert_eq!(opening, ": these are the events of evs");
    assert!(event.starts_with(&format!("id: {last}\nevent: ")), "{event}");
    assert_eq!(event.matches('\n').count(), 4, "{event}");
    server.finish().await;
}
