//! A local Elastic Volume Service.
