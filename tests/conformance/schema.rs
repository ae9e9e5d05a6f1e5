//! The two sets of migrations make the same house: tables, columns, types, what may be empty, keys and indexes.

use std::{collections::BTreeSet, path::Path};

use relevo::store::Db;
use sqlx::{PgPool, SqlitePool};

use crate::support::{Backend, DatabaseKind, QueueKind, run};

/// `table.column type`, with `?` if it may be empty.
type Columns = BTreeSet<String>;
/// `table name unique? (columns) partial?`; the name only where we gave it.
type Indexes = BTreeSet<String>;

#[test]
fn both_databases_have_the_same_tables_columns_keys_and_indexes() {
    run(DatabaseKind::Postgres, QueueKind::Table, async |postgres| {
        let sqlite = Backend::new(DatabaseKind::Sqlite, QueueKind::Table).await;
        let (Db::Sqlite { readers, .. }, Db::Postgres(pool)) = (&sqlite.db, &postgres.db) else {
            panic!("one of each")
        };
        same("columns", &sqlite_columns(readers).await, &postgres_columns(pool).await);
        same("keys and indexes", &sqlite_indexes(readers).await, &postgres_indexes(pool).await);
        sqlite.db.close().await;
    });
}

#[test]
fn both_sets_of_migrations_have_the_same_files() {
    let files = |folder: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        let entries = std::fs::read_dir(folder).expect("a folder of migrations");
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect()
    };
    same("migrations", &files("sqlite"), &files("postgres"));
}

fn same(what: &str, sqlite: &BTreeSet<String>, postgres: &BTreeSet<String>) {
    assert!(!sqlite.is_empty(), "no {what}");
    let only = |here: &BTreeSet<String>, there: &BTreeSet<String>| here.difference(there).cloned().collect::<Vec<_>>();
    let (sqlite, postgres) = (only(sqlite, postgres), only(postgres, sqlite));
    assert!(
        sqlite.is_empty() && postgres.is_empty(),
        "{what} differ\n only SQLite: {sqlite:#?}\n only PostgreSQL: {postgres:#?}"
    );
}

async fn sqlite_columns(pool: &SqlitePool) -> Columns {
    // A primary key may be empty in SQLite's catalogue, and never is in ours.
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT t.name || '.' || c.name || ' ' || \
                CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'TEXT' THEN 'text' WHEN 'BLOB' THEN 'bytea' \
                            ELSE c.type END || \
                CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN '' ELSE ' ?' END \
         FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.name <> '_sqlx_migrations'",
    )
    .fetch_all(pool)
    .await
    .expect("the catalogue");
    rows.into_iter().map(|(row,)| row).collect()
}

async fn postgres_columns(pool: &PgPool) -> Columns {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT table_name || '.' || column_name || ' ' || data_type || \
                CASE is_nullable WHEN 'YES' THEN ' ?' ELSE '' END \
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(pool)
    .await
    .expect("the catalogue");
    rows.into_iter().map(|(row,)| row).collect()
}

async fn sqlite_indexes(pool: &SqlitePool) -> Indexes {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT t.name || ' ' || CASE i.origin WHEN 'c' THEN i.name ELSE '' END || \
                CASE i.\"unique\" WHEN 1 THEN ' unique' ELSE '' END || \
                ' (' || (SELECT group_concat(coalesce(name, 'expression') || CASE \"desc\" WHEN 1 THEN ' desc' ELSE '' END, ', ') FROM \
                         (SELECT name, \"desc\" FROM pragma_index_xinfo(i.name) WHERE key = 1 ORDER BY seqno)) || ')' || \
                CASE i.partial WHEN 1 THEN ' partial' ELSE '' END \
         FROM sqlite_schema t JOIN pragma_index_list(t.name) i \
         WHERE t.type = 'table' AND t.name <> '_sqlx_migrations' AND i.origin <> 'pk' \
         UNION SELECT t.name || ' primary key (' || \
                (SELECT group_concat(name, ', ') FROM \
                 (SELECT name FROM pragma_table_info(t.name) WHERE pk > 0 ORDER BY pk)) || ')' \
         FROM sqlite_schema t WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND t.name <> '_sqlx_migrations'",
    )
    .fetch_all(pool)
    .await
    .expect("the catalogue");
    rows.into_iter().map(|(row,)| row).collect()
}

async fn postgres_indexes(pool: &PgPool) -> Indexes {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT CASE WHEN i.indisprimary THEN t.relname || ' primary key' ELSE \
                t.relname || ' ' || CASE WHEN c.oid IS NULL THEN x.relname ELSE '' END || \
                CASE WHEN i.indisunique THEN ' unique' ELSE '' END END || \
                ' (' || (SELECT string_agg(CASE i.indkey[n - 1] WHEN 0 THEN 'expression' ELSE \
                         pg_get_indexdef(i.indexrelid, n, true) END || \
                         CASE WHEN i.indoption[n - 1] & 1 = 1 THEN ' desc' ELSE '' END, ', ' ORDER BY n) \
                         FROM generate_series(1, i.indnkeyatts::int) AS n) || ')' || \
                CASE WHEN i.indpred IS NOT NULL THEN ' partial' ELSE '' END \
         FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid \
         JOIN pg_namespace s ON s.oid = t.relnamespace LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid \
         AND c.contype IN ('u', 'p') \
         WHERE s.nspname = 'public' AND t.relname <> '_sqlx_migrations'",
    )
    .fetch_all(pool)
    .await
    .expect("the catalogue");
    rows.into_iter().map(|(row,)| row).collect()
}
