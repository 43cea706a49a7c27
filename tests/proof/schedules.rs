//! A month of backup policies in seconds, on a server that is killed on the way: what must be backed
//! up is, once for each due time, and what is kept is what the policies say.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use chrono::{DateTime, Datelike as _, SecondsFormat, TimeDelta, Utc, Weekday};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chance::Chance;
use crate::process::{Client, Server, serve, violations};
use crate::survived::{Run, say};
use crate::{millis, pass};

const DISKS: usize = 50;
const DAYS: i64 = 30;
const KILLS: usize = 5;
/// The clock is set ahead in so many legs.
const LEGS: i64 = 10;

/// One policy: what its creation asks for, and what it must come to, told apart from the product.
struct Plan {
    name: &'static str,
    schedule: Value,
    time_zone: &'static str,
    keeps: usize,
    /// Whether it is due at this full hour or half hour, UTC.
    due: fn(DateTime<Utc>) -> bool,
}

fn plans() -> [Plan; 2] {
    [
        Plan {
            name: "nightly",
            schedule: json!({
                "start_time": "02:00", "frequency": 1, "rentention_num": 7, "status": "ON",
            }),
            time_zone: "UTC+08:00",
            keeps: 7,
            due: |at| at.format("%H:%M").to_string() == "18:00",
        },
        Plan {
            name: "weekly",
            schedule: json!({
                "start_time": "03:00", "week_frequency": ["SUN"], "rentention_num": 2, "status": "ON",
            }),
            time_zone: "UTC-05:30",
            keeps: 2,
            due: |at| at.weekday() == Weekday::Sun && at.format("%H:%M").to_string() == "08:30",
        },
    ]
}

fn start() -> DateTime<Utc> {
    "2027-03-01T00:00:00Z".parse().unwrap()
}

/// When the plan is due in the month, as the API writes it in tasks.
fn expected(plan: &Plan) -> Vec<DateTime<Utc>> {
    let halves = (1..=DAYS * 48).map(|half| start() + TimeDelta::minutes(30 * half));
    halves.filter(|at| (plan.due)(*at)).collect()
}

fn slow(command: &mut Command) -> &mut Command {
    // A backup takes a minute of the simulated month, so that kills meet some under way.
    command
        .env("EVS__SIMULATION__BACKUP_DELAY_MS", "60000")
        .env("EVS__SIMULATION__DELETE_BACKUP_DELAY_MS", "1000")
        .env("EVS__AUTH__TOKEN_LIFETIME_S", "31536000")
        .stderr(Stdio::null())
}

async fn ok(client: &Client, method: Method, url: &str, body: Option<Value>) -> Value {
    let answer = client.send(method, url, body).await.unwrap();
    assert!((200..300).contains(&answer.status), "{url}: {} {}", answer.status, answer.body);
    answer.body
}

async fn set_clock(admin: &Client, body: Value) -> reqwest::Result<Value> {
    let url = format!("{}/_evs/clock", admin.url);
    let answer = admin.send(Method::POST, &url, Some(body)).await?;
    assert_eq!(answer.status, 200, "{}", answer.body);
    Ok(answer.body)
}

fn to(target: DateTime<Utc>) -> Value {
    json!({"set": target.to_rfc3339_opts(SecondsFormat::Secs, true)})
}

/// Sets the clock ahead to `target`, however many answers that takes.
async fn come_to(admin: &Client, target: DateTime<Utc>) {
    while set_clock(admin, to(target)).await.unwrap()["complete"] == false {}
}

fn native(client: &Client, rest: &str) -> String {
    format!("{}/v2/{}/{rest}", client.url, client.project)
}

