//! Invented customers, and names that nobody can have: numbers reserved for fiction, example domains, ids out of range.

/// First and last names. Whoever is found by name is found once.
const NAMES: [(&str, &str); 36] = [
    ("Camila", "Rojas"),
    ("Joaquín", "Muñoz"),
    ("Valentina", "Soto"),
    ("Matías", "Contreras"),
    ("Lucía", "Fernández"),
    ("Benjamín", "Sepúlveda"),
    ("Martina", "Araya"),
    ("Tomás", "Peña"),
    ("Sofía", "Castañeda"),
    ("Agustín", "Vergara"),
    ("Renata", "Ibáñez"),
    ("Diego", "Núñez"),
    ("Antonia", "Leiva"),
    ("Emilio", "Zúñiga"),
    ("Isidora", "Cárdenas"),
    ("Bruno", "Salazar"),
    ("Florencia", "Quiroga"),
    ("Maximiliano", "Ortúzar"),
    ("Julieta", "Barrientos"),
    ("Gaspar", "Echeverría"),
    ("Amanda", "Villalobos"),
    ("Rafael", "Iturra"),
    ("Catalina", "Donoso"),
    ("Ignacio", "Maldonado"),
    ("Paloma", "Riquelme"),
    ("Andrés", "Garrido"),
    ("Josefa", "Olivares"),
    ("Simón", "Uribe"),
    ("Elisa", "Bustamante"),
    ("Nicolás", "Farías"),
    ("Constanza", "Aguilera"),
    ("Samuel", "Pizarro"),
    ("Ximena", "Lobos"),
    ("Óscar", "Henríquez"),
    ("Daniela", "Troncoso"),
    ("Pablo", "Yáñez"),
];

/// One customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Person(usize);

impl Person {
    pub(super) const COUNT: usize = NAMES.len();

    /// The customer in this place of the list, which goes round.
    pub(super) fn at(place: usize) -> Self {
        Self(place % Self::COUNT)
    }

    /// The customer of this full name.
    pub(super) fn named(name: &str) -> Option<Self> {
        (0..Self::COUNT).map(Self).find(|person| person.name() == name)
    }

    pub(super) fn first(self) -> &'static str {
        NAMES[self.0].0
    }

    pub(super) fn last(self) -> &'static str {
        NAMES[self.0].1
    }

    pub(super) fn name(self) -> String {
        format!("{} {}", self.first(), self.last())
    }

    /// `camila_rojas`.
    pub(super) fn handle(self) -> String {
        format!("{}_{}", plain(self.first()), plain(self.last()))
    }

    pub(super) fn mail(self) -> String {
        let domain = if self.0.is_multiple_of(3) { "example.net" } else { "example.com" };
        format!("{}.{}@{domain}", plain(self.first()), plain(self.last()))
    }

    /// WhatsApp's phone-based id: 555-0100 to 555-0199 are given to nobody. Some customers have a user name instead.
    pub(super) fn wa_id(self) -> Option<String> {
        (self.0 % 7 != 5).then(|| format!("130555501{:02}", self.0))
    }

    /// WhatsApp's business-scoped id.
    pub(super) fn business_scoped_id(self) -> String {
        format!("US.99000000000{:04}", self.0)
    }

    /// Telegram's user id, at the end of the range that Telegram has set aside (52 bits).
    pub(super) fn telegram_id(self) -> i64 {
        4_503_599_627_000_000 + self.number()
    }

    /// Facebook's Page-scoped id.
    pub(super) fn page_scoped_id(self) -> String {
        format!("99000000000{:05}", self.0)
    }

    pub(super) fn number(self) -> i64 {
        i64::try_from(self.0).unwrap_or_default()
    }
}

/// Lower case, without accents.
fn plain(name: &str) -> String {
    let bare = |c: char| match c {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        other => other,
    };
    name.to_lowercase().chars().map(bare).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn customers_are_told_apart_by_every_name() {
        let people: Vec<Person> = (0..Person::COUNT).map(Person::at).collect();
        let distinct = |name: fn(Person) -> String| people.iter().map(|p| name(*p)).collect::<HashSet<_>>().len();
        for name in [Person::name, Person::mail, Person::handle, Person::business_scoped_id, Person::page_scoped_id] {
            assert_eq!(distinct(name), Person::COUNT);
        }
        assert!(people.iter().all(|person| Person::named(&person.name()) == Some(*person)));
        assert!(people.iter().all(|person| person.mail().is_ascii()));
        assert_eq!(Person::at(13).mail(), "emilio.zuniga@example.com");
        let numbers: HashSet<String> = people.iter().filter_map(|person| person.wa_id()).collect();
        assert!(numbers.len() > 25 && numbers.iter().all(|number| number.len() == 11));
    }
}
