//! Resident memory of an idle `relevo serve` with all roles.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::support::Backend;

/// A running `relevo serve`. It ends whatever happens.
pub(crate) struct Process(Child);

impl Process {
    /// Starts it with all roles; gives where it listens.
    pub(crate) fn serve(backend: &Backend) -> (Self, SocketAddr) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relevo"));
        command.args(["serve", "--json"]).envs(backend.environment()).stdout(Stdio::piped()).stderr(Stdio::null());
        // The pretend platforms are here.
        command.env("RELEVO__MEDIA__ALLOW_PRIVATE_ADDRESSES", "true");
        let mut process = Self(command.spawn().expect("relevo serve"));
        let stdout = process.0.stdout.take().expect("its output");
        let text = BufReader::new(stdout).lines().map_while(Result::ok).take_while(|line| line != "}");
        let said: String = text.chain(["}".to_owned()]).collect();
        let said: Value = serde_json::from_str(&said).expect("it says where it listens");
        let address = said["listening"].as_str().and_then(|address| address.parse().ok());
        (process, address.expect("an address"))
    }

    /// One of the sizes in its status, in MiB.
    pub(crate) fn mebibytes(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("its status");
        let kib =
            status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<f64>().ok());
        kib.expect("a size") / 1024.0
    }

    /// From now on `VmHWM:` is the largest size since now.
    pub(crate) fn forget_the_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.0.id()), "5").expect("Linux lets us");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

pub(crate) async fn run(backend: &Backend) {
    let (process, _) = Process::serve(backend);
    // Pools and pollers settle; nothing else happens.
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    eprintln!(
        "idle: {:.1} MiB resident, {:.1} MiB at most so far (wanted: at most 48)",
        process.mebibytes("VmRSS:"),
        process.mebibytes("VmHWM:")
    );
}
