//! "Siguiente ticket": agents pull from long queues, beside a bare indexed `SELECT … FOR UPDATE SKIP LOCKED` with its
//! `UPDATE`, in turn on the same tables; then once more with a million closed tickets among them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use relevo::{
    app::Foundation,
    clock::Clock,
    desk::routing,
    store::{Db, StoreError, companies},
};
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::{median, support::Backend};

const QUEUED: i64 = 100_000;
const AGENTS: i64 = 1_000;
const GROUPS: i64 = 50;
/// Groups of each agent.
const MEMBERSHIPS: i64 = 3;
const CLOSED: i64 = 1_000_000;
const CONNECTIONS: usize = 8;
const PULLS: usize = 1_000;
const ROUNDS: usize = 5;

pub(crate) async fn run(backend: &Backend) {
    let base = Foundation::open(backend.config()).await.expect("the foundation");
    let Db::Postgres(pool) = &base.db else { panic!("PostgreSQL is measured") };
    let mut tx = base.db.write().await.expect("a transaction");
    let company = companies::insert(&mut tx, "Tienda", base.clock.now()).await.expect("a company");
    tx.commit().await.expect("committed");
    let agents = seed(pool, company).await;
    eprintln!(
        "next: {QUEUED} queued tickets, {AGENTS} agents of {MEMBERSHIPS} of {GROUPS} groups each, {CONNECTIONS} at once, \
         {ROUNDS} rounds of {PULLS}"
    );
    measure(&base, pool, company, &agents, "no closed tickets").await;
    close_many(pool, company).await;
    measure(&base, pool, company, &agents, "a million closed tickets").await;
}

async fn measure(base: &Foundation, pool: &PgPool, company: i64, agents: &Arc<Vec<i64>>, with: &str) {
    let (mut ours, mut bares, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (pool, db, clock) = (pool.clone(), base.db.clone(), base.clock.clone());
        let bare = times(agents, move |_| bare_pull(pool.clone())).await;
        let own = times(agents, move |agent| pull(db.clone(), clock.clone(), company, agent)).await;
        // The first round warms the caches of both.
        if round > 0 {
            eprintln!(
                "  {with}, round {round}: bare p50 {:.2} ms p99 {:.2} ms | relevo p50 {:.2} ms p99 {:.2} ms | p99 {:.1}×",
                bare.0,
                bare.1,
                own.0,
                own.1,
                own.1 / bare.1
            );
            ratios.push(own.1 / bare.1);
            ours.push(own);
            bares.push(bare);
        }
    }
    let middle =
        |all: &[(f64, f64)], second: bool| median(all.iter().map(|it| if second { it.1 } else { it.0 }).collect());
    eprintln!(
        "next, {with}: relevo p50 {:.2} ms p99 {:.2} ms, bare p50 {:.2} ms p99 {:.2} ms, p99 ratio {:.1} (wanted: at most 3)",
        middle(&ours, false),
        middle(&ours, true),
        middle(&bares, false),
        middle(&bares, true),
        median(ratios),
    );
}

