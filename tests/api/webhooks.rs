//! Webhooks: every event, in order and at least once, whatever happens to the receiver or the server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use evs_local::config::WebhookFrom;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::events::{PATIENCE, each, events, latest};
use crate::support::TestServer;

/// A POST that came.
#[derive(Debug, Clone)]
struct Post {
    head: String,
    text: String,
    taken: bool,
}

impl Post {
    fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn seq(&self) -> i64 {
        self.body()["seq"].as_i64().unwrap()
    }

    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

/// What a receiver on loopback saw, and what it answers next; at the end of that, 200.
#[derive(Default)]
struct Seen {
    posts: Mutex<Vec<Post>>,
    answers: Mutex<VecDeque<&'static str>>,
    came: Notify,
}

struct Receiver {
    url: String,
    seen: Arc<Seen>,
    task: Option<JoinHandle<()>>,
    port: u16,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Receiver {
    async fn start(answers: &[&'static str]) -> Self {
        let seen = Arc::new(Seen::default());
        seen.answers.lock().unwrap().extend(answers);
        let mut receiver = Self { url: String::new(), seen, task: None, port: 0 };
        receiver.up().await;
        receiver.url = format!("http://127.0.0.1:{}/hook", receiver.port);
        receiver
    }

    /// Listens, on the same port as before.
    #[expect(clippy::disallowed_methods, reason = "a receiver is no part of the product")]
    async fn up(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.port = listener.local_addr().unwrap().port();
        let seen = Arc::clone(&self.seen);
        self.task = Some(tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                take(stream, &seen).await;
            }
        }));
    }

    /// Listens no more.
    async fn down(&mut self) {
        let task = self.task.take().unwrap();
        task.abort();
        assert!(task.await.is_err());
    }

    /// Waits until so many posts were taken; all that came.
    async fn taken(&self, count: usize) -> Vec<Post> {
        timeout(PATIENCE, async {
            loop {
                let came = self.seen.came.notified();
                let posts = self.posts();
                if posts.iter().filter(|post| post.taken).count() >= count {
                    return posts;
                }
                came.await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("of {count} came {:?}", self.posts()))
    }

    /// Waits until so many came, taken or not.
    async fn came(&self, count: usize) -> Vec<Post> {
        timeout(PATIENCE, async {
            loop {
                let came = self.seen.came.notified();
                let posts = self.posts();
                if posts.len() >= count {
                    return posts;
                }
                came.await;
            }
        })
        .await
        .unwrap()
    }

    fn posts(&self) -> Vec<Post> {
        self.seen.posts.lock().unwrap().clone()
    }
}

/// Reads one request, writes it down, answers it, and closes the connection.
async fn take(mut stream: TcpStream, seen: &Seen) {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    let (head, body) = loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().filter_map(|line| line.split_once(": "));
            let mut length = length.filter(|(key, _)| key.eq_ignore_ascii_case("content-length"));
            if body.len() == length.next().unwrap().1.parse::<usize>().unwrap() {
                break (head.to_owned(), body.to_owned());
            }
        }
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => text.push_str(std::str::from_utf8(&buffer[..read]).unwrap()),
            Ok(_) | Err(_) => return,
        }
    };
    let answer = seen.answers.lock().unwrap().pop_front().unwrap_or("200 OK");
    let taken = answer.starts_with('2');
    seen.posts.lock().unwrap().push(Post { head, text: body, taken });
    let length = "Content-Length: 0\r\nConnection: close\r\nLocation: /elsewhere\r\n\r\n";
    let _ = stream.write_all(format!("HTTP/1.1 {answer}\r\n{length}").as_bytes()).await;
    seen.came.notify_waiters();
}

async fn server_for(url: &str, from: WebhookFrom) -> TestServer {
    let url = url.to_owned();
    TestServer::start_with(|settings| {
        settings.events.webhooks = vec![url];
        settings.events.webhook_from = from;
        settings.events.webhook_timeout = Duration::from_secs(5);
        settings.events.webhook_first_retry = Duration::from_millis(1);
        settings.events.webhook_longest_retry = Duration::from_millis(20);
    })
    .await
}

fn numbers(posts: &[Post]) -> Vec<i64> {
    posts.iter().map(Post::seq).collect()
}

