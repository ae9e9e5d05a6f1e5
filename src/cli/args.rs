//! What can be typed.

use std::path::PathBuf;

use clap::{ArgGroup, Args as ClapArgs, Parser, Subcommand};

use crate::app::Role;

/// A channel-integration worker and webhook relay for customer service.
#[derive(Debug, Parser)]
#[command(name = "relevo", version, arg_required_else_help = true, subcommand_required = true)]
pub(super) struct Args {
    /// Settings file (TOML); environment variables RELEVO__SECTION__KEY override it.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Print results as one JSON document.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

impl Args {
    /// What commands that answer and end log, unless the environment says otherwise: warnings; the demo shows itself
    /// what goes wrong in it. Servers log as configured.
    pub(super) fn quiet_logs(&self) -> Option<&'static str> {
        match self.command {
            _ if std::env::var_os("RELEVO__TELEMETRY__LOG").is_some() => None,
            Command::Serve { .. } => None,
            Command::Demo => Some("error"),
            _ => Some("warn"),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the house: webhooks, API, workers, pollers.
    Serve {
        /// Run only these parts (gateway, worker, dispatcher, poller), comma separated.
        #[arg(long, value_delimiter = ',', default_values_t = Role::ALL)]
        roles: Vec<Role>,
    },
    /// Show the main job on an embedded database, with pretend platforms; leaves nothing behind.
    Demo,
    /// Bring the database's tables up to date.
    Migrate,
    /// Read all settings and say what is wrong.
    CheckConfig,
    /// Companies (tenants).
    Company {
        #[command(subcommand)]
        command: CompanyCommand,
    },
    /// Programs that may call the API.
    Client {
        #[command(subcommand)]
        command: ClientCommand,
    },
    /// People who work in a company.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Channels: numbers, bots, mailboxes, Pages.
    Channel {
        #[command(subcommand)]
        command: ChannelCommand,
    },
    /// Outbound work and files: what waits, and what is not tried again by itself.
    Job {
        #[command(subcommand)]
        command: JobCommand,
    },
    /// Inbound work: what waits, and what died.
    Queue {
        #[command(subcommand)]
        command: QueueCommand,
    },
    /// Bots, CRMs and other systems that events are relayed to.
    Subscription {
        #[command(subcommand)]
        command: SubscriptionCommand,
    },
    /// Send signed, realistic webhooks of one channel to a running gateway.
    Simulate(Simulate),
}

#[derive(Debug, Subcommand)]
pub(super) enum CompanyCommand {
    /// Add a company.
    Add { name: String },
    /// List the companies.
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum ClientCommand {
    /// Add a program that may call the API; its secret is printed once.
    Add {
        /// The company it belongs to.
        #[arg(long, value_name = "ID", required_unless_present = "super_admin")]
        company: Option<i64>,
        /// admin, operator, agent or integration.
        #[arg(long, default_value = "integration", value_parser = parse_role)]
        role: crate::desk::clients::Role,
        /// A name for people.
        #[arg(long, default_value = "")]
        name: String,
        /// It belongs to no company and must name one with every call.
        #[arg(long, conflicts_with = "company")]
        super_admin: bool,
    },
    /// List the programs, revoked ones too.
    List,
    /// Let a program in no more, within five seconds.
    Revoke { id: i64 },
}

fn parse_role(name: &str) -> Result<crate::desk::clients::Role, String> {
    use crate::desk::clients::Role;
    let known = || Role::ALL.map(Role::as_str).join(", ");
    Role::parse(name).ok_or_else(|| format!("there is no such role; there are: {}", known()))
}

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a person; a password is made and printed once, unless one is given.
    Add {
        email: String,
        #[arg(long, value_name = "ID")]
        company: i64,
        /// admin, operator or agent.
        #[arg(long, value_parser = parse_person_role)]
        role: crate::desk::clients::Role,
        #[arg(long)]
        name: String,
        /// Tickets that the person may own at once (5 if not given).
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1000))]
        capacity: Option<u32>,
        /// Read the password from standard input: its first line.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the people, inactive ones too.
    List {
        /// Of this company only.
        #[arg(long, value_name = "ID")]
        company: Option<i64>,
    },
    /// Print, once, a token by which a person sets a new password (POST /api/auth/password/reset) within 24 hours.
    Reset {
        email: String,
        #[arg(long, value_name = "ID")]
        company: i64,
    },
}

fn parse_person_role(name: &str) -> Result<crate::desk::clients::Role, String> {
    use crate::desk::{clients::Role, users::ROLES};
    let known = || ROLES.map(Role::as_str).join(", ");
    let role = Role::parse(name).filter(|role| ROLES.contains(role));
    role.ok_or_else(|| format!("people have no such role; there are: {}", known()))
}

