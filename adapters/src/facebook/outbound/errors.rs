//! What the Graph API's codes mean for a Page (`facebook-comments.md §7`).

use std::time::Duration;

use crate::{
    meta::refusal::Meaning,
    outbound::ErrorClass::{Auth, Content, RateLimited, Recipient, Transient},
};

/// Calls made while limited lengthen the limit (§6): where Meta gives no time, the next one is some minutes off.
const SOME_MINUTES: Duration = Duration::from_secs(300);
/// How long a blocked Page is left alone: "stop for hours, do not hammer" (§7).
const SIX_HOURS: Duration = Duration::from_secs(6 * 3600);

/// Every code of the sheet, and the subcodes by which the Messenger side tells a person from a permission. A range
/// comes after the single codes within it.
pub(crate) static TABLE: &[Meaning] = &[
    // Too fast.
    Meaning::of(
        4,
        RateLimited,
        "La aplicación alcanzó su límite de llamadas en Meta; el mensaje saldrá automáticamente más tarde.",
        "The app reached its limit of calls at Meta; the message will leave by itself later.",
    )
    .waiting(SOME_MINUTES),
    Meaning::of(
        17,
        RateLimited,
        "La cuenta que conectó la página alcanzó su límite de llamadas; el mensaje saldrá automáticamente más tarde.",
        "The account that connected the Page reached its limit of calls; the message will leave by itself later.",
    )
    .waiting(SOME_MINUTES),
    Meaning::of(32, RateLimited, PAGE_LIMIT_ES, PAGE_LIMIT_EN).waiting(SOME_MINUTES),
    Meaning::of(
        341,
        RateLimited,
        "La aplicación alcanzó un límite temporal en Facebook; el mensaje saldrá automáticamente más tarde.",
        "The app reached a temporary limit at Facebook; the message will leave by itself later.",
    )
    .waiting(SOME_MINUTES),
    Meaning::of(
        613,
        RateLimited,
        "Facebook limitó la frecuencia de esta acción; el mensaje saldrá automáticamente más tarde.",
        "Facebook limits how often this can be done; the message will leave by itself later.",
    )
    .waiting(SOME_MINUTES),
    Meaning::of(80001, RateLimited, PAGE_LIMIT_ES, PAGE_LIMIT_EN).waiting(SOME_MINUTES),
    Meaning::of(
        80006,
        RateLimited,
        "La página alcanzó su límite de mensajes privados; el mensaje saldrá automáticamente más tarde.",
        "The Page reached its limit of private messages; the message will leave by itself later.",
    )
    .waiting(SOME_MINUTES),
    // It will pass.
    Meaning::of(
        1,
        Transient,
        "Facebook tuvo un error desconocido; se volverá a intentar automáticamente.",
        "Facebook had an unknown error; it will be tried again automatically.",
    ),
    Meaning::of(
        2,
        Transient,
        "El servicio de Facebook no está disponible por ahora; se volverá a intentar automáticamente.",
        "Facebook's service is not available for now; it will be tried again automatically.",
    ),
    // The token.
    Meaning::of(
        190,
        Auth,
        "La aplicación ya no está instalada en la página; avise al administrador para que la conecte de nuevo.",
        "The app is no longer installed on the Page; ask the administrator to connect it again.",
    )
    .subcode(458),
    Meaning::of(
        190,
        Auth,
        "Facebook pide una verificación de seguridad a quien conectó la página; esa persona debe iniciar sesión en \
         Facebook.",
        "Facebook asks whoever connected the Page for a security check; that person has to log in to Facebook.",
    )
    .subcode(459),
    Meaning::of(
        190,
        Auth,
        "Quien conectó la página cambió su contraseña; avise al administrador para que la conecte de nuevo.",
        "Whoever connected the Page changed the password; ask the administrator to connect it again.",
    )
    .subcode(460),
    Meaning::of(
        190,
        Auth,
        "El acceso a la página venció; avise al administrador para que genere un token nuevo.",
        "The access to the Page expired; ask the administrator to generate a new token.",
    )
    .subcode(463),
    Meaning::of(
        190,
        Auth,
        "La cuenta que conectó la página no está confirmada; esa persona debe confirmarla en Facebook.",
        "The account that connected the Page is not confirmed; that person has to confirm it at Facebook.",
    )
    .subcode(464),
    Meaning::of(
        190,
        Auth,
        "El acceso a la página fue anulado; avise al administrador para que genere un token nuevo.",
        "The access to the Page was revoked; ask the administrator to generate a new token.",
    )
    .subcode(467),
    Meaning::of(
        190,
        Auth,
        "Quien conectó la página ya no tiene un rol en ella; avise al administrador para que la conecte otra persona.",
        "Whoever connected the Page no longer has a role on it; ask the administrator to have it connected anew.",
    )
    .subcode(492),
    Meaning::of(
        190,
        Auth,
        "El token de la página venció o fue anulado; avise al administrador para que genere uno nuevo.",
        "The Page's token expired or was revoked; ask the administrator to generate a new one.",
    ),
    Meaning::of(
        102,
        Auth,
        "La sesión de la página ya no es válida; avise al administrador para que genere un token nuevo.",
        "The Page's session is no longer valid; ask the administrator to generate a new token.",
    ),
    // A person whom Messenger does not let us write to says so under the codes of permissions.
    Meaning::of(10, Recipient, WINDOW_ES, WINDOW_EN).subcode(2_018_065),
    Meaning::of(10, Recipient, WINDOW_ES, WINDOW_EN).subcode(2_018_278),
    Meaning::of(200, Recipient, NOT_RECEIVING_ES, NOT_RECEIVING_EN).subcode(1_545_041),
    Meaning::of(200, Recipient, NOT_RECEIVING_ES, NOT_RECEIVING_EN).subcode(2_018_108),
    Meaning::of(551, Recipient, NOT_RECEIVING_ES, NOT_RECEIVING_EN),
    // Permissions.
    Meaning::of(
        10,
        Auth,
        "A la aplicación le falta un permiso sobre la página; avise al administrador para que lo conceda.",
        "The app lacks a permission on the Page; ask the administrator to grant it.",
    ),
    Meaning::between(
        200,
        299,
        Auth,
        "El token no tiene los permisos necesarios sobre la página; avise al administrador para que los conceda.",
        "The token lacks the permissions that are needed on the Page; ask the administrator to grant them.",
    ),
    Meaning::of(
        3,
        Auth,
        "La aplicación no tiene habilitada esta función en Facebook; avise al administrador.",
        "The app does not have this feature at Facebook; tell the administrator.",
    ),
    Meaning::of(
        368,
        Auth,
        "Facebook bloqueó temporalmente la página por considerar abusiva su actividad; no insista y avise al \
         administrador.",
        "Facebook blocked the Page for a time because it deems what it does abusive; do not insist, and tell the \
         administrator.",
    )
    .waiting(SIX_HOURS),
    // The comment or its author.
    Meaning::of(100, Recipient, GONE_ES, GONE_EN).subcode(33),
    Meaning::of(100, Recipient, NOT_RECEIVING_ES, NOT_RECEIVING_EN).subcode(2_018_001),
    Meaning::of(803, Recipient, GONE_ES, GONE_EN),
    Meaning::of(
        1705,
        Recipient,
        "Facebook no permitió responder este comentario; responda en Facebook o por otro medio.",
        "Facebook did not allow an answer to this comment; answer in Facebook or another way.",
    ),
    Meaning::of(
        10900,
        Recipient,
        "Este comentario ya recibió su única respuesta privada; espere a que el cliente conteste.",
        "This comment has had its only private reply; wait until the customer answers.",
    ),
    Meaning::of(
        10903,
        Recipient,
        "Ya no se puede responder en privado a este comentario (pasaron 7 días o el cliente no lo permite); responda en \
         público.",
        "This comment can no longer be answered in private (7 days have passed or the customer does not allow it); \
         answer in public.",
    ),
    // The message.
    Meaning::of(
        506,
        Content,
        "Facebook rechazó el mensaje por ser idéntico a uno anterior; cambie el texto y envíelo de nuevo.",
        "Facebook refused the message because it equals an earlier one; change the text and send it again.",
    ),
    Meaning::of(
        100,
        Content,
        "Facebook rechazó el mensaje porque un dato no es válido; revise el contenido.",
        "Facebook refused the message because a value is not valid; check its content.",
    ),
    Meaning::of(
        1_609_005,
        Content,
        "Facebook no pudo leer el enlace del mensaje; revíselo o quítelo.",
        "Facebook could not read the link in the message; check it or remove it.",
    ),
];

const PAGE_LIMIT_ES: &str =
    "La página alcanzó su límite de llamadas en Facebook; el mensaje saldrá automáticamente más tarde.";
const PAGE_LIMIT_EN: &str = "The Page reached its limit of calls at Facebook; the message will leave by itself later.";
const WINDOW_ES: &str =
    "Ya pasó el plazo para escribir en privado a esta persona; responda en público o espere a que ella escriba.";
const WINDOW_EN: &str =
    "The time for writing to this person in private has passed; answer in public or wait until the person writes.";
const NOT_RECEIVING_ES: &str = "Esta persona no recibe mensajes privados de la página; responda en público.";
const NOT_RECEIVING_EN: &str = "This person takes no private messages from the Page; answer in public.";
const GONE_ES: &str = "El comentario o la publicación ya no existe o no está visible para la página.";
const GONE_EN: &str = "The comment or post no longer exists or is not visible to the Page.";
