//! `Content-Type` and `Content-Disposition`: a value and its parameters (RFC 2045, RFC 2231).

use super::{decode, words};

/// Parameters past this number are ignored.
const MAX_PARAMS: usize = 200;

/// A structured header value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params {
    /// The value before the first semicolon, lower case, without blanks (`text/plain`, `attachment`).
    pub(crate) value: String,
    params: Vec<(String, String)>,
}

/// One `name*index*=bytes` piece before joining.
struct Piece {
    name: String,
    index: u32,
    encoded: bool,
    bytes: Vec<u8>,
}

impl Params {
    pub(crate) fn parse(header: &[u8]) -> Self {
        let mut chunks = split(header).into_iter();
        let value = chunks.next().unwrap_or_default();
        let value = decode::charset(&value.bytes, None)
            .to_lowercase()
            .chars()
            .filter(|c| !c.is_whitespace() && !c.is_control())
            .collect();
        let mut pieces: Vec<Piece> = chunks.take(MAX_PARAMS).filter_map(|chunk| piece(&chunk)).collect();
        pieces.sort_by(|a, b| (&a.name, a.index).cmp(&(&b.name, b.index)));
        let params = pieces
            .chunk_by(|a, b| a.name == b.name && b.index > 0)
            .map(|run| (run[0].name.clone(), join(run)))
            .collect();
        Self { value, params }
    }

    /// The parameter `name`; `None` if it is absent or blank.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, value)| key == name && !value.trim().is_empty()).map(|(_, value)| value.as_str())
    }

    /// The part before the slash of a MIME type.
    pub(crate) fn main(&self) -> &str {
        self.value.split('/').next().unwrap_or_default()
    }

    /// The part behind the slash of a MIME type.
    pub(crate) fn sub(&self) -> &str {
        self.value.split_once('/').map_or("", |(_, sub)| sub)
    }
}

/// One stretch between semicolons.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    has_equals: bool,
    /// Its value stood in quotes: blanks in it count, and what follows the quotes does not.
    quoted: bool,
}

impl Chunk {
    fn push(&mut self, byte: u8) {
        self.has_equals |= byte == b'=';
        self.bytes.push(byte);
    }

    /// Blanks between the equals sign and the opening quote are no part of the value.
    fn open_quotes(&mut self) {
        let end = self.bytes.trim_ascii_end().len();
        self.bytes.truncate(end);
        self.quoted = true;
    }
}

/// The header at its semicolons, quotes and comments taken away.
fn split(header: &[u8]) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut chunk = Chunk::default();
    let (mut in_quotes, mut comment) = (false, 0_u32);
    let mut at = 0;
    while let Some(&byte) = header.get(at) {
        match byte {
            b'\\' if in_quotes && matches!(header.get(at + 1), Some(b'"' | b'\\')) => {
                at += 1;
                chunk.push(header[at]);
            }
            b'\r' | b'\n' => {}
            b'"' if in_quotes => in_quotes = false,
            _ if in_quotes => chunk.push(byte),
            b'"' if comment == 0 => {
                in_quotes = true;
                chunk.open_quotes();
            }
            b'(' if chunk.quoted || !chunk.has_equals => comment += 1,
            b')' if comment > 0 => comment -= 1,
            _ if comment > 0 => {}
            b';' => chunks.push(std::mem::take(&mut chunk)),
            _ if chunk.quoted => {}
            _ => chunk.push(byte),
        }
        at += 1;
    }
    chunks.push(chunk);
    chunks
}

fn piece(chunk: &Chunk) -> Option<Piece> {
    let equals = chunk.bytes.iter().position(|&byte| byte == b'=')?;
    let name = std::str::from_utf8(chunk.bytes[..equals].trim_ascii()).ok()?.to_ascii_lowercase();
    let value = &chunk.bytes[equals + 1..];
    let bytes = if chunk.quoted { value } else { value.trim_ascii() }.to_vec();
    let (name, encoded) = name.strip_suffix('*').map_or((name.as_str(), false), |name| (name, true));
    let (name, index) = match name.rsplit_once('*').and_then(|(name, index)| Some((name, index.parse().ok()?))) {
        Some((name, index)) => (name, index),
        None => (name, 0),
    };
    (!name.is_empty()).then(|| Piece { name: name.to_owned(), index, encoded, bytes })
}

/// The pieces of one parameter: percent escapes undone before the character set, for it may split characters.
fn join(run: &[Piece]) -> String {
    let mut charset = None;
    let mut bytes = Vec::new();
    for (at, piece) in run.iter().enumerate() {
        let text = match extended(piece, at == 0) {
            Some((label, text)) => {
                charset = Some(label);
                text
            }
            None => &piece.bytes,
        };
        match piece.encoded {
            true => percent(text, &mut bytes),
            false => bytes.extend_from_slice(text),
        }
    }
    match run.iter().any(|piece| piece.encoded) {
        true => decode::charset(&bytes, charset.as_deref()),
        false => words::decode(&bytes),
    }
}

/// `charset'language'text` of the first piece.
fn extended(piece: &Piece, first: bool) -> Option<(String, &[u8])> {
    if !(first && piece.encoded) {
        return None;
    }
    let mut ticks = piece.bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\'').map(|(at, _)| at);
    let (one, two) = (ticks.next()?, ticks.next()?);
    Some((String::from_utf8_lossy(&piece.bytes[..one]).into_owned(), &piece.bytes[two + 1..]))
}

fn percent(text: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let value = match (
            byte,
            text.get(at + 1).copied().and_then(decode::hex),
            text.get(at + 2).copied().and_then(decode::hex),
        ) {
            (b'%', Some(high), Some(low)) => {
                at += 2;
                high << 4 | low
            }
            _ => byte,
        };
        out.push(value);
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Params;

    fn name(header: &str) -> Option<String> {
        Params::parse(header.as_bytes()).get("filename").map(str::to_owned)
    }

    #[test]
    fn types_and_parameters() {
        let params = Params::parse(b"Multipart/Report; report-type=delivery-status;\r\n boundary=\"a; b\" (x)");
        assert_eq!((params.main(), params.sub()), ("multipart", "report"));
        assert_eq!((params.get("report-type"), params.get("boundary")), (Some("delivery-status"), Some("a; b")));
        assert_eq!(Params::parse(b"").value, "");
    }

    #[test]
    fn file_names_in_every_dialect() {
        assert_eq!(name("attachment; filename=\"a \\\"b\\\".txt\"").as_deref(), Some("a \"b\".txt"));
        assert_eq!(name("attachment; filename*=utf-8''Rechnung%20%C3%A4.pdf").as_deref(), Some("Rechnung ä.pdf"));
        assert_eq!(name("attachment; filename*0=\"uno\"; filename*1=\"dos.txt\"").as_deref(), Some("unodos.txt"));
        assert_eq!(name("attachment; filename*1*=%AC.txt; filename*0*=utf-8''%E2%82").as_deref(), Some("€.txt"));
        assert_eq!(name("attachment; filename=\"=?utf-8?Q?ma=C3=B1ana.pdf?=\"").as_deref(), Some("mañana.pdf"));
        assert_eq!(name("attachment; filename=ma\u{f1}ana (1).pdf").as_deref(), Some("mañana (1).pdf"));
        assert_eq!(name("attachment; filename=\"C:\\temp\\a.txt").as_deref(), Some("C:\\temp\\a.txt"));
        assert_eq!(name("attachment; filename=").as_deref(), None);
        assert_eq!(name("attachment; filename*0= \"la \" (x); filename*1=\"lista\"").as_deref(), Some("la lista"));
    }
}
