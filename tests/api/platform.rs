//! A platform that answers the house's calls as it was told to.

use std::{borrow::Borrow, collections::VecDeque, sync::Mutex};

use bytes::Bytes;
use relevo_adapters::{
    ImapSource,
    outbound::{Call, CallBody, Failure, Flow, Io, Letter, MailFailure, Reply, SmtpServer},
};
use secrecy::ExposeSecret;
use serde_json::Value;

/// Calls that were made, and what the next ones are answered.
#[derive(Debug, Default)]
pub(super) struct Platform {
    calls: Mutex<Vec<(String, Value)>>,
    answers: Mutex<VecDeque<Result<Reply, Failure>>>,
}

impl Platform {
    /// The next call is answered so.
    pub(super) fn will_answer(&self, status: u16, body: impl Borrow<Value>) {
        let body = Bytes::from(body.borrow().to_string());
        self.answers.lock().unwrap().push_back(Ok(Reply { status, headers: http::HeaderMap::new(), body }));
    }

    /// The next call has no answer.
    pub(super) fn will_fail(&self, failure: Failure) {
        self.answers.lock().unwrap().push_back(Err(failure));
    }

    /// The calls up to now: URL and JSON body, null for another one.
    pub(super) fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }
}

impl Io for Platform {
    fn call(&self, call: Call) -> Flow<'_, Result<Reply, Failure>> {
        let body = match call.body {
            CallBody::Json(body) => body,
            _ => Value::Null,
        };
        self.calls.lock().unwrap().push((call.url.expose_secret().to_owned(), body));
        let answer = self.answers.lock().unwrap().pop_front();
        let answer = answer.unwrap_or_else(|| Err(Failure::NotSent("nobody said what to answer".to_owned())));
        Box::pin(async { answer })
    }

    fn mail<'a>(&'a self, _: &'a SmtpServer, _: Letter) -> Flow<'a, Result<String, MailFailure>> {
        panic!("no mail is sent here")
    }

    fn blob<'a>(&'a self, _: &'a str) -> Flow<'a, Result<Bytes, Failure>> {
        panic!("no file is sent here")
    }

    fn try_smtp<'a>(&'a self, _: &'a SmtpServer) -> Flow<'a, Result<String, MailFailure>> {
        panic!("no mail server is asked here")
    }

    fn try_imap<'a>(&'a self, _: &'a ImapSource) -> Flow<'a, Result<(), String>> {
        panic!("no mailbox is asked here")
    }
}
