//! The data directory: its permissions, its lock, where it may lie.
//!
//! One server per directory, known by the lock on `evs.lock`, which also tells others its pid and URL. Must not know
//! what is in the database.

use std::{
    ffi::OsStr,
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    time::Duration,
};

const DATABASE: &str = "evs.db";
const WAL: &str = "evs.db-wal";
const SHARED_MEMORY: &str = "evs.db-shm";
const LOCK: &str = "evs.lock";

// The group may look, nobody else; a stricter umask of the operator stands.
const DIRECTORY_MODE: u32 = 0o750;
const FILE_MODE: u32 = 0o640;

/// SQLite needs locks that work and memory that is shared; these promise neither.
const NETWORK_FILE_SYSTEMS: [&str; 11] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afs",
    "ceph",
    "glusterfs",
    "fuse.glusterfs",
    "fuse.sshfs",
    "lustre",
];

/// The directory of a server, held for as long as this value lives.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    lock: File,
    /// The data file itself, held for a lock on it: through links it may lie in several directories.
    database_lock: Option<File>,
}

/// The server that holds a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// Its URL, once it listens.
    pub url: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.url {
            Some(url) => write!(f, " (pid {}, {url})", self.pid),
            None => write!(f, " (pid {})", self.pid),
        }
    }
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// It does not exist and cannot be made.
    #[error("cannot create the data directory {} (choose another with --data)", path.display())]
    Create {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// There is something else of that name.
    #[error("{} is not a directory; choose another with --data", .0.display())]
    NotADirectory(PathBuf),
    /// A file in it cannot be written.
    #[error("cannot write {} (make it writable, or choose another directory with --data)", path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// There is no room.
    #[error("no space is left for {}", .0.display())]
    Full(PathBuf),
    /// The file system has no locks.
    #[error("cannot lock {}", path.display())]
    CannotLock {
        /// The lock file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// It lies on a network file system.
    #[error(
        "{} lies on a network file system ({file_system}), where SQLite's locks cannot be relied on; choose a local \
         directory with --data, or insist with data.allow_network_file_system = true",
        path.display()
    )]
    NetworkFileSystem {
        /// The directory.
        path: PathBuf,
        /// Its type.
        file_system: String,
    },
    /// Another server has it.
    #[error(
        "another evs{} already serves {}; stop it or choose another directory with --data",
        holder.as_ref().map_or_else(String::new, Holder::to_string),
        path.display()
    )]
    Locked {
        /// The directory.
        path: PathBuf,
        /// Who has it, if it says so.
        holder: Option<Holder>,
    },
    /// A write-ahead log without its database.
    #[error(
        "{} holds writes that belong to a missing {DATABASE}, and SQLite would delete them; put that {DATABASE} back \
         beside it, or remove it to begin with an empty data file",
        .0.display()
    )]
    OrphanedWal(PathBuf),
    /// The database has two names.
    #[error(
        "{} has {names} names (hard links), and a database in use through two names is soon damaged; remove the others",
        path.display()
    )]
    SecondName {
        /// The file.
        path: PathBuf,
        /// How many names.
        names: u64,
    },
    /// A database file that somebody else made.
    #[error(
        "evs cannot read and write {} (owned by uid {owner}, mode {mode:o}); it was left by another user's program, so \
         have that user close the data file, or give the file to the user that runs evs",
        path.display()
    )]
    ForeignFile {
        /// The file.
        path: PathBuf,
        /// The uid of its owner.
        owner: u32,
        /// Its permission bits.
        mode: u32,
        /// What the operating system says.
        source: io::Error,
    },
}

