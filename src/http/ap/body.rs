//! A call as AP's handlers read it: who asks, and the request's fields, from a JSON body and, with GET, from the query
//! string. Values are taken as they are meant: numbers as text, text as numbers, and text in quotes of its own, as in
//! the seed's examples. Unknown fields are ignored.

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, Query, Request},
    http::{HeaderMap, Method, header, request::Parts},
};
use bytes::Bytes;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::error::{Error, Problems};
use crate::{
    admission::{Place, is_too_large},
    http::{Api, access::Caller, audit::Log, error::Error as PlainError, idempotency::Key},
    store::companies,
};

/// The largest body of a request, bytes. A route that takes files names its own: `Asked<LIMIT>`.
pub(in crate::http) const BODY: usize = 16 << 20;

/// Characters of one text field.
const TEXT: usize = 4096;

const NO_COMPANY: Error = Error::NotFound("La empresa indicada no existe.");

/// A call.
#[derive(Debug)]
pub(in crate::http) struct Asked<const LIMIT: usize = BODY> {
    pub(in crate::http) caller: Caller,
    /// Its `id_bitacora_log`.
    pub(in crate::http) log: i64,
    pub(in crate::http) fields: Fields,
    /// Its `Idempotency-Key`.
    pub(in crate::http) key: Option<Key>,
    /// Its body's place among the bodies in hand.
    _place: Option<Place>,
}

impl<const LIMIT: usize> FromRequest<Api> for Asked<LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let place = Self::enter(&parts, api)?;
        let bytes = whole_body(body, LIMIT).await?;
        let fields = Fields::read(&parts, &bytes)?;
        Self::of(&parts, api, fields, &bytes, place)
    }
}

impl<const LIMIT: usize> Asked<LIMIT> {
    /// Takes a place for a call's body.
    ///
    /// # Errors
    /// 503 if there is none.
    pub(super) fn enter(parts: &Parts, api: &Api) -> Result<Place, Error> {
        Ok(api.0.bodies.enter(&parts.headers, LIMIT).ok_or(PlainError::Unavailable)?)
    }

    /// A call with these fields; `said` is what makes it the same call when it is made again.
    ///
    /// # Errors
    /// 400 if its `Idempotency-Key` cannot be one.
    pub(super) fn of(parts: &Parts, api: &Api, fields: Fields, said: &Bytes, place: Place) -> Result<Self, Error> {
        // A family that forgot to ask for credentials lets nobody in.
        let caller = *parts.extensions.get::<Caller>().ok_or(PlainError::Unauthenticated)?;
        let Log(log) = *parts.extensions.get::<Log>().ok_or(PlainError::Internal)?;
        let key = Key::of(parts, caller, said, &api.0.key)?;
        Ok(Self { caller, log, fields, key, _place: Some(place) })
    }

    /// The company that the call is about: the caller's own; a super-admin names it in the field `name`. Naming
    /// another one than one's own is answered like naming one that does not exist.
    ///
    /// # Errors
    /// 404, or those of the database. A super-admin who names none is told by [`Fields::check`]; it is 0 until then.
    pub(in crate::http) async fn company(&mut self, api: &Api, name: &str) -> Result<i64, Error> {
        let named = self.fields.int(name);
        match (self.caller.company, named) {
            (Some(own), None) => Ok(own),
            (Some(own), Some(named)) if own == named => Ok(own),
            (Some(_), Some(_)) => Err(NO_COMPANY),
            (None, None) => {
                self.fields.missing(name, &required(name));
                Ok(0)
            }
            (None, Some(named)) => match companies::find(&mut api.0.db.read().await?, named).await? {
                Some(company) => Ok(company.id),
                None => Err(NO_COMPANY),
            },
        }
    }
}

async fn whole_body(body: Body, limit: usize) -> Result<Bytes, Error> {
    to_bytes(body, limit).await.map_err(|error| match is_too_large(&error) {
        true => Error::TooLarge(limit),
        false => Error::Bad("El cuerpo de la solicitud llegó incompleto.".to_owned()),
    })
}

/// A request's fields, and what is wrong with them: every reader notes its problem and gives an empty value, and
/// [`Fields::check`] then refuses the request with all of them at once.
#[derive(Debug, Default)]
pub(in crate::http) struct Fields {
    values: Map<String, Value>,
    problems: Problems,
}

