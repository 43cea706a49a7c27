//! What the layers may import, where SQL and times may stand, and other promises that a look at the
//! sources can check.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails like a test")]

#[path = "survived/table.rs"]
mod survived;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, or the one file, with its text; an empty folder was moved and fails.
fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    if folder.ends_with(ending) {
        return vec![(folder.into(), fs::read_to_string(root().join(folder)).unwrap())];
    }
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "nothing below {folder}");
    found.sort();
    found
}

/// The part of a source before its own tests.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn a_layer_imports_only_what_lies_below_it() {
    for (folder, forbidden) in [
        (
            "src/domain",
            vec![
                "crate::store",
                "crate::service",
                "crate::http",
                "crate::config",
                "crate::tasks",
                "sqlx",
                "actix_web",
                "tokio",
                "toml::",
            ],
        ),
        (
            "src/store",
            vec!["crate::service", "crate::http", "crate::config", "crate::server", "actix_web"],
        ),
        (
            "src/service",
            vec![
                "crate::http",
                "crate::config",
                "crate::server",
                "store::sqlite",
                "sqlx",
                "actix_web",
            ],
        ),
        (
            "src/scenario_file",
            vec![
                "crate::store",
                "crate::service",
                "crate::http",
                "crate::config",
                "crate::server",
                "sqlx",
                "actix_web",
                "tokio",
            ],
        ),
        ("src/metrics.rs", vec!["crate::store", "crate::service", "crate::http", "actix_web"]),
        ("src/http", vec!["crate::server", "store::sqlite", "sqlx"]),
        ("src/config", vec!["crate::service", "crate::store", "crate::http", "actix_web"]),
    ] {
        for (path, text) in files(folder, "rs") {
            for line in product(&text).lines().filter(|line| !line.trim_start().starts_with("//")) {
                for word in &forbidden {
                    assert!(!line.contains(word), "{}: {line}", path.display());
                }
            }
        }
    }
}

#[test]
fn sql_stands_in_the_store_only_and_makes_no_times() {
    for (path, text) in files("src", "rs") {
        let code: Vec<&str> =
            product(&text).lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let sql = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "];
        let has_sql = code.iter().any(|line| sql.iter().any(|word| line.contains(word)));
        assert!(!has_sql || path.starts_with("src/store/sqlite"), "SQL in {}", path.display());
        for clock in ["CURRENT_TIMESTAMP", "datetime(", "strftime("] {
            let uses = code.iter().any(|line| line.contains(clock));
            assert!(!uses, "{clock} in {}", path.display());
        }
    }
}

#[test]
fn the_wire_word_volume_names_nothing_below_http() {
    for folder in ["src/service", "src/store"] {
        for (path, text) in files(folder, "rs") {
            for line in product(&text).lines() {
                let code = line.split("//").next().unwrap_or_default();
                let named = code.contains("fn volume")
                    || code.contains("Volume {")
                    || code.contains("struct Volume");
                assert!(!named, "{}: {line}", path.display());
            }
        }
    }
}

#[test]
fn files_are_short_open_with_their_purpose_and_are_named_for_a_thing() {
    for (path, text) in files("src", "rs") {
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines", path.display());
        assert!(text.starts_with("//! "), "{} does not say what it is for", path.display());
        let stem = path.file_stem().unwrap().to_str().unwrap();
        for vague in ["utils", "helpers", "common", "types_", "prelude"] {
            assert_ne!(stem, vague, "{}", path.display());
        }
    }
}

#[test]
fn every_setting_is_told_of_in_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let table: String = readme.lines().filter(|line| line.starts_with("| `")).collect();
    let mut section = String::new();
    let mut settings = 0;
    for line in fs::read_to_string(root().join("config/default.toml")).unwrap().lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            // Rows that tell of several write `section.first`, `.second` or `_second`.
            let whole = format!("`{section}.{key}`");
            let told = table.contains(&whole)
                || table.contains(&format!("`{section}.*`"))
                || table.contains(&format!("`.{key}`"))
                || key.split('_').next_back().is_some_and(|last| {
                    table.contains(&format!("`_{last}`")) && table.contains(&format!("`{section}."))
                });
            assert!(told, "the README does not tell of {section}.{key}");
            settings += 1;
        }
    }
    assert!(settings > 30, "{settings} settings");
}
