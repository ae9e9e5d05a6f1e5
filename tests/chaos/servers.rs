//! The database's and the broker's own ends: SIGKILL, and up again, while the platforms post.

use std::{collections::BTreeMap, process::Command, sync::atomic::Ordering, time::Duration};

use super::{house::House, platforms::Platforms};
use crate::support::{Backend, DatabaseKind, QueueKind, Relevo, Servers, run_on};

/// A broker alone takes up to 16 s to come up, three times; the rest is for a busy machine.
const LIMIT: Duration = Duration::from_secs(420);
/// What the gateway is allowed for one webhook, in seconds.
const TIMEOUT: i64 = 8;
/// What an answer may take on top of that: this machine has other work too.
const SLACK: i64 = 7;

/// Servers of one story alone, which it may kill. They are stopped and their data deleted in the end.
struct OwnServers {
    set: &'static str,
    servers: Servers,
}

impl OwnServers {
    fn start(set: &'static str, names: &[&str]) -> Self {
        let mut own = Self { set, servers: BTreeMap::new() };
        own.call("start", names);
        let variables = own.call("env", names);
        own.servers = variables
            .lines()
            .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
            .map(|(variable, url)| (variable.to_owned(), url.to_owned()))
            .collect();
        own
    }

    fn call(&self, command: &str, names: &[&str]) -> String {
        services(self.set, command, names).unwrap_or_else(|error| panic!("{error}"))
    }

    fn kill(&self, names: &[&str]) {
        self.call("kill", names);
    }

    fn up(&self, names: &[&str]) {
        self.call("up", names);
    }
}

impl Drop for OwnServers {
    fn drop(&mut self) {
        if let Err(error) = services(self.set, "stop", &[]) {
            println!("{error}");
        }
    }
}

/// Calls `scripts/services` for a set; gives what it prints, or why it failed.
fn services(set: &str, command: &str, names: &[&str]) -> Result<String, String> {
    let call = format!("scripts/services {command} {names:?}");
    let done = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/services"))
        .arg(command)
        .args(names)
        .env("RELEVO_SERVICES_SET", set)
        .output()
        .map_err(|error| format!("{call}: {error}"))?;
    match done.status.success() {
        true => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
        false => Err(format!("{call}: {}: {}", done.status, String::from_utf8_lossy(&done.stderr))),
    }
}

fn accepted(platforms: &Platforms) -> usize {
    platforms.tally.accepted.load(Ordering::Relaxed)
}

fn unavailable(platforms: &Platforms) -> usize {
    platforms.tally.unavailable.load(Ordering::Relaxed)
}

/// A gateway and a worker in processes of their own; they live through it all.
async fn open(backend: &Backend) -> House<'_> {
    let relevo =
        Relevo::on(backend).with("GATEWAY__TIMEOUT_SECONDS", &TIMEOUT.to_string()).with("QUEUE__CONFIRM_SECONDS", "3");
    House::open(backend, relevo, &["gateway", "worker"]).await
}

/// Lets the customers write to the end and looks at everything.
async fn close(mut house: House<'_>, mut customers: tokio::task::JoinSet<(u32, i64)>) {
    house.more("accepted", 50, accepted).await;
    house.platforms.enough();
    let mut sent = Vec::new();
    while let Some(customer) = customers.join_next().await {
        sent.push(customer.expect("a customer wrote to the end"));
    }
    house.assert_everything_is_there_once(&sent).await;
    house.platforms.tally.assert_clean();
    assert_eq!(house.platforms.tally.unreachable.load(Ordering::Relaxed), 0, "the gateway always answered");
    let slowest = house.platforms.tally.slowest.load(Ordering::Relaxed);
    assert!(slowest < (TIMEOUT + SLACK) * 1000, "an answer took {slowest} ms, {TIMEOUT} s are allowed");
    for (roles, process) in &mut house.processes {
        assert!(process.is_running(), "the {roles} needed no restart");
    }
}

#[test]
fn sigkill_of_the_database_is_503_and_then_nothing_is_lost_p1_p2_p3_p4() {
    let own = OwnServers::start("chaos-database", &["postgres"]);
    run_on(&own.servers, LIMIT, DatabaseKind::Postgres, QueueKind::Table, async |backend| {
        let house = open(backend).await;
        let customers = house.platforms.begin(3);
        for _ in 0..2 {
            house.more("accepted", 50, accepted).await;
            own.kill(&["postgres"]);
            house.more("answered 503", 15, unavailable).await;
            own.up(&["postgres"]);
        }
        close(house, customers).await;
    });
}

#[test]
fn sigkill_of_the_broker_and_of_the_database_loses_nothing_p1_p2_p3_p4() {
    let own = OwnServers::start("chaos-broker", &["postgres", "rabbitmq"]);
    run_on(&own.servers, LIMIT, DatabaseKind::Postgres, QueueKind::Rabbit, async |backend| {
        let house = open(backend).await;
        let customers = house.platforms.begin(4);
        // While only the database is away, the broker still takes what comes in.
        house.more("accepted", 50, accepted).await;
        own.kill(&["postgres"]);
        house.more("accepted", 50, accepted).await;
        own.up(&["postgres"]);
        house.more("accepted", 50, accepted).await;
        // Without the broker nothing is durable.
        own.kill(&["rabbitmq"]);
        house.more("answered 503", 30, unavailable).await;
        own.kill(&["postgres"]);
        house.more("answered 503", 15, unavailable).await;
        own.up(&["postgres", "rabbitmq"]);
        close(house, customers).await;
    });
}
