//! The real binary as a test's own server, for tests that drive it with other programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server on a directory; killed when the test ends, however it ends.
pub(crate) struct Evs {
    process: Child,
    data: PathBuf,
    pub(crate) url: String,
}

impl Evs {
    pub(crate) fn start(data: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_evs"))
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ours = format!("{}\n", process.id());
        let patience = Instant::now() + Duration::from_secs(30);
        loop {
            // The lines of a server that was killed stay until the next one writes its own.
            let lock = fs::read_to_string(data.join("evs.lock")).unwrap_or_default();
            if let Some(url) = lock.strip_prefix(&ours).and_then(|rest| rest.lines().next()) {
                return Self { process, data: data.to_owned(), url: url.to_owned() };
            }
            assert!(process.try_wait().unwrap().is_none(), "the server ended");
            assert!(Instant::now() < patience, "the server did not start");
            std::thread::yield_now();
        }
    }

    /// No invariant of the data file is broken.
    pub(crate) fn is_healthy(&self) {
        let doctor = Command::new(env!("CARGO_BIN_EXE_evs"))
            .args(["doctor", "--data"])
            .arg(&self.data)
            .output()
            .unwrap();
        let found = String::from_utf8_lossy(&doctor.stdout);
        assert!(doctor.status.success(), "{found}");
    }
}

impl Drop for Evs {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
