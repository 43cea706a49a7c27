//! A server under a mixed load that does not saturate it, for as long as one likes: what it takes of the
//! machine stays the same, and its log stays bounded.
//!
//! `EVS_PROOF_COUNT=1800 cargo test --release --test proof soak -- --nocapture` soaks for half an hour and
//! prints a line a minute. Timings are printed, and decide nothing.

mod load;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::pass;
use crate::process::{Server, serve, violations};
use crate::survived::{Run, say};
use crate::vitals::{Vitals, at_rest, length, panics};
use load::{Load, Tally, Worker};

const WORKERS: usize = 6;
/// Lines of a run, if they would come more than once a minute otherwise.
const LINES: u64 = 10;
/// How often it is looked what the server takes.
const LOOK: Duration = Duration::from_millis(100);
/// `journal_size_limit`, beyond which the log is cut when it begins again, and the 1000 pages that it may
/// grow by meanwhile, with their headers.
const LOG_BOUND: u64 = 16 * 1024 * 1024 + 1000 * (4096 + 24);
/// By how much the highest memory of the last third may be above that of the first: what SQLite's caches,
/// the allocator's arenas and the metrics of rare requests may still grow by after the beginning.
const MEMORY_BOUND_KIB: u64 = 16 * 1024;
/// Threads that the runtime makes for work with files, and ends when there is none.
const THREADS_BOUND: u64 = 4;

/// What an interval came to.
#[derive(Debug)]
struct Interval {
    /// The highest of all looks.
    memory_kib: u64,
    threads: u64,
    descriptors: u64,
    log_bytes: u64,
    file_bytes: u64,
    tally: Tally,
}

impl Interval {
    fn line(&mut self, number: usize, seconds: f64) -> String {
        let (p50, p99) = (self.tally.percentile(50), self.tally.percentile(99));
        let answers = self.tally.answers();
        format!(
            "{number:>4}  {:>7.1} MiB  {:>3} fds  {:>3} threads  log {:>6} KiB  file {:>7} KiB  \
             p50 {p50:>6.2} ms  p99 {p99:>7.2} ms  {:>5.0}/s  {answers} answers  {} errors",
            mebibytes(self.memory_kib),
            self.descriptors,
            self.threads,
            self.log_bytes / 1024,
            self.file_bytes / 1024,
            f64::from(u32::try_from(answers).unwrap()) / seconds,
            self.tally.errors.len(),
        )
    }
}

fn mebibytes(kibibytes: u64) -> f64 {
    f64::from(u32::try_from(kibibytes).unwrap()) / 1024.0
}

/// Looks every now and then, and keeps the highest of all.
async fn watch(server: &Server, data: &Path, load: &Load, time: Duration) -> Interval {
    let began = Instant::now();
    let [file, log] = ["evs.db", "evs.db-wal"].map(|name| data.join(name));
    let mut most = Interval {
        memory_kib: 0,
        threads: 0,
        descriptors: 0,
        log_bytes: 0,
        file_bytes: 0,
        tally: Tally::default(),
    };
    while began.elapsed() < time {
        pass(LOOK.min(time)).await;
        let Vitals { memory_kib, threads, descriptors } = Vitals::of(server.pid());
        most.memory_kib = most.memory_kib.max(memory_kib);
        most.threads = most.threads.max(threads);
        most.descriptors = most.descriptors.max(descriptors);
        most.log_bytes = most.log_bytes.max(length(&log));
        most.file_bytes = most.file_bytes.max(length(&file));
    }
    most.tally = load.take();
    most
}

/// Works with all workers until it is told to stop; each ends what it has begun, and closes its connection.
async fn soaked<T>(
    url: &str,
    load: &Arc<Load>,
    chance: &mut Chance,
    watch: impl Future<Output = T>,
) -> T {
    let stop = Arc::new(AtomicBool::new(false));
    let mut working = JoinSet::new();
    for number in 0..WORKERS {
        let worker = Worker::new(number, url, Arc::clone(load), Chance::of(chance.next())).await;
        working.spawn(worker.work(Arc::clone(&stop)));
    }
    let seen = watch.await;
    stop.store(true, Ordering::Relaxed);
    working.join_all().await;
    seen
}

