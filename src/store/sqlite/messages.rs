//! Messages in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::codec::time_to_text;
use super::errors;
use super::page::{List, id_or_nothing};
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::clock::Time;
use crate::domain::ids::{DiskId, MessageId, ProjectId, RequestId};
use crate::domain::message::{Message, MessageQuery, MessageSort};
use crate::domain::progress::{Operation, Thing, ThingKind};
use crate::store::{MessageReads, MessageWrites, Result, StoreError};

#[derive(Debug, FromRow)]
struct MessageRow {
    id: String,
    project_id: String,
    request_id: String,
    thing: String,
    thing_id: String,
    operation: String,
    created_at: String,
    guaranteed_until: String,
}

impl TryFrom<MessageRow> for Message {
    type Error = StoreError;

    fn try_from(message: MessageRow) -> Result<Self> {
        let row = Row { table: "messages", id: &message.id };
        Ok(Self {
            id: row.need("id", "UUID", MessageId::parse(&message.id))?,
            thing: row.need(
                "thing",
                "kind and id",
                ThingKind::parse(&message.thing)
                    .and_then(|kind| Thing::parse(kind, &message.thing_id)),
            )?,
            operation: row.need("operation", "operation", Operation::parse(&message.operation))?,
            created_at: row.time("created_at", &message.created_at)?,
            guaranteed_until: row.time("guaranteed_until", &message.guaranteed_until)?,
            project: ProjectId::new(message.project_id),
            request: RequestId::new(message.request_id),
        })
    }
}

#[async_trait]
impl<T: AsConnection> MessageReads for T {
    async fn message(&mut self, id: MessageId) -> Result<Option<Message>> {
        sqlx::query_as::<_, MessageRow>(
            "SELECT id, project_id, request_id, thing, thing_id, operation, created_at, guaranteed_until
             FROM messages WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Message::try_from)
        .transpose()
    }

    async fn messages(&mut self, query: &MessageQuery) -> Result<Vec<Message>> {
        List::new(
            "SELECT id, project_id, request_id, thing, thing_id, operation, created_at, guaranteed_until
             FROM messages WHERE TRUE",
            "messages",
        )
        .only(" AND project_id = ", query.project.as_ref())
        // The next four look at the rows of one project, of which few fail. All ids are spelled alike,
        // whatever they are of.
        .only(" AND thing_id = ", id_or_nothing(query.thing.as_deref(), DiskId::parse))
        .only(" AND thing = ", query.kind)
        .only(" AND request_id = ", query.request.as_ref())
        .only(" AND operation = ", query.operation.as_ref())
        .page(&query.page, MessageSort::Id, |sort| match sort {
            MessageSort::CreatedAt => "created_at",
            MessageSort::Id => "id",
            MessageSort::Operation => "operation",
            MessageSort::Thing => "thing_id",
            MessageSort::Kind => "thing",
            MessageSort::Request => "request_id",
        })
        .build_query_as::<MessageRow>()
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Message::try_from)
        .collect()
    }

    async fn expired_messages(&mut self, now: Time, limit: u32) -> Result<u32> {
        sqlx::query_scalar::<_, u32>(
            "SELECT count(*) FROM (SELECT 1 FROM messages WHERE guaranteed_until < $1 LIMIT $2)",
        )
        .bind(time_to_text(now))
        .bind(limit)
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)
    }

    async fn last_request(&mut self, thing: Thing) -> Result<Option<RequestId>> {
        let request = sqlx::query_scalar::<_, String>(last_request_of(thing))
            .bind(thing.id())
            .fetch_optional(self.connection().await?)
            .await
            .map_err(errors::of_statement)?;
        Ok(request.map(RequestId::new))
    }
}

/// Only what begins something on a snapshot or a backup is indexed, word for word.
fn last_request_of(thing: Thing) -> &'static str {
    match thing {
        Thing::Disk(_) => {
            "SELECT request_id FROM events WHERE disk_id = $1 ORDER BY seq DESC LIMIT 1"
        }
        Thing::Snapshot(_) | Thing::Backup(_) => {
            "SELECT request_id FROM events
             WHERE resource_id = $1
               AND action IN ('snapshot.create', 'snapshot.delete', 'backup.create',
                              'backup.delete')
             ORDER BY seq DESC LIMIT 1"
        }
    }
}

impl MessageWrites for Unit {
    fn insert_message(&mut self, message: &Message) {
        self.queue(
            Write::of_one_row(
                "insert message",
                "INSERT INTO messages (id, project_id, request_id, thing, thing_id, operation,
                                       created_at, guaranteed_until)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(message.id)
            .bind(&message.project)
            .bind(message.request.as_str())
            .bind(message.thing.kind().as_str())
            .bind(message.thing.id())
            .bind(message.operation.as_str())
            .bind(message.created_at)
            .bind(message.guaranteed_until),
        );
    }

    fn delete_message(&mut self, id: MessageId) {
        self.queue(
            Write::of_one_row("delete message", "DELETE FROM messages WHERE id = ?").bind(id),
        );
    }

    fn delete_messages_of(&mut self, project: &ProjectId) {
        self.queue(
            Write::of_any_rows(
                "delete messages of project",
                "DELETE FROM messages WHERE project_id = ?",
            )
            .bind(project),
        );
    }

    fn delete_expired_messages(&mut self, now: Time, limit: u32) {
        self.queue(
            Write::of_any_rows(
                "delete expired messages",
                "DELETE FROM messages WHERE id IN
                     (SELECT id FROM messages WHERE guaranteed_until < ?
                      ORDER BY guaranteed_until LIMIT ?)",
            )
            .bind(now)
            .bind(i64::from(limit)),
        );
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

    use super::super::open::MIGRATIONS;
    use super::*;

    #[tokio::test]
    async fn whose_request_failed_is_looked_up_however_many_events_there_are() {
        let mut schema = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut schema).await.unwrap();
        for (kind, found) in [
            (ThingKind::Disk, "events_by_disk (disk_id=?)"),
            (ThingKind::Snapshot, "events_of_beginnings (resource_id=?)"),
            (ThingKind::Backup, "events_of_beginnings (resource_id=?)"),
        ] {
            let thing = Thing::parse(kind, "00000000-0000-4000-8000-000000000001").unwrap();
            let explained = format!("EXPLAIN QUERY PLAN {}", last_request_of(thing));
            let steps: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(AssertSqlSafe(explained)).fetch_all(&mut schema).await.unwrap();
            let steps: Vec<String> = steps.into_iter().map(|(.., step)| step).collect();
            assert_eq!(steps, [format!("SEARCH events USING INDEX {found}")], "{thing}");
        }
    }
}