/// The complaint about a field that is missing, unless the seed has its own.
pub(in crate::http) fn required(name: &str) -> String {
    format!("El campo {name} es obligatorio.")
}

impl Fields {
    /// The fields of a request that anybody may make, whose body is of a few bytes.
    ///
    /// # Errors
    /// 400 or 413, if its body is no JSON or too large.
    pub(super) async fn of_anybody(request: Request) -> Result<Self, Error> {
        const LIMIT: usize = 16 << 10;
        let (parts, body) = request.into_parts();
        Self::read(&parts, &whole_body(body, LIMIT).await?)
    }

    fn read(parts: &Parts, bytes: &Bytes) -> Result<Self, Error> {
        let mut values = match parts.method == Method::GET {
            true => from_query(parts)?,
            false => Map::new(),
        };
        let nothing = bytes.is_empty() || (parts.method == Method::GET && says_nothing(bytes));
        if !nothing {
            values.extend(from_json(&parts.headers, bytes)?);
        }
        Ok(Self { values, problems: Problems::new() })
    }

    /// A text that must be there.
    pub(in crate::http) fn need_text(&mut self, name: &str) -> String {
        self.need_text_or(name, &required(name))
    }

    /// A text that must be there; `complaint` is what is said if it is not.
    pub(in crate::http) fn need_text_or(&mut self, name: &str, complaint: &str) -> String {
        let given = self.is_given(name);
        let text = self.text(name);
        if text.is_none() && !(given && self.problems.contains_key(name)) {
            self.missing(name, complaint);
        }
        text.unwrap_or_default()
    }

    /// A whole number that must be there.
    pub(in crate::http) fn need_int(&mut self, name: &str) -> i64 {
        self.need_int_or(name, &required(name))
    }

    /// A whole number that must be there; `complaint` is what is said if it is not.
    pub(in crate::http) fn need_int_or(&mut self, name: &str, complaint: &str) -> i64 {
        match self.is_given(name) {
            true => self.int(name).unwrap_or_default(),
            false => {
                self.missing(name, complaint);
                0
            }
        }
    }

    /// A text: trimmed, out of quotes of its own, at most 4,096 characters. Empty is as if it were not there.
    pub(in crate::http) fn text(&mut self, name: &str) -> Option<String> {
        let text = self.verbatim(name)?;
        let text = unquoted(&text).trim();
        match text.chars().nth(TEXT) {
            None => Some(text.to_owned()).filter(|text| !text.is_empty()),
            Some(_) => self.wrong(name, format!("El campo {name} no debe superar {TEXT} caracteres.")),
        }
    }