#[derive(Debug, Subcommand)]
pub(super) enum ChannelCommand {
    /// Add a channel. `relevo channel kinds` lists the settings of each kind.
    Add {
        /// whatsapp, telegram, email or facebook.
        kind: String,
        #[arg(long, value_name = "ID")]
        company: i64,
        #[arg(long)]
        name: String,
        /// A setting of the channel; may be given many times.
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_setting)]
        settings: Vec<(String, String)>,
        /// Seconds after closing within which a new message reopens the ticket (the kind's own if not given).
        #[arg(long, value_name = "SECONDS")]
        reopen_within: Option<u32>,
    },
    /// List the channels.
    List {
        /// Of this company only.
        #[arg(long, value_name = "ID")]
        company: Option<i64>,
    },
    /// Show a channel, by id or uuid, with its health and its latest news. Secrets are masked.
    Show { channel: String },
    /// Ask the platform whether everything is set up as it should be; exit code 1 if not.
    Test { channel: String },
    /// Fetch and send nothing for a channel until it is resumed; what is to be sent waits.
    Pause { channel: String },
    /// Go on after a pause.
    Resume { channel: String },
    /// Change a channel. What waits for it is tried at once.
    Set {
        channel: String,
        #[arg(long)]
        name: Option<String>,
        /// A setting; may be given many times. `KEY=` takes one away, a secret given as `****` stays.
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_setting)]
        settings: Vec<(String, String)>,
        /// Seconds after closing within which a new message reopens the ticket.
        #[arg(long, value_name = "SECONDS")]
        reopen_within: Option<u32>,
    },
    /// Replace secrets.
    Rotate {
        channel: String,
        /// A secret; may be given many times.
        #[arg(long = "set", value_name = "KEY=VALUE", required = true, value_parser = parse_setting)]
        secrets: Vec<(String, String)>,
        /// Accept the present ones as well, until the next time.
        #[arg(long)]
        previous: bool,
    },
    /// List the kinds of channel and the settings that each takes.
    Kinds,
    /// List accounts that webhooks named and that no channel has.
    Unknown,
}

fn parse_setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("must be KEY=VALUE".to_owned()),
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum JobCommand {
    /// List jobs, newest first, and how many there are of each kind.
    List {
        /// dead, ready or discarded.
        #[arg(long, default_value = "dead", value_parser = ["dead", "ready", "discarded"])]
        state: String,
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Show one whole, with its tries.
    Show { id: i64 },
    /// Try again.
    #[command(group(ArgGroup::new("which").required(true).args(["id", "all"])))]
    Requeue {
        id: Option<i64>,
        /// All dead ones.
        #[arg(long)]
        all: bool,
    },
    /// Give one up for good.
    Discard { id: i64 },
}

#[derive(Debug, Subcommand)]
pub(super) enum SubscriptionCommand {
    /// Add a subscription; the secret that its events are signed with is printed once.
    Add {
        /// relay (hears of everything) or bot (gets tickets).
        #[arg(value_parser = ["relay", "bot"])]
        kind: String,
        #[arg(long, value_name = "ID")]
        company: i64,
        #[arg(long)]
        name: String,
        /// Where events are sent.
        #[arg(long)]
        url: String,
        /// The kinds of events that it wants, comma separated; all if not given.
        #[arg(long, value_delimiter = ',')]
        events: Vec<String>,
        /// A bot: how long a ticket may stay with it, in milliseconds.
        #[arg(long)]
        timeout_ms: Option<i64>,
    },
    /// List the subscriptions, with their health.
    List {
        /// Of this company only.
        #[arg(long, value_name = "ID")]
        company: Option<i64>,
    },
    /// Send nothing to one until it is resumed. What happens meanwhile is not kept for it; a bot's tickets go to people.
    Pause { id: i64 },
    /// Go on after a pause, or after it answered 410.
    Resume { id: i64 },
    /// Replace its secret; the new one is printed once.
    Rotate { id: i64 },
    /// Send it an event that says nothing; exit code 1 if it does not take it.
    Test { id: i64 },
}

#[derive(Debug, Subcommand)]
pub(super) enum QueueCommand {
    /// How much is ready, delayed and dead.
    Depth,
    /// Dead letters: what could not be processed.
    Dead {
        #[command(subcommand)]
        command: DeadCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum DeadCommand {
    /// List them, newest first.
    List {
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Show one whole, with its body.
    Show { id: String },
    /// Try again.
    #[command(group(ArgGroup::new("which").required(true).args(["id", "all"])))]
    Requeue {
        id: Option<String>,
        /// All of them.
        #[arg(long)]
        all: bool,
    },
    /// Give one up for good; it stays visible with `show`.
    Discard { id: String },
}

#[derive(Debug, ClapArgs)]
pub(super) struct Simulate {
    /// whatsapp, telegram, email or facebook.
    pub(super) kind: String,
    /// The channel, by id or uuid.
    #[arg(long)]
    pub(super) channel: String,
    /// How many webhooks.
    #[arg(long, default_value_t = 10)]
    pub(super) count: u32,
    /// Webhooks per second.
    #[arg(long, default_value_t = 5.0)]
    pub(super) rate: f64,
    /// Where the gateway is; server.listen if not given.
    #[arg(long)]
    pub(super) url: Option<String>,
    /// The same seed makes the same webhooks; the time if not given.
    #[arg(long)]
    pub(super) seed: Option<u64>,
}
