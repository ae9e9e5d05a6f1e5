//! One suite for every backend: SQLite and PostgreSQL, the table and RabbitMQ keep the same promises.

mod jobs;
mod queue;
mod schema;
mod store;