    /// A text exactly as it was given, of any length, quotes and all: what people wrote.
    pub(in crate::http) fn verbatim(&mut self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::Null => None,
            Value::String(text) if text.contains('\0') => {
                self.wrong(name, format!("El campo {name} contiene un carácter no permitido."))
            }
            Value::String(text) => Some(text.clone()),
            value @ Value::Number(number) => Some(whole(value).map_or_else(|| number.to_string(), |it| it.to_string())),
            _ => self.wrong(name, format!("El campo {name} debe ser un texto.")),
        }
    }

    /// A secret that must be there.
    pub(in crate::http) fn need_secret(&mut self, name: &str) -> SecretString {
        let given = self.is_given(name);
        let secret = self.secret(name);
        if !given {
            self.missing(name, &required(name));
        }
        secret.unwrap_or_default()
    }

    /// A secret: as it was given but for quotes of its own, at most 4,096 characters.
    pub(in crate::http) fn secret(&mut self, name: &str) -> Option<SecretString> {
        if !self.is_given(name) {
            return None;
        }
        let text = self.verbatim(name)?;
        let plain = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&text);
        match plain.chars().nth(TEXT) {
            None => Some(plain.into()),
            Some(_) => self.wrong(name, format!("El campo {name} no debe superar {TEXT} caracteres.")),
        }
    }

    /// A field as it is, which is gone from the request then: for what is large, or is a structure.
    pub(in crate::http) fn take(&mut self, name: &str) -> Option<Value> {
        let value = self.values.remove(name)?;
        // Forms carry structures as text.
        match &value {
            Value::Null => None,
            Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
                Some(serde_json::from_str(text).unwrap_or(value))
            }
            _ => Some(value),
        }
    }

    /// A whole number.
    pub(in crate::http) fn int(&mut self, name: &str) -> Option<i64> {
        if !self.is_given(name) {
            return None;
        }
        self.values
            .get(name)
            .and_then(whole)
            .or_else(|| self.wrong(name, format!("El campo {name} debe ser un número entero.")))
    }

    /// A whole number between these, both included.
    pub(in crate::http) fn int_within(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        let number = self.int(name)?;
        match (least..=most).contains(&number) {
            true => Some(number),
            false => self.wrong(name, format!("El campo {name} debe estar entre {least} y {most}.")),
        }
    }

    /// A yes or no: `"S"`/`"N"`, `1`/`0`, `true`/`false`.
    pub(in crate::http) fn flag(&mut self, name: &str) -> Option<bool> {
        if !self.is_given(name) {
            return None;
        }
        let word = match self.values.get(name)? {
            Value::Bool(flag) => return Some(*flag),
            Value::Number(number) => number.to_string(),
            Value::String(text) => unquoted(text).trim().to_uppercase(),
            _ => String::new(),
        };
        match word.as_str() {
            "S" | "SI" | "SÍ" | "1" | "TRUE" => Some(true),
            "N" | "NO" | "0" | "FALSE" => Some(false),
            _ => self.wrong(name, format!("El campo {name} debe ser true o false, o \"S\" o \"N\".")),
        }
    }

    /// A yes or no that must be there.
    pub(in crate::http) fn need_flag(&mut self, name: &str) -> bool {
        if !self.is_given(name) {
            self.missing(name, &required(name));
        }
        self.flag(name).unwrap_or_default()
    }

    /// The fields of an object; none if it is not there.
    pub(in crate::http) fn object(&mut self, name: &str) -> Map<String, Value> {
        match self.values.get(name) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(fields)) => fields.clone(),
            // PHP's empty object.
            Some(Value::Array(items)) if items.is_empty() => Map::new(),
            Some(_) => self.wrong(name, format!("El campo {name} debe ser un objeto.")).unwrap_or_default(),
        }
    }

    /// Whether the field is there and says something.
    pub(in crate::http) fn is_given(&self, name: &str) -> bool {
        match self.values.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !unquoted(text).trim().is_empty(),
            Some(_) => true,
        }
    }

    /// Whether the field is there at all, even if it says nothing: that takes a value away.
    pub(in crate::http) fn is_named(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Adds fields to the request.
    pub(super) fn give(&mut self, values: Map<String, Value>) {
        self.values.extend(values);
    }

    /// Whether nothing was wrong with a field so far.
    pub(in crate::http) fn is_fine(&self, name: &str) -> bool {
        !self.problems.contains_key(name)
    }

    /// Takes over what is wrong with the fields of the object `name`.
    pub(in crate::http) fn take_problems(&mut self, of: Self, name: &str) {
        self.problems.extend(of.problems.into_iter().map(|(inner, what)| (format!("{name}.{inner}"), what)));
    }

    /// Notes that a field is missing.
    pub(in crate::http) fn missing(&mut self, name: &str, complaint: &str) {
        self.complain(name, complaint);
    }

    /// Notes what is wrong with a field.
    pub(in crate::http) fn complain(&mut self, name: &str, complaint: impl Into<String>) {
        let (complaints, complaint) = (self.problems.entry(name.to_owned()).or_default(), complaint.into());
        // A field that is read twice is wrong once.
        if !complaints.contains(&complaint) {
            complaints.push(complaint);
        }
    }

    fn wrong<T>(&mut self, name: &str, complaint: String) -> Option<T> {
        self.complain(name, complaint);
        None
    }

    /// Refuses the request if anything was wrong with it.
    ///
    /// # Errors
    /// 422 with `message` and every problem.
    pub(in crate::http) fn check(&mut self, message: &'static str) -> Result<(), Error> {
        match self.problems.is_empty() {
            true => Ok(()),
            false => Err(Error::Invalid(message, std::mem::take(&mut self.problems))),
        }
    }
}

impl From<Map<String, Value>> for Fields {
    fn from(values: Map<String, Value>) -> Self {
        Self { values, problems: Problems::new() }
    }
}

fn from_query(parts: &Parts) -> Result<Map<String, Value>, Error> {
    let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else {
        return Err(Error::Bad("Los parámetros de la URL no se pueden leer.".to_owned()));
    };
    let mut values = Map::new();
    for (name, value) in pairs {
        // `filters[name]=…` is a field of an object.
        match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((outer, inner)) => {
                let object = values.entry(outer).or_insert_with(|| Value::Object(Map::new()));
                if let Some(object) = object.as_object_mut() {
                    object.insert(inner.to_owned(), Value::String(value));
                }
            }
            None => _ = values.insert(name, Value::String(value)),
        }
    }
    Ok(values)
}

