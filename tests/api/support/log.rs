//! Catches what all servers of this process log, down to the finest level.

use std::io;
use std::sync::{Mutex, Once};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static ONCE: Once = Once::new();

struct Catcher;

impl io::Write for Catcher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Catches from now on; once a process.
pub(super) fn capture() {
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_env_filter("debug,evs_local=trace")
            .with_ansi(false)
            .with_writer(|| Catcher)
            .init();
    });
}

/// What was logged so far.
pub(super) fn captured() -> Vec<u8> {
    LOG.lock().unwrap().clone()
}
