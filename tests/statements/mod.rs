//! Catches the statements that the product's database connections run: all of them, and by the
//! request that they serve.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

static CAUGHT: Mutex<Caught> = Mutex::new(Caught { watchers: 0, statements: BTreeMap::new() });

struct Caught {
    watchers: usize,
    /// The statements of each request, in their order; those of no request stand under the empty id.
    statements: BTreeMap<String, Vec<String>>,
}

/// Catches as long as anybody watches.
pub(crate) fn layer<S: Subscriber + for<'span> LookupSpan<'span>>() -> impl Layer<S> {
    Catcher.with_filter(filter_fn(|of| of.target() == "sqlx::query" || of.name() == "request"))
}

/// Somebody watches: what statements run from now on is caught until the last one leaves.
pub(crate) struct Watch(());

impl Watch {
    pub(crate) fn begin() -> Self {
        CAUGHT.lock().unwrap().watchers += 1;
        Self(())
    }

    /// The statements that a request has run so far. Those of its queued writes run when the writer
    /// commits, for several requests at once, and are found with the empty id.
    #[expect(clippy::unused_self, reason = "only who watches may ask")]
    pub(crate) fn of_request(&self, id: &str) -> Vec<String> {
        CAUGHT.lock().unwrap().statements.get(id).cloned().unwrap_or_default()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut caught = CAUGHT.lock().unwrap();
        caught.watchers -= 1;
        if caught.watchers == 0 {
            caught.statements.clear();
        }
    }
}

struct Catcher;

/// The id in a request's span.
struct RequestId(String);

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Catcher {
    fn on_new_span(&self, of: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        of.record(&mut fields);
        if let (Some(span), Some(request)) = (context.span(id), fields.0.remove("request.id")) {
            span.extensions_mut().insert(RequestId(request));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut caught = CAUGHT.lock().unwrap();
        if caught.watchers == 0 {
            return;
        }
        let Some(sql) = text_of(event) else { return };
        let request = context.event_scope(event).into_iter().flatten().find_map(|span| {
            span.extensions().get::<RequestId>().map(|RequestId(request)| request.clone())
        });
        caught.statements.entry(request.unwrap_or_default()).or_default().push(sql);
    }
}

/// The statement that an event of sqlx tells of.
pub(crate) fn text_of(event: &Event<'_>) -> Option<String> {
    let mut fields = Fields::default();
    event.record(&mut fields);
    // Of a statement of at most four words there is the summary only.
    let whole = fields.0.remove("db.statement").filter(|text| !text.trim().is_empty());
    whole.or_else(|| fields.0.remove("summary")).map(|sql| sql.trim().to_owned())
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
