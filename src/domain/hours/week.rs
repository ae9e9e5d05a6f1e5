//! A week as it is written: which hours of which weekday.

use serde_json::{Map, Value, json};

/// Minutes of a day; also the end of one ("24:00").
const DAY: u16 = 24 * 60;

/// The weekdays as they are written, Monday first. They are read without accents and in any case too.
pub const WEEKDAYS: [&str; 7] = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"];

/// What is wrong with hours, in words for whoever wrote them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    #[error("El horario debe ser un objeto JSON con los días de la semana.")]
    Shape,
    #[error("El día {0} no existe: use lunes a domingo.")]
    Weekday(String),
    #[error("La hora {0} no es válida: use HH:MM, de 00:00 a 23:59 (24:00 solo como cierre).")]
    Time(String),
    #[error("Un tramo debe tener desde y hasta, por ejemplo {{\"desde\":\"09:00\",\"hasta\":\"18:00\"}}.")]
    Span,
    #[error("Los tramos {0} y {1} de {2} se superponen.")]
    Overlap(String, String, String),
    #[error("El día {0} debe tener apertura y cierre.")]
    Incomplete(&'static str),
    #[error("La zona horaria {0} no existe: use un nombre como America/Santiago.")]
    Timezone(String),
    #[error("La fecha {0} no existe: use DD-MM-AAAA o AAAA-MM-DD.")]
    Date(String),
}

/// Hours of a day, in minutes since it began; one whose end is not after its start ends on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    start: u16,
    end: u16,
}

impl Span {
    /// The whole day.
    pub const ALL_DAY: Self = Self { start: 0, end: DAY };

    /// The span between two times (`HH:MM`; the end may be `24:00`).
    ///
    /// # Errors
    /// [`HoursError::Time`].
    pub fn new(start: &str, end: &str) -> Result<Self, HoursError> {
        let start = minutes(start).filter(|start| *start < DAY).ok_or_else(|| HoursError::Time(start.to_owned()))?;
        let end = minutes(end).ok_or_else(|| HoursError::Time(end.to_owned()))?;
        Ok(Self { start, end })
    }

    /// The span that `{"desde":"09:00","hasta":"18:00"}` or `"09:00-18:00"` writes.
    ///
    /// # Errors
    /// [`HoursError::Span`], [`HoursError::Time`].
    pub fn read(value: &Value) -> Result<Self, HoursError> {
        let (start, end) = match value {
            Value::String(text) => text.split_once('-'),
            _ => value["desde"].as_str().zip(value["hasta"].as_str()),
        }
        .ok_or(HoursError::Span)?;
        Self::new(start.trim(), end.trim())
    }

    pub fn to_json(self) -> Value {
        json!({"desde": clock(self.start), "hasta": clock(self.end)})
    }

    /// Minutes from the beginning of its day to its start.
    pub(super) fn start(self) -> u16 {
        self.start
    }

    /// Minutes from the beginning of its day to its end: more than a day if it ends on the next one.
    pub(super) fn end(self) -> u16 {
        if self.end > self.start { self.end } else { self.end + DAY }
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", clock(self.start), clock(self.end))
    }
}

/// The hours of every weekday, Monday first, each day's in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Week(pub(super) [Vec<Span>; 7]);

impl Week {
    /// Always open.
    pub fn always() -> Self {
        Self(std::array::from_fn(|_| vec![Span::ALL_DAY]))
    }

    /// The week that a JSON object writes: weekdays with their spans. A day without any is closed.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first thing.
    pub fn read(value: &Value) -> Result<Self, Vec<HoursError>> {
        let Value::Object(days) = value else { return Err(vec![HoursError::Shape]) };
        let (mut week, mut wrong) = (Self::default(), Vec::new());
        for (name, spans) in days {
            match weekday(name) {
                Some(day) => week.0[day] = read_spans(spans, &mut wrong),
                None => wrong.push(HoursError::Weekday(name.clone())),
            }
        }
        if wrong.is_empty() {
            wrong.extend(week.overlaps());
        }
        if wrong.is_empty() { Ok(week) } else { Err(wrong) }
    }

