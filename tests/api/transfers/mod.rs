//! Disk transfers: `create`, `accept`, `lists` and `ends`, each on every path that has them.

mod accept;
mod create;
mod ends;
mod expiry;
mod lists;
mod matrix;
mod refusals;
mod retries;
mod transferable;
