//! The relations between entities: which there are, what each is called, and between which two entities SeaORM may
//! join without being told how. It returns them by table, as values; [`super::mend`] writes them in each format.
//!
//! A foreign key has two sides. Where it is the only one between two tables, both are named after the other table, as
//! sea-orm-cli names them; else after its columns: `Author` on one side, `PostsByAuthor` on the other.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::statements::{self, Named};
use crate::schema::model::{Action, ForeignKey};

/// The relations of one entity.
#[derive(Debug, Default)]
pub(super) struct Relations {
    /// All of them, by target, those that this table has the key of first.
    pub list: Vec<Relation>,
    /// What SeaORM joins an entity by, by its module.
    pub related: BTreeMap<String, Related>,
}

/// One side of a foreign key.
#[derive(Debug)]
pub(super) struct Relation {
    /// In camel case, the only one of this entity.
    pub name: String,
    /// In snake case, the only one among relations and columns.
    pub field: String,
    /// The other entity's module; nothing if it is this one.
    pub target: Option<String>,
    /// Which side.
    pub side: Side,
    /// Whether there are more relations to the same entity.
    pub ambiguous: bool,
    key: usize,
}

/// Which side of a foreign key.
#[derive(Debug)]
pub(super) enum Side {
    /// The table has the key.
    Owner { from: Vec<String>, to: Vec<String>, on_delete: Action, on_update: Action, required: bool },
    /// The table is referred to, through the other entity's relation of that name.
    Inverse {
        of: String,
        many: bool,
        /// Whether [`Related`] of the other entity is that very relation.
        plain: bool,
    },
}

/// How SeaORM gets from one entity to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Related {
    /// By the relation of that name.
    Direct(String),
    /// Through a link table: its module, its relation to the other entity, and the one back; and the field for that.
    Via { link: String, to: String, back: String, field: String },
}

struct Key<'a> {
    owner: usize,
    target: usize,
    key: &'a ForeignKey,
    from: Vec<String>,
    to: Vec<String>,
    name: String,
    stem: String,
}

/// The relations of `tables`, in their order. The `dense` format has them among the fields.
pub(super) fn of(tables: &[Named<'_>], dense: bool) -> Vec<Relations> {
    let mut used: Vec<BTreeSet<String>> = vec![BTreeSet::new(); tables.len()];
    let mut fields: Vec<BTreeSet<String>> =
        tables.iter().map(|table| table.columns.iter().map(|(field, _)| field.clone()).collect()).collect();
    let mut keys = keys(tables);
    let mut all: Vec<Relations> = tables.iter().map(|_| Relations::default()).collect();
    let count = |keys: &[Key<'_>], owner: usize, target: usize| {
        keys.iter().filter(|key| key.owner == owner && key.target == target).count()
    };
    for index in 0..keys.len() {
        let (owner, target) = (keys[index].owner, keys[index].target);
        let alone = count(&keys, owner, target) == 1;
        let module = &tables[target].module;
        let stem = stem(&keys, index);
        let plain = match (alone, owner == target) {
            (true, false) => module.clone(),
            (true, true) if !dense => "self_ref".to_owned(),
            _ => stem.clone(),
        };
        let columns = keys[index].from.join("_");
        let key = &mut keys[index];
        let ambiguous = owner == target || !alone;
        let field = free(&[&plain, &columns], &mut fields[owner], |_| true);
        let unused = |name: &str| !used[owner].contains(&camel(name, dense));
        key.name = camel(&free(&[&plain, &columns], &mut BTreeSet::new(), unused), dense);
        used[owner].insert(key.name.clone());
        key.stem = stem;
        let table = &tables[owner];
        let required = key.key.columns.iter().all(|name| table.table.column(name).is_some_and(|one| !one.nullable));
        all[owner].list.push(Relation {
            name: key.name.clone(),
            field,
            target: (owner != target).then(|| module.clone()),
            side: Side::Owner {
                from: key.from.clone(),
                to: key.to.clone(),
                on_delete: key.key.on_delete,
                on_update: key.key.on_update,
                required,
            },
            ambiguous,
            key: index,
        });
    }
    for (index, key) in keys.iter().enumerate() {
        let alone = count(&keys, key.owner, key.target) == 1 && count(&keys, key.target, key.owner) == 0;
        let owner = &tables[key.owner];
        let many = !is_unique(owner, key.key);
        let plural = if many { pluralizer::pluralize(&owner.module, 2, false) } else { owner.module.clone() };
        let (name, field) = match alone {
            true => (owner.module.clone(), plural),
            false => (format!("{}_by_{}", owner.module, key.stem), format!("{plural}_by_{}", key.stem)),
        };
        let field = free(&[&field], &mut fields[key.target], |_| true);
        let unused = |name: &str| !used[key.target].contains(&camel(name, dense));
        let name = camel(&free(&[&name], &mut BTreeSet::new(), unused), dense);
        used[key.target].insert(name.clone());
        all[key.target].list.push(Relation {
            name,
            field,
            target: (key.owner != key.target).then(|| owner.module.clone()),
            side: Side::Inverse { of: key.name.clone(), many, plain: false },
            ambiguous: !alone,
            key: index,
        });
    }
    for index in 0..tables.len() {
        all[index].related = related(tables, &keys, &all, index, dense);
        for (target, related) in &mut all[index].related {
            if let Related::Via { field, .. } = related {
                *field = free(&[&pluralizer::pluralize(target, 2, false)], &mut fields[index], |_| true);
            }
        }
    }
    mark(tables, &keys, &mut all, dense);
    for (table, relations) in tables.iter().zip(&mut all) {
        let inverse = |relation: &Relation| matches!(relation.side, Side::Inverse { .. });
        let target = |relation: &Relation| relation.target.clone().unwrap_or_else(|| table.module.clone());
        relations.list.sort_by_cached_key(|relation| (target(relation), inverse(relation)));
    }
    all
}

/// Foreign keys between `tables` whose columns all have fields.
fn keys<'a>(tables: &[Named<'a>]) -> Vec<Key<'a>> {
    let mut keys = Vec::new();
    for (owner, table) in tables.iter().enumerate() {
        for key in &table.table.foreign_keys {
            let Some((target, other)) = statements::target(key, tables) else { continue };
            let (Some(from), Some(to)) = (table.fields(&key.columns), other.fields(&key.references)) else { continue };
            if from.len() != to.len() {
                continue;
            }
            let owned = |fields: Vec<&str>| fields.into_iter().map(str::to_owned).collect();
            let (from, to) = (owned(from), owned(to));
            keys.push(Key { owner, target, key, from, to, name: String::new(), stem: String::new() });
        }
    }
    keys
}

