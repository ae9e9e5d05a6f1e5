//! Lines at which a quoted or forwarded mail starts.

use super::HTML_QUOTE;

/// What starts at a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    None,
    /// `> …`.
    Quote,
    /// `On <date>, <name> wrote:` over so many lines.
    Attribution(usize),
    /// `-----Original Message-----`, or our own "reply above this line".
    Divider,
    /// `From: … Sent: … Subject: …`, or the wrapper of another mail in HTML: forwarded, it is content.
    HeaderBlock,
    /// `---- Forwarded message ----`: content, not quotation.
    Forward,
}

/// Attributions are wrapped over at most this many lines.
const MAX_WRAP: usize = 4;
const MAX_ATTRIBUTION: usize = 400;

pub(super) fn at(lines: &[&str], at: usize) -> Marker {
    let line = lines[at].trim();
    if line.is_empty() {
        return Marker::None;
    }
    let lower = line.to_lowercase();
    if is_quote(line) {
        Marker::Quote
    } else if is_forward(&lower) {
        Marker::Forward
    } else if is_divider(&lower) {
        Marker::Divider
    } else if line.starts_with(HTML_QUOTE)
        || names_sender(lines, at) && is_proven(lines, at)
        || is_rule(line) && header_block_follows(lines, at)
    {
        Marker::HeaderBlock
    } else {
        attribution(lines, at).map_or(Marker::None, Marker::Attribution)
    }
}

