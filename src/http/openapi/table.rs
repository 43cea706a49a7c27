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
    /// `null` stands for no members.
    pub(super) or_null: bool,
}

impl Act {
    pub(super) const fn new(name: &'static str, needs: Action, members: &'static [Member]) -> Self {
        Self { name, needs, since: MIN, members, or_null: false }
    }

    pub(super) const fn or_null(self) -> Self {
        Self { or_null: true, ..self }
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
    /// Nothing else stands beside it.
    pub(super) alone: bool,
    pub(super) members: &'static [Member],
}

impl Schema {
    /// An object under a name.
    pub(super) const fn of(
        name: &'static str,
        of: &'static str,
        members: &'static [Member],
    ) -> Self {
        Self { name, of: Some(of), alone: false, members }
    }

    /// An object under a name, beside which no other is taken.
    pub(super) const fn only(
        name: &'static str,
        of: &'static str,
        members: &'static [Member],
    ) -> Self {
        Self { name, of: Some(of), alone: true, members }
    }

    /// An object that is the whole body.
    pub(super) const fn top(name: &'static str, members: &'static [Member]) -> Self {
        Self { name, of: None, alone: false, members }
    }
}

/// A member of an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Member {
    /// It must be there.
    Must(&'static str, Kind),
    /// It may be there.
    May(&'static str, Kind),
    /// It may be there from this minor version on.
    Since(u16, &'static str, Kind),
    /// Any further keys, all of this kind.
    Others(Kind),
    /// Any further keys of this pattern, all of this kind, and none but them.
    Like(&'static str, Kind),
    /// There are no further keys.
    Only,
    /// At least one key is there.
    Some,
    /// Exactly one key is there.
    One,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Text,
    /// A text of so many characters at least and at most.
    Sized(usize, usize),
    /// A text that is not empty.
    Filled,
    /// A text of this pattern.
    Like(&'static str),
    /// The id of something of ours.
    Uuid,
    Secret,
    Whole,
    /// A whole number from here on.
    From(i64),
    /// A whole number from here to there.
    Between(i64, i64),
    Number,
    Flag,
    Time,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of objects with these members.
    Each(&'static [Member]),
    /// An object with these members.
    Inside(&'static [Member]),
    /// At least and at most so many of a kind; no two are the same.
    Some(usize, usize, &'static Kind),
    /// Values of a kind by keys of a pattern.
    Keyed(&'static str, &'static Kind),
    /// `true`.
    Yes,
    /// Nothing will do.
    Never,
    /// `null`.
    Null,
    /// One of these.
    Or(&'static [Kind]),
    /// An object or nothing much.
    Anything,
}

impl Kind {
    /// A name or description, which may be empty.
    pub(super) const LABEL: Self = Self::Or(&[Self::Sized(0, 255), Self::Null]);
    /// A text or nothing.
    pub(super) const TEXT: Self = Self::Or(&[Self::Text, Self::Null]);
    /// An id or nothing.
    pub(super) const UUID: Self = Self::Or(&[Self::Uuid, Self::Null]);
    /// Keys and values as people give them.
    pub(super) const METADATA: Self = Self::Keyed("^[^\\u0000]{1,255}$", &Self::Sized(0, 255));
    /// The same or nothing.
    pub(super) const MAYBE_METADATA: Self = Self::Or(&[Self::METADATA, Self::Null]);
    /// What OpenStack takes for a flag: whole words in three letter cases, letters in one.
    pub(super) const TRUTH: Self = Self::Or(&[
        Self::Flag,
        Self::Word(&[
            "true", "True", "TRUE", "t", "1", "on", "On", "ON", "yes", "Yes", "YES", "y", "false",
            "False", "FALSE", "f", "0", "off", "Off", "OFF", "no", "No", "NO", "n",
        ]),
    ]);
    /// A size in GiB, or its digits.
    pub(super) const SIZE: Self =
        Self::Or(&[Self::Between(1, 0x7FFF_FFFF), Self::Like("^0*[1-9][0-9]{0,8}$")]);
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
