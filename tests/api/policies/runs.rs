//! Policies that run: when, for which disks, what comes of it and what is kept.

use chrono::{DateTime, TimeDelta, Utc};
use evs_local::config::{MissedRuns, Settings};
use serde_json::{Value, json};

use super::default_of;
use crate::support::{Answer, Client, START, TestServer};

/// Nothing happens but by hand, so that each test knows how far everything is.
fn explicit(settings: &mut Settings) {
    settings.simulation.explicit = true;
    settings.auth.token_lifetime = TimeDelta::days(100);
}

/// A server on which policies run, with a member who has a disk, and an admin who steps.
struct Scene {
    server: TestServer,
    demo: Client,
    admin: Client,
    disk: String,
}

impl Scene {
    async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let server = TestServer::start_with(|settings| {
            explicit(settings);
            change(settings);
        })
        .await;
        let (demo, admin) = (server.login("demo").await, server.login("admin").await);
        let disk = demo.disk().await;
        let scene = Self { server, demo, admin, disk };
        scene.settle().await;
        scene
    }

    /// One step: what was due, each as what it was about, from and to.
    async fn step(&self) -> Vec<(String, String, String)> {
        let answer = self.admin.post("/_evs/progress", json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let told = |finished: &Value| {
            let kinds = ["policy_id", "task_id", "backup_id", "snapshot_id"];
            let kind = kinds.into_iter().find(|kind| finished[*kind].is_string());
            let word = |key: &str| finished[key].as_str().unwrap().to_owned();
            (kind.unwrap_or("disk_id").to_owned(), word("from"), word("to"))
        };
        answer.body["finished"].as_array().unwrap().iter().map(told).collect()
    }

    /// Steps until nothing is due.
    async fn settle(&self) {
        while !self.step().await.is_empty() {}
    }

    /// Lets the clock stand at this moment of November 2026 or later, `MM-DDTHH:MM`, stepping at each
    /// hour on the way, as a server that runs all the time does.
    async fn live_until(&self, moment: &str) {
        let until: DateTime<Utc> = format!("2026-{moment}:00Z").parse().unwrap();
        while self.server.now() < until {
            let next_hour = (self.server.now().timestamp() / 3600 + 1) * 3600;
            let next = DateTime::from_timestamp(next_hour, 0).unwrap().min(until);
            self.server.advance(next - self.server.now());
            self.settle().await;
        }
    }

    /// Lets the clock jump to this moment.
    fn jump_to(&self, moment: &str) {
        let to: DateTime<Utc> = format!("2026-{moment}:00Z").parse().unwrap();
        self.server.advance(to - self.server.now());
    }

    /// A policy that is ON with this schedule, and the disk under it.
    async fn policy(&self, schedule: Value, zone: &str) -> String {
        let mut said = json!({"start_time": "02:00", "frequency": 1, "rentention_num": 99,
            "status": "ON"});
        said.as_object_mut().unwrap().extend(schedule.as_object().unwrap().clone());
        let body = json!({"backup_policy_name": "p", "scheduled_policy": said, "time_zone": zone});
        let answer = self.demo.post(&self.demo.path("v2", "backuppolicy"), body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let id = answer.body["backup_policy_id"].as_str().unwrap().to_owned();
        self.bind(&id).await;
        id
    }

    async fn bind(&self, policy: &str) {
        let bound = self.demo.bind(policy, &self.disk).await;
        assert_eq!(bound.body["fail_resources"], json!([]), "{}", bound.text);
    }

    async fn tasks(&self, policy: &str) -> Vec<Value> {
        let path = format!("backuppolicy/{policy}/backuptasks?sort_dir=asc&limit=1000");
        let answer = self.demo.get(&self.demo.path("v2", &path)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body["tasks"].as_array().unwrap().clone()
    }

    /// How each task of a policy stands, the oldest first.
    async fn statuses(&self, policy: &str) -> Vec<String> {
        let tasks = self.tasks(policy).await;
        tasks.iter().map(|task| task["status"].as_str().unwrap().to_owned()).collect()
    }

    /// When the backups of the disk were made, the oldest first, as `MM-DDTHH:MM`.
    async fn backups(&self) -> Vec<String> {
        let path = format!("backups/detail?volume_id={}&sort=created_at:asc", self.disk);
        let answer = self.demo.get(&self.demo.path("v3", &path)).await;
        let made = |backup: &Value| backup["created_at"].as_str().unwrap()[5..16].to_owned();
        answer.body["backups"].as_array().unwrap().iter().map(made).collect()
    }

    /// When the policy's scheduled tasks were due, as `MM-DDTHH:MM`.
    async fn due_times(&self, policy: &str) -> Vec<String> {
        let sql = "SELECT due_at FROM policy_tasks WHERE policy_id = $1 ORDER BY due_at";
        let rows = self.server.rows::<(String,)>(sql, policy).await;
        rows.into_iter().map(|(at,)| at[5..16].to_owned()).collect()
    }

    async fn run_now(&self, policy: &str) -> Answer {
        let path = self.demo.path("v2", &format!("backuppolicy/{policy}/action"));
        self.demo.send(reqwest::Method::POST, &path, None).await
    }

    async fn change(&self, policy: &str, schedule: Value) {
        let path = self.demo.path("v2", &format!("backuppolicy/{policy}"));
        let answer = self.demo.put(&path, json!({"scheduled_policy": schedule})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    async fn restart(self) -> Self {
        let Self { server, demo, admin, disk } = self;
        let server = server.restart().await;
        let (demo, admin) = (demo.moved_to(&server), admin.moved_to(&server));
        Self { server, demo, admin, disk }
    }

    async fn finish(self) {
        self.server.finish().await;
    }
}

fn triple(kind: &str, from: &str, to: &str) -> (String, String, String) {
    (kind.to_owned(), from.to_owned(), to.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_makes_a_task_that_makes_a_backup_that_ends_it() {
    let scene = Scene::start_with(|settings| {
        settings.simulation.delays.insert("backup", TimeDelta::minutes(5));
    })
    .await;
    let policy = scene.policy(json!({}), "UTC+00:00").await;
    scene.jump_to("11-24T01:59");
    assert_eq!(scene.step().await, []);
    scene.jump_to("11-24T02:00");
    assert_eq!(scene.step().await, [triple("policy_id", "due", "ran")]);
    let [task] = &scene.tasks(&policy).await[..] else { panic!("one task") };
    let id = task["job_id"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    let mut expected = json!({
        "job_id": id,
        "status": "WAITING",
        "created_at": "2026-11-24T02:00:00.000",
        "finished_at": null,
        "backup_name": null,
        "resource_id": scene.disk,
        "resource_type": "volume",
        "vbs_job_id": null,
    });
    assert_eq!(task, &expected);
    assert_eq!(scene.step().await, [triple("task_id", "waiting", "running")]);
    let name = format!("autobk_{}", &id[..4]);
    expected["status"] = "RUNNING".into();
    expected["backup_name"] = name.clone().into();
    assert_eq!(scene.tasks(&policy).await, [expected.clone()]);
    assert_eq!(scene.demo.disk_status(&scene.disk).await, "backing-up");
    assert_eq!(scene.step().await, []);

    scene.jump_to("11-24T02:05");
    scene.settle().await;
    expected["status"] = "EXECUTE_SUCCESS".into();
    expected["finished_at"] = "2026-11-24T02:05:00.000".into();
    assert_eq!(scene.tasks(&policy).await, [expected]);
    assert_eq!(scene.demo.disk_status(&scene.disk).await, "available");
    let list = scene.demo.get(&scene.demo.path("v3", "backups/detail")).await;
    let [backup] = &list.body["backups"].as_array().unwrap()[..] else { panic!("one backup") };
    assert_eq!(
        (&backup["name"], &backup["status"], &backup["volume_id"]),
        (&json!(name), &json!("available"), &json!(scene.disk))
    );
    let snapshots = scene.demo.get(&scene.demo.path("v3", "snapshots")).await;
    let [snapshot] = &snapshots.body["snapshots"].as_array().unwrap()[..] else { panic!() };
    assert!(snapshot["name"].as_str().unwrap().starts_with("autobk_snapshot_"));
    let sql = "SELECT action, user_id, coalesce(before ->> '$.status', ''), after ->> '$.status'
               FROM events WHERE project_id = $1 AND (action = 'policy.run' OR action = 'policy.task')
               ORDER BY seq";
    let told: Vec<(String, String, String, String)> =
        scene.server.rows(sql, &scene.demo.project).await;
    let told: Vec<[&str; 4]> =
        told.iter().map(|(a, b, c, d)| [a.as_str(), b.as_str(), c.as_str(), d.as_str()]).collect();
    assert_eq!(
        told,
        [
            ["policy.run", "evs", "ON", "ON"],
            ["policy.task", "evs", "", "waiting"],
            ["policy.task", "evs", "waiting", "running"],
            ["policy.task", "evs", "running", "success"],
        ]
    );
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nightly_policy_runs_every_night_and_an_off_one_never() {
    let scene = Scene::start().await;
    let nightly = scene.policy(json!({"start_time": "02:00,22:00"}), "UTC+00:00").await;
    scene.demo.policy("rests", "OFF").await;
    scene.live_until("11-26T03:00").await;
    let expected =
        ["11-23T22:00", "11-24T02:00", "11-24T22:00", "11-25T02:00", "11-25T22:00", "11-26T02:00"];
    assert_eq!(scene.due_times(&nightly).await, expected);
    assert_eq!(scene.backups().await, expected);
    assert_eq!(scene.statuses(&nightly).await, ["EXECUTE_SUCCESS"; 6]);
    scene.change(&nightly, json!({"status": "OFF"})).await;
    scene.live_until("11-28T03:00").await;
    assert_eq!(scene.backups().await, expected);
    scene.change(&nightly, json!({"status": "ON", "start_time": "05:00"})).await;
    scene.live_until("11-28T06:00").await;
    assert_eq!(scene.backups().await[6..], ["11-28T05:00"]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn weekly_policies_and_every_third_day_run_in_their_own_zone_over_weeks() {
    let scene = Scene::start().await;
    // 2026-11-23 is a Monday; Sunday 01:00 there is Saturday 19:15 UTC.
    let weekly =
        json!({"start_time": "01:00", "frequency": null, "week_frequency": ["SUN", "WED"]});
    let east = scene.policy(weekly, "UTC+05:45").await;
    let other = scene.demo.disk().await;
    scene.settle().await;
    let third = json!({"backup_policy_name": "third", "scheduled_policy": {"start_time": "23:00",
        "frequency": 3, "rentention_num": 99, "status": "ON"}, "time_zone": "UTC-10:00"});
    let answer = scene.demo.post(&scene.demo.path("v2", "backuppolicy"), third).await;
    let west = answer.body["backup_policy_id"].as_str().unwrap().to_owned();
    scene.demo.bind(&west, &other).await;
    scene.live_until("12-09T00:00").await;
    assert_eq!(
        scene.due_times(&east).await,
        ["11-24T19:15", "11-28T19:15", "12-01T19:15", "12-05T19:15", "12-08T19:15"]
    );
    assert_eq!(
        scene.due_times(&west).await,
        ["11-23T09:00", "11-26T09:00", "11-29T09:00", "12-02T09:00", "12-05T09:00", "12-08T09:00"]
    );
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_keeps_so_many_backups_of_each_disk_and_their_snapshots_go_with_the_rest() {
    let scene = Scene::start().await;
    let policy = scene.policy(json!({"rentention_num": 3}), "UTC+00:00").await;
    let by_hand = scene.demo.backup(&scene.disk).await;
    scene.settle().await;
    scene.live_until("11-26T03:00").await;
    let hand = "11-23T07:41";
    assert_eq!(scene.backups().await, [hand, "11-24T02:00", "11-25T02:00", "11-26T02:00"]);
    scene.live_until("11-29T03:00").await;
    assert_eq!(scene.backups().await, [hand, "11-27T02:00", "11-28T02:00", "11-29T02:00"]);
    let snapshots = scene.demo.get(&scene.demo.path("v3", "snapshots")).await;
    assert_eq!(snapshots.body["snapshots"].as_array().unwrap().len(), 3);
    assert_eq!(scene.statuses(&policy).await, ["EXECUTE_SUCCESS"; 6]);
    let path = scene.demo.path("v3", &format!("backups/{by_hand}"));
    assert_eq!(scene.demo.get(&path).await.status, 200, "what was made by hand stays");
    scene.change(&policy, json!({"rentention_num": 2})).await;
    scene.live_until("11-30T03:00").await;
    assert_eq!(scene.backups().await, [hand, "11-29T02:00", "11-30T02:00"]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_keeps_backups_for_so_many_days() {
    let scene = Scene::start().await;
    let days = json!({"rentention_num": null, "rentention_day": 2, "start_time": "02:00,14:00"});
    scene.policy(days, "UTC+00:00").await;
    scene.live_until("11-27T15:00").await;
    assert_eq!(
        scene.backups().await,
        ["11-26T02:00", "11-26T14:00", "11-27T02:00", "11-27T14:00"],
        "what is two days old goes"
    );
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_backup_of_each_month_stays_for_ever() {
    let scene = Scene::start().await;
    let first = json!({"rentention_num": 2, "remain_first_backup_of_curMonth": "Y",
        "frequency": 2});
    scene.policy(first, "UTC+00:00").await;
    scene.live_until("12-09T00:00").await;
    assert_eq!(
        scene.backups().await,
        ["11-24T02:00", "12-02T02:00", "12-06T02:00", "12-08T02:00"],
        "the firsts of November and December, and two"
    );
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_wherever_a_run_was() {
    let mut scene = Scene::start_with(|settings| {
        settings.simulation.delays.insert("backup", TimeDelta::minutes(5));
    })
    .await;
    let policy = scene.policy(json!({}), "UTC+00:00").await;
    scene = scene.restart().await;
    scene.jump_to("11-24T02:00");
    assert_eq!(scene.step().await, [triple("policy_id", "due", "ran")]);
    scene = scene.restart().await;
    assert_eq!(scene.step().await, [triple("task_id", "waiting", "running")]);
    scene = scene.restart().await;
    assert_eq!(scene.step().await, []);
    scene.jump_to("11-24T02:05");
    scene = scene.restart().await;
    scene.settle().await;
    assert_eq!(scene.statuses(&policy).await, ["EXECUTE_SUCCESS"]);
    assert_eq!(scene.backups().await, ["11-24T02:00"]);
    scene.live_until("11-25T02:10").await;
    assert_eq!(scene.statuses(&policy).await, ["EXECUTE_SUCCESS"; 2]);
    scene.finish().await;
}

/// What a nightly policy has done after three nights during which nothing ran.
async fn after_three_nights(runs: MissedRuns) -> (Vec<String>, Vec<String>) {
    let mut scene = Scene::start_with(|settings| {
        settings.policies.missed_runs = runs;
        settings.simulation.delays.insert("backup", TimeDelta::minutes(5));
    })
    .await;
    let policy = scene.policy(json!({}), "UTC+00:00").await;
    scene.jump_to("11-26T07:00");
    scene = scene.restart().await;
    scene.settle().await;
    for _ in 0..4 {
        scene.server.advance(TimeDelta::minutes(5));
        scene.settle().await;
    }
    let (due, made) = (scene.due_times(&policy).await, scene.backups().await);
    assert!(scene.statuses(&policy).await.iter().all(|status| status == "EXECUTE_SUCCESS"));
    scene.live_until("11-27T03:00").await;
    let next = scene.due_times(&policy).await;
    assert_eq!(next.last().unwrap(), "11-27T02:00", "and it goes on");
    assert_eq!(next.len(), due.len() + 1);
    scene.finish().await;
    (due, made)
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_were_missed_are_all_made_up_for_one_after_the_other() {
    let (due, made) = after_three_nights(MissedRuns::All).await;
    assert_eq!(due, ["11-24T02:00", "11-25T02:00", "11-26T02:00"]);
    assert_eq!(made, ["11-26T07:00", "11-26T07:05", "11-26T07:10"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_runs_that_were_missed_the_latest_is_made_up_for() {
    let (due, made) = after_three_nights(MissedRuns::Latest).await;
    assert_eq!(due, ["11-26T02:00"]);
    assert_eq!(made, ["11-26T07:00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_were_missed_are_left_out() {
    let (due, made) = after_three_nights(MissedRuns::Skip).await;
    assert_eq!((due.len(), made.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_a_little_late_is_none_that_was_missed() {
    let scene = Scene::start_with(|settings| {
        settings.policies.missed_runs = MissedRuns::Skip;
        settings.policies.missed_after = TimeDelta::minutes(10);
    })
    .await;
    let policy = scene.policy(json!({}), "UTC+00:00").await;
    scene.jump_to("11-24T02:10");
    scene.settle().await;
    assert_eq!(scene.due_times(&policy).await, ["11-24T02:00"]);
    scene.jump_to("11-25T02:11");
    scene.settle().await;
    assert_eq!(scene.due_times(&policy).await, ["11-24T02:00"]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_moves_to_another_policy_runs_with_that_one_from_then_on() {
    let scene = Scene::start().await;
    let first = scene.policy(json!({}), "UTC+00:00").await;
    let second = scene.policy(json!({"start_time": "04:00"}), "UTC+00:00").await;
    scene.bind(&first).await;
    scene.live_until("11-24T05:00").await;
    assert_eq!(scene.statuses(&first).await, ["EXECUTE_SUCCESS"]);
    assert_eq!(scene.statuses(&second).await, Vec::<String>::new());

    // The run has begun, but the disk leaves before its turn comes.
    scene.jump_to("11-25T02:00");
    assert_eq!(scene.step().await, [triple("policy_id", "due", "ran")]);
    scene.bind(&second).await;
    assert_eq!(scene.step().await, [triple("task_id", "waiting", "skip")]);
    let tasks = scene.tasks(&first).await;
    assert_eq!(
        (&tasks[1]["status"], &tasks[1]["code"], &tasks[1]["message"]),
        (
            &json!("SKIP"),
            &json!("AutoBackup.1400"),
            &json!("The disk is not associated with the policy any more.")
        )
    );
    scene.live_until("11-26T05:00").await;
    assert_eq!(scene.statuses(&first).await, ["EXECUTE_SUCCESS", "SKIP"]);
    assert_eq!(scene.statuses(&second).await, ["EXECUTE_SUCCESS"; 2]);
    assert_eq!(scene.backups().await, ["11-24T02:00", "11-25T04:00", "11-26T04:00"]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_whose_status_forbids_a_backup_is_skipped_and_backed_up_the_next_time() {
    let scene = Scene::start().await;
    let policy = scene.policy(json!({}), "UTC+00:00").await;
    for (night, status) in [(24, "error"), (25, "extending"), (26, "backing-up")] {
        scene.admin.reset(&scene.disk, status).await;
        scene.live_until(&format!("11-{night}T03:00")).await;
        let task = scene.tasks(&policy).await.pop().unwrap();
        let expected = json!({
            "job_id": task["job_id"],
            "status": "SKIP",
            "created_at": format!("2026-11-{night}T02:00:00.000"),
            "finished_at": format!("2026-11-{night}T02:00:00.000"),
            "backup_name": null,
            "resource_id": scene.disk,
            "resource_type": "volume",
            "vbs_job_id": null,
            "code": "VolumeBackup.0012",
            "message": format!("The disk status {status} forbids it."),
        });
        assert_eq!(task, expected);
    }
    scene.admin.reset(&scene.disk, "available").await;
    scene.live_until("11-27T03:00").await;
    assert_eq!(scene.statuses(&policy).await, ["SKIP", "SKIP", "SKIP", "EXECUTE_SUCCESS"]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_offered_when_its_turn_comes_is_skipped_and_still_handed_over() {
    let scene = Scene::start().await;
    let policy = scene.policy(json!({}), "UTC+00:00").await;
    scene.jump_to("11-24T02:00");
    assert_eq!(scene.step().await, [triple("policy_id", "due", "ran")]);
    scene.demo.unbind(&policy, &scene.disk).await;
    let (transfer, key) = scene.demo.offer(&scene.disk).await;
    assert_eq!(scene.step().await, [triple("task_id", "waiting", "skip")]);
    // No call binds an offered disk; a hand in the file can.
    let bind = format!(
        "INSERT INTO policy_disks VALUES ('{}', '{policy}', '2026-11-24T02:00:00.000000Z')",
        scene.disk
    );
    scene.server.edit(&bind).await;
    scene.jump_to("11-25T02:00");
    scene.settle().await;
    scene.server.edit("DELETE FROM policy_disks").await;
    let tasks = scene.tasks(&policy).await;
    let why: Vec<&Value> = tasks.iter().map(|task| &task["message"]).collect();
    assert_eq!(
        why,
        [
            "The disk is not associated with the policy any more.",
            "The disk status awaiting-transfer forbids it.",
        ]
    );
    let partner = scene.server.login("partner").await;
    assert_eq!(partner.accept(&transfer, &key).await.status, 202);
    assert_eq!(scene.backups().await, Vec::<String>::new());
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_quota_fails_and_the_next_one_with_it_works() {
    let scene = Scene::start().await;
    let policy = scene.policy(json!({}), "UTC+00:00").await;
    for (night, limit, code, message) in [
        (24, "snapshots", "AutoBackup.0217", "Maximum number of snapshots allowed (0) exceeded"),
        (25, "backups", "AutoBackup.0218", "Maximum number of backups allowed (0) exceeded"),
        (
            26,
            "backup_gigabytes",
            "AutoBackup.0218",
            "Requested backup exceeds allowed Backup gigabytes quota. Requested 10G, quota is 0G \
             and 0G has been consumed.",
        ),
    ] {
        scene.admin.set_quota(&scene.demo.project, json!({limit: 0})).await;
        scene.run_now(&policy).await.is_evs_fault(400, code, message);
        scene.live_until(&format!("11-{night}T03:00")).await;
        let task = scene.tasks(&policy).await.pop().unwrap();
        assert_eq!(
            (&task["status"], &task["code"], &task["message"], &task["backup_name"]),
            (&json!("EXECUTE_FAIL"), &json!(code), &json!(message), &Value::Null)
        );
        assert_eq!(scene.demo.disk_status(&scene.disk).await, "available");
        scene.admin.set_quota(&scene.demo.project, json!({limit: -1})).await;
    }
    scene.live_until("11-27T03:00").await;
    assert_eq!(scene.statuses(&policy).await.last().unwrap(), "EXECUTE_SUCCESS");
    assert_eq!(scene.backups().await, ["11-27T02:00"]);
    let snapshots = scene.demo.get(&scene.demo.path("v3", "snapshots")).await;
    assert_eq!(snapshots.body["snapshots"].as_array().unwrap().len(), 1);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_by_hand_needs_quota_for_all_of_its_disks() {
    let scene = Scene::start().await;
    let policy = scene.policy(json!({"status": "OFF"}), "UTC+00:00").await;
    let other = scene.demo.disk().await;
    scene.settle().await;
    scene.demo.bind(&policy, &other).await;
    scene.admin.set_quota(&scene.demo.project, json!({"backups": 1})).await;
    let short = "Maximum number of backups allowed (1) exceeded";
    scene.run_now(&policy).await.is_evs_fault(400, "AutoBackup.0218", short);
    assert_eq!(scene.tasks(&policy).await, Vec::<Value>::new());
    scene.admin.set_quota(&scene.demo.project, json!({"backups": 2})).await;
    scene.run_now(&policy).await.is_empty(204);
    scene.settle().await;
    assert_eq!(scene.statuses(&policy).await, ["EXECUTE_SUCCESS"; 2]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_run_by_hand_once_at_a_time_on_or_off() {
    let scene = Scene::start_with(|settings| {
        settings.simulation.delays.insert("backup", TimeDelta::minutes(5));
    })
    .await;
    let policy = scene.policy(json!({"status": "OFF"}), "UTC+00:00").await;
    let path = scene.demo.path("v2", &format!("backuppolicy/{policy}/action"));
    scene.demo.post(&path, Value::Null).await.is_empty(204);
    let runs = "The policy is being executed";
    scene.run_now(&policy).await.is_evs_fault(400, "AutoBackup.0225", runs);
    scene.settle().await;
    assert_eq!(scene.statuses(&policy).await, ["RUNNING"]);
    scene.run_now(&policy).await.is_evs_fault(400, "AutoBackup.0225", runs);
    scene.server.advance(TimeDelta::minutes(5));
    scene.settle().await;
    scene.run_now(&policy).await.is_empty(204);
    scene.settle().await;
    assert_eq!(scene.statuses(&policy).await, ["EXECUTE_SUCCESS", "RUNNING"]);
    scene.server.advance(TimeDelta::minutes(5));
    scene.settle().await;
    let absent = crate::disks::ABSENT;
    let message = format!("Backup policy {absent} could not be found.");
    scene.run_now(absent).await.is_evs_fault(404, "AutoBackup.0205", &message);

    let (own, _) = default_of(&scene.demo).await;
    scene.run_now(&own).await.is_empty(204);
    assert_eq!(scene.tasks(&own).await, Vec::<Value>::new(), "it has no disk");
    scene.bind(&own).await;
    scene.run_now(&own).await.is_empty(204);
    scene.settle().await;
    assert_eq!(scene.statuses(&own).await, ["RUNNING"]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_by_hand_and_a_scheduled_one_of_the_same_disk_follow_each_other() {
    let scene = Scene::start_with(|settings| {
        settings.simulation.delays.insert("backup", TimeDelta::minutes(5));
    })
    .await;
    let policy = scene.policy(json!({}), "UTC+00:00").await;
    scene.jump_to("11-24T01:58");
    scene.run_now(&policy).await.is_empty(204);
    scene.settle().await;
    scene.jump_to("11-24T02:00");
    scene.settle().await;
    assert_eq!(scene.statuses(&policy).await, ["RUNNING", "WAITING"]);
    scene.jump_to("11-24T02:03");
    scene.settle().await;
    assert_eq!(scene.statuses(&policy).await, ["EXECUTE_SUCCESS", "RUNNING"]);
    scene.jump_to("11-24T02:08");
    scene.settle().await;
    assert_eq!(scene.statuses(&policy).await, ["EXECUTE_SUCCESS"; 2]);
    assert_eq!(scene.backups().await, ["11-24T01:58", "11-24T02:03"]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_fails_or_is_reset_ends_its_task_and_is_not_counted() {
    let scene = Scene::start_with(|settings| {
        settings.simulation.delays.insert("backup", TimeDelta::minutes(5));
    })
    .await;
    let policy = scene.policy(json!({"rentention_num": 2}), "UTC+00:00").await;
    scene.jump_to("11-24T02:00");
    scene.settle().await;
    let body = json!({"disk_id": scene.disk, "outcome": "failed"});
    assert_eq!(scene.admin.post("/_evs/progress", body).await.status, 200);
    let task = scene.tasks(&policy).await.pop().unwrap();
    assert_eq!(
        (&task["status"], &task["code"], &task["message"]),
        (&json!("EXECUTE_FAIL"), &json!("VolumeBackup.0064"), &json!("The backup failed."))
    );
    scene.live_until("11-25T02:00").await;
    let sql = "SELECT backup_id FROM policy_tasks WHERE status = 'running' AND policy_id = $1";
    let [(backup,)] = &scene.server.rows::<(String,)>(sql, &policy).await[..] else { panic!() };
    let action = scene.demo.path("v3", &format!("backups/{backup}/action"));
    let reset = json!({"os-reset_status": {"status": "error"}});
    scene
        .admin
        .post(&scene.admin.path("v3", &format!("backups/{backup}/action")), reset.clone())
        .await
        .is_empty(202);
    assert_eq!(scene.demo.post(&action, reset).await.status, 403);
    assert_eq!(scene.statuses(&policy).await, ["EXECUTE_FAIL"; 2]);
    scene.live_until("11-28T03:00").await;
    assert_eq!(
        scene.backups().await,
        ["11-24T02:00", "11-25T02:00", "11-27T02:00", "11-28T02:00"],
        "failed ones stay until somebody deletes them"
    );
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_of_a_deleted_policy_or_disk_never_runs_and_what_runs_comes_to_its_end() {
    let scene = Scene::start_with(|settings| {
        settings.simulation.delays.insert("backup", TimeDelta::minutes(5));
    })
    .await;
    let policy = scene.policy(json!({}), "UTC+00:00").await;
    let other = scene.demo.disk().await;
    scene.settle().await;
    scene.demo.bind(&policy, &other).await;
    scene.jump_to("11-24T02:00");
    assert_eq!(scene.step().await, [triple("policy_id", "due", "ran")]);
    let path = scene.demo.path("v3", &format!("volumes/{other}"));
    scene.demo.delete(&path).await.is_empty(202);
    scene.settle().await;
    let mut stand = scene.statuses(&policy).await;
    stand.sort();
    assert_eq!(stand, ["RUNNING", "SKIP"]);
    let path = scene.demo.path("v2", &format!("backuppolicy/{policy}"));
    scene.demo.delete(&path).await.is_empty(204);
    scene.server.advance(TimeDelta::minutes(5));
    scene.settle().await;
    assert_eq!(scene.backups().await, ["11-24T02:00"]);
    assert_eq!(scene.demo.disk_status(&scene.disk).await, "available");

    let second = scene.policy(json!({}), "UTC+00:00").await;
    scene.run_now(&second).await.is_empty(204);
    let path = scene.demo.path("v2", &format!("backuppolicy/{second}"));
    scene.demo.delete(&path).await.is_empty(204);
    scene.live_until("11-25T03:00").await;
    assert_eq!(scene.backups().await, ["11-24T02:00"]);
    scene.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_runs_its_policies_by_itself_and_a_backup_that_takes_no_time_is_there_at_once() {
    let server = TestServer::start_with(|settings| {
        settings.auth.token_lifetime = TimeDelta::days(100);
    })
    .await;
    let demo = server.login("demo").await;
    let (policy, disk) = (demo.policy("nightly", "ON").await, demo.disk().await);
    demo.bind(&policy, &disk).await;
    let backups = demo.path("v3", &format!("backups?volume_id={disk}"));
    for night in 1..=9 {
        let start: DateTime<Utc> = START.parse().unwrap();
        let due =
            start.date_naive().and_hms_opt(2, 0, 0).unwrap().and_utc() + TimeDelta::days(night);
        server.advance(due - server.now());
        let expected = usize::try_from(night.min(7)).unwrap();
        // The service looks at the clock at least once a second; this asks until it has.
        let path = demo.path("v2", &format!("backuppolicy/{policy}/backuptasks"));
        let mut asked = 0;
        while demo.get(&path).await.body["count"] != night {
            asked += 1;
            assert!(asked < 20_000, "it never runs");
        }
        let mut asked = 0;
        while demo.get(&path).await.body["tasks"][0]["status"] != "EXECUTE_SUCCESS" {
            asked += 1;
            assert!(asked < 20_000, "it never ends");
        }
        let made = demo.get(&backups).await.body["backups"].as_array().unwrap().len();
        assert_eq!(made, expected, "seven are kept");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_ahead_comes_by_every_run_at_its_hour() {
    let server = TestServer::start_with(|settings| {
        settings.auth.token_lifetime = TimeDelta::days(100);
        settings.simulation.delays.insert("backup", TimeDelta::minutes(5));
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let (policy, disk) = (demo.policy("nightly", "ON").await, demo.disk().await);
    demo.bind(&policy, &disk).await;
    let answer = admin.post("/_evs/clock", json!({"set": "2026-12-03T03:00:00Z"})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let sql = "SELECT due_at, created_at, finished_at, status FROM policy_tasks
               WHERE policy_id = $1 ORDER BY due_at";
    let rows: Vec<(String, String, String, String)> = server.rows(sql, &policy).await;
    let expected: Vec<(String, String, String, String)> = (24..34)
        .map(|day: i64| {
            let due: DateTime<Utc> = "2026-11-01T02:00:00Z".parse().unwrap();
            let due = due + TimeDelta::days(day - 1);
            let text = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
            let ended = text(due + TimeDelta::minutes(5));
            (text(due), text(due), ended, "success".to_owned())
        })
        .collect();
    assert_eq!(rows, expected);
    let path = demo.path("v3", &format!("backups/detail?volume_id={disk}&sort=created_at:asc"));
    let made = demo.get(&path).await.body["backups"].as_array().unwrap().clone();
    let made: Vec<&str> =
        made.iter().map(|backup| &backup["created_at"].as_str().unwrap()[5..16]).collect();
    let kept = ["27", "28", "29", "30"].map(|day| format!("11-{day}T02:00"));
    let kept: Vec<String> =
        kept.into_iter().chain((1..=3).map(|day| format!("12-0{day}T02:00"))).collect();
    assert_eq!(made, kept, "seven are kept");
    server.finish().await;
}
