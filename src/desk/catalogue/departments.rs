//! Departments: parts of a company, with hours of their own that groups without any use.

use relevo_adapters::Millis;
use serde_json::{Map, Value};

use super::{CatalogueError, Findings, LIST, Part, Thing, same_name};
use crate::{
    domain::{WEEKDAYS, Week},
    store::{
        Tx,
        departments::{self, Department},
    },
};

/// Characters of a name (AP "Crear departamento").
const NAME: std::ops::RangeInclusive<usize> = 5..=100;
/// Characters of what customers are told outside of the hours (AP "Actualizar departamento").
const MESSAGE: usize = 255;

/// What is to be of a department; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    pub name: Option<String>,
    /// The whole week as AP writes it; `Some(Value::Null)` takes it away.
    pub hours: Option<Value>,
}

/// Adds a department.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn add(tx: &mut Tx, now: Millis, company: i64, change: Change) -> Result<Department, CatalogueError> {
    let new = Department {
        uuid: uuid::Uuid::new_v4().to_string(),
        company_id: company,
        active: 1,
        created_at: now,
        updated_at: now,
        ..Department::default()
    };
    let mut department = changed(tx, new, change).await?;
    department.id = departments::insert(tx, &department).await?;
    Ok(department)
}

/// Changes the department with this id, of `company` or (`None`) of any.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn update(
    tx: &mut Tx,
    now: Millis,
    company: Option<i64>,
    id: i64,
    change: Change,
) -> Result<Department, CatalogueError> {
    let before = find(tx, company, id).await?;
    let department = changed(tx, before, change).await?;
    departments::update(tx, &department, now).await?;
    Ok(department)
}

/// Activates or deactivates a department; gives it, if that changed anything.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn set_active(
    tx: &mut Tx,
    now: Millis,
    company: Option<i64>,
    id: i64,
    active: bool,
) -> Result<Option<Department>, CatalogueError> {
    let before = find(tx, company, id).await?;
    if before.active == i64::from(active) {
        return Ok(None);
    }
    let department = Department { active: i64::from(active), ..before };
    departments::update(tx, &department, now).await?;
    Ok(Some(department))
}

/// Deletes a company's department that nobody needs any more.
///
/// # Errors
/// See [`CatalogueError`].
pub async fn delete(tx: &mut Tx, now: Millis, company: i64, id: i64) -> Result<(), CatalogueError> {
    find(tx, Some(company), id).await?;
    match departments::uses(tx, company, id).await? {
        (0, 0) => Ok(departments::delete(tx, id, now).await?),
        (groups, people) => Err(CatalogueError::Taken(format!(
            "El departamento está en uso por {groups} grupos y {people} usuarios: asígneles otro antes de eliminarlo."
        ))),
    }
}

/// The department with this id, of `company` or (`None`) of any.
///
/// # Errors
/// [`CatalogueError::Missing`] if there is none.
pub async fn find(tx: &mut Tx, company: Option<i64>, id: i64) -> Result<Department, CatalogueError> {
    departments::find(tx, company, id).await?.ok_or(CatalogueError::missing(Thing::Department))
}

async fn changed(tx: &mut Tx, before: Department, change: Change) -> Result<Department, CatalogueError> {
    let (company, id) = (before.company_id, before.id);
    let mut findings = Findings::default();
    let mut after = before;
    if let Some(name) = change.name {
        after.name = name.trim().to_owned();
    }
    if !NAME.contains(&after.name.chars().count()) {
        let (least, most) = (NAME.start(), NAME.end());
        findings.wrong(Part::Name, format!("El nombre del departamento debe tener entre {least} y {most} caracteres."));
    }
    match change.hours {
        None => {}
        Some(Value::Null) => after.hours = None,
        Some(hours) => after.hours = written(hours, &mut findings),
    }
    findings.check()?;
    let others = departments::list(tx, company, LIST).await?;
    if others.iter().any(|other| other.id != id && same_name(&other.name, &after.name)) {
        return Err(CatalogueError::Taken("Ya existe un departamento con ese nombre en la empresa.".to_owned()));
    }
    Ok(after)
}

/// The hours as they are kept: the fields that AP knows, as they were given.
fn written(hours: Value, findings: &mut Findings) -> Option<String> {
    let Value::Object(given) = hours else {
        findings.wrong(Part::Hours, "El horario debe ser un objeto.");
        return None;
    };
    let given: Map<String, Value> = given.into_iter().filter(|(_, value)| !value.is_null()).collect();
    for name in given.keys().filter(|name| !is_known(name)) {
        findings.wrong(Part::Hours, format!("El campo hour.{name} no existe."));
    }
    let text = |name: &str| match given.get(name) {
        None => Some(""),
        Some(value) => value.as_str().filter(|text| !text.contains('\0')),
    };
    match text("defecto") {
        Some(text) if text.chars().count() <= MESSAGE => {}
        _ => findings.wrong(Part::Hours, format!("hour.defecto debe ser un texto de hasta {MESSAGE} caracteres.")),
    }
    match text("email") {
        Some("") => {}
        Some(email) if email.len() <= 254 && email.parse::<lettre::Address>().is_ok() => {}
        _ => findings.wrong(Part::Hours, "hour.email debe ser una dirección de correo."),
    }
    // AP's form has no 24:00.
    let late = given.iter().filter(|(name, value)| name.ends_with("_cierre") && value.as_str() == Some("24:00"));
    for (name, _) in late {
        findings.wrong(Part::Hours, format!("hour.{name}: la hora 24:00 no es válida; use HH:MM hasta 23:59."));
    }
    let given = Value::Object(given);
    if let Err(errors) = Week::of_department(&given) {
        errors.into_iter().for_each(|error| findings.wrong(Part::Hours, error.to_string()));
    }
    Some(given.to_string())
}

fn is_known(name: &str) -> bool {
    let is_time = |(day, part): (&str, &str)| {
        ["apertura", "cierre"].contains(&part)
            && WEEKDAYS.iter().any(|weekday| weekday.replace('á', "a").replace('é', "e") == day)
    };
    ["defecto", "email"].contains(&name) || name.split_once('_').is_some_and(is_time)
}
