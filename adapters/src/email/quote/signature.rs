//! Signatures at the end of a text.

/// How far from the end a signature is looked for, in lines with something in them.
const REACH: usize = 10;
/// The longest closing line that is not a sentence, in characters.
const MAX_CLOSING: usize = 40;

/// Lines of a signature without a delimiter, the closing included.
const MAX_BELOW: usize = 6;
/// The longest line of a signature, in characters.
const MAX_NAME: usize = 60;

/// What phones and mail programs add.
const SENT_FROM: &[&str] = &[
    "sent from my ",
    "sent from mail for ",
    "sent from outlook",
    "sent from yahoo",
    "sent via ",
    "sent with ",
    "sent using ",
    "get outlook for ",
    "enviado desde ",
    "enviado do meu ",
    "enviado a partir do ",
    "obtener outlook para ",
    "obter o outlook para ",
    "descarga outlook para ",
    "gesendet mit ",
    "von meinem iphone gesendet",
    "von meinem ipad gesendet",
    "von meinem smartphone gesendet",
    "von meinem handy gesendet",
    "von meinem samsung",
    "von meinem huawei",
    "holen sie sich outlook",
    "outlook für ",
    "envoyé de mon ",
    "envoyé depuis ",
    "télécharger outlook pour ",
    "obtenir outlook pour ",
    "inviato da ",
    "inviato dal mio ",
    "ottieni outlook per ",
    "scarica outlook per ",
    "verzonden vanaf ",
    "verstuurd vanaf ",
    "outlook voor ",
    "downloaden outlook",
    "skickat från min ",
    "sendt fra min ",
    "lähetetty ",
    "wysłane z ",
    "odesláno z ",
    "отправлено с ",
    "iphone'umdan gönderildi",
    "iphoneから送信",
    "发自我的",
];

/// Closings that stand alone in a line.
const CLOSINGS: &[&str] = &[
    "regards",
    "best regards",
    "kind regards",
    "warm regards",
    "best",
    "best wishes",
    "sincerely",
    "yours sincerely",
    "yours faithfully",
    "cheers",
    "many thanks and regards",
    "saludos",
    "un saludo",
    "saludos cordiales",
    "cordiales saludos",
    "cordial saludo",
    "un cordial saludo",
    "atentamente",
    "atte",
    "muy atentamente",
    "mit freundlichen grüßen",
    "mit freundlichem gruß",
    "freundliche grüße",
    "viele grüße",
    "beste grüße",
    "liebe grüße",
    "mfg",
    "lg",
    "cordialement",
    "bien cordialement",
    "bien à vous",
    "meilleures salutations",
    "sincères salutations",
    "cordiali saluti",
    "distinti saluti",
    "saluti",
    "atenciosamente",
    "cumprimentos",
    "com os melhores cumprimentos",
    "abraços",
    "met vriendelijke groet",
    "met vriendelijke groeten",
    "vriendelijke groeten",
    "groeten",
    "med vänlig hälsning",
    "med vänliga hälsningar",
    "med venlig hilsen",
    "venlig hilsen",
    "vennlig hilsen",
    "hilsen",
    "mvh",
    "pozdrawiam",
    "z poważaniem",
    "s pozdravem",
    "с уважением",
    "ystävällisin terveisin",
    "saygılarımla",
];

/// How postscripts begin.
const POSTSCRIPTS: &[&str] = &["pd", "p.d", "ps", "p.s", "post data", "posdata", "nb", "n.b"];

/// `lines` without the signature at their end; all of them if nothing else would be left. What may be a sentence is
/// none: rather a signature too many is shown than a question too few.
pub(super) fn without<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let end = delimiter(lines).unwrap_or(lines.len());
    let end = sent_from(&lines[..end]).unwrap_or(end);
    let end = closing(&lines[..end]).unwrap_or(end);
    match lines[..end].iter().all(|line| line.trim().is_empty()) {
        true => lines.to_vec(),
        false => lines[..end].to_vec(),
    }
}

/// The first `-- ` line with words before it.
fn delimiter(lines: &[&str]) -> Option<usize> {
    let found = lines.iter().position(|line| is_delimiter(line))?;
    lines[..found].iter().any(|line| !line.trim().is_empty()).then_some(found)
}

/// Its blank is what tells it from a line that people draw.
fn is_delimiter(line: &str) -> bool {
    line.trim_end() == "--" && line.len() > 2
}

/// What a phone or mail program added: the last line with something in it, or the last two.
fn sent_from(lines: &[&str]) -> Option<usize> {
    match written(lines)[..] {
        [.., above, last] if is_sent_from(lines[above]) && !is_said(lines[last]) => Some(above),
        [.., last] if is_sent_from(lines[last]) => Some(last),
        _ => None,
    }
}

/// The first line within reach of the end at which a closing stands, with nothing but a name and the like below it.
fn closing(lines: &[&str]) -> Option<usize> {
    let words = written(lines);
    let near = words.len().saturating_sub(REACH).max(1);
    (near..words.len())
        .find(|&at| is_closing(lines[words[at]]) && is_name(words[at + 1..].iter().map(|&below| lines[below])))
        .map(|at| words[at])
}

/// Where something is written.
fn written(lines: &[&str]) -> Vec<usize> {
    (0..lines.len()).filter(|&at| !lines[at].trim().is_empty()).collect()
}

/// Whether the lines below a quotation are but a signature, and no answer.
pub(super) fn is_one(lines: &[&str]) -> bool {
    match lines {
        [first, ..] if is_delimiter(first) => true,
        [first, below @ ..] if is_sent_from(first) => below.len() <= 1 && below.iter().all(|line| !is_said(line)),
        [first, below @ ..] => is_closing(first) && is_name(below.iter().copied()),
        [] => false,
    }
}

fn is_sent_from(line: &str) -> bool {
    let lower = line.trim().trim_start_matches(['[', '<', '*']).to_lowercase();
    lower.chars().count() <= 120 && SENT_FROM.iter().any(|words| lower.starts_with(words)) && !is_punctuated(&lower)
}

/// Whether a line is punctuated as sentences are.
fn is_punctuated(line: &str) -> bool {
    line.contains(['?', '!', '…', ';']) || line.contains(", ") || line.contains(". ") || line.ends_with(['.', ',', ':'])
}

fn is_closing(line: &str) -> bool {
    let lower = line.trim().trim_end_matches([',', '.', '!', ':', ';']).to_lowercase();
    lower.chars().count() <= MAX_CLOSING && CLOSINGS.contains(&lower.as_str())
}

/// Whether the lines below a closing say who wrote, and nothing else.
fn is_name<'a>(below: impl Iterator<Item = &'a str>) -> bool {
    let mut count = 0;
    below.inspect(|_| count += 1).all(|line| !is_said(line)) && count < MAX_BELOW
}

/// Whether a line may be part of what its author had to say: long, punctuated, a postscript, or of words as they stand
/// in sentences, which names, titles and addresses seldom have three of.
fn is_said(line: &str) -> bool {
    let line = line.trim();
    let lower = line.to_lowercase();
    let begins = |start: &&str| {
        lower.strip_prefix(start).is_some_and(|rest| rest.starts_with([':', '.', ' ', '-']) || rest.is_empty())
    };
    let small =
        line.split_whitespace().filter(|word| word.starts_with(char::is_lowercase) && !word.contains('@')).count();
    line.chars().count() > MAX_NAME
        || line.contains(['?', '¿', '!', '¡', '…'])
        || POSTSCRIPTS.iter().any(begins)
        || small >= 3
        || small >= 1 && line.ends_with('.')
}