impl DataDirError {
    /// Why a file cannot be made or written: where no room is left, no other mode or owner would help.
    fn not_written(path: PathBuf, source: io::Error) -> Self {
        if is_full(&source) { Self::Full(path) } else { Self::NotWritable { path, source } }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl DataDir {
    /// Makes the directory if need be and takes it for this process.
    ///
    /// Refuses a network file system unless `allow_network`, a directory that another server holds, and database
    /// files that would fail or lose writes later.
    pub fn open(dir: &Path, allow_network: bool) -> Result<Self, DataDirError> {
        create(dir)?;
        if !allow_network {
            refuse_network(dir)?;
        }
        let lock = take_lock(dir)?;
        let mut taken = Self { path: dir.to_owned(), lock, database_lock: None };
        taken.write_lock_file(&format!("{}\n", std::process::id()))?;
        // All under the lock, and before any connection: closing a file drops the locks that SQLite holds on it for
        // this process.
        taken.refuse_orphaned_wal()?;
        taken.create_database()?;
        for name in [DATABASE, WAL, SHARED_MEMORY] {
            refuse_foreign_file(&dir.join(name))?;
        }
        // Over NFS such a lock is the kind that SQLite takes, and would be in its way.
        if !allow_network {
            taken.database_lock = Some(taken.lock_database()?);
        }
        Ok(taken)
    }

    /// The directory, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The data file.
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Tells the URL to whoever reads the lock file: a second server, or `evs env`.
    pub fn announce(&self, url: &str) -> Result<(), DataDirError> {
        self.write_lock_file(&format!("{}\n{url}\n", std::process::id()))
    }

    fn write_lock_file(&self, text: &str) -> Result<(), DataDirError> {
        let mut file = &self.lock;
        // One write from the start, then the cut: a reader between them sees the pid at least.
        let written = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(text.as_bytes()))
            .and_then(|()| file.set_len(text.len() as u64));
        written.map_err(|source| DataDirError::not_written(self.path.join(LOCK), source))
    }

    fn refuse_orphaned_wal(&self) -> Result<(), DataDirError> {
        let length = |name| fs::metadata(self.path.join(name)).map_or(0, |metadata| metadata.len());
        if length(WAL) > 0 && length(DATABASE) == 0 {
            return Err(DataDirError::OrphanedWal(self.path.join(WAL)));
        }
        Ok(())
    }

    /// Keeps out a server that comes by another path to the same file.
    fn lock_database(&self) -> Result<File, DataDirError> {
        let path = self.database();
        let cannot = |source| DataDirError::CannotLock { path: path.clone(), source };
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(cannot)?;
        let names = file.metadata().map_err(cannot)?.nlink();
        if names > 1 {
            return Err(DataDirError::SecondName { path: path.clone(), names });
        }
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                Err(DataDirError::Locked { path: self.path.clone(), holder: None })
            }
            Err(TryLockError::Error(source)) => Err(cannot(source)),
        }
    }

    /// SQLite would make it 0644; `-wal` and `-shm` take after it.
    fn create_database(&self) -> Result<(), DataDirError> {
        let path = self.database();
        match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&path) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(source) => Err(DataDirError::not_written(path, source)),
        }
    }
}

impl Drop for DataDir {
    /// The file stays: removing it would let a starter that has it open and one that makes it anew both hold "the"
    /// lock. Empty, it says that nobody is here. The lock itself ends with the file handle.
    fn drop(&mut self) {
        if let Err(error) = self.lock.set_len(0) {
            tracing::warn!(%error, "cannot empty {}", self.path.join(LOCK).display());
        }
        // Before the other lock, so that nobody who gets that one finds this one held.
        drop(self.database_lock.take());
    }
}

/// The server that holds `dir`, if one does and says so.
pub fn running(dir: &Path) -> Option<Holder> {
    let mut file = File::open(dir.join(LOCK)).ok()?;
    let holder = read_holder(&mut file)?;
    // What a crashed server wrote stays behind, but its lock does not. Shared, and given back when `file` closes.
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(holder),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.parse().ok()?;
    Some(Holder { pid, url: lines.next().map(str::to_owned) })
}

