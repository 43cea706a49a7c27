//! Who holds the write lock of the database, as far as the system tells.

use std::path::Path;

/// The process that holds the write lock of `file`, if it is another one: `process 123 (sqlite3)`.
/// It may have let go of it in the meantime; then there is nothing to say.
#[cfg(target_os = "linux")]
pub(super) fn who(file: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;

    let shared_memory = super::beside(file, "-shm");
    let inode = std::fs::metadata(shared_memory).ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let pid = holder(&locks, inode, std::process::id())?;
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok();
    Some(match name {
        Some(name) => format!("process {pid} ({})", name.trim_end()),
        None => format!("process {pid}"),
    })
}

/// Elsewhere nothing tells.
#[cfg(not(target_os = "linux"))]
pub(super) fn who(_file: &Path) -> Option<String> {
    None
}

/// Where in the shared-memory file the write lock of a WAL database lies (`WAL_WRITE_LOCK`).
#[cfg(any(target_os = "linux", test))]
const WRITE_LOCK: u64 = 120;

/// The process other than `ours` that has the write lock in the file with `inode`, by the text of
/// `/proc/locks`. A line is `1: POSIX ADVISORY WRITE 123 fe:01:456 120 120`; waiters have `->`
/// behind the number. The device is left out: some file systems name another one here.
#[cfg(any(target_os = "linux", test))]
fn holder(locks: &str, inode: u64, ours: u32) -> Option<u32> {
    locks.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        if words.next()? != "POSIX" {
            return None;
        }
        if words.nth(1)? != "WRITE" {
            return None;
        }
        let pid: u32 = words.next()?.parse().ok()?;
        let file = words.next()?.rsplit(':').next()?.parse::<u64>().ok()?;
        let from: u64 = words.next()?.parse().ok()?;
        let to = words.next()?;
        let covers = from <= WRITE_LOCK
            && (to == "EOF" || to.parse::<u64>().is_ok_and(|to| to >= WRITE_LOCK));
        (file == inode && covers && pid != ours && pid != 0).then_some(pid)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKS: &str = "\
1: POSIX  ADVISORY  READ  41 fe:01:700 124 124
2: POSIX  ADVISORY  WRITE 42 fe:01:701 120 120
3: FLOCK  ADVISORY  WRITE 43 fe:01:700 0 EOF
4: POSIX  ADVISORY  WRITE 44 fe:01:700 128 128
4: -> POSIX  ADVISORY  WRITE 45 fe:01:700 120 120
5: POSIX  ADVISORY  WRITE 46 fe:01:700 120 120
6: POSIX  ADVISORY  WRITE 47 fe:01:702 0 EOF
7: OFDLCK ADVISORY  WRITE -1 fe:01:703 120 120
garbage
";

    #[test]
    fn the_holder_is_the_process_that_has_the_write_byte_of_that_file() {
        assert_eq!(holder(LOCKS, 700, 1), Some(46), "not a reader, a waiter or another byte");
        assert_eq!(holder(LOCKS, 701, 1), Some(42));
        assert_eq!(holder(LOCKS, 702, 1), Some(47), "a lock on the whole file");
    }

    #[test]
    fn nobody_is_named_when_nobody_else_holds_it() {
        assert_eq!(holder(LOCKS, 700, 46), None, "ourselves");
        assert_eq!(holder(LOCKS, 703, 1), None);
        assert_eq!(holder(LOCKS, 9, 1), None);
        assert_eq!(holder("", 700, 1), None);
    }
}
