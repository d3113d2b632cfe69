//! Values that nobody wrote. It owns their forms and returns the same ones for the same number of [`super::Seeds`]; what is said in
//! English comes from the crate [`fake`]. It knows no column: which value is which is a factory's to say.

use fake::faker::address::en::{BuildingNumber, CityName, CountryName, StreetName, ZipCode};
use fake::faker::company::en::CompanyName;
use fake::faker::internet::en::{IPv4, Username};
use fake::faker::job::en::Title;
use fake::faker::lorem::en::{Sentence, Word, Words};
use fake::faker::name::en::{FirstName, LastName, Name};
use fake::faker::phone_number::en::PhoneNumber;
use fake::rand::RngExt;
use fake::rand::distr::uniform::{SampleRange, SampleUniform};
use fake::rand::rngs::ChaCha8Rng;
use fake::{Dummy, Fake};
use sea_orm_migration::sea_orm::ActiveEnum;

use super::{Fakeable, State};

/// Makes values up. Laravel's `fake()`.
pub struct Faker<'s> {
    pub(super) state: &'s mut State,
    pub(super) index: usize,
}

impl std::fmt::Debug for Faker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Faker").field("index", &self.index).finish_non_exhaustive()
    }
}

impl Faker<'_> {
    /// The number of the row in its batch, from 0: for values that go round.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Where the randomness comes from, for crates that want it.
    pub fn random(&mut self) -> &mut ChaCha8Rng {
        &mut self.state.random
    }

    /// A value of the crate [`fake`]: `faker.fake(fake::faker::company::en::Buzzword())`.
    pub fn fake<T: Dummy<F>, F>(&mut self, what: F) -> T {
        what.fake_with_rng(&mut self.state.random)
    }

    /// Any value of a type that a column can have, `Option`s among them.
    pub fn value<T: Fakeable>(&mut self) -> T {
        T::fake(self)
    }

    /// One of an enum's variants.
    pub fn variant<E: ActiveEnum>(&mut self) -> E {
        let mut variants: Vec<E> = E::iter().collect();
        let at = self.number(0..variants.len());
        variants.swap_remove(at)
    }

    /// One of these.
    ///
    /// # Panics
    /// If there are none, which is the seeder's failure, as any panic in it.
    pub fn one_of<T: Clone>(&mut self, these: &[T]) -> T {
        these[self.number(0..these.len())].clone()
    }

    /// A number: `faker.number(1..=6)`.
    pub fn number<T: SampleUniform>(&mut self, range: impl SampleRange<T>) -> T {
        self.state.random.random_range(range)
    }

    /// True so many times out of a hundred.
    pub fn chance(&mut self, percent: u8) -> bool {
        self.number(0..100) < percent
    }

    /// What `make` makes, nine times out of ten.
    pub fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(90).then(|| make(self))
    }

    /// What `make` makes, and what it has not made in this run before; after a thousand tries, whatever it makes. For values
    /// that are many: where rows are there already, [`Faker::serial`] is the better way.
    pub fn unique<T: std::fmt::Debug>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> T {
        for _ in 0..1_000 {
            let value = make(self);
            if self.state.given.insert(format!("{}:{value:?}", std::any::type_name::<T>())) {
                return value;
            }
        }
        make(self)
    }

    /// A short text that is like no other of this run, and as good as certainly of no other run: `k3x9a12`.
    pub fn serial(&mut self) -> String {
        self.state.serial += 1;
        format!("{}{}", self.state.prefix, self.state.serial)
    }

    /// A text of so many letters and digits.
    pub fn code(&mut self, length: usize) -> String {
        code(&mut self.state.random, length)
    }

    /// `Ada Lovelace`.
    pub fn name(&mut self) -> String {
        self.fake(Name())
    }

    /// `Ada`.
    pub fn first_name(&mut self) -> String {
        self.fake(FirstName())
    }

    /// `Lovelace`.
    pub fn last_name(&mut self) -> String {
        self.fake(LastName())
    }

    /// A name to log in with, like no other of the run.
    pub fn username(&mut self) -> String {
        let name: String = self.fake(Username());
        format!("{}_{}", name.to_lowercase(), self.serial())
    }

    /// An address at `example.com`, like no other of the run.
    pub fn email(&mut self) -> String {
        let letters =
            |name: String| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let (first, last) = (letters(self.first_name()), letters(self.last_name()));
        format!("{first}.{last}.{}@example.com", self.serial())
    }

    /// A telephone number.
    pub fn phone(&mut self) -> String {
        self.fake(PhoneNumber())
    }

    /// A city.
    pub fn city(&mut self) -> String {
        self.fake(CityName())
    }

    /// A country.
    pub fn country(&mut self) -> String {
        self.fake(CountryName())
    }

    /// A number and a street.
    pub fn street(&mut self) -> String {
        let (number, street): (String, String) = (self.fake(BuildingNumber()), self.fake(StreetName()));
        format!("{number} {street}")
    }

    /// A postal code.
    pub fn postcode(&mut self) -> String {
        self.fake(ZipCode())
    }

    /// A company.
    pub fn company(&mut self) -> String {
        self.fake(CompanyName())
    }

    /// What somebody does for a living.
    pub fn job(&mut self) -> String {
        self.fake(Title())
    }

    /// An address of the web, like no other of the run.
    pub fn url(&mut self) -> String {
        format!("https://example.com/{}-{}", self.word(), self.serial())
    }

    /// An IPv4 address.
    pub fn ip(&mut self) -> String {
        self.fake(IPv4())
    }

    /// `#1a2b3c`.
    pub fn color(&mut self) -> String {
        format!("#{:06x}", self.number(0..0x0100_0000_u32))
    }

    /// A Latin word.
    pub fn word(&mut self) -> String {
        self.fake(Word())
    }

    /// So many words.
    pub fn words(&mut self, count: usize) -> String {
        let words: Vec<String> = self.fake(Words(count..count + 1));
        words.join(" ")
    }

    /// Three words or four, the first in upper case.
    pub fn title(&mut self) -> String {
        let count = self.number(3..=4);
        capital(&self.words(count))
    }

    /// Two words with a dash and what makes them like no others of the run.
    pub fn slug(&mut self) -> String {
        format!("{}-{}", self.words(2).replace(' ', "-"), self.serial())
    }

    /// A sentence.
    pub fn sentence(&mut self) -> String {
        let sentence: String = self.fake(Sentence(5..10));
        capital(&sentence)
    }

    /// Some sentences.
    pub fn paragraph(&mut self) -> String {
        let count = self.number(3..6);
        (0..count).map(|_| self.sentence()).collect::<Vec<_>>().join(" ")
    }

    /// Words, at most so many characters of them.
    pub fn text(&mut self, length: usize) -> String {
        let words = self.words(3);
        words.chars().take(length).collect::<String>().trim_end().to_owned()
    }
}

/// With its first letter in upper case.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// So many letters and digits.
pub(super) fn code(random: &mut ChaCha8Rng, length: usize) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..length).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
}