/// How many rows tell of what happened and are never removed.
async fn events(data: &Path) -> i64 {
    let options = SqliteConnectOptions::new().filename(data.join("evs.db"));
    let mut connection = options.connect().await.unwrap();
    let count = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut connection);
    let count = count.await.unwrap();
    connection.close().await.unwrap();
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soaked_server_takes_no_more_of_the_machine_at_the_end_than_at_the_beginning() {
    let run = Run::of("soak", 12);
    let mut chance = Chance::of(run.seed);
    let time = Duration::from_secs(u64::try_from(run.count).unwrap());
    let each = (time / u32::try_from(LINES).unwrap()).min(Duration::from_mins(1));
    let home = TempDir::new().unwrap();
    let (data, log) = (home.path().join("data"), home.path().join("log"));
    let mut command = serve(&data);
    // What takes time ends while others work; tokens are given back, and what is left of them is purged.
    for operation in ["CREATE", "EXTEND", "DELETE", "SNAPSHOT", "BACKUP"] {
        command.env(format!("EVS__SIMULATION__{operation}_DELAY_MS"), "40");
    }
    command.env("EVS__AUTH__PURGE_INTERVAL_S", "1").stderr(File::create(&log).unwrap());
    let mut server = Server::start(&mut command).unwrap();
    let load = Arc::new(Load::default());

    // Every connection, cache and thread that there will be is there after a while.
    let warm = (each * 2).max(Duration::from_secs(2));
    soaked(&server.url, &load, &mut chance, pass(warm)).await;
    assert_eq!(load.take().errors, Vec::<String>::new(), "while it got warm");
    let before = at_rest(server.pid()).await;

    let mut intervals = soaked(&server.url, &load, &mut chance, async {
        let mut intervals: Vec<Interval> = Vec::new();
        let began = Instant::now();
        while began.elapsed() + each / 2 < time {
            let mut interval = watch(&server, &data, &load, each).await;
            say(&interval.line(intervals.len() + 1, each.as_secs_f64()));
            intervals.push(interval);
        }
        intervals
    })
    .await;
    let after = at_rest(server.pid()).await;

    // What is true whatever the time that it took.
    let errors: Vec<_> =
        intervals.iter_mut().flat_map(|i| std::mem::take(&mut i.tally.errors)).collect();
    assert_eq!(errors, Vec::<String>::new());
    let third = (intervals.len() / 3).max(1);
    let (first, last) = (&intervals[..third], &intervals[intervals.len() - third..]);
    let most = |of: &[Interval], what: fn(&Interval) -> u64| of.iter().map(what).max().unwrap();
    let memory = [most(first, |i| i.memory_kib), most(last, |i| i.memory_kib)];
    assert!(memory[1] <= memory[0] + MEMORY_BOUND_KIB, "memory grew: {memory:?} KiB");
    let descriptors = [most(first, |i| i.descriptors), most(last, |i| i.descriptors)];
    assert_eq!(after.open, before.open, "descriptors when nobody is connected");
    let [before, after] = [before, after].map(|rest| rest.vitals);
    let connected = before.descriptors + u64::try_from(WORKERS).unwrap();
    // A state that is saved is a file or two more.
    assert!(most(&intervals, |i| i.descriptors) <= connected + 4, "{descriptors:?} {before:?}");
    let threads = [most(first, |i| i.threads), most(last, |i| i.threads)];
    assert!(threads[1] <= threads[0] + THREADS_BOUND, "threads grew: {threads:?}");
    assert!(after.threads <= before.threads + THREADS_BOUND, "{before:?} {after:?}");
    let log_bytes = most(&intervals, |i| i.log_bytes);
    assert!(log_bytes <= LOG_BOUND, "the log grew to {log_bytes} bytes");
    assert_eq!(violations(&data).await, Vec::<String>::new(), "while it serves");
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&data).await, Vec::<String>::new(), "after it has stopped");
    assert_eq!(panics(&log), Vec::<String>::new());
    let events = events(&data).await;

    let answers: usize = intervals.iter().map(|i| i.tally.answers()).sum();
    assert!(answers > run.count, "{answers} answers");
    let file = [first, last].map(|of| most(of, |i| i.file_bytes));
    let grown = (file[1].saturating_sub(file[0])) / 1024;
    run.survived(
        run.count,
        &format!(
            "{answers} answers, no error; first third against last: memory {:.1} and {:.1} MiB, \
             descriptors {} and {}, threads {} and {}; at rest {} descriptors before and {} after; the \
             log at most {} KiB; the file grew by {grown} KiB with {events} events, which are kept",
            mebibytes(memory[0]),
            mebibytes(memory[1]),
            descriptors[0],
            descriptors[1],
            threads[0],
            threads[1],
            before.descriptors,
            after.descriptors,
            log_bytes / 1024,
        ),
    );
    let mut ends = [first, last].map(|of| {
        let mut all = Tally::default();
        for interval in of {
            all.add(&interval.tally);
        }
        all
    });
    let [(a, b), (c, d)] = ends.each_mut().map(|all| (all.percentile(50), all.percentile(99)));
    say(&format!("soak: p50 {a:.2} and {c:.2} ms, p99 {b:.2} and {d:.2} ms, first third and last"));
}
