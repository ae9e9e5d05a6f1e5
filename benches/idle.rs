//! Resident memory of an idle `relevo serve` with all roles.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::support::Backend;

/// Ends the process whatever happens.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

pub(crate) async fn run(backend: &Backend) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relevo"));
    command.args(["serve", "--json"]).envs(backend.environment()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = Process(command.spawn().expect("relevo serve"));
    let stdout = process.0.stdout.take().expect("its output");
    let listening = BufReader::new(stdout).lines().map_while(Result::ok).any(|line| line.contains("listening"));
    assert!(listening, "relevo serve did not start");
    // Pools and pollers settle; nothing else happens.
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.0.id())).expect("its status");
    let kib = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<f64>().ok())
    };
    eprintln!(
        "idle: {:.1} MiB resident, {:.1} MiB at most so far (wanted: at most 48)",
        kib("VmRSS:").expect("VmRSS") / 1024.0,
        kib("VmHWM:").expect("VmHWM") / 1024.0
    );
}
