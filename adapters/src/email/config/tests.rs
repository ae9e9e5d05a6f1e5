use super::*;
use crate::email::KIND;

fn open(pairs: &[(&str, &str)]) -> Result<Config, SettingsError> {
    Settings::of(&KIND, pairs.iter().copied()).and_then(|settings| Config::of(&settings))
}

fn wrong(pairs: &[(&str, &str)]) -> Vec<String> {
    open(pairs).map(|_| ()).unwrap_err().0.into_iter().map(|(key, _)| key).collect()
}

#[test]
fn a_webhook_mailbox_needs_a_proof() {
    let config =
        open(&[("correo", "Support@Example.ORG"), ("aliases", "a@b.c, D@e.f"), ("webhook_token", "x")]).unwrap();
    assert_eq!(
        (config.address.as_str(), config.aliases.as_slice()),
        ("support@example.org", ["a@b.c".to_owned(), "d@e.f".to_owned()].as_slice())
    );
    assert!(config.is_own("support+token@example.org") && config.is_own("d@e.f") && !config.is_own("x@e.f"));
    let problem = open(&[("address", "a@b.c")]).map(|_| ()).unwrap_err().to_string();
    assert!(problem.contains("mailgun_signing_key") && problem.contains("webhook_password"), "{problem}");
}

#[test]
fn all_problems_are_told_at_once() {
    let pairs = [
        ("address", "nobody"),
        ("aliases", "also nobody"),
        ("mode", "imap"),
        ("imap_port", "0"),
        ("imap_tls", "maybe"),
        ("webhook_user", "u"),
        ("sendgrid_public_key", "AAAA"),
        ("max_attachments", "-1"),
    ];
    let keys = [
        "address",
        "aliases",
        "webhook_password",
        "sendgrid_public_key",
        "imap_host",
        "imap_password",
        "imap_port",
        "imap_tls",
        "max_attachments",
    ];
    assert_eq!(wrong(&pairs), keys);
}

#[test]
fn plain_text_imap_stays_on_this_machine() {
    let imap = |host, tls| {
        open(&[("address", "a@b.c"), ("mode", "imap"), ("imap_host", host), ("imap_password", "x"), ("imap_tls", tls)])
    };
    let source = imap("imap.example.org", "true").unwrap().imap.unwrap();
    assert_eq!((source.port, source.user.as_str(), source.folder.as_str()), (993, "a@b.c", "INBOX"));
    for host in ["localhost", "127.0.0.1", "::1", "[::1]"] {
        assert!(imap(host, "false").is_ok(), "{host}");
    }
    for host in ["imap.example.org", "10.0.0.1", "localhost.example.org"] {
        assert!(imap(host, "false").is_err(), "{host}");
    }
}