fn taken(posts: &[Post]) -> Vec<i64> {
    posts.iter().filter(|post| post.taken).map(Post::seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_told_of_every_event_in_order_as_a_list_tells_it() {
    let receiver = Receiver::start(&[]).await;
    let server = server_for(&receiver.url, WebhookFrom::Start).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    demo.offer(&disk).await;
    let listed = events(&admin, "").await;
    let last = listed["latest"].as_i64().unwrap();
    let posts = receiver.taken(usize::try_from(last).unwrap()).await;
    assert_eq!(numbers(&posts), (1..=last).collect::<Vec<_>>());
    let bodies: Vec<Value> = posts.iter().map(Post::body).collect();
    assert_eq!(Value::from(bodies), listed["events"]);
    let post = posts.last().unwrap();
    assert!(post.head.starts_with("POST /hook HTTP/1.1\r\n"), "{}", post.head);
    assert_eq!(post.header("content-type"), "application/json");
    assert_eq!(post.header("x-evs-event"), "transfer.create.end");
    assert_eq!(post.header("x-evs-sequence"), last.to_string());
    assert_eq!(post.header("x-evs-signature"), "");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_tried_again_before_anything_else_and_only_2xx_counts() {
    let refusals = ["500 Oops", "404 Not Found", "302 Found", "199 Odd"];
    let receiver = Receiver::start(&refusals).await;
    let server = server_for(&receiver.url, WebhookFrom::Now).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let before = latest(&admin).await;
    // It begins at the end of the table as it is when the server starts.
    demo.disk().await;
    demo.disk().await;
    let posts = receiver.taken(2).await;
    let retried = [1, 1, 1, 1, 1, 2].map(|place| before + place);
    assert_eq!(numbers(&posts), retried);
    let metrics = server.anonymous().get("/_evs/metrics").await.text;
    let url = &receiver.url;
    assert!(
        metrics.contains(&format!("evs_webhook_failures_total{{url=\"{url}\"}} 4\n")),
        "{metrics}"
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_down_across_a_restart_gets_what_it_missed() {
    let mut receiver = Receiver::start(&["500 Oops"]).await;
    let server = server_for(&receiver.url, WebhookFrom::Now).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let before = latest(&admin).await;
    demo.disk().await;
    receiver.taken(1).await;
    receiver.down().await;
    for _ in 0..3 {
        demo.disk().await;
    }
    let server = server.restart().await;
    demo.moved_to(&server).disk().await;
    receiver.up().await;
    let posts = receiver.taken(5).await;
    // At least once: what was taken may come again, what was not must come, and nothing out of order.
    let mut numbers = taken(&posts);
    assert!(numbers.is_sorted(), "{numbers:?}");
    numbers.dedup();
    assert_eq!(numbers, (before + 1..=before + 5).collect::<Vec<_>>());

    // It stands in the data file, and nothing is told twice after a clean stop.
    let admin = admin.moved_to(&server);
    let told = receiver.posts().len();
    let done = json!({"webhooks": [{
        "url": receiver.url, "active": true, "delivered_seq": before + 5, "pending": 0,
        "failures": 0, "next_try_at": null, "last_error": null,
    }]});
    while admin.get("/_evs/webhooks").await.body != done {
        tokio::task::yield_now().await;
    }
    let server = server.restart().await;
    demo.moved_to(&server).disk().await;
    let posts = receiver.came(told + 1).await;
    assert_eq!(posts[told].seq(), before + 6);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_webhook_has_been_told_is_shown_with_its_trouble() {
    let mut receiver = Receiver::start(&[]).await;
    receiver.down().await;
    let url = receiver.url.clone();
    let server = TestServer::start_with(|settings| {
        settings.events.webhooks = vec![url.clone()];
        settings.events.webhook_first_retry = Duration::from_hours(1);
        settings.events.webhook_longest_retry = Duration::from_hours(1);
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let before = latest(&admin).await;
    demo.disk().await;
    let shown = timeout(PATIENCE, async {
        loop {
            let shown = admin.get("/_evs/webhooks").await;
            if shown.body["webhooks"][0]["failures"] == 1 {
                return shown;
            }
            tokio::task::yield_now().await;
        }
    });
    let shown = shown.await.unwrap();
    let error = shown.body["webhooks"][0]["last_error"].clone();
    assert!(error.as_str().unwrap().starts_with("it cannot be reached: "), "{error}");
    shown.is(
        200,
        &json!({"webhooks": [{
            "url": url, "active": true, "delivered_seq": before, "pending": 1, "failures": 1,
            "next_try_at": "2026-11-23T08:41:05.318204Z", "last_error": error,
        }]}),
    );
    let refused = demo.get("/_evs/webhooks").await;
    refused.is_fault(403, "Policy doesn't allow evs:webhooks:list to be performed.");
    let refused = server.anonymous().get("/_evs/webhooks").await;
    refused.is_unauthenticated();
    // The stop does not wait for the next try.
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_never_answers_holds_up_no_stop() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = server_for(&url, WebhookFrom::Start).await;
    drop(listener.accept().unwrap());
    let (held, _) = listener.accept().unwrap();
    let begun = std::time::Instant::now();
    server.finish().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_secret_every_body_is_signed() {
    let receiver = Receiver::start(&[]).await;
    let url = receiver.url.clone();
    let server = TestServer::start_with(|settings| {
        settings.events.webhooks = vec![url];
        settings.events.webhook_secret = Some("hinge-and-bracket-19".into());
    })
    .await;
    let demo = server.login("demo").await;
    demo.keep_secret("hinge-and-bracket-19");
    demo.disk().await;
    let posts = receiver.taken(1).await;
    let mut mac = Hmac::<Sha256>::new_from_slice(b"hinge-and-bracket-19").unwrap();
    mac.update(posts[0].text.as_bytes());
    let expected: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    assert_eq!(posts[0].header("x-evs-signature"), format!("sha256={expected}"));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_goes_on_when_the_numbers_go_back() {
    let receiver = Receiver::start(&[]).await;
    let server = server_for(&receiver.url, WebhookFrom::Now).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let before = latest(&admin).await;
    demo.disk().await;
    receiver.taken(1).await;
    let disk = demo.disk().await;
    receiver.taken(2).await;
    // As a state that is loaded takes them back, with the rows of everything: two, since the edit itself is noted
    // as the next one.
    let query = format!("resource_id={disk}");
    assert_eq!(each(&events(&admin, &query).await, "seq"), [before + 2]);
    while admin.get("/_evs/webhooks").await.body["webhooks"][0]["delivered_seq"] != before + 2 {
        tokio::task::yield_now().await;
    }
    server.take_back(before + 1).await;
    let posts = receiver.came(3).await;
    assert_eq!(posts[2].seq(), 1, "all of the present past");
    let last = usize::try_from(before + 1).unwrap();
    let posts = receiver.taken(2 + last).await;
    assert_eq!(numbers(&posts)[2..], (1..=before + 1).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_goes_on_with_the_first_event_after_a_state_was_loaded() {
    let receiver = Receiver::start(&[]).await;
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    // A state that knows nothing of the webhook.
    assert_eq!(admin.send_empty_post("/_evs/state/a").await.status, 201);
    let saved = latest(&admin).await;
    let url = receiver.url.clone();
    let server = server.restart_with(|settings| settings.events.webhooks = vec![url]).await;
    let admin = admin.moved_to(&server);
    let demo = server.login("demo").await;
    for _ in 0..3 {
        demo.disk().await;
    }
    let posts = receiver.taken(3).await;
    assert_eq!(numbers(&posts), [saved + 1, saved + 2, saved + 3]);
    assert!(posts.iter().all(|post| post.header("x-evs-epoch") == "1"));
    assert_eq!(admin.send_empty_post("/_evs/state/a/load").await.status, 200);
    let demo = server.login("demo").await;
    demo.disk().await;
    let posts = receiver.taken(5).await;
    assert_eq!(numbers(&posts)[3..], [saved + 1, saved + 2]);
    let called: Vec<&str> = posts[3..].iter().map(|post| post.header("x-evs-event")).collect();
    assert_eq!(called, ["state.load", "volume.create.end"]);
    assert!(posts[3..].iter().all(|post| post.header("x-evs-epoch") == "2"));
    server.finish().await;
}