fn create(dir: &Path) -> Result<(), DataDirError> {
    match fs::metadata(dir) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(DataDirError::NotADirectory(dir.to_owned())),
        Err(_) => {
            DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(dir).map_err(|source| {
                let path = dir.to_owned();
                if is_full(&source) {
                    DataDirError::Full(path)
                } else {
                    DataDirError::Create { path, source }
                }
            })
        }
    }
}

fn take_lock(dir: &Path) -> Result<File, DataDirError> {
    const ATTEMPTS: u32 = 4;
    const PAUSE: Duration = Duration::from_millis(50);
    let path = dir.join(LOCK);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
    let mut file =
        options.open(&path).map_err(|source| DataDirError::not_written(path.clone(), source))?;
    for attempt in 1..=ATTEMPTS {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => {
                return Err(DataDirError::CannotLock { path, source });
            }
            // `running` holds the lock for a moment to see whether it can: that is no server.
            Err(TryLockError::WouldBlock) if attempt < ATTEMPTS => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    Err(DataDirError::Locked { path: dir.to_owned(), holder: read_holder(&mut file) })
}

fn refuse_foreign_file(path: &Path) -> Result<(), DataDirError> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => {
            let metadata = fs::metadata(path).map(|metadata| (metadata.uid(), metadata.mode()));
            let (owner, mode) = metadata.unwrap_or_default();
            let mode = mode & 0o7777;
            Err(DataDirError::ForeignFile { path: path.to_owned(), owner, mode, source })
        }
    }
}

/// Where there is no table of mounts to read, nothing is refused.
fn refuse_network(dir: &Path) -> Result<(), DataDirError> {
    let (Ok(mounts), Ok(real)) = (fs::read("/proc/self/mountinfo"), fs::canonicalize(dir)) else {
        return Ok(());
    };
    match file_system_of(&mounts, &real) {
        Some(file_system) if NETWORK_FILE_SYSTEMS.contains(&file_system.as_str()) => {
            Err(DataDirError::NetworkFileSystem { path: dir.to_owned(), file_system })
        }
        Some(_) | None => Ok(()),
    }
}

/// The type of the file system that an absolute path lies on, from the text of `/proc/self/mountinfo` (proc(5)).
///
/// The longest mount point that holds the path wins; of two mounts on one point, the later hides the earlier.
fn file_system_of(mountinfo: &[u8], path: &Path) -> Option<String> {
    let mounts = mountinfo.split(|&byte| byte == b'\n').filter_map(|line| {
        let mut fields = line.split(|&byte| byte == b' ');
        let mount_point = unescape(fields.nth(4)?);
        // Optional fields, as many as there are, end with a dash; the type follows.
        fields.find(|field| field == b"-")?;
        let file_system = String::from_utf8_lossy(fields.next()?).into_owned();
        Some((PathBuf::from(OsStr::from_bytes(&mount_point)), file_system))
    });
    mounts
        .filter(|(mount_point, _)| path.starts_with(mount_point))
        .max_by_key(|(mount_point, _)| mount_point.components().count())
        .map(|(_, file_system)| file_system)
}

