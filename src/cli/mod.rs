//! The command line: the same use cases as the API, for operators.
//!
//! Results go to standard output, as text or (`--json`) as one JSON document; errors and logs to standard error. Exit
//! codes: 0 done, 1 it failed, 2 it was called or configured wrongly.

mod args;
mod channel;
mod company;
mod job;
mod output;
mod queue;
mod serve;
mod subscription;
mod user;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser;

use self::{
    args::{Args, Command},
    output::Output,
};
use crate::{
    app::Foundation,
    config::{self, Config, ConfigError},
    telemetry,
};

/// Runs the command that the process was called with.
pub fn main() -> ExitCode {
    // The first thing: TLS clients panic without a provider. A second installation in one process changes nothing.
    _ = rustls::crypto::ring::default_provider().install_default();
    let args = Args::parse();
    let output = Output::new(args.json);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(args, &output)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            if error.is::<ConfigError>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

async fn run(args: Args, output: &Output) -> anyhow::Result<()> {
    let mut config = Config::load(args.config.as_deref(), environment()?)?;
    if let Some(log) = args.quiet_logs() {
        log.clone_into(&mut config.telemetry.log);
    }
    telemetry::init_logs(&config.telemetry);
    match args.command {
        Command::CheckConfig => serve::check_config(&config, output),
        Command::Demo => serve::demo(output).await,
        Command::Migrate => serve::migrate(Foundation::open(config).await?, output),
        Command::Serve { roles } => serve::serve(Foundation::open(config).await?, &roles, output).await,
        Command::Company { command } => company::company(&Foundation::open(config).await?, command, output).await,
        Command::Client { command } => company::client(&Foundation::open(config).await?, command, output).await,
        Command::User { command } => user::run(&Foundation::open(config).await?, command, output).await,
        Command::Channel { command } => channel::run(&Foundation::open(config).await?, command, output).await,
        Command::Job { command } => job::run(&Foundation::open(config).await?, command, output).await,
        Command::Queue { command } => queue::run(&Foundation::open(config).await?, command, output).await,
        Command::Subscription { command } => subscription::run(&Foundation::open(config).await?, command, output).await,
        Command::Simulate(simulate) => channel::simulate(&Foundation::open(config).await?, simulate, output).await,
    }
}

/// The variables that are ours. Others may be anything, also no text.
fn environment() -> Result<Vec<(String, String)>, ConfigError> {
    let named = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
    let ours = std::env::vars_os().filter_map(named).filter(|(name, _)| name.starts_with(config::ENV_PREFIX));
    ours.map(|(name, value)| match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(ConfigError::new(&name, "is not UTF-8")),
    })
    .collect()
}
