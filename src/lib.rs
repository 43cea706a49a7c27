//! A local Elastic Volume Service.

pub mod config;
pub mod data_dir;
pub mod domain;
pub mod http;
pub mod server;
pub mod service;
pub mod store;
pub mod tasks;
pub mod telemetry;
