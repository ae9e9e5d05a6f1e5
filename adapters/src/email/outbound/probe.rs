//! Whether a mailbox can send and be watched.

use super::{Outgoing, refused};
use crate::{
    email::token,
    outbound::{Finding, Io, MailFailure, SmtpStage},
};

/// Logs in where mails go out, and where we watch for them.
pub(super) async fn probe(outgoing: &Outgoing, io: &dyn Io) -> Vec<Finding> {
    let mut findings = vec![match io.try_smtp(&outgoing.smtp.server).await {
        Ok(who) => Finding::good("outgoing mail (SMTP)", format!("logged in: {who}")),
        Err(failure) => {
            let remedy = remedy(&failure);
            Finding::bad("outgoing mail (SMTP)", refused(failure).to_string(), remedy)
        }
    }];
    if let Some(source) = &outgoing.imap {
        findings.push(match io.try_imap(source).await {
            Ok(()) => Finding::good("mailbox (IMAP)", format!("folder {} is open to us", source.folder)),
            Err(why) => Finding::bad(
                "mailbox (IMAP)",
                why,
                "Check imap_host, imap_port (993), imap_user and imap_password (an app password where the provider \
                 wants one), that IMAP is switched on for the mailbox, and that imap_folder exists.",
            ),
        });
    }
    findings.extend(reply_address(outgoing));
    findings
}

/// A key without room for its tokens does nothing.
fn reply_address(outgoing: &Outgoing) -> Option<Finding> {
    let key = outgoing.reply_key.as_ref()?;
    let any = "00000000-0000-7000-8000-000000000000";
    Some(match token::reply_address(any, &outgoing.address, key) {
        Some(_) => Finding::good("reply addresses", "answers come back to their conversation by address"),
        None => Finding::bad(
            "reply addresses",
            "the part before the @ is longer than 21 characters, so reply_token_key has no effect",
            "Use a mailbox with a shorter address; until then answers find their conversation by their headers.",
        ),
    })
}

fn remedy(failure: &MailFailure) -> &'static str {
    match failure {
        MailFailure::Refused { code: 530 | 538, .. } => {
            "The server wants an encrypted connection or a login: set smtp_tls to starttls (port 587) or implicit \
             (port 465), and smtp_user with smtp_password."
        }
        MailFailure::Refused { stage: SmtpStage::Login, .. } | MailFailure::Refused { code: 534 | 535, .. } => {
            "Check smtp_user and smtp_password. Gmail, Outlook, Yahoo and others want an app password instead of the \
             account's own, and SMTP sign-in switched on."
        }
        MailFailure::Refused { stage: SmtpStage::Connect, .. } => {
            "The server refuses this machine's address. Check that it is on no blocklist, or send through your \
             provider's own server."
        }
        MailFailure::Refused { .. } => "Read the server's words; ask its operator if they do not say enough.",
        MailFailure::NotSent(_) | MailFailure::Unknown(_) => {
            "Check smtp_host, smtp_port and smtp_tls (587 with starttls, 465 with implicit), and that this machine \
             may reach the server: many networks block these ports."
        }
    }
}
