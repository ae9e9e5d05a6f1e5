//! The `relevo` program itself, as its user starts and stops it.

use std::{
    fmt,
    io::Read,
    net::SocketAddr,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use serde_json::{Deserializer, Value};

use super::{Backend, until};

/// Log lines that a failed test shows of each program.
const LAST_LINES: usize = 40;

/// How the program is to be called: with these settings, and nothing else of the test's own environment.
#[derive(Debug, Clone)]
pub(crate) struct Relevo {
    environment: Vec<(String, String)>,
    folder: PathBuf,
}

impl Relevo {
    /// The program on a test's services.
    pub(crate) fn on(backend: &Backend) -> Self {
        Self { environment: backend.environment(), folder: backend.folder().to_owned() }
    }

    /// With one more setting, `SECTION__KEY`; the last one counts.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.environment.push((format!("RELEVO__{key}"), value.to_owned()));
        self
    }

    /// Without these settings, `SECTION__KEY`.
    pub(crate) fn without(&self, keys: &[&str]) -> Self {
        let mut less = self.clone();
        less.environment.retain(|(name, _)| !keys.iter().any(|key| *name == format!("RELEVO__{key}")));
        less
    }

    /// The call, to be changed further. What it leaves behind by default stays in the test's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relevo"));
        command.env_clear().envs(self.environment.iter().cloned()).current_dir(&self.folder).args(arguments);
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Program {
        Program::start(self.command(arguments))
    }

    /// Runs it to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end().await
    }

    /// Runs it with `--json`, and gives the document that it printed.
    ///
    /// # Panics
    /// If it failed or printed anything else.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--json"]].concat()).await;
        assert_eq!((ended.code(), ended.err.as_str()), (Some(0), ""), "{arguments:?}: {ended}");
        ended.json()
    }
}

/// A running program. It is killed and waited for when it is dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    out: Captured,
    err: Captured,
}

impl Program {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self::spawn(command)
    }

    /// Leaves standard output where `command` sends it.
    pub(crate) fn start_with_own_output(mut command: Command) -> Self {
        command.stderr(Stdio::piped());
        Self::spawn(command)
    }

    /// Leaves standard error where `command` sends it.
    pub(crate) fn start_with_own_log(mut command: Command) -> Self {
        command.stdout(Stdio::piped());
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).spawn().expect("the program starts");
        let out = child.stdout.take().map(Captured::read).unwrap_or_default();
        let err = child.stderr.take().map(Captured::read).unwrap_or_default();
        Self { child, out, err }
    }

    /// What it has written to standard output so far.
    pub(crate) fn said(&self) -> String {
        self.out.text()
    }

    /// What it has written to standard error so far: its log.
    pub(crate) fn log(&self) -> String {
        self.err.text()
    }

    /// Where its HTTP server listens, as it says on standard output with `--json`.
    ///
    /// # Panics
    /// If it ends before it says so.
    pub(crate) async fn address(&mut self) -> SocketAddr {
        let mut address = None;
        until("the program listens", async || {
            let running = self.is_running();
            address = documents(&self.out.text()).iter().find_map(|said| said["listening"].as_str()?.parse().ok());
            assert!(running || address.is_some(), "the program ended instead of listening:\n{}", self.log());
            address.is_some()
        })
        .await;
        address.expect("it was said")
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_none()
    }

    /// SIGTERM: the program is asked to end.
    pub(crate) fn terminate(&mut self) {
        let pid = self.child.id().to_string();
        // Not yet waited for, so the number is still this child's.
        let sent = Command::new("sh").args(["-c", r#"kill -s TERM "$0""#, &pid]).status().expect("a shell");
        assert!(sent.success(), "no signal could be sent");
    }

    /// SIGKILL: the program is gone at once.
    pub(crate) fn kill(mut self) {
        self.end_now();
    }

    /// Waits until it ends by itself.
    pub(crate) async fn end(mut self) -> Ended {
        until("the program ends", async || !self.is_running()).await;
        let status = self.child.wait().expect("a child of ours");
        Ended { status, out: self.out.rest(), err: self.err.rest() }
    }

    fn end_now(&mut self) {
        // An error says that it is dead already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end_now();
        if std::thread::panicking() {
            let log = self.err.rest();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
            println!("the end of the log of program {}:\n{last}\n", self.child.id());
        }
    }
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Its exit code; none if a signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The one JSON document on standard output.
    ///
    /// # Panics
    /// If there is none, or more than it.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON document ({error}): {self}"))
    }

    /// Every JSON document on standard output.
    pub(crate) fn documents(&self) -> Vec<Value> {
        documents(&self.out)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, out, err } = self;
        write!(f, "code {:?}, signal {:?}\n{out}\n---\n{err}", status.code(), status.signal())
    }
}

fn documents(text: &str) -> Vec<Value> {
    Deserializer::from_str(text).into_iter().map_while(Result::ok).collect()
}

/// What comes out of a pipe, read as it comes so that the program never waits for its reader.
#[derive(Debug, Default)]
struct Captured {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Captured {
    fn read(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes: Arc<Mutex<Vec<u8>>> = Arc::default();
        let kept = bytes.clone();
        let reader = std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = pipe.read(&mut chunk) {
                kept.lock().expect("nobody panics holding it").extend(&chunk[..read]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("nobody panics holding it")).into_owned()
    }

    /// All of it, once the program has ended.
    fn rest(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends with the pipe");
        }
        self.text()
    }
}
