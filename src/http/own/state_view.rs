//! What is told of states, to clients and by the command line alike.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::domain::ids::ProjectId;
use crate::domain::state::{
    Cell, Difference, Removed, RowChange, RowDifference, SavedState, Side, StateName,
    TableDifference,
};
use crate::http::time;
use crate::service::state::Loaded;

/// Every saved state.
pub fn list(states: &[SavedState]) -> Value {
    json!({"states": states.iter().map(state).collect::<Vec<_>>()})
}

/// A state that was saved.
pub fn saved(saved: &SavedState) -> Value {
    json!({"state": state(saved)})
}

fn state(saved: &SavedState) -> Value {
    let SavedState { name, bytes, contents } = saved;
    match contents {
        Ok(contents) => json!({
            "name": name.as_str(),
            "saved_at": contents.saved_at.map(time::with_zone),
            "size_bytes": bytes,
            "schema": contents.schema,
            "disks": contents.disks,
            "transfers": contents.transfers,
        }),
        Err(why) => {
            json!({"name": name.as_str(), "size_bytes": bytes, "unusable": why.to_string()})
        }
    }
}

/// What came of a load.
pub fn loaded(name: &StateName, loaded: &Loaded) -> Value {
    json!({"loaded": {
        "name": name.as_str(),
        "rows": loaded.replacement.rows,
        "epoch": loaded.replacement.epoch,
        "took_ms": milliseconds(loaded.took),
        "held_ms": milliseconds(loaded.held),
    }})
}

/// What came of a reset of everything.
pub fn begun_anew(loaded: &Loaded) -> Value {
    json!({"reset": {
        "everything": true,
        "rows": loaded.replacement.rows,
        "epoch": loaded.replacement.epoch,
        "took_ms": milliseconds(loaded.took),
        "held_ms": milliseconds(loaded.held),
    }})
}

/// What came of a reset of a project.
pub fn emptied(project: &ProjectId, removed: &Removed) -> Value {
    let mut view = Map::from_iter([("project_id".to_owned(), json!(project.as_str()))]);
    view.extend(removed.counts().map(|(kind, count)| (kind.to_owned(), json!(count))));
    json!({"reset": view})
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// How two states differ.
pub fn difference(from: &Side, to: &Side, difference: &Difference) -> Value {
    json!({
        "from": from.to_string(),
        "to": to.to_string(),
        "tables": difference.tables.iter().map(table).collect::<Vec<_>>(),
        "only_from": difference.only_from,
        "only_to": difference.only_to,
    })
}

fn table(table: &TableDifference) -> Value {
    json!({
        "table": table.table,
        "added": table.added,
        "removed": table.removed,
        "changed": table.changed,
        "untold": table.untold(),
        "rows": table.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &RowDifference) -> Value {
    let key = values(&row.key);
    match &row.change {
        RowChange::Added(cells) => json!({"change": "added", "key": key, "row": values(cells)}),
        RowChange::Removed(cells) => json!({"change": "removed", "key": key, "row": values(cells)}),
        RowChange::Changed(cells) => {
            let columns = cells.iter().map(|(name, old, new)| {
                let change = if *old == Cell::Hidden {
                    json!({"hidden": true})
                } else {
                    json!({"from": value(old), "to": value(new)})
                };
                (name.clone(), change)
            });
            json!({"change": "changed", "key": key, "columns": columns.collect::<Map<_, _>>()})
        }
    }
}

/// What may be shown of a row.
fn values(cells: &[(String, Cell)]) -> Map<String, Value> {
    cells.iter().map(|(name, cell)| (name.clone(), value(cell))).collect()
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => json!(number),
        Cell::Real(number) => json!(number),
        Cell::Text(text) => json!(text),
        Cell::Hidden => json!("[hidden]"),
    }
}
