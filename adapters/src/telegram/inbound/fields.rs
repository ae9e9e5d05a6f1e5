//! The fields of a `Message`, by what they are (telegram.md §5; Bot API 10.1).

use serde_json::Value;

use super::present;

/// What every message may carry around its content.
const ENVELOPE: &[&str] = &[
    "message_id",
    "message_thread_id",
    "direct_messages_topic",
    "from",
    "sender_chat",
    "sender_boost_count",
    "sender_business_bot",
    "sender_tag",
    "date",
    "business_connection_id",
    "chat",
    "forward_origin",
    "forward_from",
    "forward_from_chat",
    "forward_from_message_id",
    "forward_signature",
    "forward_sender_name",
    "forward_date",
    "is_topic_message",
    "is_automatic_forward",
    "reply_to_message",
    "external_reply",
    "quote",
    "reply_to_story",
    "reply_to_checklist_task_id",
    "reply_to_poll_option_id",
    "via_bot",
    "edit_date",
    "has_protected_content",
    "is_from_offline",
    "is_paid_post",
    "media_group_id",
    "author_signature",
    "paid_star_count",
    "entities",
    "link_preview_options",
    "suggested_post_info",
    "effect_id",
    "caption",
    "caption_entities",
    "show_caption_above_media",
    "has_media_spoiler",
    "guest_query_id",
    "guest_bot_caller_user",
    "guest_bot_caller_chat",
    "reply_markup",
];

/// Content that we can show.
const SHOWN: &[&str] = &[
    "text",
    "animation",
    "audio",
    "document",
    "live_photo",
    "photo",
    "sticker",
    "video",
    "video_note",
    "voice",
    "contact",
    "dice",
    "location",
    "venue",
    "web_app_data",
    "users_shared",
    "user_shared",
    "chat_shared",
];

/// Content of customers that we know but cannot show.
const UNSUPPORTED: &[&str] = &[
    "poll",
    "story",
    "paid_media",
    "checklist",
    "rich_message",
    "game",
    "invoice",
    "successful_payment",
    "passport_data",
    "giveaway",
    "giveaway_winners",
];

/// Remarks of the platform about the chat. They are no request of anybody and never open a ticket.
const SERVICE: &[&str] = &[
    "new_chat_members",
    "new_chat_member",
    "new_chat_participant",
    "left_chat_member",
    "left_chat_participant",
    "chat_owner_left",
    "chat_owner_changed",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "pinned_message",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "voice_chat_scheduled",
    "voice_chat_started",
    "voice_chat_ended",
    "voice_chat_participants_invited",
    "boost_added",
    "chat_background_set",
    "chat_set_background",
    "checklist_tasks_done",
    "checklist_tasks_added",
    "direct_message_price_changed",
    "paid_message_price_changed",
    "giveaway_created",
    "giveaway_completed",
    "gift",
    "unique_gift",
    "gift_upgrade_sent",
    "refunded_payment",
    "connected_website",
    "write_access_allowed",
    "proximity_alert_triggered",
    "managed_bot_created",
    "poll_option_added",
    "poll_option_deleted",
    "suggested_post_approved",
    "suggested_post_approval_failed",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "community_chat_added",
    "community_chat_removed",
];

/// The service field of a message that holds nothing of a person's own.
pub(super) fn service(message: &Value) -> Option<&'static str> {
    let has = |field: &&&str| present(message, field).is_some();
    match SHOWN.iter().chain(UNSUPPORTED).find(has) {
        Some(_) => None,
        None => SERVICE.iter().find(has).copied(),
    }
}

/// The field that holds the content of a message which we cannot show; `unknown` if it holds none.
pub(super) fn unsupported(message: &Value) -> &str {
    let known = UNSUPPORTED.iter().chain(SHOWN).find(|field| present(message, field).is_some());
    known.copied().or_else(|| strangers(message).next()).unwrap_or("unknown")
}

/// Whether a message has fields that this build has never heard of.
pub(super) fn has_strangers(message: &Value) -> bool {
    strangers(message).next().is_some()
}

fn strangers(message: &Value) -> impl Iterator<Item = &str> {
    let known = |name: &str| [ENVELOPE, SHOWN, UNSUPPORTED, SERVICE].iter().any(|list| list.contains(&name));
    message
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, _)| name.as_str())
        .filter(move |name| !known(name))
}
