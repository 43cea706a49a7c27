//! A data file that was damaged itself, which no log mends: it is refused with a sentence, or served as
//! far as it goes and told of by the doctor; nothing panics, and nothing makes it worse.

use std::path::Path;
use std::process::Stdio;

use evs_local::store::sqlite::doctor;
use reqwest::Method;
use tempfile::TempDir;

use super::{in_memory, open};
use crate::chance::Chance;
use crate::process::{Client, Server, evs, serve};
use crate::survived::Run;

const PAGE: usize = 4096;

/// What a damage must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Must {
    /// Refused, or told by the doctor.
    BeTold,
    /// A page that may be free, or a value that may be any: told or not.
    NotPanic,
}

fn damage(bytes: &mut Vec<u8>, chance: &mut Chance) -> (Must, String) {
    let pages = bytes.len() / PAGE;
    match chance.below(7) {
        0 => {
            let at = 1 + chance.below(511);
            bytes.truncate(at);
            (Must::BeTold, format!("cut at {at}"))
        }
        1 => {
            let at = PAGE * (1 + chance.below(pages - 1));
            bytes.truncate(at);
            (Must::BeTold, format!("cut at {at}"))
        }
        2 => {
            let at = chance.below(16);
            bytes[at] ^= 1 << chance.below(8);
            (Must::BeTold, format!("a bit flipped in the first word, at {at}"))
        }
        3 => {
            let at = 16 + chance.below(84);
            bytes[at] ^= 1 << chance.below(8);
            (Must::NotPanic, format!("a bit flipped in the header, at {at}"))
        }
        4 => {
            bytes[..PAGE].fill_with(|| chance.next().to_le_bytes()[0]);
            (Must::BeTold, "garbage in the first page".to_owned())
        }
        5 => {
            let page = 1 + chance.below(pages - 1);
            let garbage = chance.below(2) == 0;
            let of = &mut bytes[page * PAGE..(page + 1) * PAGE];
            of.fill_with(|| if garbage { chance.next().to_le_bytes()[0] } else { 0 });
            (
                Must::NotPanic,
                format!("page {page} of {}", if garbage { "garbage" } else { "zeros" }),
            )
        }
        _ => {
            let at = PAGE + chance.below((pages - 1) * PAGE);
            bytes[at] ^= 1 << chance.below(8);
            (Must::NotPanic, format!("a bit flipped at {at}"))
        }
    }
}

async fn whole(data: &Path) -> Vec<u8> {
    let mut server = Server::start(serve(data).stderr(Stdio::null())).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    for number in 0..20 {
        let made = demo.create_disk(&format!("disk {number}")).await.unwrap();
        assert_eq!(made.status, 202, "{}", made.body);
    }
    server.signal("TERM");
    server.end();
    std::fs::read(data.join("evs.db")).unwrap()
}

/// Serves it, as far as it goes, and asks for what there is: the answers, and the log.
async fn ask(data: &Path, what: &str) -> String {
    let log = data.join("log");
    let stderr = std::fs::File::create(&log).unwrap();
    let mut command = serve(data);
    command.env("EVS__AUTH__MODE", "open").stderr(stderr);
    if let Some(mut server) = Server::start(&mut command) {
        let http = reqwest::Client::new();
        for (method, path, body) in [
            (Method::GET, "v3/atlas/volumes/detail", ""),
            (Method::GET, "_evs/events", ""),
            (Method::GET, "v3/atlas/os-volume-transfer/detail", ""),
            (Method::POST, "v3/atlas/volumes", r#"{"volume": {"size": 1}}"#),
        ] {
            let request = http.request(method.clone(), format!("{}/{path}", server.url));
            let request = request.header("content-type", "application/json").body(body);
            let answer = request.send().await;
            let answer = answer.unwrap_or_else(|why| panic!("{what}: {method} {path}: {why}"));
            let status = answer.status().as_u16();
            assert!([200, 202, 400, 404, 500].contains(&status), "{what}: {status} {path}");
        }
        server.signal("TERM");
        assert_eq!(server.end().0.code(), Some(0), "{what}");
    }
    std::fs::read_to_string(&log).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_main_file_is_refused_or_told_of_and_nothing_panics() {
    const BY_THE_BINARY: usize = 8;
    let run = Run::of("damaged file", 80);
    let mut chance = Chance::of(run.seed);
    let home = TempDir::new().unwrap();
    let sound = whole(&home.path().join("data")).await;
    let (mut refused, mut told, mut unnoticed) = (0, 0, 0);
    for case in 0..run.count {
        let home = in_memory();
        let file = home.path().join("evs.db");
        let mut bytes = sound.clone();
        let (must, what) = damage(&mut bytes, &mut chance);
        let what = format!("case {case}: {what} of {} pages", sound.len() / PAGE);
        std::fs::write(&file, &bytes).unwrap();
        if case % BY_THE_BINARY == 0 {
            let log = ask(home.path(), &what).await;
            assert!(!log.contains("panicked"), "{what}: {log}");
            let mut command = evs();
            let examined = command.arg("--data").arg(home.path()).arg("doctor").output().unwrap();
            let said = [examined.stdout, examined.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(matches!(examined.status.code(), Some(0..=2)), "{what}: {said}");
            assert!(!said.contains("panicked"), "{what}: {said}");
            std::fs::write(&file, &bytes).unwrap();
            for beside in ["-wal", "-shm"] {
                drop(std::fs::remove_file(home.path().join(format!("evs.db{beside}"))));
            }
        }
        match open(&file).await {
            Err(why) => {
                assert!(why.contains(&file.display().to_string()), "{what}: {why}");
                refused += 1;
            }
            Ok(()) => match doctor::examine(&file).await {
                Ok(report) if report.violations.is_empty() => {
                    assert_eq!(must, Must::NotPanic, "{what}: nobody tells");
                    unnoticed += 1;
                }
                Ok(_) | Err(_) => told += 1,
            },
        }
    }
    let result = format!(
        "{refused} were refused, {told} told of by the doctor, {unnoticed} harmed nothing that counts"
    );
    run.survived(run.count, &result);
}
