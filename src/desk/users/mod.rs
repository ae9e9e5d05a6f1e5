//! People: who works in the house, what they may change of themselves, and what lets them in.
//!
//! Nothing here sees a password: it comes as the hash that is kept of it (see `passwords`).

mod entry;

pub use self::entry::{NewToken, Proof, allow_reset, find_reset, let_in, log_out, refresh, reset};
use super::clients::Role;
use crate::{
    clock::Clock,
    desk::{
        presence,
        routing::{self, Routed},
    },
    domain::{NEW_CAPACITY, OFFLINE, routing::Cause},
    store::{
        StoreError, Tx, companies, tokens,
        users::{self, User},
    },
};

/// Roles that people have; the others are programs'.
pub const ROLES: [Role; 3] = [Role::Admin, Role::Operator, Role::Agent];

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    #[error("there is no company {0}; see: relevo company list")]
    NoCompany(i64),
    #[error("there is no such person")]
    NoUser,
    #[error("the company has somebody of this address")]
    Taken,
    #[error("there is no department {0}")]
    NoDepartment(i64),
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for UserError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate(_) => Self::Taken,
            error => Self::Store(error),
        }
    }
}

/// A picture in the blob store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub sha256: String,
    pub mime: String,
}

/// Somebody new.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub company: i64,
    /// Lower case (`domain::email`).
    pub email: String,
    pub name: String,
    pub code: Option<String>,
    pub phone: Option<String>,
    pub role: Role,
    pub password_hash: Option<String>,
    pub department: Option<i64>,
    /// [`NEW_CAPACITY`] unless said.
    pub capacity: Option<i64>,
    pub active: bool,
    pub picture: Option<Picture>,
}

/// Adds somebody, who is not at work yet.
///
/// # Errors
/// [`UserError`].
pub async fn add(tx: &mut Tx, clock: &Clock, new: NewUser) -> Result<User, UserError> {
    if companies::find(tx, new.company).await?.is_none() {
        return Err(UserError::NoCompany(new.company));
    }
    check_department(tx, new.company, new.department).await?;
    let now = clock.now();
    let (picture_sha256, picture_mime) = new.picture.map(|it| (it.sha256, it.mime)).unzip();
    let mut user = User {
        company_id: new.company,
        email: new.email,
        name: new.name,
        code: new.code,
        phone: new.phone,
        role: new.role.as_str().to_owned(),
        password_hash: new.password_hash,
        department_id: new.department,
        capacity: new.capacity.unwrap_or(NEW_CAPACITY),
        active: i64::from(new.active),
        presence_id: OFFLINE,
        presence_at: now,
        picture_sha256,
        picture_mime,
        created_at: now,
        updated_at: now,
        ..User::default()
    };
    user.id = users::insert(tx, &user).await?;
    Ok(user)
}

async fn check_department(tx: &mut Tx, company: i64, department: Option<i64>) -> Result<(), UserError> {
    match department {
        Some(department) if !users::has_department(tx, company, department).await? => {
            Err(UserError::NoDepartment(department))
        }
        _ => Ok(()),
    }
}

/// What is to change of somebody; `None` leaves it as it is, and an inner `None` takes it away.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Lower case (`domain::email`).
    pub email: Option<String>,
    pub name: Option<String>,
    pub code: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub role: Option<Role>,
    pub password_hash: Option<String>,
    pub pin: Option<Pin>,
    pub department: Option<Option<i64>>,
    pub capacity: Option<i64>,
    pub active: Option<bool>,
    pub online: Option<bool>,
    pub picture: Option<Option<Picture>>,
}

/// A PIN, which holds on one device only.
#[derive(Debug, Clone)]
pub struct Pin {
    pub hash: String,
    pub device: String,
}

impl Change {
    /// Whether it is about nothing but what is somebody's own business.
    pub fn is_personal(&self) -> bool {
        let Self { email, code, role, department, capacity, active, online, .. } = self;
        let texts = email.is_none() && code.is_none() && role.is_none();
        texts && department.is_none() && capacity.is_none() && active.is_none() && online.is_none()
    }
}

