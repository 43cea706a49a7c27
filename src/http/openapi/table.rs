//! What a row of the tables says of an operation.

use crate::domain::access::Action;
use crate::domain::identity::IdentityAction;
use crate::domain::microversion::{MIN, Microversion};

/// Operations that belong together, at each of their roots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    /// Their name in the document.
    pub(super) tag: &'static str,
    /// What they are for.
    pub(super) says: &'static str,
    /// What each of their paths begins with.
    pub(super) roots: &'static [&'static str],
    /// The operations.
    pub(super) operations: &'static [Operation],
}

/// One method of one path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) status: u16,
    pub(super) body: Body,
    /// Another status that is no failure as an error body tells it.
    pub(super) other: Option<(u16, Body)>,
    pub(super) request: Request,
    pub(super) asker: Asker,
    pub(super) query: &'static [&'static [&'static str]],
    pub(super) headers: &'static [&'static str],
    pub(super) since: Microversion,
    /// Failures beyond those that such operations have in common.
    pub(super) fails: &'static [u16],
}

/// What an answer carries.
#[derive(Debug, Clone, Copy)]
pub(super) enum Body {
    /// Nothing.
    Nothing,
    /// An object without a name around it.
    Object,
    /// An object or nothing, depending on what was asked.
    Perhaps,
    /// A word or an id under a name.
    Id(&'static str),
    /// An object under a name.
    One(&'static str),
    /// A list under a name.
    Many(&'static str),
    /// Text of this type.
    Plain(&'static str),
}

/// Who may ask.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asker {
    /// Anybody, without a token.
    Anybody,
    /// Whoever has a token.
    Known,
    /// Whose role suffices for this.
    May(Action),
    /// Whom the identity service lets do this.
    Must(IdentityAction),
}

/// What a request carries.
#[derive(Debug, Clone, Copy)]
pub(super) enum Request {
    /// Nothing that is read.
    Nothing,
    /// This.
    Must(&'static Schema),
    /// This or nothing.
    May(&'static Schema),
    /// Text of this type.
    Text(&'static str),
    /// Exactly one of these; the name is that of all of them.
    Does(&'static str, &'static [Act]),
}

/// What is done to a thing by `…/action`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Act {
    pub(super) name: &'static str,
    pub(super) needs: Action,
    pub(super) since: Microversion,
    pub(super) members: &'static [Member],
}

impl Act {
    pub(super) const fn new(name: &'static str, needs: Action, members: &'static [Member]) -> Self {
        Self { name, needs, since: MIN, members }
    }

    pub(super) const fn since(self, minor: u16) -> Self {
        Self { since: Microversion(3, minor), ..self }
    }
}

/// The object in a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Schema {
    pub(super) name: &'static str,
    /// The one member of the body that is the object; none: the object is the body.
    pub(super) of: Option<&'static str>,
    pub(super) members: &'static [Member],
}

impl Schema {
    /// An object under a name.
    pub(super) const fn of(
        name: &'static str,
        of: &'static str,
        members: &'static [Member],
    ) -> Self {
        Self { name, of: Some(of), members }
    }

    /// An object that is the whole body.
    pub(super) const fn top(name: &'static str, members: &'static [Member]) -> Self {
        Self { name, of: None, members }
    }
}

/// A member of an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Member {
    /// It must be there.
    Must(&'static str, Kind),
    /// It may be there.
    May(&'static str, Kind),
    /// Any further keys, all of this kind.
    Others(Kind),
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Text,
    Secret,
    Whole,
    Number,
    Flag,
    Time,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Texts by their keys.
    Texts,
    /// A list of texts.
    Words,
    /// A list of objects with these members.
    Each(&'static [Member]),
    /// An object with these members.
    Inside(&'static [Member]),
    /// An object or nothing much.
    Anything,
}

impl Operation {
    pub(super) const fn new(
        method: &'static str,
        path: &'static str,
        summary: &'static str,
        status: u16,
        body: Body,
    ) -> Self {
        Self {
            method,
            path,
            summary,
            status,
            body,
            other: None,
            request: Request::Nothing,
            asker: Asker::Known,
            query: &[],
            headers: &[],
            since: MIN,
            fails: &[],
        }
    }

    pub(super) const fn or(self, status: u16, body: Body) -> Self {
        Self { other: Some((status, body)), ..self }
    }

    pub(super) const fn takes(self, schema: &'static Schema) -> Self {
        Self { request: Request::Must(schema), ..self }
    }

    pub(super) const fn may_take(self, schema: &'static Schema) -> Self {
        Self { request: Request::May(schema), ..self }
    }

    pub(super) const fn takes_text(self, media: &'static str) -> Self {
        Self { request: Request::Text(media), ..self }
    }

    pub(super) const fn does(self, name: &'static str, acts: &'static [Act]) -> Self {
        Self { request: Request::Does(name, acts), ..self }
    }

    pub(super) const fn may(self, action: Action) -> Self {
        Self { asker: Asker::May(action), ..self }
    }

    pub(super) const fn must(self, action: IdentityAction) -> Self {
        Self { asker: Asker::Must(action), ..self }
    }

    pub(super) const fn open(self) -> Self {
        Self { asker: Asker::Anybody, ..self }
    }

    pub(super) const fn query(self, names: &'static [&'static [&'static str]]) -> Self {
        Self { query: names, ..self }
    }

    pub(super) const fn headers(self, names: &'static [&'static str]) -> Self {
        Self { headers: names, ..self }
    }

    pub(super) const fn since(self, minor: u16) -> Self {
        Self { since: Microversion(3, minor), ..self }
    }

    pub(super) const fn fails(self, statuses: &'static [u16]) -> Self {
        Self { fails: statuses, ..self }
    }
}

/// Rows `method "path" status Body, "summary", with(…), …;` as a table of operations.
macro_rules! operations {
    ($($method:ident $path:literal $status:literal $body:ident $(($name:expr))?, $summary:literal
        $(, $with:ident($($arg:expr),*))*;)+) => {
        &[$(
            $crate::http::openapi::table::Operation::new(
                stringify!($method),
                $path,
                $summary,
                $status,
                $crate::http::openapi::table::Body::$body $(($name))?,
            )
            $(.$with($($arg),*))*
        ),+]
    };
}
pub(super) use operations;
