//! Customers: who they are, by which number, and where they can be reached.

use relevo_adapters::Identity;

use super::routing::{self, RoutingError};
use crate::{
    clock::Clock,
    domain,
    store::{
        StoreError, Tx,
        contacts::{self, Address, IdentityRow, Merge},
        customers::{self, Customer},
        tickets,
    },
};

/// The customer kind of those of whom nothing else was said: a private person.
pub const PARTICULAR: i64 = 2;

/// Why a customer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    /// The national identity number is somebody's: their number.
    #[error("customer {0} has this national identity number")]
    Known(i64),
    /// The address is another customer's: their number.
    #[error("customer {0} has this address")]
    Taken(i64),
    /// The address is of another customer, who has another national identity number.
    #[error("customer {0} is somebody else")]
    Another(i64),
    /// A ticket of the other customer stands against it.
    #[error(transparent)]
    Ticket(#[from] RoutingError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A company's customer, by number or by the contact's id.
///
/// # Errors
/// Those of the database.
pub async fn find(tx: &mut Tx, company: i64, named: &str) -> Result<Option<Customer>, StoreError> {
    match named.parse::<i64>() {
        Ok(number) => customers::find_by_number(tx, company, number).await,
        Err(_) => customers::find(tx, company, named).await,
    }
}

/// A company's customer by national identity number, however it is written.
///
/// # Errors
/// Those of the database.
pub async fn of_country_id(tx: &mut Tx, company: i64, written: &str) -> Result<Option<Customer>, StoreError> {
    customers::find_by_country_ids(tx, company, &domain::country_ids(written)).await
}

/// What is said of a new customer.
#[derive(Debug, Clone, Default)]
pub struct NewCustomer {
    pub country_id: String,
    pub given_name: String,
    pub family_name: String,
    pub family_name2: String,
    pub phone: String,
    pub phone2: Option<String>,
    pub gender: String,
    pub avatar: Option<String>,
    pub kind: Option<i64>,
}

/// Adds a customer.
///
/// # Errors
/// [`CustomerError::Known`], or those of the database.
pub async fn add(tx: &mut Tx, clock: &Clock, company: i64, new: NewCustomer) -> Result<Customer, CustomerError> {
    customers::lock(tx, company).await?;
    if let Some(known) = of_country_id(tx, company, &new.country_id).await? {
        return Err(CustomerError::Known(known.number));
    }
    let customer = Customer {
        id: clock.id(),
        company_id: company,
        country_id: Some(domain::country_id(&new.country_id)),
        name: Some(format!("{} {}", new.given_name, new.family_name)),
        given_name: Some(new.given_name),
        family_name: Some(new.family_name),
        family_name2: Some(new.family_name2),
        phone: Some(new.phone),
        phone2: new.phone2,
        gender: Some(new.gender),
        avatar: new.avatar,
        kind: new.kind,
        created_at: clock.now(),
        ..Customer::default()
    };
    customers::insert(tx, &customer).await?;
    let added = customers::find(tx, company, &customer.id).await?;
    Ok(added.unwrap_or(customer))
}

/// The customer of a ticket, and its address of the first of these schemes that it has one of.
///
/// # Errors
/// Those of the database.
pub async fn of_ticket(
    tx: &mut Tx,
    ticket: &tickets::Ticket,
    schemes: &[&str],
) -> Result<Option<(Customer, Option<IdentityRow>)>, StoreError> {
    let Some(contact) = &ticket.contact_id else { return Ok(None) };
    let Some(customer) = customers::find(tx, ticket.company_id, contact).await? else { return Ok(None) };
    let mut all = customers::identities(tx, contact).await?;
    all.retain(|identity| schemes.contains(&identity.scheme.as_str()));
    // People know the first scheme best.
    all.sort_by_key(|identity| schemes.iter().position(|scheme| *scheme == identity.scheme));
    Ok(Some((customer, all.into_iter().next())))
}

/// What a customer is called: given name and family name, from what agents or the platform say.
pub fn names(customer: &Customer) -> (String, String) {
    let (given, family) = (customer.given_name.clone(), customer.family_name.clone());
    if given.is_some() || family.is_some() {
        return (given.unwrap_or_default(), family.unwrap_or_default());
    }
    let name = customer.name.as_deref().unwrap_or_default().trim();
    let (given, family) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
    (given.to_owned(), family.trim().to_owned())
}

/// What became of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    New,
    /// It was this customer's already.
    Same,
    /// The customer of this number had it, and turned out to be this one: everything of theirs moved.
    Merged(i64),
}