fn from_json(headers: &HeaderMap, bytes: &Bytes) -> Result<Map<String, Value>, Error> {
    if !is_json(headers) {
        return Err(Error::NotJson);
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => Err(Error::Bad("El cuerpo debe ser un objeto JSON.".to_owned())),
        Err(error) => Err(Error::Bad(format!(
            "El cuerpo no es JSON válido (línea {}, columna {}).",
            error.line(),
            error.column()
        ))),
    }
}

/// Whether the body of a GET is one of those that stand for none in the seeds (MS 7.3.1, 9.1.1).
fn says_nothing(bytes: &Bytes) -> bool {
    let said = || bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    [&b""[..], b"null", b"{}", b"{null}"].into_iter().any(|nothing| said().eq(nothing))
}

/// Whether a body is JSON by its own word, or says nothing.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(form) = headers.get(header::CONTENT_TYPE) else { return true };
    let form = form.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    form == "application/json" || form.ends_with("+json")
}

/// The seed's examples quote values twice (`"\"12\""`); one pair of quotes around the whole is not part of the value.
pub(super) fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e15)?;
            format!("{float:.0}").parse().ok()
        }),
        Value::String(text) => unquoted(text).trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Fields {
        let Value::Object(values) = value else { panic!("an object") };
        values.into()
    }

    #[test]
    fn values_are_taken_as_they_are_meant() {
        let mut fields = fields(json!({
            "a": 12, "b": "12", "c": "\"12\"", "d": " \" 12 \" ", "e": 12.0, "s": "\"S\"", "n": 0, "t": true, "nothing": null,
            "empty": "\"\"", "name": "\"Bot soporte\"", "one": "\"", "digits": 7, "whole": 8.0,
        }));
        for name in ["a", "b", "c", "d", "e"] {
            assert_eq!(fields.int(name), Some(12), "{name}");
        }
        assert_eq!([fields.flag("s"), fields.flag("n"), fields.flag("t")], [Some(true), Some(false), Some(true)]);
        for name in ["nothing", "empty", "absent"] {
            assert_eq!((fields.text(name), fields.int(name), fields.flag(name)), (None, None, None), "{name}");
        }
        assert_eq!(fields.text("name").as_deref(), Some("Bot soporte"));
        assert_eq!(fields.verbatim("name").as_deref(), Some("\"Bot soporte\""));
        assert_eq!((fields.text("one").as_deref(), fields.text("digits").as_deref()), (Some("\""), Some("7")));
        assert_eq!(fields.text("whole").as_deref(), Some("8"));
        assert_eq!(fields.check("x"), Ok(()));
    }

    #[test]
    fn what_stands_for_no_body_in_the_seeds_says_nothing() {
        for nothing in ["", " \n", "null", "{}", "\n\t{\n       null\n\t}\n"] {
            assert!(says_nothing(&Bytes::from(nothing)), "{nothing}");
        }
        for something in ["{\"a\":1}", "{null", "nullnull", "[]"] {
            assert!(!says_nothing(&Bytes::from(something)), "{something}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let mut fields = fields(json!({
            "a": "x", "b": [1], "c": {}, "d": 1.5, "e": "a\0b", "f": "y".repeat(4097), "g": 101, "h": "quizás", "i": "x",
        }));
        fields.need_int("a");
        fields.need_text("b");
        fields.flag("c");
        fields.int("d");
        fields.need_text("e");
        fields.need_text("f");
        fields.int_within("g", 1, 100);
        fields.flag("h");
        fields.object("i");
        fields.need_text("j");
        fields.need_int_or("k", "El parametro k es obligatorio.");
        let Err(Error::Invalid("Validacion fallida.", problems)) = fields.check("Validacion fallida.") else {
            panic!("it was not refused")
        };
        assert_eq!(problems.len(), 11);
        assert!(problems.values().all(|complaints| complaints.len() == 1), "{problems:?}");
        assert_eq!(problems["j"], ["El campo j es obligatorio."]);
        assert_eq!(problems["k"], ["El parametro k es obligatorio."]);
        assert_eq!(problems["a"], ["El campo a debe ser un número entero."]);
    }
}
