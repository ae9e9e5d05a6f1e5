//! A platform that gives the answers it was told to give.

use std::{collections::VecDeque, sync::Mutex};

use axum::http::HeaderMap;
use bytes::Bytes;
use relevo_adapters::{
    ImapSource,
    outbound::{Call, Failure, Flow, Io, Letter, MailFailure, Reply, SmtpServer},
};
use serde_json::Value;

#[derive(Debug, Default)]
pub(super) struct Platform {
    answers: Mutex<VecDeque<(u16, Value)>>,
}

impl Platform {
    /// The next call is answered so.
    pub(super) fn will_answer(&self, status: u16, body: Value) {
        self.answers.lock().unwrap().push_back((status, body));
    }
}

const NOBODY: &str = "nobody answers";

impl Io for Platform {
    fn call(&self, _: Call) -> Flow<'_, Result<Reply, Failure>> {
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(async {
            let (status, body) = answer.ok_or_else(|| Failure::NotSent(NOBODY.to_owned()))?;
            Ok(Reply { status, headers: HeaderMap::new(), body: body.to_string().into() })
        })
    }

    fn mail<'a>(&'a self, _: &'a SmtpServer, _: Letter) -> Flow<'a, Result<String, MailFailure>> {
        Box::pin(async { Err(MailFailure::NotSent(NOBODY.to_owned())) })
    }

    fn blob<'a>(&'a self, _: &'a str) -> Flow<'a, Result<Bytes, Failure>> {
        Box::pin(async { Err(Failure::Local(NOBODY.to_owned())) })
    }

    fn try_smtp<'a>(&'a self, _: &'a SmtpServer) -> Flow<'a, Result<String, MailFailure>> {
        Box::pin(async { Err(MailFailure::NotSent(NOBODY.to_owned())) })
    }

    fn try_imap<'a>(&'a self, _: &'a ImapSource) -> Flow<'a, Result<(), String>> {
        Box::pin(async { Err(NOBODY.to_owned()) })
    }
}