/// `(p50, p99)` of [`PULLS`] pulls by [`CONNECTIONS`] at once, milliseconds.
async fn times<F: Future<Output = ()> + Send + 'static>(
    agents: &Arc<Vec<i64>>,
    pull: impl Fn(i64) -> F + Clone + Send + 'static,
) -> (f64, f64) {
    let turn = Arc::new(AtomicUsize::new(0));
    let mut pulling = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (agents, pull, turn) = (Arc::clone(agents), pull.clone(), Arc::clone(&turn));
        pulling.spawn(async move {
            let mut taken = Vec::new();
            loop {
                let mine = turn.fetch_add(1, Ordering::Relaxed);
                if mine >= PULLS {
                    return taken;
                }
                // A stride that meets every agent before it meets one again.
                let agent = agents[mine * 7 % agents.len()];
                let start = Instant::now();
                pull(agent).await;
                taken.push(start.elapsed());
            }
        });
    }
    let mut all: Vec<Duration> = pulling.join_all().await.into_iter().flatten().collect();
    all.sort_unstable();
    let at = |share: f64| all[((all.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    (at(0.5), at(0.99))
}

async fn pull(db: Db, clock: Clock, company: i64, agent: i64) {
    loop {
        let mut tx = db.write().await.expect("a transaction");
        match routing::next(&mut tx, &clock, company, agent).await {
            Ok(_) => return tx.commit().await.expect("committed"),
            Err(routing::RoutingError::Store(StoreError::Conflict)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// What a queue in a table costs at least.
async fn bare_pull(pool: PgPool) {
    let mut tx = pool.begin().await.expect("a transaction");
    let group = rand_group();
    let (id,): (String,) = sqlx::query_as(
        "SELECT id FROM tickets WHERE group_id = $1 AND state = 'open' AND agent_id IS NULL AND bot_id IS NULL \
         ORDER BY priority DESC, waiting_since, id LIMIT 1 FOR UPDATE SKIP LOCKED",
    )
    .bind(group)
    .fetch_one(&mut *tx)
    .await
    .expect("one waits");
    sqlx::query("UPDATE tickets SET state = 'inProgress', agent_id = -1, waiting_since = NULL WHERE id = $1")
        .bind(id)
        .execute(&mut *tx)
        .await
        .expect("taken");
    tx.commit().await.expect("committed");
}

/// One of the groups, in turn.
fn rand_group() -> i64 {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    1 + i64::try_from(TURN.fetch_add(1, Ordering::Relaxed)).expect("a few") % GROUPS
}

async fn seed(pool: &PgPool, company: i64) -> Arc<Vec<i64>> {
    let run = async |sql: &'static str, n: i64| {
        sqlx::query(sql).bind(company).bind(n).execute(pool).await.expect("seeded");
    };
    run(
        "INSERT INTO groups (id, company_id, name, policy, self_assign, timezone, created_at, updated_at) \
         SELECT n, $1, 'g' || n, 'manual', 1, 'UTC', 0, 0 FROM generate_series(1, $2) n",
        GROUPS,
    )
    .await;
    run(
        "INSERT INTO users (company_id, email, name, role, capacity, presence_id, presence_at, created_at, updated_at) \
         SELECT $1, 'a' || n || '@prueba.com', 'a' || n, 'agent', 1000000, 1, 0, 0, 0 FROM generate_series(1, $2) n",
        AGENTS,
    )
    .await;
    sqlx::query(
        "INSERT INTO group_members (group_id, user_id) SELECT 1 + (u.id + k * 7) % $2, u.id \
         FROM users u, generate_series(1, $3) k WHERE u.company_id = $1",
    )
    .bind(company)
    .bind(GROUPS)
    .bind(MEMBERSHIPS)
    .execute(pool)
    .await
    .expect("members");
    run(
        "INSERT INTO tickets (id, company_id, number, channel_id, kind, conversation_id, state, waiting_since, group_id, \
         priority, created_at, updated_at) \
         SELECT 'q' || lpad(n::text, 9, '0'), $1, n, 1, 'whatsapp', 'c' || n, 'open', n, 1 + n % 50, n % 3, n, n \
         FROM generate_series(1, $2) n",
        QUEUED,
    )
    .await;
    sqlx::query("ANALYZE").execute(pool).await.expect("analysed");
    let rows: Vec<(i64,)> = sqlx::query_as("SELECT id FROM users WHERE company_id = $1 ORDER BY id")
        .bind(company)
        .fetch_all(pool)
        .await
        .expect("agents");
    Arc::new(rows.into_iter().map(|(id,)| id).collect())
}

async fn close_many(pool: &PgPool, company: i64) {
    sqlx::query(
        "INSERT INTO tickets (id, company_id, number, channel_id, kind, conversation_id, state, group_id, agent_id, \
         closed_at, created_at, updated_at) \
         SELECT 'z' || lpad(n::text, 9, '0'), $1, 1000000 + n, 1, 'whatsapp', 'z' || n, 'closed', 1 + n % 50, \
         (SELECT min(id) FROM users) + n % 1000, n, n, n FROM generate_series(1, $2) n",
    )
    .bind(company)
    .bind(CLOSED)
    .execute(pool)
    .await
    .expect("closed ones");
    sqlx::query("VACUUM ANALYZE tickets").execute(pool).await.expect("analysed");
}
