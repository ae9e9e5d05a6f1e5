//! People as requests describe them, whatever the family calls their fields; and their passwords, which are hashed
//! outside of every transaction.

use secrecy::{ExposeSecret, SecretString};

use super::{Error, Fields, NO_DATA, required, sending::invalid};
use crate::{
    desk::{
        clients::Role,
        users::{Change, NewUser, Picture, Pin, UserError},
    },
    domain::{self, MOST_CAPACITY, PasswordProblem},
    http::{Api, access::Caller, error::Error as PlainError},
    store::users::{self, User},
};

pub(in crate::http) const NO_EMAIL: &str = "El correo no es una dirección válida.";
pub(in crate::http) const NO_USER: Error = Error::NotFoundWith("El usuario indicado no existe.", NO_DATA);
/// Characters of a name, and of a code or a device's id.
const NAME: usize = 200;
const CODE: usize = 60;

/// What a family calls the fields of a person.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Names {
    pub(in crate::http) email: &'static str,
    pub(in crate::http) name: &'static str,
    pub(in crate::http) code: &'static str,
    pub(in crate::http) phone: &'static str,
    pub(in crate::http) role: &'static str,
    pub(in crate::http) password: &'static str,
    pub(in crate::http) capacity: &'static str,
    pub(in crate::http) department: &'static str,
    pub(in crate::http) active: &'static str,
    /// The role that a word of the family stands for, or why it is none.
    pub(in crate::http) to_role: fn(&str) -> Result<Role, String>,
}

/// What a request says about a person.
#[derive(Debug, Default)]
pub(in crate::http) struct Given {
    /// Everything but the password and the PIN, which are not hashed yet.
    change: Change,
    password: Option<SecretString>,
    /// And the device that it is for.
    pin: Option<(SecretString, String)>,
}

impl Given {
    /// Reads what is there; what is wrong is noted.
    pub(in crate::http) fn read(fields: &mut Fields, names: &Names) -> Self {
        let text = fields.text(names.email);
        let email = text.as_deref().and_then(domain::email);
        if text.is_some() && email.is_none() {
            fields.complain(names.email, NO_EMAIL);
        }
        let phone = fields.text(names.phone);
        if phone.as_deref().is_some_and(|phone| !domain::is_phone(phone)) {
            fields.complain(names.phone, "El teléfono no es válido.");
        }
        let password = fields.secret(names.password);
        if let Some(password) = &password {
            check_password(fields, names.password, password);
        }
        let change = Change {
            email,
            name: at_most(fields, names.name, NAME),
            code: at_most(fields, names.code, CODE).map(Some),
            phone: phone.map(Some),
            role: role(fields, names),
            department: fields.int_within(names.department, 1, i64::MAX).map(Some),
            capacity: fields.int_within(names.capacity, 0, MOST_CAPACITY),
            active: fields.flag(names.active),
            ..Change::default()
        };
        Self { change, password, pin: None }
    }

    /// Reads `pin` and `device_id`, which belong together.
    pub(in crate::http) fn read_pin(&mut self, fields: &mut Fields) {
        let (pin, device) = (fields.secret("pin"), at_most(fields, "device_id", CODE));
        if pin.as_ref().is_some_and(|pin| !domain::is_pin(pin.expose_secret())) {
            fields.complain("pin", "El pin debe tener de 6 a 12 dígitos.");
        }
        match (pin, device) {
            (Some(pin), Some(device)) => self.pin = Some((pin, device)),
            (Some(_), None) if fields.is_fine("device_id") => fields.missing("device_id", &required("device_id")),
            (None, Some(_)) if fields.is_fine("pin") => fields.missing("pin", &required("pin")),
            _ => {}
        }
    }

    /// Reads what is taken away: a code, phone or department that is there and says nothing.
    pub(in crate::http) fn read_cleared(&mut self, fields: &Fields, names: &Names) {
        let is_cleared = |name| fields.is_named(name) && !fields.is_given(name);
        for (name, text) in [(names.code, &mut self.change.code), (names.phone, &mut self.change.phone)] {
            if is_cleared(name) {
                *text = Some(None);
            }
        }
        if is_cleared(names.department) {
            self.change.department = Some(None);
        }
    }

    /// Reads `online`.
    pub(in crate::http) fn read_online(&mut self, fields: &mut Fields) {
        self.change.online = fields.flag("online");
    }

    pub(in crate::http) fn department(&self) -> Option<i64> {
        self.change.department.flatten()
    }

    pub(in crate::http) fn set_picture(&mut self, picture: Option<Picture>) {
        self.change.picture = Some(picture);
    }

