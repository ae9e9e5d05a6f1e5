//! Every refusal that we know (telegram.md §9), and some near relations of theirs (unverified).

use ErrorClass::{Auth, Content, RateLimited, Recipient, Transient};

use super::OTHER;
use crate::outbound::{ErrorClass, Explained};

/// A refusal that we know: its code, and how its description begins (lower case); no sign fits any description.
pub(super) struct Row {
    pub(super) code: u16,
    pub(super) signs: &'static [&'static str],
    pub(super) class: ErrorClass,
    /// Whether the whole channel is concerned.
    pub(super) channel: bool,
    pub(super) reason: Explained,
}

const fn row(code: u16, signs: &'static [&'static str], class: ErrorClass, es: &'static str, en: &'static str) -> Row {
    Row { code, signs, class, channel: false, reason: Explained { es, en } }
}

/// Something that concerns the whole channel.
const fn channel(
    code: u16,
    signs: &'static [&'static str],
    class: ErrorClass,
    es: &'static str,
    en: &'static str,
) -> Row {
    Row { channel: true, ..row(code, signs, class, es, en) }
}

/// The first row that fits decides.
pub(super) static ROWS: &[Row] = &[
    row(
        429,
        &[],
        RateLimited,
        "Telegram pidió una pausa por exceso de mensajes; se enviará automáticamente al terminar.",
        "Telegram asked for a pause because of too many messages; it will be sent automatically afterwards.",
    ),
    // 400: the file is not at hand.
    row(
        400,
        &["wrong file_id or the file is temporarily unavailable", "file is temporarily unavailable"],
        Transient,
        "Telegram no tiene el archivo disponible en este momento; se volverá a intentar automáticamente.",
        "Telegram does not have the file at hand just now; it will be tried again automatically.",
    ),
    row(
        400,
        &["failed to get http url content"],
        Transient,
        "Telegram no pudo descargar el archivo; se volverá a intentar automáticamente.",
        "Telegram could not download the file; it will be tried again automatically.",
    ),
    row(
        400,
        &["file is too big"],
        Content,
        "El archivo supera los 20 MB que Telegram entrega a los bots. Pida al cliente que lo envíe más pequeño o por \
         otro medio.",
        "The file is larger than the 20 MB that Telegram hands out to bots. Ask the customer to send a smaller one, \
         or another way.",
    ),
    row(
        400,
        &[
            "wrong file_id",
            "wrong file identifier",
            "wrong remote file identifier",
            "invalid file_id",
            "can't use file of type",
        ],
        Content,
        "Telegram ya no reconoce el archivo. Adjúntelo y envíelo de nuevo.",
        "Telegram no longer knows the file. Attach it again and send it once more.",
    ),
    // 400: the group moved.
    row(
        400,
        &["group chat was upgraded to a supergroup chat"],
        Recipient,
        "El grupo se convirtió en supergrupo y cambió de identificador. Espere un mensaje nuevo del grupo y responda \
         ahí.",
        "The group became a supergroup under another id. Wait for a new message from the group and answer there.",
    ),
    // 400: nobody is there.
    row(
        400,
        &[
            "chat not found",
            "chat_id is empty",
            "peer_id_invalid",
            "chat_id_invalid",
            "chat_forbidden",
            "channel_private",
        ],
        Recipient,
        "Telegram no encuentra este chat. El cliente debe escribir primero al bot o pulsar Iniciar.",
        "Telegram cannot find this chat. The customer has to write to the bot first, or press Start.",
    ),
    row(
        400,
        &["have no access to the user", "user_id_invalid", "user not found"],
        Recipient,
        "El bot no tiene acceso a este usuario. Pida al cliente que escriba de nuevo al bot.",
        "The bot has no access to this user. Ask the customer to write to the bot again.",
    ),
    row(
        400,
        &["message thread not found", "topic_closed", "topic_deleted"],
        Recipient,
        "El tema del grupo está cerrado o ya no existe. Pida que lo reabran o escriba en otro tema.",
        "The group's topic is closed or no longer exists. Ask for it to be reopened, or write in another topic.",
    ),
    row(
        400,
        &[
            "not enough rights",
            "need administrator rights",
            "chat_write_forbidden",
            "chat_send_",
            "chat_admin_required",
        ],
        Recipient,
        "El bot no tiene permiso para hacer esto en el grupo. Pida a un administrador del grupo que se lo otorgue.",
        "The bot is not allowed to do this in the group. Ask one of the group's administrators to allow it.",
    ),
    row(
        400,
        &["business_peer", "business connection not found", "business_connection_", "business_chat_inactive"],
        Recipient,
        "La cuenta de empresa ya no permite que el bot responda en este chat. El cliente debe escribir de nuevo, o \
         el dueño debe reconectar el bot.",
        "The business account no longer lets the bot answer in this chat. The customer has to write again, or the \
         owner to reconnect the bot.",
    ),
    // 400: what would be a 403, if Telegram said it in words (telegram.md §9).
    row(
        400,
        &["user_is_blocked", "you_blocked_user"],
        Recipient,
        "El cliente bloqueó al bot. No se le puede escribir hasta que lo desbloquee; use otro canal.",
        "The customer blocked the bot. Nothing can be sent until they unblock it; use another channel.",
    ),
    row(
        400,
        &["input_user_deactivated", "user_deactivated", "user_deleted"],
        Recipient,
        "La cuenta de Telegram del cliente ya no existe. Use otro canal.",
        "The customer's Telegram account no longer exists. Use another channel.",
    ),
    row(
        400,
        &["user_is_bot", "user_bot_to_bot_disabled"],
        Recipient,
        "El destinatario es un bot; Telegram no permite escribirle.",
        "The recipient is a bot; Telegram does not allow writing to it.",
    ),
    row(
        400,
        &["user_privacy_restricted", "privacy_premium_required", "user_not_participant", "user_banned_in_channel"],
        Recipient,
        "Telegram no permite que el bot escriba en este chat. Pida al cliente que escriba de nuevo al bot o use otro \
         canal.",
        "Telegram does not let the bot write in this chat. Ask the customer to write to the bot again, or use \
         another channel.",
    ),
    // 400: which message?
    row(
        400,
        &["message to be replied not found", "message to reply not found", "reply message not found"],
        Content,
        "El mensaje al que responde ya no existe. Envíe su texto sin citarlo.",
        "The message that you answer no longer exists. Send your text without quoting it.",
    ),
    row(
        400,
        &["message to edit not found", "message can't be edited", "message_id_invalid"],
        Content,
        "El mensaje ya no existe o ya no se puede editar. Envíe uno nuevo.",
        "The message no longer exists or can no longer be edited. Send a new one.",
    ),
    row(
        400,
        &["message to delete not found", "message can't be deleted"],
        Content,
        "El mensaje ya no se puede eliminar: Telegram solo lo permite durante 48 horas.",
        "The message can no longer be deleted: Telegram allows that for 48 hours only.",
    ),
    row(
        400,
        &["message to react not found", "reaction_invalid", "reaction_empty", "reactions_too_many"],
        Content,
        "Telegram no admite esa reacción en este mensaje. Elija otra.",
        "Telegram does not take that reaction on this message. Choose another one.",
    ),
    row(
        400,
        &["message is not modified"],
        Content,
        "El mensaje ya tenía ese contenido; no hace falta editarlo.",
        "The message already says that; there is nothing to edit.",
    ),
    // 400: what is in it.
    row(
        400,
        &["message text is empty", "text must be non-empty"],
        Content,
        "El mensaje está vacío. Escriba un texto y envíelo de nuevo.",
        "The message is empty. Write a text and send it again.",
    ),
    row(
        400,
        &["message is too long", "message_too_long", "message caption is too long", "media_caption_too_long"],
        Content,
        "El texto es demasiado largo para Telegram. Divídalo en varios mensajes.",
        "The text is too long for Telegram. Split it into several messages.",
    ),
    row(
        400,
        &["can't parse entities", "can't parse message text"],
        Content,
        "Telegram no pudo interpretar el formato del texto. Envíelo sin formato.",
        "Telegram could not read the text's formatting. Send it as plain text.",
    ),
    row(
        400,
        &["button_data_invalid", "button_", "can't parse inline keyboard button", "reply_markup_", "inline keyboard"],
        Content,
        "Uno de los botones no es válido. Corríjalo o envíe el mensaje sin botones.",
        "One of the buttons is not valid. Correct it, or send the message without buttons.",
    ),
    row(
        400,
        &["wrong type of the web page content", "webpage_", "wrong file url", "wrong http url"],
        Content,
        "Telegram no acepta el archivo de ese enlace. Adjunte el archivo directamente.",
        "Telegram does not take the file behind that link. Attach the file itself.",
    ),
    row(
        400,
        &["photo_invalid_dimensions", "photo_", "image_process_failed"],
        Content,
        "Telegram no acepta las dimensiones o el formato de la imagen. Envíela como documento o en otro tamaño.",
        "Telegram does not take the picture's dimensions or format. Send it as a document, or in another size.",
    ),
    row(
        400,
        &["file must be non-empty", "file_part"],
        Content,
        "El archivo está vacío o dañado. Adjúntelo de nuevo.",
        "The file is empty or damaged. Attach it again.",
    ),
    row(
        400,
        &["voice_messages_forbidden", "user_restricted"],
        Recipient,
        "El cliente no permite este tipo de mensaje en su privacidad de Telegram. Envíelo como texto o documento.",
        "The customer's Telegram privacy does not allow this kind of message. Send it as text or document.",
    ),
    row(
        400,
        &["query is too old", "query_id_invalid"],
        Content,
        "El botón se pulsó hace demasiado tiempo; ya no hay nada que confirmar.",
        "The button was pressed too long ago; there is nothing left to confirm.",
    ),
    channel(
        400,
        &["logged out"],
        Auth,
        "El bot está desconectado del servidor de Telegram. Avise al administrador; los mensajes esperan.",
        "The bot is logged out of the Telegram server. Tell your administrator; the messages wait.",
    ),
    row(400, &[], Content, OTHER.es, OTHER.en),
    // 403: the recipient is gone.
    row(
        403,
        &["bot was blocked by the user"],
        Recipient,
        "El cliente bloqueó al bot. No se le puede escribir hasta que lo desbloquee; use otro canal.",
        "The customer blocked the bot. Nothing can be sent until they unblock it; use another channel.",
    ),
    row(
        403,
        &["user is deactivated"],
        Recipient,
        "La cuenta de Telegram del cliente ya no existe. Use otro canal.",
        "The customer's Telegram account no longer exists. Use another channel.",
    ),
    row(
        403,
        &["bot was kicked from the", "bot is not a member of", "the group chat was deleted", "chat was deleted"],
        Recipient,
        "El bot ya no está en el grupo, o el grupo fue eliminado. Pida que agreguen al bot de nuevo.",
        "The bot is no longer in the group, or the group was deleted. Ask for the bot to be added again.",
    ),
    row(
        403,
        &["bot can't initiate conversation with a user"],
        Recipient,
        "Un bot no puede escribir primero. El cliente debe pulsar Iniciar en el chat del bot.",
        "A bot cannot write first. The customer has to press Start in the bot's chat.",
    ),
    row(
        403,
        &["bot can't send messages to bots"],
        Recipient,
        "El destinatario es un bot; Telegram no permite escribirle.",
        "The recipient is a bot; Telegram does not allow writing to it.",
    ),
    row(
        403,
        &[],
        Recipient,
        "Telegram no permite que el bot escriba en este chat. Pida al cliente que escriba de nuevo al bot o use otro \
         canal.",
        "Telegram does not let the bot write in this chat. Ask the customer to write to the bot again, or use \
         another channel.",
    ),
    channel(
        401,
        &[],
        Auth,
        "El token del bot no es válido o fue revocado. Avise al administrador; los mensajes esperan hasta que se \
         corrija.",
        "The bot's token is not valid or was revoked. Tell your administrator; the messages wait until that is \
         mended.",
    ),
    row(
        404,
        &["method not found"],
        Content,
        "El servidor de Telegram configurado no conoce esta función. Envíe el mensaje de otra forma y avise al \
         administrador.",
        "The configured Telegram server does not know this function. Send the message another way and tell your \
         administrator.",
    ),
    channel(
        404,
        &[],
        Auth,
        "Telegram no reconoce el token del bot. Avise al administrador; los mensajes esperan hasta que se corrija.",
        "Telegram does not recognise the bot's token. Tell your administrator; the messages wait until that is \
         mended.",
    ),
    channel(
        421,
        &[],
        Auth,
        "La dirección del servidor de Telegram no es la correcta. Avise al administrador; los mensajes esperan hasta \
         que se corrija.",
        "The Telegram server's address is not the right one. Tell your administrator; the messages wait until that \
         is mended.",
    ),
    channel(
        409,
        &[],
        Transient,
        "Otro programa está usando el mismo bot. Avise al administrador; se volverá a intentar automáticamente.",
        "Another program is using the same bot. Tell your administrator; it will be tried again automatically.",
    ),
    row(
        413,
        &[],
        Content,
        "El archivo supera el tamaño que Telegram acepta (50 MB; fotos 10 MB). Envíe uno más pequeño o comparta un \
         enlace.",
        "The file is larger than Telegram takes (50 MB; photos 10 MB). Send a smaller one, or share a link.",
    ),
];
