//! Section `[simulation]`: its checks.

use chrono::TimeDelta;

use super::checks::{Checks, ONE_DAY_MS};
use super::{ConfigError, Simulation};

const OPERATIONS: [&str; 13] = [
    "create",
    "download",
    "restore",
    "extend",
    "retype",
    "upload",
    "revert",
    "rollback",
    "backup",
    "delete",
    "snapshot",
    "delete_snapshot",
    "delete_backup",
];

pub(super) fn check(checks: &Checks<'_>) -> Result<Simulation, ConfigError> {
    let delay = |operation: &'static str| {
        let key = format!("simulation.{operation}_delay_ms");
        Ok((operation, TimeDelta::milliseconds(checks.whole(&key, 0..=ONE_DAY_MS)?)))
    };
    let fail = checks.list("simulation.fail")?;
    if !fail.iter().all(|name| OPERATIONS.contains(&name.as_str())) {
        let rule = format!("a list of {}", OPERATIONS.join(", "));
        return Err(checks.broken("simulation.fail", &rule));
    }
    Ok(Simulation {
        explicit: checks.one_of("simulation.progress", &[("auto", false), ("explicit", true)])?,
        delays: OPERATIONS.into_iter().map(delay).collect::<Result<_, ConfigError>>()?,
        fail: fail.to_vec(),
    })
}
