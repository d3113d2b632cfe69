//! The relations between entities: which there are, what each is called, and between which two entities SeaORM may
//! join without being told how. It returns them by table, as values; [`super::mend`] writes them in each format.
//!
//! A foreign key has two sides. Where it is the only one between two tables, both are named after the other table, as
//! sea-orm-cli names them; else after its columns: `Author` on one side, `PostsByAuthor` on the other.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::kept::RelationNames;
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
    /// Empty until it has one.
    name: String,
    /// The field that is kept.
    field: Option<String>,
    /// The place of the relation in the file that is there; 0 where it is in none.
    place: usize,
    stem: String,
}

/// Who refers to whom, by the place of tables and keys in their lists.
struct Graph<'a> {
    keys: Vec<Key<'a>>,
    by_owner: Vec<Vec<usize>>,
    by_target: Vec<Vec<usize>>,
    /// Link tables, by each table that they lead from.
    links: Vec<Vec<Link>>,
}

struct Link {
    table: usize,
    target: usize,
    back: usize,
    to: usize,
    strict: bool,
}

/// The relations of `tables`, in their order, with the names that are `kept`. The `dense` format has them among the fields.
pub(super) fn of(tables: &[Named<'_>], dense: bool, kept: &RelationNames) -> Vec<Relations> {
    let mut used: Vec<BTreeSet<String>> = vec![BTreeSet::new(); tables.len()];
    let mut fields: Vec<BTreeSet<String>> =
        tables.iter().map(|table| table.columns.iter().map(|(field, _)| field.clone()).collect()).collect();
    let mut graph = Graph::of(tables);
    let mut all: Vec<Relations> = tables.iter().map(|_| Relations::default()).collect();
    // Names that are kept are taken before others are given.
    for key in &mut graph.keys {
        let (owner, target) = (&tables[key.owner].module, &tables[key.target].module);
        let Some(name) = kept.get(owner, target, &key.from) else { continue };
        let is_variant = camel(&name.variant, dense) == name.variant && used[key.owner].insert(name.variant.clone());
        key.place = name.place;
        key.name = if is_variant { name.variant.clone() } else { String::new() };
        key.field = name.field.clone().filter(|field| is_variant && fields[key.owner].insert(field.clone()));
    }
    for index in 0..graph.keys.len() {
        let (owner, target) = (graph.keys[index].owner, graph.keys[index].target);
        let alone = graph.between(owner, target).len() == 1;
        let module = &tables[target].module;
        let stem = graph.stem(index);
        let plain = match (alone, owner == target) {
            (true, false) => module.clone(),
            (true, true) if !dense => "self_ref".to_owned(),
            _ => stem.clone(),
        };
        let key = &mut graph.keys[index];
        let columns = key.from.join("_");
        let ambiguous = owner == target || !alone;
        let field = key.field.take().unwrap_or_else(|| free(&[&plain, &columns], &mut fields[owner], |_| true));
        if key.name.is_empty() {
            let unused = |name: &str| !used[owner].contains(&camel(name, dense));
            key.name = camel(&free(&[&plain, &columns], &mut BTreeSet::new(), unused), dense);
            used[owner].insert(key.name.clone());
        }
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
    for (index, key) in graph.keys.iter().enumerate() {
        let back = graph.between(key.target, key.owner);
        let alone = graph.between(key.owner, key.target).len() == 1 && back.is_empty();
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
        all[index].related = related(tables, &graph, &all, index, dense);
        for (target, related) in &mut all[index].related {
            if let Related::Via { field, .. } = related {
                *field = free(&[&pluralizer::pluralize(target, 2, false)], &mut fields[index], |_| true);
            }
        }
    }
    mark(tables, &graph, &mut all, dense);
    for (table, relations) in tables.iter().zip(&mut all) {
        let inverse = |relation: &Relation| matches!(relation.side, Side::Inverse { .. });
        let target = |relation: &Relation| relation.target.clone().unwrap_or_else(|| table.module.clone());
        let place = |relation: &Relation| graph.keys[relation.key].place;
        relations.list.sort_by_cached_key(|relation| (target(relation), inverse(relation), place(relation)));
    }
    all
}

/// How many entities refer to each other at most, through each other.
pub(super) fn largest_family(tables: &[Named<'_>], relations: &[Relations]) -> usize {
    let places: BTreeMap<&str, usize> =
        tables.iter().enumerate().map(|(index, table)| (table.module.as_str(), index)).collect();
    let mut seen = BTreeSet::new();
    let mut largest = 0;
    for start in 0..tables.len() {
        let (mut open, before) = (vec![start], seen.len());
        while let Some(index) = open.pop() {
            if seen.insert(index) {
                let targets = relations[index].list.iter().filter_map(|relation| relation.target.as_deref());
                let through = relations[index].related.keys().map(String::as_str);
                open.extend(targets.chain(through).filter_map(|module| places.get(module)));
            }
        }
        largest = largest.max(seen.len() - before);
    }
    largest
}

impl<'a> Graph<'a> {
    fn of(tables: &[Named<'a>]) -> Self {
        let mut graph = Self {
            keys: keys(tables),
            by_owner: vec![Vec::new(); tables.len()],
            by_target: vec![Vec::new(); tables.len()],
            links: tables.iter().map(|_| Vec::new()).collect(),
        };
        for (index, key) in graph.keys.iter().enumerate() {
            graph.by_owner[key.owner].push(index);
            graph.by_target[key.target].push(index);
        }
        for (index, table) in tables.iter().enumerate() {
            if let Some((one, other, strict)) = graph.link(index, table) {
                let (from, to) = (graph.keys[one].target, graph.keys[other].target);
                graph.links[from].push(Link { table: index, target: to, back: one, to: other, strict });
                graph.links[to].push(Link { table: index, target: from, back: other, to: one, strict });
            }
        }
        graph
    }

    /// The keys of one table to another.
    fn between(&self, owner: usize, target: usize) -> Vec<usize> {
        self.by_owner[owner].iter().copied().filter(|index| self.keys[*index].target == target).collect()
    }

    /// The two keys to two other tables that a table's primary key is made of, and whether it has nothing else.
    fn link(&self, index: usize, table: &Named<'_>) -> Option<(usize, usize, bool)> {
        let primary = &table.table.primary_key.as_ref()?.columns;
        let own = &self.by_owner[index];
        let within = |key: &usize| self.keys[*key].key.columns.iter().all(|column| primary.contains(column));
        let inside: Vec<usize> = own.iter().copied().filter(within).collect();
        let [one, other] = *inside.as_slice() else { return None };
        let (first, second) = (&self.keys[one], &self.keys[other]);
        let covered: BTreeSet<&String> = first.key.columns.iter().chain(&second.key.columns).collect();
        let apart = first.target != second.target && first.target != index && second.target != index;
        let whole = covered.len() == primary.len() && covered.len() == first.from.len() + second.from.len();
        let strict = own.len() == 2 && primary.len() == 2 && self.by_target[index].is_empty();
        (apart && whole).then_some((one, other, strict))
    }

    /// What a key is called after its columns, without those that it shares with all others to the same table.
    fn stem(&self, index: usize) -> String {
        let key = &self.keys[index];
        let siblings = self.between(key.owner, key.target);
        let shared = |column: &String| siblings.iter().all(|one| self.keys[*one].from.contains(column));
        let mut columns: Vec<&String> =
            key.from.iter().filter(|column| siblings.len() == 1 || !shared(column)).collect();
        if columns.is_empty() {
            columns = key.from.iter().collect();
        }
        let short =
            |column: &&String| column.strip_suffix("_id").filter(|stem| !stem.is_empty()).unwrap_or(column).to_owned();
        columns.iter().map(short).collect::<Vec<_>>().join("_")
    }
}

/// Foreign keys between `tables` whose columns all have fields.
fn keys<'a>(tables: &[Named<'a>]) -> Vec<Key<'a>> {
    let by_name: BTreeMap<&str, usize> =
        tables.iter().enumerate().map(|(index, table)| (table.table.name.as_str(), index)).collect();
    let mut keys = Vec::new();
    for (owner, table) in tables.iter().enumerate() {
        for key in table.table.foreign_keys.iter().filter(|key| key.schema.is_none()) {
            let Some(target) = by_name.get(key.table.as_str()).copied() else { continue };
            let (from, to) = (table.fields(&key.columns), tables[target].fields(&key.references));
            let (Some(from), Some(to)) = (from, to) else { continue };
            if from.len() != to.len() {
                continue;
            }
            let owned = |fields: Vec<&str>| fields.into_iter().map(str::to_owned).collect();
            let (from, to) = (owned(from), owned(to));
            keys.push(Key {
                owner,
                target,
                key,
                from,
                to,
                name: String::new(),
                field: None,
                place: 0,
                stem: String::new(),
            });
        }
    }
    keys
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
    graph: &Graph<'_>,
    all: &[Relations],
    from: usize,
    dense: bool,
) -> BTreeMap<String, Related> {
    let mut related = BTreeMap::new();
    let links: Vec<&Link> =
        graph.links[from].iter().filter(|link| !dense || is_found(tables, graph, from, link)).collect();
    let owned = graph.by_owner[from].iter().map(|key| graph.keys[*key].target);
    let owning = graph.by_target[from].iter().map(|key| graph.keys[*key].owner);
    let targets: BTreeSet<usize> = owned.chain(owning).chain(links.iter().map(|link| link.target)).collect();
    for target in targets.into_iter().filter(|target| *target != from) {
        let (forward, backward) = (graph.between(from, target), graph.between(target, from));
        let links: Vec<&Link> = links.iter().copied().filter(|link| link.target == target).collect();
        let strict: Vec<&Link> = links.iter().copied().filter(|link| link.strict && !dense).collect();
        let via = |link: &Link| Related::Via {
            link: tables[link.table].module.clone(),
            to: graph.keys[link.to].name.clone(),
            back: graph.keys[link.back].name.clone(),
            field: String::new(),
        };
        let direct = |key: usize, owner: bool| {
            let is = |relation: &&Relation| relation.key == key && matches!(relation.side, Side::Owner { .. }) == owner;
            all[from].list.iter().find(is).map(|relation| Related::Direct(relation.name.clone()))
        };
        let found = match (strict.as_slice(), links.as_slice(), forward.as_slice(), backward.as_slice()) {
            ([link], ..) | ([], [link], [], []) => Some(via(link)),
            (_, _, [], [key]) => direct(*key, false),
            (_, _, [key], back) if !dense || back.is_empty() => direct(*key, true),
            _ => None,
        };
        if let Some(found) = found {
            related.insert(tables[target].module.clone(), found);
        }
    }
    related
}

/// Whether the dense format finds its way through a link table by itself: there must be but one.
fn is_found(tables: &[Named<'_>], graph: &Graph<'_>, from: usize, link: &Link) -> bool {
    let single = |side| graph.between(link.table, side).len() == 1 && graph.between(side, link.table).is_empty();
    let inferred = graph.keys[link.to].name == tables[link.target].module.to_upper_camel_case();
    single(from) && single(link.target) && inferred
}

/// Says of each inverse side whether the other entity's [`Related`] is its key.
fn mark(tables: &[Named<'_>], graph: &Graph<'_>, all: &mut [Relations], dense: bool) {
    for (index, key) in graph.keys.iter().enumerate() {
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
        if dense && !graph.between(key.target, key.owner).is_empty() {
            for relation in all[key.owner].list.iter_mut().filter(|relation| relation.key == index) {
                relation.ambiguous = true;
            }
        }
    }
}
