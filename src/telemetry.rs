//! The log: what is written, and how a line looks.
//!
//! Everything goes to standard error; standard output is for what commands print. Must not know who logs what.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, util::SubscriberInitExt};

use crate::config::{Log, LogFormat};

/// Why logging cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not in `EnvFilter` syntax.
    #[error("log.filter {filter:?} cannot be understood: {reason}")]
    Filter {
        /// The filter.
        filter: String,
        /// The parser's complaint. Not a source: it prints its own source already, and a chain would say it twice.
        reason: String,
    },
    /// The process logs already.
    #[error("the log was already set up")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
}

/// Sends the log of the whole process to standard error; works once a process.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    let filter = filter(&log.filter)?;
    // A closed standard error must not end the server: told to report its own failures, tracing-subscriber would do so
    // with eprintln!, which panics then.
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .log_internal_errors(false);
    match log.format {
        LogFormat::Human => builder.finish().try_init(),
        // All spans, not the innermost alone: the request's id stands in the outermost.
        LogFormat::Json => {
            let json = builder.json().flatten_event(true);
            json.with_current_span(false).with_span_list(true).finish().try_init()
        }
    }
    .map_err(TelemetryError::Twice)
}

fn filter(text: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::builder().parse(text).map_err(|error| TelemetryError::Filter {
        filter: text.to_owned(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_understood_or_named_in_the_error() {
        filter("info,evs_local::store=debug").unwrap();
        let error = filter("info,evs_local=loud").unwrap_err();
        let start = "log.filter \"info,evs_local=loud\" cannot be understood: error parsing level";
        assert!(error.to_string().starts_with(start), "{error}");
    }
}
