//! Preguntas frecuentes and their alternatives.

use std::collections::BTreeSet;

use relevo_adapters::Millis;

use super::{CatalogueError, Findings, LIST, Part, TEXT, Thing};
use crate::store::{
    Tx, departments,
    faqs::{self, Alternative, Faq},
};

/// Characters of a question.
const QUESTION: usize = 500;
/// Alternatives of one question (P8).
const ALTERNATIVES: usize = 100;
/// What stands for all departments (AP "Crear FAQ").
pub const EVERY: i64 = 0;

/// What is to be of a question; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// An inner `None` takes it away.
    pub question: Option<Option<String>>,
    pub answer: Option<String>,
    /// [`EVERY`], or none at all, for all.
    pub departments: Option<Vec<i64>>,
    pub active: Option<bool>,
}

/// The departments of a question, as they were given.
pub fn departments(faq: &Faq) -> Vec<i64> {
    serde_json::from_str(&faq.departments).unwrap_or_default()
}

/// Whether a question is for this department.
pub fn is_for(faq: &Faq, department: i64) -> bool {
    let departments = departments(faq);
    departments.is_empty() || departments.contains(&EVERY) || departments.contains(&department)
}

/// Adds a question.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn add(tx: &mut Tx, now: Millis, company: i64, change: Change) -> Result<Faq, CatalogueError> {
    let new = Faq {
        uuid: uuid::Uuid::new_v4().to_string(),
        company_id: company,
        departments: "[]".to_owned(),
        active: 1,
        created_at: now,
        updated_at: now,
        ..Faq::default()
    };
    let mut faq = changed(tx, new, change).await?;
    faq.id = faqs::insert(tx, &faq).await?;
    Ok(faq)
}

/// Changes the question with this id, of `company` or (`None`) of any.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn update(
    tx: &mut Tx,
    now: Millis,
    company: Option<i64>,
    id: i64,
    change: Change,
) -> Result<Faq, CatalogueError> {
    let before = find(tx, company, id).await?;
    let faq = changed(tx, before, change).await?;
    faqs::update(tx, &faq, now).await?;
    Ok(faq)
}

/// Activates or deactivates a question; gives whether that changed anything.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn set_active(
    tx: &mut Tx,
    now: Millis,
    company: Option<i64>,
    id: i64,
    active: bool,
) -> Result<bool, CatalogueError> {
    let before = find(tx, company, id).await?;
    if before.active == i64::from(active) {
        return Ok(false);
    }
    faqs::update(tx, &Faq { active: i64::from(active), ..before }, now).await?;
    Ok(true)
}

/// The question with this id, of `company` or (`None`) of any.
///
/// # Errors
/// [`CatalogueError::Missing`] if there is none.
pub async fn find(tx: &mut Tx, company: Option<i64>, id: i64) -> Result<Faq, CatalogueError> {
    faqs::find(tx, company, id).await?.ok_or(CatalogueError::missing(Thing::Faq))
}

/// Deletes a company's question with its alternatives.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn delete(tx: &mut Tx, company: i64, id: i64) -> Result<(), CatalogueError> {
    match faqs::delete(tx, company, id).await? {
        true => Ok(()),
        false => Err(CatalogueError::missing(Thing::Faq)),
    }
}

/// Adds another way to ask a company's question.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn add_alternative(
    tx: &mut Tx,
    company: i64,
    faq: i64,
    question: &str,
) -> Result<Alternative, CatalogueError> {
    checked(question)?;
    find(tx, Some(company), faq).await?;
    if faqs::alternatives(tx, company, Some(faq)).await?.len() >= ALTERNATIVES {
        let why = format!("Una pregunta puede tener hasta {ALTERNATIVES} alternativas.");
        return Err(CatalogueError::Wrong(vec![(Part::Other, why)], Vec::new()));
    }
    let id = faqs::insert_alternative(tx, faq, question).await?;
    Ok(Alternative { id, faq_id: faq, question: question.to_owned() })
}

/// Changes an alternative of a company's question.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn update_alternative(tx: &mut Tx, company: i64, id: i64, question: &str) -> Result<(), CatalogueError> {
    checked(question)?;
    match faqs::update_alternative(tx, company, id, question).await? {
        true => Ok(()),
        false => Err(CatalogueError::missing(Thing::Alternative)),
    }
}

/// Deletes an alternative of a company's question.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn delete_alternative(tx: &mut Tx, company: i64, id: i64) -> Result<(), CatalogueError> {
    match faqs::delete_alternative(tx, company, id).await? {
        true => Ok(()),
        false => Err(CatalogueError::missing(Thing::Alternative)),
    }
}

fn checked(question: &str) -> Result<(), CatalogueError> {
    let mut findings = Findings::default();
    findings.length(Part::Other, "La pregunta", question, QUESTION);
    findings.check()
}

async fn changed(tx: &mut Tx, before: Faq, change: Change) -> Result<Faq, CatalogueError> {
    let company = before.company_id;
    let mut findings = Findings::default();
    let mut after = Faq {
        question: change.question.unwrap_or(before.question),
        answer: change.answer.unwrap_or(before.answer),
        active: change.active.map_or(before.active, i64::from),
        ..before
    };
    if let Some(question) = &after.question {
        findings.length(Part::Other, "La pregunta", question, QUESTION);
    }
    findings.length(Part::Answer, "El texto de la respuesta", &after.answer, TEXT);
    if let Some(given) = change.departments {
        let known = departments::list(tx, company, LIST).await?;
        let known: BTreeSet<i64> = known.iter().map(|department| department.id).chain([EVERY]).collect();
        for id in given.iter().filter(|id| !known.contains(id)) {
            findings.wrong(Part::Departments, format!("El departamento {id} no existe."));
        }
        after.departments = serde_json::Value::from(given).to_string();
    }
    findings.check()?;
    Ok(after)
}
