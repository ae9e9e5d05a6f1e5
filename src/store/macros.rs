//! One dispatch for both databases: the same text and binds expanded in two arms.

/// Runs a statement; gives the number of rows it touched.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let sql: $crate::store::Sql = $sql.into();
        match $tx {
            $crate::store::Tx::Sqlite(tx) => sqlx::query(sql.sqlite)$(.bind($bind))*
                .execute(&mut **tx).await.map(|done| done.rows_affected()),
            $crate::store::Tx::Postgres(tx) => sqlx::query(sql.postgres)$(.bind($bind))*
                .execute(&mut **tx).await.map(|done| done.rows_affected()),
        }
        .map_err($crate::store::StoreError::from)
    }};
}

/// Runs a query; gives every row as `$row`.
macro_rules! fetch_all {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let sql: $crate::store::Sql = $sql.into();
        match $tx {
            $crate::store::Tx::Sqlite(tx) => sqlx::query_as::<_, $row>(sql.sqlite)$(.bind($bind))*
                .fetch_all(&mut **tx).await,
            $crate::store::Tx::Postgres(tx) => sqlx::query_as::<_, $row>(sql.postgres)$(.bind($bind))*
                .fetch_all(&mut **tx).await,
        }
        .map_err($crate::store::StoreError::from)
    }};
}

/// Runs a query; gives its first row as `$row`, if there is one.
macro_rules! fetch_optional {
    ($tx:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {{
        let sql: $crate::store::Sql = $sql.into();
        match $tx {
            $crate::store::Tx::Sqlite(tx) => sqlx::query_as::<_, $row>(sql.sqlite)$(.bind($bind))*
                .fetch_optional(&mut **tx).await,
            $crate::store::Tx::Postgres(tx) => sqlx::query_as::<_, $row>(sql.postgres)$(.bind($bind))*
                .fetch_optional(&mut **tx).await,
        }
        .map_err($crate::store::StoreError::from)
    }};
}

/// A set-based statement over rows that come as one JSON array in `$1`: what stands between the two texts becomes a
/// table `r` with the given columns, by `jsonb_to_recordset` or `json_each`.
macro_rules! rows {
    ($before:literal, [$c0:ident $t0:ident $(, $c:ident $t:ident)* $(,)?], $after:literal) => {
        $crate::store::Sql {
            postgres: concat!(
                $before, " jsonb_to_recordset($1::jsonb) AS r(",
                stringify!($c0), " ", stringify!($t0) $(, ", ", stringify!($c), " ", stringify!($t))*, ") ", $after
            ),
            sqlite: concat!(
                $before, " (SELECT json_extract(value, '$.", stringify!($c0), "') AS ", stringify!($c0)
                $(, ", json_extract(value, '$.", stringify!($c), "') AS ", stringify!($c))*,
                " FROM json_each($1)) AS r ", $after
            ),
        }
    };
}

pub(crate) use {execute, fetch_all, fetch_optional, rows};
