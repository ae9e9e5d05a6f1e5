//! What the Cloud API's codes mean (`whatsapp.md §9`).

use std::time::Duration;

use crate::{
    meta::refusal::Meaning,
    outbound::ErrorClass::{Auth, Content, NeedsTemplate, RateLimited, Recipient, Transient},
};

/// Calls made while limited lengthen the limit: where Meta gives no time, the next one is some minutes off.
const SOME_MINUTES: Duration = Duration::from_secs(300);
/// The spam limit lasts for hours (§9).
const AN_HOUR: Duration = Duration::from_secs(3600);
/// How long a blocked account is left alone.
const SIX_HOURS: Duration = Duration::from_secs(6 * 3600);

/// Every code of the sheet. A range comes after the single codes within it.
pub(crate) static TABLE: &[Meaning] = &[
    // Too fast.
    Meaning::of(
        4,
        RateLimited,
        "Se alcanzó el límite de llamadas de la aplicación en Meta; el mensaje saldrá automáticamente más tarde.",
        "The app reached its limit of calls at Meta; the message will leave by itself later.",
    )
    .waiting(SOME_MINUTES),
    Meaning::of(
        80007,
        RateLimited,
        "La cuenta de WhatsApp alcanzó su límite de llamadas; el mensaje saldrá automáticamente más tarde.",
        "The WhatsApp account reached its limit of calls; the message will leave by itself later.",
    )
    .waiting(SOME_MINUTES),
    Meaning::of(
        130_429,
        RateLimited,
        "El número está enviando demasiado rápido; el mensaje saldrá automáticamente en unos momentos.",
        "The number is sending too fast; the message will leave by itself in a moment.",
    ),
    Meaning::of(
        131_056,
        RateLimited,
        "Se enviaron demasiados mensajes seguidos a este cliente; el mensaje saldrá automáticamente en unos momentos.",
        "Too many messages in a row went to this customer; the message will leave by itself in a moment.",
    )
    .of_chat(),
    Meaning::of(
        131_048,
        RateLimited,
        "WhatsApp limitó este número porque clientes lo bloquearon o lo reportaron como spam; avise al administrador \
         para que revise la calidad del número.",
        "WhatsApp limits this number because customers blocked it or reported it as spam; ask the administrator to \
         look at the number's quality.",
    )
    .waiting(AN_HOUR),
    Meaning::of(
        133_016,
        RateLimited,
        "Hubo demasiados intentos de registrar el número en WhatsApp; se volverá a intentar más tarde.",
        "There were too many attempts to register the number with WhatsApp; it will be tried again later.",
    )
    .waiting(AN_HOUR),
    Meaning::of(
        131_064,
        RateLimited,
        "WhatsApp limitó por ahora los envíos de esta cuenta; el mensaje saldrá automáticamente más tarde.",
        "WhatsApp limits what this account sends for now; the message will leave by itself later.",
    )
    .waiting(SOME_MINUTES),
    // It will pass.
    Meaning::of(
        1,
        Transient,
        "WhatsApp tuvo un error desconocido; se volverá a intentar automáticamente.",
        "WhatsApp had an unknown error; it will be tried again automatically.",
    ),
    Meaning::of(
        2,
        Transient,
        "El servicio de WhatsApp está caído o sobrecargado; se volverá a intentar automáticamente.",
        "WhatsApp's service is down or overloaded; it will be tried again automatically.",
    ),
    Meaning::of(
        131_000,
        Transient,
        "WhatsApp no pudo enviar el mensaje por un error interno; se volverá a intentar automáticamente.",
        "WhatsApp could not send the message because of an error of its own; it will be tried again automatically.",
    ),
    Meaning::of(
        131_016,
        Transient,
        "El servicio de WhatsApp no está disponible por ahora; se volverá a intentar automáticamente.",
        "WhatsApp's service is not available for now; it will be tried again automatically.",
    ),
    Meaning::of(
        133_004,
        Transient,
        "El servidor de WhatsApp no está disponible por ahora; se volverá a intentar automáticamente.",
        "WhatsApp's server is not available for now; it will be tried again automatically.",
    ),
    Meaning::of(
        131_057,
        Transient,
        "La cuenta de WhatsApp está en mantenimiento por unos minutos; se volverá a intentar automáticamente.",
        "The WhatsApp account is under maintenance for some minutes; it will be tried again automatically.",
    ),
    // Outside the window.
    Meaning::of(131_047, NeedsTemplate, NEEDS_TEMPLATE_ES, NEEDS_TEMPLATE_EN),
    Meaning::of(470, NeedsTemplate, NEEDS_TEMPLATE_ES, NEEDS_TEMPLATE_EN),
    // The channel's credentials.
    Meaning::of(
        0,
        Auth,
        "WhatsApp no pudo autenticar el canal; avise al administrador para que genere un token nuevo.",
        "WhatsApp could not authenticate the channel; ask the administrator to generate a new token.",
    ),
    Meaning::of(
        190,
        Auth,
        "El token de WhatsApp venció o fue anulado; avise al administrador para que genere uno nuevo.",
        "The WhatsApp token expired or was revoked; ask the administrator to generate a new one.",
    ),
    Meaning::of(
        3,
        Auth,
        "La aplicación de Meta no tiene la capacidad o el permiso para enviar; avise al administrador.",
        "The Meta app lacks the capability or permission to send; tell the administrator.",
    ),
    Meaning::of(
        10,
        Auth,
        "Falta un permiso de WhatsApp o fue retirado; avise al administrador para que lo conceda.",
        "A WhatsApp permission is missing or was withdrawn; ask the administrator to grant it.",
    ),
    Meaning::between(
        200,
        299,
        Auth,
        "El token no tiene los permisos de WhatsApp necesarios; avise al administrador para que los conceda.",
        "The token lacks the WhatsApp permissions that are needed; ask the administrator to grant them.",
    ),
    Meaning::of(
        131_005,
        Auth,
        "WhatsApp negó el acceso al canal; avise al administrador para que revise los permisos del token.",
        "WhatsApp denied the channel access; ask the administrator to check the token's permissions.",
    ),
    Meaning::of(
        131_045,
        Auth,
        "El certificado o el registro del número no es válido; avise al administrador para que lo registre de nuevo.",
        "The number's certificate or registration is not valid; ask the administrator to register it again.",
    ),
    Meaning::of(
        133_010,
        Auth,
        "El número no está registrado en la plataforma de WhatsApp; avise al administrador para que lo registre.",
        "The number is not registered with the WhatsApp platform; ask the administrator to register it.",
    ),
    Meaning::of(
        33,
        Auth,
        "El número de WhatsApp fue eliminado o su identificador es incorrecto; avise al administrador.",
        "The WhatsApp number was deleted or its id is wrong; tell the administrator.",
    ),
    Meaning::of(
        100,
        Auth,
        "El identificador del número no existe o el token no lo alcanza; avise al administrador.",
        "The number's id does not exist or the token does not reach it; tell the administrator.",
    )
    .subcode(33),
    // The account itself.
    Meaning::of(
        368,
        Auth,
        "Meta bloqueó temporalmente la cuenta por infringir sus políticas; avise al administrador de inmediato.",
        "Meta blocked the account for a time for breaking its policies; tell the administrator at once.",
    )
    .waiting(SIX_HOURS),
    Meaning::of(
        131_031,
        Auth,
        "Meta bloqueó la cuenta de WhatsApp; avise al administrador para que la revise en el Administrador de WhatsApp.",
        "Meta locked the WhatsApp account; ask the administrator to look at it in WhatsApp Manager.",
    )
    .waiting(SIX_HOURS),
    Meaning::of(
        131_042,
        Auth,
        "Hay un problema con el pago de la cuenta de WhatsApp; avise al administrador para que revise la facturación.",
        "There is a problem with the WhatsApp account's payment; ask the administrator to check the billing.",
    ),
    Meaning::of(
        131_044,
        Auth,
        "La cuenta de WhatsApp no tiene un medio de pago válido; avise al administrador para que configure uno.",
        "The WhatsApp account has no valid means of payment; ask the administrator to set one up.",
    ),
    Meaning::of(
        131_037,
        Auth,
        "El nombre visible del número aún no está aprobado por WhatsApp; avise al administrador.",
        "The number's display name is not approved by WhatsApp yet; tell the administrator.",
    ),
    // The customer. A country is one customer's, not the channel's.
    Meaning::of(
        130_497,
        Recipient,
        "WhatsApp no permite a esta cuenta escribir a clientes de ese país; use otro medio.",
        "WhatsApp does not let this account write to customers in that country; use another way.",
    ),
    Meaning::of(
        131_026,
        Recipient,
        "No se pudo entregar: el número no tiene WhatsApp, usa una versión antigua o no aceptó los términos. Verifique \
         el número o use otro medio.",
        "It could not be delivered: the number has no WhatsApp, an old version, or has not accepted the terms. Check \
         the number or use another way.",
    ),
    Meaning::of(
        131_021,
        Recipient,
        "El destinatario es el mismo número de la empresa; elija otro destinatario.",
        "The recipient is the company's own number; choose another recipient.",
    ),
    Meaning::of(
        131_030,
        Recipient,
        "El número de prueba solo puede escribir a destinatarios autorizados; avise al administrador para que lo agregue.",
        "The test number may write to allowed recipients only; ask the administrator to add this one.",
    ),
    Meaning::of(
        131_050,
        Recipient,
        "El cliente no desea recibir mensajes de marketing; no le envíe más plantillas de este tipo.",
        "The customer does not want marketing messages; send no more templates of that kind.",
    ),
    Meaning::of(
        131_049,
        Recipient,
        "WhatsApp no entregó el mensaje para no saturar al cliente; espere al menos 24 horas antes de reintentar.",
        "WhatsApp did not deliver the message so as not to flood the customer; wait at least 24 hours.",
    ),
    Meaning::of(
        130_472,
        Recipient,
        "WhatsApp no entregó el mensaje porque el cliente participa en un experimento; use otro medio.",
        "WhatsApp did not deliver the message because the customer is part of an experiment; use another way.",
    ),
    Meaning::of(
        137_000,
        Recipient,
        "La identidad del cliente cambió y no se ha confirmado; verifique con quién está hablando.",
        "The customer's identity changed and is not confirmed; make sure of whom you are talking to.",
    ),
    Meaning::of(
        131_062,
        Recipient,
        "Este mensaje no se puede enviar a un cliente del que solo se conoce su identificador; pida su número.",
        "This message cannot go to a customer known only by an id; ask for the phone number.",
    ),
    // The message.
    Meaning::of(
        100,
        Content,
        "WhatsApp rechazó el mensaje porque un dato no es válido; revise el contenido y el destinatario.",
        "WhatsApp refused the message because a value is not valid; check its content and recipient.",
    ),
    Meaning::of(
        131_008,
        Content,
        "WhatsApp rechazó el mensaje porque le falta un dato obligatorio; complételo y envíelo de nuevo.",
        "WhatsApp refused the message because something required is missing; complete it and send it again.",
    ),
    Meaning::of(
        131_009,
        Content,
        "WhatsApp rechazó el mensaje porque un valor no es válido o el mensaje citado es muy antiguo; corríjalo.",
        "WhatsApp refused the message because a value is not valid or the quoted message is too old; correct it.",
    ),
    Meaning::of(
        131_051,
        Content,
        "WhatsApp no admite este tipo de mensaje; envíelo como texto o archivo.",
        "WhatsApp does not take this type of message; send it as a text or a file.",
    ),
    Meaning::of(
        131_052,
        Content,
        "WhatsApp no pudo entregar el archivo del cliente; pídale que lo envíe de nuevo.",
        "WhatsApp could not hand over the customer's file; ask the customer to send it again.",
    ),
    Meaning::of(
        131_053,
        Content,
        "WhatsApp no aceptó el archivo; revise su formato y tamaño y envíelo de nuevo.",
        "WhatsApp did not take the file; check its format and size and send it again.",
    ),
    Meaning::of(
        135_000,
        Content,
        "WhatsApp no pudo procesar el mensaje; revise su contenido y envíelo de nuevo.",
        "WhatsApp could not process the message; check its content and send it again.",
    ),
    // The template.
    Meaning::of(
        132_000,
        Content,
        "La cantidad de datos no coincide con la de la plantilla; complete todos los campos.",
        "The number of values is not that of the template; fill in every field.",
    ),
    Meaning::of(
        132_001,
        Content,
        "La plantilla no existe en ese idioma o no está aprobada; elija otra.",
        "The template does not exist in that language or is not approved; choose another.",
    ),
    Meaning::of(
        132_005,
        Content,
        "El texto de la plantilla queda demasiado largo con esos datos; acórtelos.",
        "The template's text is too long with those values; shorten them.",
    ),
    Meaning::of(
        132_007,
        Content,
        "El contenido de la plantilla infringe las políticas de WhatsApp; use otra plantilla.",
        "The template's content breaks WhatsApp's policies; use another template.",
    ),
    Meaning::of(132_008, Content, TEMPLATE_FORMAT_ES, TEMPLATE_FORMAT_EN),
    Meaning::of(132_012, Content, TEMPLATE_FORMAT_ES, TEMPLATE_FORMAT_EN),
    Meaning::of(
        132_015,
        Content,
        "WhatsApp pausó la plantilla por su baja calidad; use otra y avise al administrador.",
        "WhatsApp paused the template because of its low quality; use another and tell the administrator.",
    ),
    Meaning::of(
        132_016,
        Content,
        "WhatsApp desactivó la plantilla definitivamente; use otra y avise al administrador.",
        "WhatsApp disabled the template for good; use another and tell the administrator.",
    ),
    Meaning::of(
        132_068,
        Content,
        "El formulario de la plantilla está bloqueado; use otra plantilla y avise al administrador.",
        "The template's form is blocked; use another template and tell the administrator.",
    ),
    Meaning::of(
        132_069,
        Content,
        "El formulario de la plantilla está limitado por ahora; use otra plantilla o espere una hora.",
        "The template's form is throttled for now; use another template or wait an hour.",
    ),
    Meaning::of(
        131_063,
        Content,
        "WhatsApp no admite esta plantilla para este envío; use otra y avise al administrador.",
        "WhatsApp does not take this template for this send; use another and tell the administrator.",
    ),
];

const NEEDS_TEMPLATE_ES: &str = "Pasaron más de 24 horas desde el último mensaje del cliente; envíe una plantilla aprobada para retomar el contacto.";
const NEEDS_TEMPLATE_EN: &str = "More than 24 hours have passed since the customer's last message; send an approved template to get in touch again.";
const TEMPLATE_FORMAT_ES: &str =
    "Algún dato no tiene el formato que pide la plantilla; revise los campos y envíela de nuevo.";
const TEMPLATE_FORMAT_EN: &str =
    "A value does not have the format that the template asks for; check the fields and send it again.";