/// What a key is called after its columns, without those that it shares with all others to the same table.
fn stem(keys: &[Key<'_>], index: usize) -> String {
    let key = &keys[index];
    let siblings: Vec<&Key<'_>> =
        keys.iter().filter(|one| one.owner == key.owner && one.target == key.target).collect();
    let own = |column: &&String| siblings.len() == 1 || !siblings.iter().all(|one| one.from.contains(column));
    let mut columns: Vec<&String> = key.from.iter().filter(own).collect();
    if columns.is_empty() {
        columns = key.from.iter().collect();
    }
    let short =
        |column: &&String| column.strip_suffix("_id").filter(|stem| !stem.is_empty()).unwrap_or(column).to_owned();
    columns.iter().map(short).collect::<Vec<_>>().join("_")
}

/// The first of `candidates` that is an identifier in both cases, `fits` and is not among `taken`; with a number where
/// there is none.
fn free(candidates: &[&str], taken: &mut BTreeSet<String>, fits: impl Fn(&str) -> bool) -> String {
    let first = candidates.first().copied().unwrap_or_default();
    let plain = candidates.iter().map(|name| (*name).to_owned()).chain([format!("{first}_relation")]);
    let numbered = (2..).map(|number| format!("{first}_relation_{number}"));
    let ident = |text: &str| syn::parse_str::<syn::Ident>(text).is_ok() && text != "gen";
    let name = plain
        .chain(numbered)
        .map(|name| name.to_snake_case())
        .find(|name| ident(name) && ident(&name.to_upper_camel_case()) && !taken.contains(name) && fits(name))
        .unwrap_or_default();
    taken.insert(name.clone());
    name
}

/// The name of a variant. The macro of the dense format makes camel case of it once more.
fn camel(name: &str, dense: bool) -> String {
    let camel = name.to_upper_camel_case();
    if dense { camel.to_upper_camel_case() } else { camel }
}

/// Whether at most one row of `table` has the same values of the key.
fn is_unique(table: &Named<'_>, key: &ForeignKey) -> bool {
    let within = |columns: &[String]| !columns.is_empty() && columns.iter().all(|column| key.columns.contains(column));
    let primary = table.table.primary_key.iter().map(|key| key.columns.clone());
    primary.chain(statements::unique_keys(table.table).map(|(_, columns)| columns)).any(|columns| within(&columns))
}

/// How SeaORM joins `from` with each other entity, which is sea-orm-cli's rule: through a link table that is nothing
/// else, else by the only key to the other, else by the only key from it. What sea-orm-cli has no rule for is a link
/// table with more in it, which counts where there is no key.
fn related(
    tables: &[Named<'_>],
    keys: &[Key<'_>],
    all: &[Relations],
    from: usize,
    dense: bool,
) -> BTreeMap<String, Related> {
    let mut related = BTreeMap::new();
    for target in (0..tables.len()).filter(|target| *target != from) {
        let forward: Vec<usize> = between(keys, from, target);
        let backward: Vec<usize> = between(keys, target, from);
        let links = links(tables, keys, from, target, dense);
        let strict: Vec<&Related> =
            links.iter().filter(|(_, strict)| *strict && !dense).map(|(link, _)| link).collect();
        let name = |key: usize, owner: bool| {
            let is = |relation: &&Relation| relation.key == key && matches!(relation.side, Side::Owner { .. }) == owner;
            all[from].list.iter().find(is).map(|relation| Related::Direct(relation.name.clone()))
        };
        let direct = match (forward.as_slice(), backward.as_slice()) {
            ([], [key]) => name(*key, false),
            ([key], []) => name(*key, true),
            ([key], _) if !dense => name(*key, true),
            _ => None,
        };
        let found = match (strict.as_slice(), links.as_slice()) {
            ([link], _) => Some((*link).clone()),
            (_, [(link, _)]) if forward.is_empty() && backward.is_empty() => Some(link.clone()),
            _ => direct,
        };
        if let Some(found) = found {
            related.insert(tables[target].module.clone(), found);
        }
    }
    related
}

fn between(keys: &[Key<'_>], owner: usize, target: usize) -> Vec<usize> {
    (0..keys.len()).filter(|index| keys[*index].owner == owner && keys[*index].target == target).collect()
}

/// The tables whose primary key is one key to `from` and one to `target`, and whether they are nothing else.
fn links(tables: &[Named<'_>], keys: &[Key<'_>], from: usize, target: usize, dense: bool) -> Vec<(Related, bool)> {
    let mut links = Vec::new();
    for (index, table) in tables.iter().enumerate().filter(|(index, _)| *index != from && *index != target) {
        let Some(primary) = &table.table.primary_key else { continue };
        let own: Vec<&Key<'_>> = keys.iter().filter(|key| key.owner == index).collect();
        let within = |key: &&&Key<'_>| key.key.columns.iter().all(|column| primary.columns.contains(column));
        let inside: Vec<&&Key<'_>> = own.iter().filter(within).collect();
        let [one, other] = inside.as_slice() else { continue };
        let (back, to) = match () {
            () if one.target == from && other.target == target => (one, other),
            () if one.target == target && other.target == from => (other, one),
            () => continue,
        };
        let covered: BTreeSet<&String> = back.key.columns.iter().chain(&to.key.columns).collect();
        if covered.len() != primary.columns.len() || covered.len() != back.key.columns.len() + to.key.columns.len() {
            continue;
        }
        // The dense format finds its way back by itself, if there is but one.
        let single = |side: usize| between(keys, index, side).len() == 1 && between(keys, side, index).is_empty();
        let inferred = to.name == tables[target].module.to_upper_camel_case();
        if dense && !(single(from) && single(target) && inferred) {
            continue;
        }
        let strict = own.len() == 2 && primary.columns.len() == 2 && !keys.iter().any(|key| key.target == index);
        let (to, back) = (to.name.clone(), back.name.clone());
        links.push((Related::Via { link: table.module.clone(), to, back, field: String::new() }, strict));
    }
    links
}

/// Says of each inverse side whether the other entity's [`Related`] is its key.
fn mark(tables: &[Named<'_>], keys: &[Key<'_>], all: &mut [Relations], dense: bool) {
    for (index, key) in keys.iter().enumerate() {
        if key.owner == key.target {
            continue;
        }
        let direct = Related::Direct(key.name.clone());
        let back = all[key.owner].related.get(&tables[key.target].module) == Some(&direct);
        for relation in all[key.target].list.iter_mut().filter(|relation| relation.key == index) {
            if let Side::Inverse { plain, .. } = &mut relation.side {
                *plain = back;
            }
        }
        // Fields of one type have to be told apart on both sides.
        if dense && !between(keys, key.target, key.owner).is_empty() {
            for relation in all[key.owner].list.iter_mut().filter(|relation| relation.key == index) {
                relation.ambiguous = true;
            }
        }
    }
}
