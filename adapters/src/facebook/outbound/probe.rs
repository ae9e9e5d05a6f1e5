//! Whether a Page is set up as it should be (`facebook-comments.md §1, §4`).

use serde_json::Value;

use super::Sender;
use crate::{
    json,
    meta::graph::finding,
    outbound::{Finding, Io, SendError},
};

const NEW_TOKEN: &str = "generate a new Page token: GET /me/accounts with a long-lived token of a system user or of a \
                         person with full control of the Page, then `relevo channel rotate ID --set \
                         page_access_token=…`";
const PERMISSIONS: &str = "grant the app pages_manage_metadata, pages_read_engagement, pages_read_user_content, \
                           pages_manage_engagement and pages_messaging for this Page, then generate a new Page token \
                           and `relevo channel rotate ID --set page_access_token=…`";
const SUBSCRIBE: &str = "subscribe the Page: POST /{page-id}/subscribed_apps?subscribed_fields=feed with this token";

impl Sender {
    /// Token, then subscription: without a token that works there is nothing more to see.
    pub(super) async fn look_around(&self, io: &dyn Io) -> Vec<Finding> {
        match self.owner(io).await {
            Err(error) => vec![finding("page token", &error, mend(&error))],
            Ok(token) if !token.ok => vec![token],
            Ok(token) => vec![token, self.subscription(io).await],
        }
    }

    /// Whose token it is.
    async fn owner(&self, io: &dyn Io) -> Result<Finding, SendError> {
        const CHECK: &str = "page token";
        let stated = self.graph.look(io, self.graph.get(&["me"], &[("fields", "id,name")])).await?;
        let name = json::str(&stated, "name").unwrap_or("no name");
        Ok(match stated.get("id").and_then(json::id) {
            Some(id) if id == self.page_id => Finding::good(CHECK, format!("it is of the Page “{name}”")),
            Some(id) => Finding::bad(
                CHECK,
                format!("it is of “{name}” ({id}), not of the Page {}", self.page_id),
                "use the access_token that GET /me/accounts lists beside this Page's id (not the person's token): \
                 `relevo channel rotate ID --set page_access_token=…`",
            ),
            None => Finding::bad(CHECK, "Graph does not say whose it is", NEW_TOKEN),
        })
    }

    async fn subscription(&self, io: &dyn Io) -> Finding {
        const CHECK: &str = "webhook subscription";
        match self.graph.look(io, self.graph.get(&[&self.page_id, "subscribed_apps"], &[])).await {
            Err(error) => finding(CHECK, &error, mend(&error)),
            Ok(answer) => match json::array(&answer, "data") {
                [] => Finding::bad(CHECK, "no app is subscribed to the Page: nothing arrives", SUBSCRIBE),
                apps if apps.iter().any(has_feed) => Finding::good(CHECK, "the field feed is subscribed"),
                _ => Finding::bad(CHECK, "the field feed is not subscribed: no comment arrives", SUBSCRIBE),
            },
        }
    }
}

/// Fields come as words, or as objects with a name.
fn has_feed(app: &Value) -> bool {
    let is_feed = |field: &Value| field.as_str().or_else(|| json::str(field, "name")) == Some("feed");
    json::array(app, "subscribed_fields").iter().any(is_feed)
}

fn mend(error: &SendError) -> &'static str {
    match error.code.as_str() {
        "190/459" | "190/464" => "log in to facebook.com as the person who connected the Page and do what it asks for",
        "368" => "stop for some hours, look at the Page's quality and Support Inbox, then test again",
        "3" | "10" => PERMISSIONS,
        code if code.len() == 3 && code.starts_with('2') => PERMISSIONS,
        _ => NEW_TOKEN,
    }
}