/// Every element of a list, page by page.
async fn all(client: &Client, first: &str, name: &str) -> Vec<Value> {
    let mut found = Vec::new();
    loop {
        let url =
            format!("{first}{}offset={}", if first.contains('?') { '&' } else { '?' }, found.len());
        let body = ok(client, Method::GET, &url, None).await;
        let page = body[name].as_array().unwrap().clone();
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

fn time(value: &Value) -> DateTime<Utc> {
    let text = value.as_str().unwrap();
    format!("{text}Z").parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

/// The disks under each policy, by its id.
type Under = BTreeMap<String, BTreeSet<String>>;

/// Makes a policy for each plan and shares the disks out among them.
async fn set_up(demo: &Client, plans: &[Plan]) -> (Vec<String>, Under) {
    let mut policies = Vec::new();
    for plan in plans {
        let body = json!({
            "backup_policy_name": plan.name, "scheduled_policy": plan.schedule,
            "time_zone": plan.time_zone,
        });
        let made = ok(demo, Method::POST, &native(demo, "backuppolicy"), Some(body)).await;
        policies.push(made["backup_policy_id"].as_str().unwrap().to_owned());
    }
    let mut under = Under::new();
    for (number, policy) in (0..DISKS).zip(policies.iter().cycle()) {
        let made = demo.create_disk(&format!("disk {number}")).await.unwrap();
        let disk = made.body["volume"]["id"].as_str().unwrap().to_owned();
        let resources = json!([{"resource_id": disk, "resource_type": "volume"}]);
        let body = json!({"backup_policy_id": policy, "resources": resources});
        let bound =
            ok(demo, Method::POST, &native(demo, "backuppolicyresources"), Some(body)).await;
        assert_eq!(bound["fail_resources"], json!([]));
        under.entry(policy.clone()).or_default().insert(disk);
    }
    (policies, under)
}

/// Asserts that each disk has one task that succeeded for each time at which the plan was due, and of
/// its backups the youngest, as many as are kept; prints what it saw.
async fn assert_came_to(demo: &Client, plan: &Plan, policy: &str, disks: &BTreeSet<String>) {
    let due = expected(plan);
    let url = native(demo, &format!("backuppolicy/{policy}/backuptasks?limit=1000"));
    let tasks = all(demo, &url, "tasks").await;
    let mut of_disk: BTreeMap<&str, Vec<DateTime<Utc>>> = BTreeMap::new();
    for task in &tasks {
        assert_eq!(task["status"], "EXECUTE_SUCCESS", "{task}");
        let times = of_disk.entry(task["resource_id"].as_str().unwrap()).or_default();
        times.push(time(&task["created_at"]));
    }
    let backups = all(demo, &demo.own("backups/detail?limit=1000"), "backups").await;
    let mut kept = Vec::new();
    for disk in disks {
        let times = of_disk.get_mut(disk.as_str()).unwrap();
        times.sort_unstable();
        assert_eq!(*times, due, "the tasks of disk {disk}: once for each due time");
        let of_this = backups.iter().filter(|backup| backup["volume_id"] == disk.as_str());
        let mut made = Vec::new();
        for backup in of_this {
            assert_eq!(backup["status"], "available", "{backup}");
            assert!(backup["name"].as_str().unwrap().starts_with("autobk_"), "{backup}");
            made.push(time(&backup["created_at"]));
        }
        made.sort_unstable();
        assert_eq!(made, due[due.len() - plan.keeps..], "the backups of disk {disk}");
        kept.extend(made);
    }
    kept.sort_unstable();
    let show = |at: Option<&DateTime<Utc>>| at.unwrap().format("%Y-%m-%d %H:%M").to_string();
    say(&format!(
        "{:<8} {:>5} {:>9} {:>6} {:>12} {:>8}  {}  {}",
        plan.name,
        disks.len(),
        due.len(),
        tasks.len(),
        plan.keeps,
        kept.len(),
        show(kept.first()),
        show(kept.last()),
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_policies_makes_each_backup_once_across_kills() {
    let run = Run::of("schedules", 1);
    let mut chance = Chance::of(run.seed);
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let mut server = Server::start(slow(&mut serve(&data))).unwrap();
    let mut admin = Client::login(&server.url, "admin").await;
    set_clock(&admin, json!({"freeze": true})).await.unwrap();
    come_to(&admin, start()).await;
    let mut demo = Client::login(&server.url, "demo").await;
    let plans = plans();
    let (policies, under) = set_up(&demo, &plans).await;

    // Some of the legs meet a kill, each at a moment that nobody chose.
    let mut killed = BTreeSet::new();
    while killed.len() < KILLS {
        killed.insert(i64::try_from(chance.next() % LEGS.unsigned_abs()).unwrap());
    }
    let mut interrupted = 0;
    for leg in 0..LEGS {
        let target = start() + TimeDelta::days(DAYS / LEGS * (leg + 1));
        if killed.contains(&leg) {
            let moment = millis(&mut chance, 20, 400);
            let (answer, ()) = tokio::join!(set_clock(&admin, to(target)), async {
                pass(moment).await;
                server.signal("KILL");
            });
            interrupted += usize::from(answer.is_err());
            server.end();
            assert_eq!(violations(&data).await, Vec::<String>::new());
            server = Server::start(slow(&mut serve(&data))).unwrap();
            (admin, demo) = (admin.moved_to(&server.url), demo.moved_to(&server.url));
        }
        come_to(&admin, target).await;
    }

    say("policy   disks  due times  tasks  kept a disk  backups  oldest            newest");
    for (plan, policy) in plans.iter().zip(&policies) {
        assert_came_to(&demo, plan, policy, &under[policy]).await;
    }
    let backups = all(&demo, &demo.own("backups/detail?limit=1000"), "backups").await;
    let snapshots = all(&demo, &demo.own("snapshots/detail?limit=1000"), "snapshots").await;
    assert_eq!(snapshots.len(), backups.len(), "each backup has the snapshot it was made from");
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&data).await, Vec::<String>::new());
    assert!(interrupted > 0, "no kill met the clock on its way");
    run.survived(KILLS, &format!("{interrupted} of them while the clock was on its way"));
}
