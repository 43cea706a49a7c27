//! Messages about work that failed after its request was answered.

use tracing::info;

use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::event::{Event, State};
use crate::domain::ids::{MessageId, ProjectId, RequestId};
use crate::domain::message::{Message, MessageQuery};
use crate::domain::progress::{Operation, Thing};
use crate::store::{ReadTx, WriteTx};

impl App {
    /// Tells a project that something failed on what it has, unless it is told of something else that
    /// it happened to; which request's work that was is the one that began it.
    pub(super) async fn tell_of_failure(
        &self,
        unit: &mut dyn WriteTx,
        project: &ProjectId,
        thing: Thing,
        operation: Operation,
    ) -> Result<()> {
        if operation.told_of() != thing.kind() {
            return Ok(());
        }
        let request = unit.last_request(thing).await?.unwrap_or_else(RequestId::random);
        self.tell_of_failed_request(unit, &request, project, thing, operation);
        Ok(())
    }

    /// The same within the request that began it.
    pub(super) fn tell_of_failed_request(
        &self,
        unit: &mut dyn WriteTx,
        request: &RequestId,
        project: &ProjectId,
        thing: Thing,
        operation: Operation,
    ) {
        if operation.told_of() != thing.kind() {
            return;
        }
        let (project, request) = (project.clone(), request.clone());
        unit.insert_message(&Message::new(project, request, thing, operation, self.now()));
    }

    /// A message that the caller sees.
    pub async fn message(&self, caller: &Caller, id: &str) -> Result<Message> {
        let wanted = parse(id)?;
        let mut view = self.read().await?;
        visible_message(&mut *view, caller, wanted).await
    }

    /// One page of messages: to the caller's project, or with `everywhere`, which only admins are
    /// heard on, to any. An unknown marker is not found.
    pub async fn messages(
        &self,
        caller: &Caller,
        everywhere: bool,
        mut query: MessageQuery,
    ) -> Result<Vec<Message>> {
        if !(everywhere && caller.role == Role::Admin) {
            query.project = Some(caller.project.clone());
        }
        if let Some(marker) = query.page.marker {
            self.message(caller, &marker.to_string()).await?;
        }
        Ok(self.read().await?.messages(&query).await?)
    }

    /// Removes a message.
    pub async fn delete_message(&self, caller: &Caller, id: &str) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let removed = async {
            let message = visible_message(&mut *unit, caller, wanted).await?;
            unit.delete_message(wanted);
            let state = State { project_id: message.project.to_string(), ..State::default() };
            let (now, gone) = (self.now(), Some(state));
            unit.record(&Event::of(caller, now, "message.delete", &wanted, gone, None));
            Ok(())
        }
        .await;
        settle(unit, removed).await?;
        info!(message.id = %wanted, "deleted message {wanted}");
        Ok(())
    }
}

async fn visible_message(
    view: &mut (impl ReadTx + ?Sized),
    caller: &Caller,
    id: MessageId,
) -> Result<Message> {
    let found = view.message(id).await?;
    found
        .filter(|message| caller.sees(&message.project))
        .ok_or_else(|| ServiceError::NotFound(Resource::Message, id.to_string()))
}

fn parse(id: &str) -> Result<MessageId> {
    MessageId::parse(id).ok_or_else(|| ServiceError::NotFound(Resource::Message, id.to_owned()))
}
