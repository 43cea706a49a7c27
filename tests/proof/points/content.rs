//! What a data file holds, and what a request has changed in it: all of it, row by row and column by
//! column, with what differs from run to run, ids, times and secrets, left out.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr as _;

use serde_json::{Map, Value};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _};

/// Where a row stands, and its columns as JSON, which is read where it matters only.
pub(super) type Content = BTreeMap<(String, String), String>;

/// Tables that say nothing of what was asked for.
const ASIDE: [&str; 2] = ["_sqlx_migrations", "lineage"];

/// Looks into a data file beside the server.
#[derive(Debug)]
pub(super) struct Look {
    connection: SqliteConnection,
    sql: String,
}

impl Look {
    pub(super) async fn into(data: &Path) -> Self {
        let url = format!("sqlite://{}?mode=ro", data.join("evs.db").display());
        let options = SqliteConnectOptions::from_str(&url).unwrap();
        let mut connection = options.connect().await.unwrap();
        let columns: Vec<(String, String, bool)> = sqlx::query_as(
            "SELECT t.name, c.name, c.pk > 0 FROM pragma_table_list t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.schema = 'main' AND t.name NOT LIKE 'sqlite%'
             ORDER BY t.name, c.cid",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        let mut tables: BTreeMap<&str, [Vec<String>; 2]> = BTreeMap::new();
        for (table, column, key) in &columns {
            if !ASIDE.contains(&table.as_str()) {
                let [keys, others] = tables.entry(table).or_default();
                if *key {
                    keys.push(format!("\"{column}\""));
                }
                // A secret's digest and what it seals differ each time; where they stand does not.
                let secret =
                    ["hash", "seal", "nonce", "secret"].iter().any(|part| column.contains(part));
                let shown = if secret {
                    format!("iif(\"{column}\" IS NULL, NULL, '#')")
                } else {
                    format!("\"{column}\"")
                };
                if !(*key && column == "seq") {
                    others.push(format!("'{column}', {shown}"));
                }
            }
        }
        let selects = tables.iter().map(|(table, [keys, others])| {
            let keys = if keys.is_empty() { "rowid".to_owned() } else { keys.join(", ") };
            let others = others.join(", ");
            format!("SELECT '{table}', json_array({keys}), json_object({others}) FROM \"{table}\"")
        });
        let sql = selects.collect::<Vec<_>>().join(" UNION ALL ");
        Self { connection, sql }
    }

    pub(super) async fn content(&mut self) -> Content {
        let rows: Vec<(String, String, String)> = sqlx::query_as(AssertSqlSafe(self.sql.clone()))
            .fetch_all(&mut self.connection)
            .await
            .unwrap();
        rows.into_iter().map(|(table, key, columns)| ((table, key), columns)).collect()
    }
}

/// What is different in `after`, a sentence for each row, in no order of chance.
pub(super) fn changes(before: &Content, after: &Content) -> Vec<String> {
    let mut found = Vec::new();
    for (place, columns) in after {
        match before.get(place) {
            None => found.push(format!("{} + {}", place.0, told(&read(columns)))),
            Some(old) if old != columns => {
                let (old, columns) = (read(old), read(columns));
                let changed = columns.iter().filter(|(name, value)| old.get(*name) != Some(value));
                let changed = changed.map(|(name, value)| {
                    let old = old.get(name).unwrap_or(&Value::Null);
                    format!("{name} {} -> {}", plain(old), plain(value))
                });
                let kept = changed.collect::<Vec<_>>().join(", ");
                found.push(format!("{} ~ {kept}", place.0));
            }
            Some(_) => {}
        }
    }
    for (place, columns) in before {
        if !after.contains_key(place) {
            found.push(format!("{} - {}", place.0, told(&read(columns))));
        }
    }
    found.sort();
    found
}

fn read(columns: &str) -> Map<String, Value> {
    serde_json::from_str(columns).unwrap()
}

fn told(columns: &Map<String, Value>) -> String {
    let given = columns.iter().filter(|(_, value)| !value.is_null());
    given.map(|(name, value)| format!("{name} {}", plain(value))).collect::<Vec<_>>().join(", ")
}

/// What the names that the product gives by itself begin with; four digits follow.
const NAMES: [&str; 2] = ["autobk_snapshot_", "autobk_"];

/// Without what differs each time: ids, names that were given by chance, and times to the microsecond.
fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let run = |inside: fn(char) -> bool| rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let hex = run(|c| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c));
        let time = run(|c| c.is_ascii_digit() || "-:.TZ+".contains(c));
        let named = NAMES.iter().find(|name| rest.starts_with(**name));
        let (sign, length) = if let Some(name) = named {
            (*name, name.len() + 4)
        } else if hex >= 16 && time < hex {
            ("#", hex)
        } else if time >= 19 {
            ("@", time)
        } else {
            plain.push(first);
            rest = rest.strip_prefix(first).unwrap_or_default();
            continue;
        };
        plain.push_str(sign);
        rest = rest.get(length..).unwrap_or_default();
    }
    plain
}
