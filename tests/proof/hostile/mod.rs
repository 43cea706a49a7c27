//! Another process does to the data file of a running server whatever it may occur to it to do: every
//! answer is a success or a 503 that says why, and no answered write is lost by it.
//!
//! That process is the real shell of SQLite. What it does is a kind of hostility, chosen by the seed:
//! consecutive seeds go through all of them.

mod kinds;

use std::fs::{File, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::pass;
use crate::process::{Answer, Client, Server, serve, violations};
use crate::survived::Run;
use crate::vitals::panics;
use crate::world::started;
use kinds::{KINDS, hostility};

/// How long the server waits for a lock before it says so.
const BUSY_MS: &str = "700";
/// So many hostilities at the same time, each on a server of its own: they wait more than they work.
const LANES: usize = 4;
/// What comes back by itself comes within so long.
const COMES_WITHIN: Duration = Duration::from_secs(20);

/// A server, its tester, and what was written.
pub(crate) struct Scene {
    home: TempDir,
    seed: u64,
    pub(crate) chance: Chance,
    pub(crate) server: Server,
    pub(crate) demo: Client,
    /// The names of disks whose creation was answered with 202 ...
    pub(crate) answered: Vec<String>,
    /// ... and with 503.
    refused: Vec<String>,
    /// Whether the tester itself took away what was answered.
    pub(crate) taken: bool,
}

impl Scene {
    async fn new(seed: u64) -> Self {
        let home = TempDir::new().unwrap();
        let server = start(&home).unwrap();
        let demo = Client::login(&server.url, "demo").await;
        let chance = Chance::of(seed);
        let (answered, refused) = (Vec::new(), Vec::new());
        Self { home, seed, chance, server, demo, answered, refused, taken: false }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// The data file, or one beside it.
    pub(crate) fn file(&self, suffix: &str) -> PathBuf {
        self.data().join(format!("evs.db{suffix}"))
    }

    /// Some place that is not the data directory.
    pub(crate) fn elsewhere(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Makes a disk; whatever comes, the answer is one that was promised.
    pub(crate) async fn write(&mut self) -> Answer {
        let number = self.answered.len() + self.refused.len();
        let name = format!("disk {number} of {}", self.seed);
        let answer = self.demo.create_disk(&name).await.unwrap();
        match answer.status {
            202 => self.answered.push(name),
            503 => {
                assert_eq!(answer.headers["retry-after"], "1", "{}", answer.body);
                self.refused.push(name);
            }
            status => panic!("{status}: {}", answer.body),
        }
        answer
    }

    pub(crate) async fn writes(&mut self, times: usize) {
        for _ in 0..times {
            let answer = self.write().await;
            assert_eq!(answer.status, 202, "{}", answer.body);
        }
    }

    /// A write that is refused, and for this reason.
    pub(crate) async fn refuses(&mut self, why: &str) {
        let answer = self.write().await;
        let told = message(&answer.body);
        assert!(answer.status == 503 && told.contains(why), "{} {told}", answer.status);
    }

    /// As many readers at once as there may be.
    pub(crate) async fn reads(&self) {
        let mut reading = JoinSet::new();
        for _ in 0..8 {
            let demo = self.demo.clone();
            reading.spawn(async move { demo.get("volumes?limit=3").await.unwrap() });
        }
        for answer in reading.join_all().await {
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    }

    /// No state is saved of a file that is not the server's.
    pub(crate) async fn saves_nothing(&self, admin: &Client, why: &str) {
        let url = format!("{}/_evs/state/wrong", admin.url);
        let answer = admin.send(Method::PUT, &url, None).await.unwrap();
        assert!(answer.status == 503 && answer.body.to_string().contains(why), "{}", answer.body);
    }

    /// The tester.
    pub(crate) fn shell(&self) -> Shell {
        Shell::on(&self.file(""))
    }

    /// Ends the server, by this signal, and starts it again.
    pub(crate) fn again(&mut self, signal: &str) {
        self.server.signal(signal);
        self.server.end();
        self.again_after_end();
    }

    /// Starts it again.
    pub(crate) fn again_after_end(&mut self) {
        self.server = start(&self.home).unwrap();
        self.demo = self.demo.moved_to(&self.server.url);
    }

    /// Every answered write is there once, by the server's own word and in the file.
    async fn is_whole(&mut self) {
        if self.taken {
            return;
        }
        self.writes(1).await;
        let signal = ["KILL", "TERM"][self.chance.below(2)];
        self.again(signal);
        self.writes(1).await;
        let said = self.shell().says("SELECT name FROM disks;");
        let count = |name: &String| said.lines().filter(|line| line == name).count();
        for name in &self.answered {
            assert_eq!(count(name), 1, "{name} was answered, then came {signal}");
        }
        assert!(self.refused.iter().all(|name| count(name) <= 1));
        assert_eq!(violations(&self.data()).await, Vec::<String>::new());
    }
}

fn start(home: &TempDir) -> Option<Server> {
    let log = File::options().append(true).create(true).open(home.path().join("log")).unwrap();
    let mut command = serve(&home.path().join("data"));
    Server::start(command.env("EVS__STORE__BUSY_TIMEOUT_MS", BUSY_MS).stderr(log))
}

/// A start that must not succeed; what it says.
pub(crate) fn refused_start(data: &std::path::Path) -> String {
    match started(serve(data).env("EVS__LOG__FILTER", "off")) {
        Ok(server) => panic!("it serves {} at {}", data.display(), server.url),
        Err(said) => said,
    }
}

/// The sentence in an answer of Cinder's.
fn message(body: &Value) -> &str {
    let fault = body.as_object().and_then(|members| members.values().next());
    fault.and_then(|fault| fault["message"].as_str()).unwrap_or_default()
}

/// Waits until something is so.
pub(crate) async fn comes(mut so: impl FnMut() -> bool, what: &str) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < COMES_WITHIN, "{what} did not come");
        pass(Duration::from_millis(10)).await;
    }
}

/// `sqlite3` on a file, one statement after the other.
pub(crate) struct Shell {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Shell {
    pub(crate) fn on(file: &std::path::Path) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "exec sqlite3 -batch \"$0\" 2>&1"]).arg(file);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut shell = Self { child, out };
        assert_eq!(shell.says(".timeout 10000"), "");
        shell
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs it and waits; what the shell says.
    pub(crate) fn says(&mut self, sql: &str) -> String {
        const END: &str = "-- that was all\n";
        writeln!(self.child.stdin.as_mut().unwrap(), "{sql}\n.print {}", END.trim()).unwrap();
        let mut said = String::new();
        while !said.ends_with(END) {
            assert!(self.out.read_line(&mut said).unwrap() > 0, "the shell ended: {said}");
        }
        said.truncate(said.len() - END.len());
        said
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// Gives a file these rights and says which it had.
pub(crate) fn chmod(file: &std::path::Path, mode: u32) -> u32 {
    let had = std::fs::metadata(file).unwrap().permissions().mode();
    std::fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
    had
}

/// One hostility; how many writes were answered, and how many refused.
async fn suffered(kind: usize, seed: u64) -> [usize; 2] {
    let mut scene = Scene::new(seed).await;
    let first = 1 + scene.chance.below(4);
    scene.writes(first).await;
    hostility(kind, &mut scene).await;
    scene.is_whole().await;
    assert_eq!(panics(&scene.elsewhere("log")), Vec::<String>::new());
    [scene.answered.len(), scene.refused.len()]
}

/// One after the other, every so manieth, each as a task of its own whose panic is told with its seed.
async fn suffered_in(lane: usize, seed: u64, count: usize) -> [usize; 2] {
    let mut sum = [0; 2];
    for number in (lane..count).step_by(LANES) {
        let seed = seed.wrapping_add(u64::try_from(number).unwrap());
        let kind = usize::try_from(seed % u64::try_from(KINDS.len()).unwrap()).unwrap();
        let mut one = JoinSet::new();
        one.spawn(suffered(kind, seed));
        let Ok([answered, refused]) = one.join_next().await.unwrap() else {
            panic!("EVS_PROOF_SEED={seed} EVS_PROOF_COUNT=1: when the tester {}", KINDS[kind].0);
        };
        sum = [sum[0] + answered, sum[1] + refused];
    }
    sum
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_hostile_tester_makes_no_answered_write_disappear() {
    let run = Run::of("hostile tester", KINDS.len());
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        lanes.spawn(suffered_in(lane, run.seed, run.count));
    }
    let sums = lanes.join_all().await;
    let [answered, refused] = [0, 1].map(|of| sums.iter().map(|sum| sum[of]).sum::<usize>());
    run.survived(
        run.count,
        &format!(
            "{} kinds; {answered} writes answered, each there unless the tester deleted the file \
             itself; {refused} refused with a 503 that says why; no other answer",
            KINDS.len().min(run.count)
        ),
    );
}
