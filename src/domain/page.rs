//! Paging as values: how much of a list, from where, in which order.

/// The most that one page holds (OTC: `limit` is 1 to 1000).
pub const LARGEST_PAGE: u32 = 1000;

/// Which way a list runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// One page of a list of things with ids `I` that can be sorted by `K`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging<I, K> {
    /// At most so many, 1 to [`LARGEST_PAGE`].
    pub limit: u32,
    /// After leaving out so many.
    pub offset: i64,
    /// After this one, in the list's order.
    pub marker: Option<I>,
    /// By these, the first weighs most; the id decides between equals, in the last one's direction.
    pub sort: Vec<(K, Direction)>,
}