    /// The week that a department's hours write (AP "SuperAdmin Departamentos"): `lunes_apertura`, `lunes_cierre`, ….
    /// `None` if they name no day.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first thing.
    pub fn of_department(value: &Value) -> Result<Option<Self>, Vec<HoursError>> {
        let Value::Object(fields) = value else { return Err(vec![HoursError::Shape]) };
        let (mut week, mut wrong) = (Self::default(), Vec::new());
        for (day, name) in WEEKDAYS.into_iter().enumerate() {
            let field = |part: &str| fields.get(&format!("{}_{part}", plain(name))).filter(|value| !value.is_null());
            match (field("apertura"), field("cierre")) {
                (None, None) => {}
                (Some(opens), Some(closes)) => match Span::new(text(opens), text(closes)) {
                    Ok(span) => week.0[day] = vec![span],
                    Err(error) => wrong.push(error),
                },
                _ => wrong.push(HoursError::Incomplete(name)),
            }
        }
        if wrong.is_empty() { Ok(week.is_some_day_open().then_some(week)) } else { Err(wrong) }
    }

    /// Whether there are any hours at all.
    pub fn is_some_day_open(&self) -> bool {
        self.0.iter().any(|spans| !spans.is_empty())
    }

    /// As it is stored and answered: every weekday, by its written name without accents.
    pub fn to_json(&self) -> Value {
        let days = WEEKDAYS.into_iter().zip(&self.0);
        Value::Object(days.map(|(name, spans)| (plain(name), spans_to_json(spans))).collect::<Map<_, _>>())
    }

    /// Neighbours in the week that share a moment, Sunday's night and Monday's morning among them.
    fn overlaps(&self) -> Vec<HoursError> {
        let all: Vec<(usize, Span)> =
            self.0.iter().enumerate().flat_map(|(day, spans)| spans.iter().map(move |span| (day, *span))).collect();
        let minute = |day: usize, of_day: u16| day * usize::from(DAY) + usize::from(of_day);
        let next = all.iter().skip(1).map(|(day, span)| (*day, *span, minute(*day, span.start())));
        let first = all.first().map(|(day, span)| (*day, *span, minute(*day + 7, span.start())));
        all.iter()
            .zip(next.chain(first))
            .filter(|((day, span), (_, _, then))| minute(*day, span.end()) > *then)
            .filter(|((day, span), (next_day, next, _))| (day, span) != (next_day, next))
            .map(|((_, span), (day, next, _))| {
                HoursError::Overlap(span.to_string(), next.to_string(), WEEKDAYS[day].to_owned())
            })
            .collect()
    }
}

/// The spans of one day that a JSON list writes, in order; `null` is none.
///
/// # Errors
/// Everything that is wrong with them; `day` names it.
pub fn day_spans(day: &str, value: &Value) -> Result<Vec<Span>, Vec<HoursError>> {
    let mut wrong = Vec::new();
    let spans = read_spans(value, &mut wrong);
    if wrong.is_empty() {
        let pairs = spans.windows(2).filter(|pair| pair[0].end() > pair[1].start());
        wrong.extend(pairs.map(|pair| HoursError::Overlap(pair[0].to_string(), pair[1].to_string(), day.to_owned())));
    }
    if wrong.is_empty() { Ok(spans) } else { Err(wrong) }
}

/// Spans as they are stored and answered.
pub fn spans_to_json(spans: &[Span]) -> Value {
    spans.iter().map(|span| span.to_json()).collect()
}

fn read_spans(value: &Value, wrong: &mut Vec<HoursError>) -> Vec<Span> {
    let spans = match value {
        Value::Null => &[],
        Value::Array(spans) => spans.as_slice(),
        _ => std::slice::from_ref(value),
    };
    let mut read = Vec::new();
    for span in spans {
        match Span::read(span) {
            Ok(span) => read.push(span),
            Err(error) => wrong.push(error),
        }
    }
    read.sort_by_key(|span| (span.start(), span.end()));
    read
}

fn weekday(name: &str) -> Option<usize> {
    let name = plain(&name.to_lowercase());
    WEEKDAYS.iter().position(|weekday| plain(weekday) == name)
}

/// Without the accents that weekdays have.
fn plain(name: &str) -> String {
    name.replace('á', "a").replace('é', "e")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Minutes since the day began of `HH:MM`, up to `24:00`.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| {
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<u16>().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60).then_some(hours * 60 + minutes).filter(|minutes| *minutes <= DAY)
}

pub(super) fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