pub(super) fn is_quote(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

const ORIGINAL: &[&str] = &[
    "original message",
    "reply message",
    "antwort nachricht",
    "original appointment",
    "ursprüngliche nachricht",
    "originalnachricht",
    "original-nachricht",
    "oprindelig meddelelse",
    "opprinnelig melding",
    "ursprungligt meddelande",
    "ursprungsmeddelande",
    "alkuperäinen viesti",
    "mensaje original",
    "missatge original",
    "message d'origine",
    "message original",
    "messaggio originale",
    "mensagem original",
    "oorspronkelijk bericht",
    "origineel bericht",
    "oryginalna wiadomość",
    "wiadomość oryginalna",
    "původní zpráva",
    "eredeti üzenet",
    "mesaj original",
    "исходное сообщение",
    "оригинальное сообщение",
    "orijinal mesaj",
    "原始邮件",
    "原始郵件",
    "元のメッセージ",
    "원본 메시지",
];

const FORWARDED: &[&str] = &[
    "forwarded message",
    "forwarded by",
    "weitergeleitete nachricht",
    "mensaje reenviado",
    "missatge reenviat",
    "message transféré",
    "message réexpédié",
    "messaggio inoltrato",
    "mensagem encaminhada",
    "mensagem reencaminhada",
    "doorgestuurd bericht",
    "vidarebefordrat meddelande",
    "videresendt",
    "przekazana wiadomość",
    "wiadomość przekazana",
    "přeposlaná zpráva",
    "továbbított üzenet",
    "mesaj redirecționat",
    "пересылаемое сообщение",
    "пересланное сообщение",
    "iletilmiş mesaj",
    "转发的邮件",
    "轉寄郵件",
    "転送メッセージ",
    "전달된 메시지",
];

/// Apple's forms, without dashes.
const FORWARDED_BARE: &[&str] = &[
    "begin forwarded message:",
    "start of forwarded message",
    "inicio del mensaje reenviado:",
    "anfang der weitergeleiteten nachricht:",
    "début du message réexpédié :",
    "début du message transféré :",
    "inizio messaggio inoltrato:",
    "início da mensagem encaminhada:",
    "begin doorgestuurd bericht:",
];

const REPLY_ABOVE: &[&str] = &[
    "reply above this line",
    "your reply above",
    "respuesta por encima de esta línea",
    "respuesta encima de esta línea",
    "responda por encima de esta línea",
    "responda encima de esta línea",
    "oberhalb dieser zeile",
    "au-dessus de cette ligne",
    "sopra questa riga",
    "acima desta linha",
    "boven deze regel",
];

fn is_forward(lower: &str) -> bool {
    is_dashed(lower) && FORWARDED.iter().any(|words| lower.contains(words))
        || FORWARDED_BARE.iter().any(|words| lower.starts_with(words))
}

fn is_divider(lower: &str) -> bool {
    is_dashed(lower) && (ORIGINAL.iter().any(|words| lower.contains(words)) || is_dashed_attribution(lower))
        || lower.len() <= 200 && REPLY_ABOVE.iter().any(|words| lower.contains(words))
}

/// `------On 12/29/2025 17:32, Ida wrote-----`.
fn is_dashed_attribution(lower: &str) -> bool {
    lower.ends_with("--") && digits(lower) >= 4 && WROTE.iter().any(|verb| has_words(lower, verb))
}

fn is_dashed(line: &str) -> bool {
    line.len() <= 120 && (line.starts_with("--") || line.starts_with("__") || line.starts_with("=="))
}

/// Outlook's rule.
fn is_rule(line: &str) -> bool {
    line.len() >= 10 && line.chars().all(|c| matches!(c, '_' | '-' | '—' | '─'))
}

fn header_block_follows(lines: &[&str], at: usize) -> bool {
    (at + 1..lines.len().min(at + 4))
        .find(|&next| !lines[next].trim().is_empty())
        .is_some_and(|next| names_sender(lines, next))
}

const FROM: &[&str] = &[
    "from",
    "von",
    "de",
    "da",
    "fra",
    "från",
    "van",
    "od",
    "от",
    "lähettäjä",
    "kimden",
    "feladó",
    "发件人",
    "寄件者",
    "差出人",
    "보낸 사람",
];
const SENT: &[&str] = &[
    "date",
    "sent",
    "gesendet",
    "datum",
    "fecha",
    "enviado",
    "enviado el",
    "envoyé",
    "data",
    "inviato",
    "enviada em",
    "enviado em",
    "sendt",
    "dato",
    "skickat",
    "verzonden",
    "wysłano",
    "odesláno",
    "elküldve",
    "дата",
    "отправлено",
    "lähetetty",
    "tarih",
    "发送时间",
    "寄件日期",
    "送信日時",
    "보낸 날짜",
];
const OTHERS: &[&str] = &[
    "to",
    "cc",
    "an",
    "para",
    "à",
    "a",
    "til",
    "till",
    "aan",
    "do",
    "komu",
    "címzett",
    "кому",
    "kime",
    "收件人",
    "收件者",
    "宛先",
    "받는 사람",
    "reply-to",
    "importance",
];
const SUBJECT: &[&str] = &[
    "subject",
    "betreff",
    "asunto",
    "objet",
    "oggetto",
    "assunto",
    "emne",
    "ämne",
    "onderwerp",
    "temat",
    "předmět",
    "tárgy",
    "тема",
    "aihe",
    "konu",
    "主题",
    "主旨",
    "件名",
    "제목",
];

/// From, Date or Sent, and one more field, within a few lines; or Date and then somebody's address.
fn names_sender(lines: &[&str], at: usize) -> bool {
    let Some(first) = field_name(lines[at]) else { return false };
    let below = below(lines, at);
    if FROM.contains(&first.as_str()) {
        return has(below, SENT) && (has(below, OTHERS) || has(below, SUBJECT));
    }
    let addressed = |line: &&&str| {
        line.contains('@')
            && field_name(line).is_some_and(|name| FROM.contains(&name.as_str()) || OTHERS.contains(&name.as_str()))
    };
    SENT.contains(&first.as_str()) && digits(lines[at]) >= 3 && below.iter().take(2).any(|line| addressed(&line))
}

/// Whether such lines are a mail's header and no parcel's: they give a subject, an address or a time of day.
fn is_proven(lines: &[&str], at: usize) -> bool {
    let timed = |line: &str| {
        let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        let bytes = line.as_bytes();
        (1..bytes.len()).any(|at| bytes[at] == b':' && digit(bytes.get(at - 1)) && digit(bytes.get(at + 1)))
    };
    let below = below(lines, at);
    let fields = below.iter().chain([&lines[at]]).filter(|line| field_name(line).is_some());
    has(below, SUBJECT) || fields.into_iter().any(|line| line.contains('@') || timed(line))
}

/// The lines in which the rest of a header may be.
fn below<'a>(lines: &'a [&'a str], at: usize) -> &'a [&'a str] {
    &lines[at + 1..lines.len().min(at + 8)]
}

fn has(lines: &[&str], known: &[&str]) -> bool {
    lines.iter().filter_map(|line| field_name(line)).any(|name| known.contains(&name.as_str()))
}

/// The lower-case name of a `Name: value` line; `*Name:*` too.
fn field_name(line: &str) -> Option<String> {
    let line = line.trim().trim_start_matches('*');
    let (name, _) = line.split_once([':', '：'])?;
    (name.chars().count() <= 20).then(|| name.trim_matches(['*', ' ', '\u{a0}']).to_lowercase())
}

/// Verbs of attributions.
const WROTE: &[&str] = &[
    "wrote",
    "schrieb",
    "a écrit",
    "escribió",
    "va escriure",
    "schreef",
    "geschreven",
    "pisze",
    "napisał",
    "napisała",
    "napisał(a)",
    "ha scritto",
    "escreveu",
    "skrev",
    "kirjoitti",
    "napsal",
    "napsal(a)",
    "írta",
    "a scris",
    "написал",
    "написала",
    "написал(а)",
    "пишет",
    "пише",
    "yazdı",
    "écrivait",
    "schrieb:",
    "写道",
    "寫道",
    "のメール",
    "작성",
];

/// First words of attributions that begin with the date.
const STARTS: &[&str] = &[
    "on ", "am ", "le ", "el ", "op ", "w dniu ", "dnia ", "il ", "em ", "den ", "på ", "dne ", "a ", "pe ", "в ",
    "在 ",
];

/// The number of lines of the attribution that starts at `at`.
fn attribution(lines: &[&str], at: usize) -> Option<usize> {
    let mut joined = String::new();
    for length in 1..=MAX_WRAP.min(lines.len() - at) {
        let line = lines[at + length - 1].trim();
        if line.is_empty() || is_quote(line) || joined.len() + line.len() > MAX_ATTRIBUTION {
            return None;
        }
        joined.push_str(line);
        joined.push(' ');
        if is_attribution(joined.trim_end()) {
            return Some(length);
        }
        if length == 1 && !may_wrap(line) {
            return None;
        }
    }
    None
}

/// Whether an attribution may go on in the next line: it names a date or an address already, or begins like one.
fn may_wrap(line: &str) -> bool {
    let lower = line.to_lowercase();
    STARTS.iter().any(|start| lower.starts_with(start)) || line.contains('<') || digits(line) >= 4
}

fn is_attribution(joined: &str) -> bool {
    let lower = joined.to_lowercase();
    let ends = lower.ends_with([':', '：']);
    let verb = WROTE.iter().any(|verb| has_words(&lower, verb));
    let names_someone = joined.contains('@') || digits(joined) > 0;
    let dated = joined.contains('@') && digits(joined) >= 4;
    let bare = dated && joined.ends_with('>') && joined.starts_with(|c: char| c.is_ascii_digit());
    bare || ends && names_someone && (verb || dated)
}

fn has_words(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        !words.is_ascii() || !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// Whether an attribution is one even if nothing below it is marked as quoted: it has a date and a person, and is
/// not the start of the mail.
pub(super) fn is_certain(lines: &[&str], at: usize, length: usize) -> bool {
    let joined = lines[at..at + length].join(" ");
    let lower = joined.trim().to_lowercase();
    let dated = STARTS.iter().any(|start| lower.starts_with(start)) || lower.starts_with(|c: char| c.is_ascii_digit());
    let verb = WROTE.iter().any(|verb| has_words(&lower, verb));
    lower.ends_with([':', '：'])
        && digits(&joined) >= 3
        && (dated && (verb || joined.contains('@')) || verb && joined.contains('@'))
}