    /// Whether the caller may say this of `id`: who manages people may say everything, and everybody what is personal
    /// of themselves.
    pub(in crate::http) fn allowed(&self, caller: Caller, id: i64) -> Result<(), Error> {
        let own = caller.user == Some(id) && self.change.is_personal();
        if own || caller.manages_people() { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Whoever changes what lets oneself in shows the present password: whoever found an open session cannot.
    pub(in crate::http) async fn confirm_own(
        &self,
        api: &Api,
        caller: Caller,
        fields: &mut Fields,
    ) -> Result<(), Error> {
        let Some(own) = caller.user.filter(|_| self.password.is_some() || self.pin.is_some()) else { return Ok(()) };
        let current = fields.secret("current_password");
        let Some(current) = current else {
            fields.missing("current_password", &required("current_password"));
            return Ok(());
        };
        let user = users::find_anywhere(&mut api.0.db.read().await?, own).await?.ok_or(NO_USER)?;
        if !is_right(api, (user.company_id, &user.email), current, user.password_hash).await? {
            fields.complain("current_password", "La contraseña actual no es correcta.");
        }
        Ok(())
    }

    /// The change, with its secrets hashed.
    pub(in crate::http) async fn change(self, api: &Api) -> Result<Change, Error> {
        let Self { mut change, password, pin } = self;
        if let Some(password) = password {
            change.password_hash = Some(hash(api, password).await?);
        }
        if let Some((pin, device)) = pin {
            change.pin = Some(Pin { hash: hash(api, pin).await?, device });
        }
        Ok(change)
    }

    /// Somebody new of `company`, with the password hashed. What is needed was asked for before.
    pub(in crate::http) async fn new_user(self, api: &Api, company: i64) -> Result<NewUser, Error> {
        let change = self.change(api).await?;
        Ok(NewUser {
            company,
            email: change.email.unwrap_or_default(),
            name: change.name.unwrap_or_default(),
            code: change.code.flatten(),
            phone: change.phone.flatten(),
            role: change.role.unwrap_or(Role::Agent),
            password_hash: change.password_hash,
            department: change.department.flatten(),
            capacity: change.capacity,
            active: change.active.unwrap_or(true),
            picture: change.picture.flatten(),
        })
    }
}

fn role(fields: &mut Fields, names: &Names) -> Option<Role> {
    match (names.to_role)(&fields.text(names.role)?) {
        Ok(role) => Some(role),
        Err(why) => {
            fields.complain(names.role, why);
            None
        }
    }
}

/// A text of at most so many characters.
pub(in crate::http) fn at_most(fields: &mut Fields, name: &str, most: usize) -> Option<String> {
    let text = fields.text(name)?;
    match text.chars().nth(most) {
        None => Some(text),
        Some(_) => {
            fields.complain(name, format!("El campo {name} no debe superar {most} caracteres."));
            None
        }
    }
}

/// A new password that must be there.
pub(in crate::http) fn need_password(fields: &mut Fields, name: &str) -> SecretString {
    let password = fields.need_secret(name);
    if fields.is_fine(name) {
        check_password(fields, name, &password);
    }
    password
}

fn check_password(fields: &mut Fields, name: &str, password: &SecretString) {
    let why = match domain::check_password(password.expose_secret()) {
        Ok(()) => return,
        Err(PasswordProblem::Short) => "La contraseña debe tener al menos 8 caracteres.",
        Err(PasswordProblem::Long) => "La contraseña no debe superar 128 caracteres.",
        Err(PasswordProblem::Quoted) => "La contraseña no debe estar entre comillas.",
    };
    fields.complain(name, why);
}

/// Notes it if `<name>_confirmation` is not the same.
pub(in crate::http) fn confirm(fields: &mut Fields, name: &str, password: &SecretString) {
    let again = format!("{name}_confirmation");
    let given = fields.need_secret(&again);
    if fields.is_fine(&again) && given.expose_secret() != password.expose_secret() {
        fields.complain(&again, "La confirmación no coincide con la contraseña.");
    }
}

/// The hash that is kept of a password or a PIN.
pub(in crate::http) async fn hash(api: &Api, password: SecretString) -> Result<String, Error> {
    api.0.passwords.hash(password).await.map_err(broken)
}

fn broken(error: anyhow::Error) -> Error {
    tracing::error!(error = format!("{error:#}"), "a password could not be computed");
    PlainError::Internal.into()
}

/// Whether this is what `kept` is the hash of; it takes as long if there is none. Who guesses for an address is heard
/// ever less.
///
/// # Errors
/// 429.
pub(in crate::http) async fn is_right(
    api: &Api,
    (company, email): (i64, &str),
    secret: SecretString,
    kept: Option<String>,
) -> Result<bool, Error> {
    let name = format!("{company}:{email}");
    api.0.logins.attempt(&name, api.0.clock.now()).map_err(PlainError::TooManyFailures)?;
    let right = api.0.passwords.matches(secret, kept).await.map_err(broken)?;
    if right {
        api.0.logins.succeeded(&name);
    }
    Ok(right)
}

/// A desk's refusal in the family's words.
pub(in crate::http) fn refusal(error: UserError, names: &Names) -> Error {
    match error {
        UserError::Taken => invalid(names.email, "El correo indicado ya esta registrado."),
        UserError::NoDepartment(_) => invalid(names.department, "El departamento indicado no existe."),
        UserError::NoCompany(_) => Error::NotFound("La empresa indicada no existe."),
        UserError::NoUser => NO_USER,
        UserError::Store(error) => error.into(),
    }
}

/// A person of the caller's company, or of any if the caller is a super-admin.
pub(in crate::http) async fn find(api: &Api, caller: Caller, id: i64) -> Result<User, Error> {
    let found = users::find_anywhere(&mut api.0.db.read().await?, id).await?;
    let ours = |user: &User| caller.company.is_none_or(|company| company == user.company_id);
    found.filter(ours).ok_or(NO_USER)
}