/// Changes somebody. Whoever has another password, PIN or role, or may not work any more, has to log in anew; whoever may
/// have more tickets gets what waits.
///
/// # Errors
/// [`UserError`]; [`UserError::NoUser`] also for somebody of another company than `company` (`None`: of any).
pub async fn update(
    tx: &mut Tx,
    clock: &Clock,
    company: Option<i64>,
    id: i64,
    change: Change,
) -> Result<(User, Routed), UserError> {
    let now = clock.now();
    let mut user = lock(tx, company, id).await?;
    check_department(tx, user.company_id, change.department.flatten()).await?;
    let before = user.clone();
    let online = change.online;
    apply(&mut user, change);
    user.updated_at = now;
    users::update(tx, &user).await?;
    let done = match online {
        _ if before.active == 1 && user.active == 0 => deactivated(tx, clock, &user).await?,
        Some(online) => presence::show(tx, clock, (user.company_id, user.id), online).await?,
        None if user.capacity > before.capacity => {
            routing::fill_agent(tx, clock, user.company_id, user.id, Cause::Slot).await?
        }
        None => Routed::default(),
    };
    let credentials = |user: &User| (user.password_hash.clone(), user.pin_hash.clone(), user.role.clone());
    if credentials(&before) != credentials(&user) {
        tokens::revoke_all(tx, user.id, now).await?;
    }
    if before.password_hash != user.password_hash {
        tokens::drop_resets(tx, user.id).await?;
    }
    Ok((users::find(tx, user.company_id, user.id).await?.unwrap_or(user), done))
}

/// Activates or deactivates somebody; gives whether that changed anything.
///
/// # Errors
/// As of [`update`].
pub async fn set_active(
    tx: &mut Tx,
    clock: &Clock,
    company: Option<i64>,
    id: i64,
    active: bool,
) -> Result<Option<Routed>, UserError> {
    if lock(tx, company, id).await?.active == i64::from(active) {
        return Ok(None);
    }
    let change = Change { active: Some(active), ..Change::default() };
    Ok(Some(update(tx, clock, company, id, change).await?.1))
}

async fn lock(tx: &mut Tx, company: Option<i64>, id: i64) -> Result<User, UserError> {
    let found = users::lock(tx, id).await?;
    found.filter(|user| company.is_none_or(|company| company == user.company_id)).ok_or(UserError::NoUser)
}

fn apply(user: &mut User, change: Change) {
    let Change { email, name, code, phone, role, password_hash, pin, department, capacity, active, online: _, picture } =
        change;
    user.email = email.unwrap_or_else(|| user.email.clone());
    user.name = name.unwrap_or_else(|| user.name.clone());
    user.code = code.unwrap_or_else(|| user.code.take());
    user.phone = phone.unwrap_or_else(|| user.phone.take());
    if let Some(role) = role {
        role.as_str().clone_into(&mut user.role);
    }
    user.password_hash = password_hash.or_else(|| user.password_hash.take());
    if let Some(Pin { hash, device }) = pin {
        (user.pin_hash, user.device_id) = (Some(hash), Some(device));
    }
    user.department_id = department.unwrap_or(user.department_id);
    user.capacity = capacity.unwrap_or(user.capacity);
    user.active = active.map_or(user.active, i64::from);
    if let Some(picture) = picture {
        (user.picture_sha256, user.picture_mime) = picture.map(|it| (it.sha256, it.mime)).unzip();
    }
}

/// What follows when somebody may not work any more: no token of theirs lets anybody in, and they are not at work.
async fn deactivated(tx: &mut Tx, clock: &Clock, user: &User) -> Result<Routed, StoreError> {
    tokens::revoke_all(tx, user.id, clock.now()).await?;
    tokens::drop_resets(tx, user.id).await?;
    presence::show(tx, clock, (user.company_id, user.id), false).await
}
