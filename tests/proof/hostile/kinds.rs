//! The kinds of hostility: each does something to the data file of a running server, and looks what comes.

use std::future::Future;
use std::os::unix::fs::symlink;
use std::pin::Pin;
use std::time::Duration;

use super::{Scene, Shell, chmod, comes, refused_start};
use crate::pass;
use crate::process::violations;
use crate::vitals::length;

type Doing<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
type Kind = (&'static str, for<'a> fn(&'a mut Scene) -> Doing<'a>);

/// All of them.
pub(crate) const KINDS: [Kind; 18] = [
    ("reads for long", |scene| Box::pin(reads_for_long(scene))),
    ("holds the lock for long", |scene| Box::pin(holds_the_lock_for_long(scene))),
    ("holds the lock for a moment", |scene| Box::pin(holds_the_lock_for_a_moment(scene))),
    ("writes rows", |scene| Box::pin(writes_rows(scene))),
    ("checkpoints", |scene| Box::pin(checkpoints(scene))),
    ("vacuums", |scene| Box::pin(vacuums(scene))),
    ("wants another journal", |scene| Box::pin(wants_another_journal(scene))),
    ("takes rights away", |scene| Box::pin(takes_rights_away(scene))),
    ("copies the main file", |scene| Box::pin(copies_the_main_file(scene))),
    ("makes a backup", |scene| Box::pin(makes_a_backup(scene))),
    ("renames the file", |scene| Box::pin(renames_the_file(scene))),
    ("deletes the file", |scene| Box::pin(deletes_the_file(scene))),
    ("puts a copy in its place", |scene| Box::pin(puts_a_copy_in_its_place(scene))),
    ("deletes the log", |scene| Box::pin(deletes_the_log(scene))),
    ("deletes the shared memory", |scene| Box::pin(deletes_the_shared_memory(scene))),
    ("makes a hard link", |scene| Box::pin(makes_a_hard_link(scene))),
    ("serves it twice", |scene| Box::pin(serves_it_twice(scene))),
    ("leaves sidecars", |scene| Box::pin(async { leaves_sidecars(scene) })),
];

/// Does the one of this number.
pub(crate) async fn hostility(kind: usize, scene: &mut Scene) {
    KINDS[kind].1(scene).await;
}

/// The log grows while somebody reads, and goes when nobody does.
async fn reads_for_long(scene: &mut Scene) {
    let mut shell = scene.shell();
    let seen = shell.says("BEGIN; SELECT count(*) FROM disks;");
    let times = 5 + scene.chance.below(20);
    scene.writes(times).await;
    let log = length(&scene.file("-wal"));
    assert!(log > 0);
    // Past the second after which an idle server moves its log.
    pass(Duration::from_millis(1300)).await;
    assert!(length(&scene.file("-wal")) >= log, "what a reader may still need stays");
    assert_eq!(shell.says("SELECT count(*) FROM disks;"), seen, "it sees its own moment");
    assert_eq!(shell.says("COMMIT;"), "");
    scene.writes(1).await;
    let log = scene.file("-wal");
    comes(|| length(&log) == 0, "an empty log").await;
}

async fn holds_the_lock_for_long(scene: &mut Scene) {
    let mut shell = scene.shell();
    assert_eq!(shell.says("BEGIN IMMEDIATE;"), "");
    let who = if cfg!(target_os = "linux") {
        format!("by another process: process {} (sqlite3)", shell.pid())
    } else {
        "by another process".to_owned()
    };
    for _ in 0..=scene.chance.below(2) {
        scene.refuses(&who).await;
        scene.reads().await;
    }
    let end = ["COMMIT;", "ROLLBACK;"][scene.chance.below(2)];
    assert_eq!(shell.says(end), "");
}

async fn holds_the_lock_for_a_moment(scene: &mut Scene) {
    for _ in 0..2 {
        let mut shell = scene.shell();
        assert_eq!(shell.says("BEGIN EXCLUSIVE;"), "");
        let time = Duration::from_millis(u64::try_from(scene.chance.below(250)).unwrap());
        let held = async {
            pass(time).await;
            assert_eq!(shell.says("COMMIT;"), "");
        };
        let ((), ()) = tokio::join!(held, scene.writes(2));
    }
}

async fn writes_rows(scene: &mut Scene) {
    let mut shell = scene.shell();
    for number in 0..5 + scene.chance.below(10) {
        let note = format!("UPDATE disks SET description = 'by hand {number}';");
        assert_eq!(shell.says(&note), "");
        scene.writes(1).await;
    }
    let told = shell.says("SELECT count(*) FROM disks WHERE description LIKE 'by hand%';");
    assert_eq!(told.trim().parse::<usize>().unwrap() + 1, scene.answered.len());
}

async fn checkpoints(scene: &mut Scene) {
    let mut shell = scene.shell();
    for _ in 0..6 {
        let mode = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"][scene.chance.below(4)];
        scene.writes(2).await;
        let said = shell.says(&format!("PRAGMA wal_checkpoint({mode});"));
        assert!(said.starts_with("0|") || said.starts_with("1|"), "{mode}: {said}");
        scene.writes(1).await;
    }
}

async fn vacuums(scene: &mut Scene) {
    let mut shell = scene.shell();
    for _ in 0..3 {
        scene.writes(3).await;
        assert_eq!(shell.says("VACUUM; REINDEX; ANALYZE;"), "");
    }
}

async fn wants_another_journal(scene: &mut Scene) {
    let mut shell = scene.shell();
    assert_eq!(shell.says(".timeout 50"), "");
    for mode in ["DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF"] {
        let said = shell.says(&format!("PRAGMA journal_mode = {mode};"));
        assert!(said.contains("wal") || said.contains("database is locked"), "{mode}: {said}");
        scene.writes(1).await;
    }
    // The next start must find a log, whatever somebody wished.
    shell.says("PRAGMA locking_mode = EXCLUSIVE; SELECT count(*) FROM disks;");
    scene.writes(1).await;
}

/// What root does to itself is no hindrance; anybody else sees a refusal at most.
async fn takes_rights_away(scene: &mut Scene) {
    let mut files = vec![scene.data()];
    files.extend(["", "-wal", "-shm"].map(|suffix| scene.file(suffix)));
    for file in files {
        let had = chmod(&file, 0);
        scene.write().await;
        scene.reads().await;
        chmod(&file, had);
        scene.writes(1).await;
    }
}

async fn copies_the_main_file(scene: &mut Scene) {
    let log = scene.file("-wal");
    comes(|| length(&log) == 0, "an empty log").await;
    let copy = scene.elsewhere("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(scene.file(""), copy.join("evs.db")).unwrap();
    let said = Shell::on(&copy.join("evs.db")).says("SELECT count(*) FROM disks;");
    assert_eq!(said.trim(), scene.answered.len().to_string());
    assert_eq!(violations(&copy).await, Vec::<String>::new());
    scene.writes(2).await;
}

async fn makes_a_backup(scene: &mut Scene) {
    let copy = scene.elsewhere("copy");
    std::fs::create_dir(&copy).unwrap();
    for _ in 0..2 {
        scene.writes(3).await;
        let target = copy.join("evs.db");
        let said = scene.shell().says(&format!(".backup '{}'", target.display()));
        assert_eq!(said, "");
        let said = Shell::on(&target).says("SELECT count(*) FROM disks;");
        assert_eq!(said.trim(), scene.answered.len().to_string());
        assert_eq!(violations(&copy).await, Vec::<String>::new());
    }
}

async fn renames_the_file(scene: &mut Scene) {
    let (file, away) = (scene.file(""), scene.data().join("away.db"));
    for _ in 0..2 {
        std::fs::rename(&file, &away).unwrap();
        if scene.chance.below(2) == 0 {
            // An idle server notices by itself.
            pass(Duration::from_millis(1200)).await;
        }
        scene.refuses("evs.db is gone while evs has it open").await;
        scene.reads().await;
        std::fs::rename(&away, &file).unwrap();
        scene.writes(2).await;
    }
}

/// Whoever deletes it loses what is in it, and is told so by every write that comes after.
async fn deletes_the_file(scene: &mut Scene) {
    std::fs::remove_file(scene.file("")).unwrap();
    for _ in 0..3 {
        scene.refuses("evs.db is gone while evs has it open").await;
    }
    scene.reads().await;
    // Neither does a file of that name that somebody else makes count.
    drop(Shell::on(&scene.file("")).says("CREATE TABLE notes (text);"));
    scene.refuses("evs.db is another file than the one that evs has open").await;
    scene.taken = true;
}

async fn puts_a_copy_in_its_place(scene: &mut Scene) {
    let admin = scene.demo.of_account("admin").await;
    let log = scene.file("-wal");
    comes(|| length(&log) == 0, "an empty log").await;
    let copy = scene.elsewhere("copy.db");
    std::fs::copy(scene.file(""), &copy).unwrap();
    std::fs::rename(&copy, scene.file("")).unwrap();
    scene.refuses("evs.db is another file than the one that evs has open").await;
    scene.reads().await;
    scene.saves_nothing(&admin, "evs.db is another file than the one that evs has open").await;
    // As it says: stopped, and started on this one.
    scene.again("TERM");
}

/// What was answered before is saved out of the log that only the server still has.
async fn deletes_the_log(scene: &mut Scene) {
    scene.writes(3).await;
    std::fs::remove_file(scene.file("-wal")).unwrap();
    scene.refuses("evs.db-wal is gone while evs has it open").await;
    scene.reads().await;
    scene.refuses("evs.db-wal is gone while evs has it open").await;
    let signal = ["KILL", "TERM"][scene.chance.below(2)];
    scene.again(signal);
}

async fn deletes_the_shared_memory(scene: &mut Scene) {
    std::fs::remove_file(scene.file("-shm")).unwrap();
    scene.refuses("evs.db-shm is gone while evs has it open").await;
    scene.reads().await;
    let signal = ["KILL", "TERM"][scene.chance.below(2)];
    scene.again(signal);
}

/// Through a second name it has a second log, and two logs of one file destroy it.
async fn makes_a_hard_link(scene: &mut Scene) {
    let second = scene.elsewhere("second.db");
    std::fs::hard_link(scene.file(""), &second).unwrap();
    scene.refuses("evs.db has a second name (a hard link)").await;
    std::fs::remove_file(&second).unwrap();
    scene.writes(2).await;
    std::fs::hard_link(scene.file(""), &second).unwrap();
    scene.server.signal("TERM");
    scene.server.end();
    let said = refused_start(&scene.data());
    assert!(said.contains("evs.db has 2 names (hard links)"), "{said}");
    std::fs::remove_file(&second).unwrap();
    scene.again_after_end();
}

/// One server per file, whatever path leads to it.
async fn serves_it_twice(scene: &mut Scene) {
    let said = refused_start(&scene.data());
    assert!(said.contains(&format!("another evs (pid {}", scene.server.pid())), "{said}");
    let by_directory = scene.elsewhere("link");
    symlink(scene.data(), &by_directory).unwrap();
    let said = refused_start(&by_directory);
    assert!(said.contains(&format!("another evs (pid {}", scene.server.pid())), "{said}");
    let by_file = scene.elsewhere("other");
    std::fs::create_dir(&by_file).unwrap();
    symlink(scene.file(""), by_file.join("evs.db")).unwrap();
    let said = refused_start(&by_file);
    assert!(said.contains("another evs already serves"), "{said}");
    scene.writes(2).await;
}

/// What is no log is passed over, and what cannot be opened is explained.
fn leaves_sidecars(scene: &mut Scene) {
    scene.server.signal("TERM");
    scene.server.end();
    let size = 100 + scene.chance.below(9000);
    let garbage: Vec<u8> =
        (0..size).map(|_| u8::try_from(scene.chance.below(256)).unwrap()).collect();
    match scene.chance.below(3) {
        0 => std::fs::write(scene.file("-wal"), &garbage).unwrap(),
        1 => std::fs::write(scene.file("-shm"), &garbage).unwrap(),
        _ => {
            std::fs::create_dir(scene.file("-shm")).unwrap();
            let said = refused_start(&scene.data());
            assert!(said.contains("evs.db-shm (owned by uid "), "{said}");
            std::fs::remove_dir(scene.file("-shm")).unwrap();
        }
    }
    scene.again_after_end();
}
