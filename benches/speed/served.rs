//! A server in a process of its own, and what the system knows of it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};

/// A process that serves; ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From its start to the line that says that it serves.
    pub(crate) ready_in: Duration,
}

impl Served {
    /// The product on a data directory, as anybody starts it, but without quotas.
    pub(crate) fn evs(data: &Path) -> Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_evs"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("EVS__") {
                command.env_remove(name);
            }
        }
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("EVS__QUOTAS__VOLUMES", "-1")
            .env("EVS__QUOTAS__GIGABYTES", "-1")
            .env("EVS__AUTH__PASSWORD_GUESSES", "0");
        Self::start(&mut command)
    }

    /// Any program whose first line of output ends with the URL where it serves.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let begin = Instant::now();
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let ready_in = begin.elapsed();
        let url = line.trim_end().rsplit(' ').next().unwrap_or_default();
        let address = url.trim_start_matches("http://").parse();
        let address = address.with_context(|| format!("it did not serve: {line:?}"))?;
        Ok(Self { child, address, ready_in })
    }

    /// Ends it as Ctrl-C does, and waits until all is in the data file.
    pub(crate) fn stop(mut self) -> Result<()> {
        if let Some(pid) = Pid::from_raw(i32::try_from(self.child.id())?) {
            kill_process(pid, Signal::TERM)?;
        }
        self.child.wait()?;
        Ok(())
    }

    /// Processor time that it has used so far.
    pub(crate) fn processor(&self) -> Result<Duration> {
        /// Of the ticks that Linux counts a process's time in (`USER_HZ`).
        const A_SECOND: f64 = 100.0;
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, in brackets, may hold anything; user and system time are the 12th and 13th after it.
        let numbers = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
        let mut ticks = 0.0;
        for number in numbers {
            ticks += number.parse::<f64>()?;
        }
        Ok(Duration::from_secs_f64(ticks / A_SECOND))
    }

    /// Memory in MiB: `VmRSS` of now, `VmHWM` at most.
    pub(crate) fn memory(&self, which: &str) -> Result<f64> {
        self.number("status", which).map(|kib| kib / 1024.0)
    }

    /// Bytes that it has sent to the disk.
    pub(crate) fn written(&self) -> Result<f64> {
        self.number("io", "write_bytes")
    }

    fn number(&self, file: &str, name: &str) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let line = line.with_context(|| format!("no {name} in {file}"))?;
        Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that has ended already is as well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
