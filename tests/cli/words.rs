//! Help, and what is no command.

use super::{misused, on_sqlite};
use crate::support::Relevo;

#[test]
fn help_is_given_when_asked_for_and_when_nothing_was_said() {
    on_sqlite(async |backend| {
        let relevo = Relevo::on(backend);
        let help = relevo.run(&["--help"]).await;
        assert_eq!((help.code(), help.err.as_str()), (Some(0), ""), "{help}");
        for word in [
            "serve",
            "demo",
            "migrate",
            "check-config",
            "company",
            "client",
            "user",
            "channel",
            "subscription",
            "job",
            "queue",
            "simulate",
            "--json",
            "--config",
        ] {
            assert!(help.out.contains(word), "{word} is missing: {help}");
        }
        misused(&relevo, &[], &["Usage: relevo", "Commands:"]).await;
        let version = relevo.run(&["--version"]).await;
        assert_eq!((version.code(), version.out.starts_with("relevo ")), (Some(0), true), "{version}");

        for command in [
            &["serve"][..],
            &["demo"],
            &["migrate"],
            &["check-config"],
            &["company", "add"],
            &["company", "list"],
            &["client", "add"],
            &["client", "list"],
            &["client", "revoke"],
            &["user", "add"],
            &["user", "list"],
            &["user", "reset"],
            &["channel", "add"],
            &["channel", "list"],
            &["channel", "show"],
            &["channel", "test"],
            &["channel", "pause"],
            &["channel", "resume"],
            &["channel", "set"],
            &["channel", "rotate"],
            &["channel", "kinds"],
            &["channel", "unknown"],
            &["subscription", "add"],
            &["subscription", "list"],
            &["subscription", "pause"],
            &["subscription", "resume"],
            &["subscription", "rotate"],
            &["subscription", "test"],
            &["job", "list"],
            &["job", "show"],
            &["job", "requeue"],
            &["job", "discard"],
            &["queue", "depth"],
            &["queue", "dead", "list"],
            &["queue", "dead", "show"],
            &["queue", "dead", "requeue"],
            &["queue", "dead", "discard"],
            &["simulate"],
        ] {
            let help = relevo.run(&[command, &["--help"]].concat()).await;
            assert_eq!((help.code(), help.err.as_str()), (Some(0), ""), "{command:?}: {help}");
            let usage = format!("Usage: relevo {}", command.join(" "));
            assert!(help.out.contains(&usage), "{command:?}: {help}");
        }
    });
}

#[test]
fn what_is_no_command_is_refused_with_2() {
    on_sqlite(async |backend| {
        let relevo = Relevo::on(backend);
        misused(&relevo, &["serv"], &["unrecognized subcommand 'serv'", "serve"]).await;
        misused(&relevo, &["migrate", "--forse"], &["--forse"]).await;
        misused(&relevo, &["migrate", "now"], &["now"]).await;
        misused(&relevo, &["queue"], &["depth", "dead"]).await;
        misused(&relevo, &["queue", "dead"], &["requeue"]).await;
        misused(&relevo, &["channel", "show"], &["<CHANNEL>"]).await;
        misused(&relevo, &["migrate", "--config"], &["--config"]).await;
    });
}
