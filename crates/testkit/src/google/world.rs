//! A small believable world: domains, their users, and the users' mail.

/// Domains; the first is the primary one.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// All of the customer's.
    pub domains: Vec<Domain>,
}

/// A domain.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Such as `one.example`.
    pub name: String,
    /// The first user of the first domain is the administrator.
    pub users: Vec<User>,
}

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// The address.
    pub email: String,
    /// The full name.
    pub name: String,
    /// Newest first.
    pub messages: Vec<Message>,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Unique in the mailbox.
    pub id: String,
    /// Who wrote it.
    pub from: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// Such as `INBOX` and `UNREAD`.
    pub labels: Vec<String>,
}

const DOMAINS: [&str; 8] = [
    "one.example",
    "two.example",
    "three.example",
    "four.example",
    "five.example",
    "six.example",
    "seven.example",
    "eight.example",
];
const NAMES: [&str; 8] = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana"];
const SUBJECTS: [&str; 6] =
    ["Invoice", "Meeting notes", "Lunch", "Quarterly report", "Server alert", "Holiday plan"];
const FIRST_AT_MS: i64 = 1_767_225_600_000;
const HOUR_MS: i64 = 3_600_000;
const SECOND_MS: i64 = 1_000;

impl World {
    /// A world of so many domains (8 at most), users in each, and messages of each. It is the same every time:
    /// every sixth message is an invoice, and every other one is unread. Texts and times tell whose mail it is.
    pub fn new(domains: usize, users: usize, messages: usize) -> Self {
        let domains = DOMAINS.iter().take(domains).enumerate().map(|(at, domain)| Domain {
            name: (*domain).to_owned(),
            users: (0..users).map(|number| user(domain, number, at * users + number, messages)).collect(),
        });
        Self { domains: domains.collect() }
    }

    /// A user by address.
    pub fn user(&self, email: &str) -> Option<&User> {
        self.users().find(|user| user.email.eq_ignore_ascii_case(email))
    }

    /// All users, domain by domain.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.domains.iter().flat_map(|domain| &domain.users)
    }

    /// Who may see the directory.
    pub fn administrator(&self) -> Option<&str> {
        self.users().next().map(|user| user.email.as_str())
    }
}

/// A user, the one of this place among all.
fn user(domain: &str, number: usize, place: usize, messages: usize) -> User {
    let name = NAMES[number % NAMES.len()];
    let email = format!("{}{number}@{domain}", name.to_ascii_lowercase());
    let newest_at_ms = FIRST_AT_MS - as_i64(place) * SECOND_MS;
    let messages = (0..messages).map(|number| message(&email, number, newest_at_ms)).collect();
    User { email, name: format!("{name} {number}"), messages }
}

fn message(user: &str, number: usize, newest_at_ms: i64) -> Message {
    let subject = SUBJECTS[number % SUBJECTS.len()];
    let labels = if number.is_multiple_of(2) { vec!["INBOX", "UNREAD"] } else { vec!["INBOX"] };
    Message {
        id: format!("m{number:06}"),
        from: format!("sender{}@elsewhere.example", number % 3),
        subject: format!("{subject} {number}"),
        text: format!("This is {} number {number} for {user}.", subject.to_lowercase()),
        at_ms: newest_at_ms - as_i64(number) * HOUR_MS,
        labels: labels.into_iter().map(str::to_owned).collect(),
    }
}

fn as_i64(number: usize) -> i64 {
    i64::try_from(number).unwrap_or_default()
}
