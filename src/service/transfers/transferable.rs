//! Whether a disk may be offered, rule by rule.

use crate::domain::access::Caller;
use crate::domain::disk::Disk;
use crate::domain::transfer::{Transfer, Verdict, verdicts};
use crate::service::disks::{no_disk, parse};
use crate::service::{App, Result};

/// What the rules say of offering a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transferability {
    /// The disk.
    pub disk: Disk,
    /// Each rule by its name, in the order in which a refusal names them.
    pub verdicts: Vec<(&'static str, Verdict)>,
    /// The transfer that the disk awaits.
    pub transfer: Option<Transfer>,
    /// Whether the time of that is over, so that it counts as gone although it has not been ended yet.
    pub expired: bool,
}

impl Transferability {
    /// Whether no rule is broken.
    pub fn holds(&self) -> bool {
        !self.verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Broken(_)))
    }
}

impl App {
    /// What the rules say of offering a disk that the caller sees.
    pub async fn transferable(&self, caller: &Caller, id: &str) -> Result<Transferability> {
        let wanted = parse(id)?;
        let mut view = self.read().await?;
        let facts = view.disk_with_facts(wanted, caller.only_sees()).await?;
        let facts = facts.ok_or_else(|| no_disk(id.to_owned()))?;
        let transfer = match facts.disk.transfer {
            Some(id) => view.transfer(id).await?,
            None => None,
        };
        let now = self.now();
        Ok(Transferability {
            verdicts: verdicts(&facts, self.rules.transfers).collect(),
            expired: transfer.as_ref().is_some_and(|transfer| !transfer.is_open(now)),
            disk: facts.disk,
            transfer,
        })
    }
}
