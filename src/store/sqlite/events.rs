//! Events in SQLite.

use async_trait::async_trait;
use sqlx::{FromRow, QueryBuilder, Sqlite};

use super::codec::time_to_text;
use super::errors;
use super::page::List;
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::event::{Event, EventFilter, Line, Recorded, Span, State, Words};
use crate::domain::ids::{ProjectId, RequestId, UserId};
use crate::store::{EventReads, EventWrites, Result, StoreError};

#[derive(Debug, FromRow)]
struct EventRow {
    seq: i64,
    at: String,
    request_id: String,
    user_id: String,
    project_id: String,
    action: String,
    resource_id: String,
    disk_id: Option<String>,
    before: Option<String>,
    after: Option<String>,
    reason: Option<String>,
}

impl TryFrom<EventRow> for Recorded {
    type Error = StoreError;

    fn try_from(event: EventRow) -> Result<Self> {
        let seq = event.seq.to_string();
        let row = Row { table: "events", id: &seq };
        Ok(Self {
            at: row.time("at", &event.at)?,
            seq: event.seq,
            request: RequestId::new(event.request_id),
            user: UserId::new(event.user_id),
            project: ProjectId::new(event.project_id),
            action: event.action,
            resource: event.resource_id,
            disk: event.disk_id,
            before: event.before,
            after: event.after,
            reason: event.reason,
        })
    }
}

#[async_trait]
impl<T: AsConnection> EventReads for T {
    async fn line(&mut self) -> Result<Line> {
        let (epoch, latest) = sqlx::query_as::<_, (Option<i64>, i64)>(
            "SELECT (SELECT epoch FROM lineage WHERE id = 1),
                    (SELECT coalesce(max(seq), 0) FROM events)",
        )
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        let row = Row { table: "lineage", id: "1" };
        Ok(Line { epoch: row.need("epoch", "number", epoch)?, latest })
    }

    async fn last_event(&mut self, filter: &EventFilter, after: i64) -> Result<Option<i64>> {
        let span = Span { after, up_to: i64::MAX, limit: 1 };
        list("SELECT seq FROM events WHERE TRUE", filter, span, " ORDER BY seq DESC LIMIT ")
            .build_query_scalar::<i64>()
            .fetch_optional(self.connection().await?)
            .await
            .map_err(errors::of_statement)
    }

    async fn events(&mut self, filter: &EventFilter, span: Span) -> Result<Vec<Recorded>> {
        let select =
            "SELECT seq, at, request_id, user_id, project_id, action, resource_id, disk_id,
                             before, after, reason
                      FROM events WHERE TRUE";
        list(select, filter, span, " ORDER BY seq LIMIT ")
            .build_query_as::<EventRow>()
            .fetch_all(self.connection().await?)
            .await
            .map_err(errors::of_statement)?
            .into_iter()
            .map(Recorded::try_from)
            .collect()
    }
}

/// What `select` finds of the span, in an `order`. It goes through the numbers of the span, or through
/// those of one disk: no other filter has an index, which every change would have to pay for.
fn list(
    select: &'static str,
    filter: &EventFilter,
    span: Span,
    order: &'static str,
) -> QueryBuilder<Sqlite> {
    let (one, under) = match &filter.action {
        None => (None, None),
        Some(Words::One(word)) => (Some(word), None),
        // Words have nothing in them that a pattern reads otherwise.
        Some(Words::Under(stem)) => (None, Some(format!("{stem}*"))),
    };
    let list = List::new(select, "events")
        .only(" AND seq > ", Some(span.after))
        .only(" AND seq <= ", Some(span.up_to))
        .only(" AND disk_id = ", filter.disk.as_ref())
        .only(" AND project_id = ", filter.project.as_ref())
        .only(" AND action = ", one)
        .only(" AND action GLOB ", under)
        .only(" AND resource_id = ", filter.resource.as_ref())
        .only(" AND request_id = ", filter.request.as_ref())
        .only(" AND user_id = ", filter.user.as_ref())
        .only(" AND at >= ", filter.since.map(time_to_text))
        .only(" AND at <= ", filter.until.map(time_to_text));
    let list = match &filter.among {
        None => list,
        Some(actions) => list.among(" AND action IN (", actions),
    };
    let mut query = list.whole();
    query.push(order).push_bind(i64::from(span.limit));
    query
}

impl EventWrites for Unit {
    fn record(&mut self, event: &Event) {
        // Its number is the largest one plus one: the writer is alone, and a unit that is undone
        // gives its numbers back, so there are no gaps.
        self.queue(
            Write::of_one_row(
                "record event",
                "INSERT INTO events (at, request_id, user_id, project_id, action, resource_id,
                                     disk_id, before, after, reason)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(event.at)
            .bind(event.request.as_str())
            .bind(&event.user)
            .bind(&event.project)
            .bind(event.action)
            .bind(event.resource.as_str())
            .bind(event.disk)
            .bind(event.before.as_ref().map(json))
            .bind(event.after.as_ref().map(json))
            .bind(event.reason.as_deref()),
        );
    }
}

/// A state has only text, numbers and flags, with text as keys: there is JSON for it.
fn json(state: &State) -> String {
    serde_json::to_string(state).unwrap_or_default()
}
