//! Signatures at the end of a text.

/// How far from the end a signature is looked for, in lines with something in them.
const REACH: usize = 10;
/// The longest closing line that is not a sentence, in characters.
const MAX_CLOSING: usize = 40;

/// Lines of a signature without a delimiter below a quotation, the closing included.
const MAX_BELOW: usize = 5;

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
    "enviado desde mi ",
    "enviado desde ",
    "enviado do meu ",
    "enviado a partir do ",
    "obtener outlook para ",
    "obter o outlook para ",
    "descarga outlook para ",
    "gesendet mit ",
    "von meinem ",
    "von meinem iphone gesendet",
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

/// `lines` without the signature at their end; all of them if nothing else would be left.
pub(super) fn without<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let end = delimiter(lines).unwrap_or(lines.len());
    let end = start_near_end(&lines[..end]).unwrap_or(end);
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

fn is_delimiter(line: &str) -> bool {
    line.trim_end() == "--"
}

/// The first line within reach of the end at which a closing stands.
fn start_near_end(lines: &[&str]) -> Option<usize> {
    let words: Vec<usize> = (0..lines.len()).filter(|&at| !lines[at].trim().is_empty()).collect();
    let near = &words[words.len().saturating_sub(REACH)..];
    near.iter()
        .copied()
        .filter(|&at| Some(&at) != words.first())
        .find(|&at| is_sent_from(lines[at]) || is_closing(lines[at]))
}

/// Whether the lines below a quotation are but a signature, and no answer.
pub(super) fn is_one(lines: &[&str]) -> bool {
    lines
        .first()
        .is_some_and(|line| is_delimiter(line) || is_sent_from(line) || is_closing(line) && lines.len() <= MAX_BELOW)
}

fn is_sent_from(line: &str) -> bool {
    let lower = line.trim().trim_start_matches(['[', '<', '*']).to_lowercase();
    lower.chars().count() <= 120 && SENT_FROM.iter().any(|words| lower.starts_with(words))
}

fn is_closing(line: &str) -> bool {
    let lower = line.trim().trim_end_matches([',', '.', '!', ':', ';']).to_lowercase();
    lower.chars().count() <= MAX_CLOSING && CLOSINGS.contains(&lower.as_str())
}