/// Undoes the kernel's `\040` for a space and the like.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, tail)) = rest.split_first() {
        let octal = tail.get(..3).filter(|_| byte == b'\\');
        let code = octal.and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.push(code.unwrap_or(byte));
        rest = if code.is_some() { tail.get(3..).unwrap_or_default() } else { tail };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_new_directory_and_its_files_are_closed_to_others() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("new/data");
        let data = DataDir::open(&dir, true).unwrap();
        assert_eq!(data.path(), dir);
        assert_eq!(data.database(), dir.join("evs.db"));
        // No more than these; the umask of the tester may take further bits away.
        assert_eq!(mode(&dir) & !DIRECTORY_MODE, 0);
        for file in ["evs.db", "evs.lock"] {
            assert_eq!(mode(&dir.join(file)) & !FILE_MODE, 0, "{file}");
        }
    }

    #[test]
    fn a_second_server_is_told_who_holds_the_directory() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path();
        let data = DataDir::open(dir, true).unwrap();
        let (pid, shown) = (std::process::id(), dir.display());
        let refusal = || DataDir::open(dir, true).unwrap_err().to_string();
        let advice = "stop it or choose another directory with --data";
        assert_eq!(refusal(), format!("another evs (pid {pid}) already serves {shown}; {advice}"));
        assert_eq!(running(dir), Some(Holder { pid, url: None }));

        data.announce("http://127.0.0.1:8776").unwrap();
        assert_eq!(
            refusal(),
            format!(
                "another evs (pid {pid}, http://127.0.0.1:8776) already serves {shown}; {advice}"
            )
        );
        let url = Some("http://127.0.0.1:8776".to_owned());
        assert_eq!(running(dir), Some(Holder { pid, url }));

        drop(data);
        assert_eq!(running(dir), None);
        assert_eq!(fs::read(dir.join("evs.lock")).unwrap(), b"");
        DataDir::open(dir, true).unwrap();
    }

    #[test]
    fn what_a_crashed_server_left_in_the_lock_file_is_no_running_server() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("evs.lock"), "123\nhttp://127.0.0.1:8776/and/much/longer\n")
            .unwrap();
        assert_eq!(running(home.path()), None);
        let data = DataDir::open(home.path(), true).unwrap();
        data.announce("http://h").unwrap();
        let written = fs::read_to_string(home.path().join("evs.lock")).unwrap();
        assert_eq!(written, format!("{}\nhttp://h\n", std::process::id()));
    }

    #[test]
    fn a_write_ahead_log_without_its_database_is_kept_and_explained() {
        let home = tempfile::tempdir().unwrap();
        let wal = home.path().join("evs.db-wal");
        fs::write(&wal, "frames").unwrap();
        let error = DataDir::open(home.path(), true).unwrap_err();
        assert!(matches!(&error, DataDirError::OrphanedWal(path) if *path == wal), "{error}");
        assert!(!home.path().join("evs.db").exists());
        assert_eq!(running(home.path()), None, "the lock is given back");
        fs::write(&wal, "").unwrap();
        DataDir::open(home.path(), true).unwrap();
    }

    #[test]
    fn a_sidecar_that_cannot_be_opened_is_named_with_its_owner() {
        let home = tempfile::tempdir().unwrap();
        // A directory instead of a file of another user, since root may open any file.
        fs::create_dir(home.path().join("evs.db-shm")).unwrap();
        let error = DataDir::open(home.path(), true).unwrap_err().to_string();
        assert!(error.contains("evs.db-shm (owned by uid "), "{error}");
    }

    #[test]
    fn a_path_that_cannot_be_a_directory_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = DataDir::open(file.path(), true).unwrap_err();
        assert!(matches!(error, DataDirError::NotADirectory(_)), "{error}");
        let error = DataDir::open(&file.path().join("below"), true).unwrap_err();
        assert!(matches!(error, DataDirError::Create { .. }), "{error}");
        assert_eq!(running(file.path()), None);
    }

    #[test]
    fn the_file_system_is_that_of_the_longest_mount_point() {
        let mounts = b"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
            30 22 0:40 / /home rw shared:2 master:1 - nfs4 server:/home rw\n\
            31 30 0:41 / /home/ann/my\\040disk rw - ext4 /dev/sdb1 rw\n\
            32 22 0:42 / /srv rw - ext4 /dev/sdc1 rw\n\
            33 32 0:43 / /srv rw - fuse.sshfs there: rw\n\
            broken line\n";
        let of = |path: &str| file_system_of(mounts, Path::new(path)).unwrap();
        assert_eq!(of("/var/lib/evs"), "ext4");
        assert_eq!(of("/home/bob/evs"), "nfs4");
        assert_eq!(of("/homely"), "ext4");
        assert_eq!(of("/home/ann/my disk/evs"), "ext4");
        assert_eq!(of("/srv/evs"), "fuse.sshfs");
        assert_eq!(file_system_of(b"", Path::new("/x")), None);
    }
}
