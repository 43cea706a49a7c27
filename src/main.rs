//! The `evs` binary.

fn main() {}
