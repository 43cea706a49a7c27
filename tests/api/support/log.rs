//! Catches what all servers of this process log, down to the finest level.

use std::io;
use std::sync::{Mutex, Once};

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

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
        let text = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| Catcher);
        tracing_subscriber::registry()
            .with(text.with_filter(EnvFilter::new("debug,evs_local=trace")))
            .with(crate::statements::layer())
            .with(super::plans::layer())
            .init();
    });
}

/// How much was logged so far.
pub(super) fn length() -> usize {
    LOG.lock().unwrap().len()
}

/// What was logged since it was so long.
pub(super) fn since(length: usize) -> Vec<u8> {
    LOG.lock().unwrap()[length..].to_vec()
}