/// Gives a customer an address. With `merge`, whoever has it now turns out to be this customer. `hand`: an agent who acts
/// for himself; a colleague's customers become nobody else by him.
///
/// # Errors
/// [`CustomerError::Taken`] without `merge`; [`CustomerError::Another`] if both have national identity numbers that
/// differ; [`RoutingError::NotYours`] if a ticket of the other one is not closed and not in this hand; those of the
/// database.
pub async fn bind(
    tx: &mut Tx,
    clock: &Clock,
    customer: &Customer,
    identity: &Identity,
    merge: bool,
    hand: Option<i64>,
) -> Result<Bound, CustomerError> {
    let company = customer.company_id;
    let owner = owner_of(tx, company, identity).await?.filter(|owner| *owner != customer.id);
    if let Some(owner) = owner.as_deref().filter(|_| merge) {
        // Before the company, as intake holds them.
        contacts::hold_threads(tx, owner).await?;
    }
    customers::lock(tx, company).await?;
    let Some(known) = owner_of(tx, company, identity).await? else {
        let row = IdentityRow {
            company_id: company,
            scheme: identity.scheme.clone(),
            value: identity.value.clone(),
            contact_id: customer.id.clone(),
        };
        return match contacts::insert_identities(tx, &[row], clock.now()).await? {
            1 => Ok(Bound::New),
            // A message from it was first.
            _ => Err(StoreError::Conflict.into()),
        };
    };
    if known == customer.id {
        return Ok(Bound::Same);
    }
    let other = customers::find(tx, company, &known).await?.unwrap_or_default();
    if !merge {
        return Err(CustomerError::Taken(other.number));
    }
    if other.country_id.is_some() && customer.country_id.is_some() && other.country_id != customer.country_id {
        return Err(CustomerError::Another(other.number));
    }
    if owner.is_none_or(|owner| owner != known) {
        // It became somebody's just now, whose threads are not held.
        return Err(StoreError::Conflict.into());
    }
    for ticket in tickets::unclosed_of(tx, &known).await? {
        routing::refuse_others(tx, &ticket, hand).await?;
    }
    contacts::merge(tx, &[Merge { o: known, n: customer.id.clone() }]).await?;
    Ok(Bound::Merged(other.number))
}

/// The contact that has an address.
async fn owner_of(tx: &mut Tx, company: i64, identity: &Identity) -> Result<Option<String>, StoreError> {
    let address = Address { c: company, s: &identity.scheme, v: &identity.value };
    Ok(contacts::find(tx, &[address]).await?.into_iter().next().map(|row| row.contact_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_agents_say_of_a_name_goes_before_what_the_platform_says() {
        let customer = |given: Option<&str>, family: Option<&str>, name: &str| Customer {
            given_name: given.map(str::to_owned),
            family_name: family.map(str::to_owned),
            name: Some(name.to_owned()),
            ..Customer::default()
        };
        let said = |given: &str, family: &str| (given.to_owned(), family.to_owned());
        assert_eq!(names(&customer(None, None, " Daniel  Bustos Soto ")), said("Daniel", "Bustos Soto"));
        assert_eq!(names(&customer(None, None, "Daniel")), said("Daniel", ""));
        assert_eq!(names(&customer(Some("Dani"), None, "Daniel Bustos")), said("Dani", ""));
        assert_eq!(names(&Customer::default()), said("", ""));
    }
}
