//! What a process takes of the machine, as `/proc` tells it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::pass;

/// How long what was closed may take to be gone: the other end learns of it, and looks.
const GONE_WITHIN: Duration = Duration::from_secs(30);

/// What one process has at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vitals {
    pub(crate) memory_kib: u64,
    pub(crate) threads: u64,
    pub(crate) descriptors: u64,
}

impl Vitals {
    pub(crate) fn of(pid: u32) -> Self {
        let directory = PathBuf::from(format!("/proc/{pid}"));
        let status = std::fs::read_to_string(directory.join("status")).unwrap();
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        let descriptors = std::fs::read_dir(directory.join("fd")).unwrap().count();
        Self {
            memory_kib: number("VmRSS:"),
            threads: number("Threads:"),
            descriptors: u64::try_from(descriptors).unwrap(),
        }
    }
}

/// How often it is looked at a process at rest.
const LOOKS: usize = 30;

/// What a process has when nobody is connected.
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    pub(crate) vitals: Vitals,
    /// How many descriptors there are of each file, and of each other kind.
    pub(crate) open: BTreeMap<String, usize>,
}

/// Waits until nobody is connected, and looks: connections go a moment after the other end has closed them.
pub(crate) async fn at_rest(pid: u32) -> Rest {
    let began = Instant::now();
    while connections(pid) > 0 {
        assert!(began.elapsed() < GONE_WITHIN, "{} connections are left", connections(pid));
        pass(Duration::from_millis(10)).await;
    }
    let count = |open: &BTreeMap<String, usize>| open.values().sum::<usize>();
    // What looks at the file now and then has it open for a moment.
    let mut open = opened(pid);
    for _ in 0..LOOKS {
        pass(Duration::from_millis(10)).await;
        let now = opened(pid);
        if count(&now) < count(&open) {
            open = now;
        }
    }
    let descriptors = u64::try_from(count(&open)).unwrap();
    Rest { vitals: Vitals { descriptors, ..Vitals::of(pid) }, open }
}

/// The descriptors of a process by what they stand for: a file's path, or `socket`, `pipe` and the like.
fn opened(pid: u32) -> BTreeMap<String, usize> {
    let mut opened = BTreeMap::new();
    for target in targets(pid) {
        let name = target.split_once(":[").map_or(&*target, |(kind, _)| kind);
        *opened.entry(name.to_owned()).or_default() += 1;
    }
    opened
}

/// What each descriptor stands for, as the kernel says it; one that is closed meanwhile stands for nothing.
fn targets(pid: u32) -> impl Iterator<Item = String> {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    descriptors.filter_map(|entry| {
        let target = std::fs::read_link(entry.unwrap().path()).ok()?;
        Some(target.to_string_lossy().into_owned())
    })
}

/// How many connections it holds. One that the kernel is done with, and the process not yet, stands in no
/// table: so this counts every socket that neither listens nor is one of the process with itself.
fn connections(pid: u32) -> usize {
    const LISTENS: &str = "0A";
    let table = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap();
    let (tcp, unix) = (table("tcp"), table("unix"));
    let listens = tcp.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        (words.get(3) == Some(&LISTENS)).then(|| words.get(9).copied())?
    });
    let with_itself = unix.lines().filter_map(|line| line.split_whitespace().nth(6));
    let known: Vec<&str> = listens.chain(with_itself).collect();
    let sockets = targets(pid)
        .filter_map(|target| Some(target.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()));
    sockets.filter(|inode| !known.contains(&inode.as_str())).count()
}

/// The length of a file; 0 where there is none.
pub(crate) fn length(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |file| file.len())
}

/// The lines of a log that tell of a panic.
pub(crate) fn panics(log: &Path) -> Vec<String> {
    let text = std::fs::read(log).unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().filter(|line| line.contains("panicked")).map(str::to_owned).collect()
}
