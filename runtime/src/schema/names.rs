//! Singular and plural, as the helpers of Loco's documents have them at run time, and the names of indexes and keys. It
//! knows words and no database: what a word is tried as, somebody else looks up.

/// Longer names are cut: no database takes more than 63 bytes everywhere.
const LONGEST: usize = 60;

/// The name of an index, a unique index or a foreign key: `idx_posts_user_id`. One that is too long, or would need quotes
/// within its quotes, which SeaORM does not see to, ends in a number that is always the same for the same table and columns.
pub fn object(prefix: &str, table: &str, column: &str) -> String {
    let name = format!("{prefix}_{table}_{column}");
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_alphanumeric() || "_-$".contains(letter) { letter } else { '_' })
        .collect();
    if name.len() <= LONGEST && plain == name {
        return name;
    }
    // FNV-1a: small, and for ever the same.
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let end = (0..=plain.len().min(LONGEST - 9)).rev().find(|at| plain.is_char_boundary(*at)).unwrap_or_default();
    format!("{}_{hash:08x}", plain.get(..end).unwrap_or_default())
}

/// Words whose plural follows no rule.
const IRREGULAR: [(&str, &str); 23] = [
    ("axis", "axes"),
    ("cactus", "cacti"),
    ("child", "children"),
    ("criterion", "criteria"),
    ("datum", "data"),
    ("die", "dice"),
    ("foot", "feet"),
    ("goose", "geese"),
    ("index", "indices"),
    ("louse", "lice"),
    ("man", "men"),
    ("matrix", "matrices"),
    ("medium", "media"),
    ("mouse", "mice"),
    ("ox", "oxen"),
    ("person", "people"),
    ("phenomenon", "phenomena"),
    ("quiz", "quizzes"),
    ("tooth", "teeth"),
    ("vertex", "vertices"),
    ("woman", "women"),
    ("virus", "viruses"),
    ("virus", "viri"),
];

/// What a table may be called in which each row is one of these, the likeliest first.
pub fn plurals(singular: &str) -> Vec<String> {
    let (before, word) = last_word(singular);
    let irregular = IRREGULAR.iter().filter(|(one, _)| *one == word);
    let mut plurals: Vec<String> = irregular.map(|(_, plural)| (*plural).to_owned()).collect();
    let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
    if let Some(stem) = word.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        plurals.push(format!("{stem}ies"));
    }
    if let Some(stem) = word.strip_suffix("fe").or_else(|| word.strip_suffix('f')) {
        plurals.push(format!("{stem}ves"));
    }
    if let Some(stem) = word.strip_suffix("sis") {
        plurals.push(format!("{stem}ses"));
    }
    if ends(&["s", "x", "z", "ch", "sh", "o"]) {
        plurals.push(format!("{word}es"));
    }
    plurals.push(format!("{word}s"));
    plurals.into_iter().map(|plural| format!("{before}{plural}")).collect()
}

/// One row of a table of that name.
pub fn singular(plural: &str) -> String {
    let (before, word) = last_word(plural);
    format!("{before}{}", singular_word(word))
}

fn singular_word(word: &str) -> String {
    if let Some((one, _)) = IRREGULAR.iter().find(|(_, many)| *many == word) {
        return (*one).to_owned();
    }
    let cut = |suffix: &str, instead: &str| word.strip_suffix(suffix).map(|stem| format!("{stem}{instead}"));
    // Endings before shorter ones that they end in.
    let endings = [
        ("news", "news"),
        ("series", "series"),
        ("species", "species"),
        ("movies", "movie"),
        ("cookies", "cookie"),
        ("analyses", "analysis"),
        ("diagnoses", "diagnosis"),
        ("theses", "thesis"),
        ("crises", "crisis"),
        ("knives", "knife"),
        ("wives", "wife"),
        ("lives", "life"),
        ("wolves", "wolf"),
        ("halves", "half"),
        ("shelves", "shelf"),
        ("leaves", "leaf"),
        ("shoes", "shoe"),
        ("aliases", "alias"),
        ("gases", "gas"),
        ("buses", "bus"),
        ("statuses", "status"),
        ("bonuses", "bonus"),
        ("campuses", "campus"),
        ("menus", "menu"),
        ("caches", "cache"),
        ("sses", "ss"),
        ("shes", "sh"),
        ("ches", "ch"),
        ("xes", "x"),
        ("zzes", "zz"),
        ("oes", "o"),
        ("ies", "y"),
        ("ss", "ss"),
        ("us", "us"),
        ("is", "is"),
        ("s", ""),
    ];
    endings.iter().find_map(|(suffix, instead)| cut(suffix, instead)).unwrap_or_else(|| word.to_owned())
}

/// The column of a table that refers to one of these.
pub fn reference(singular: &str) -> String {
    format!("{}_id", snake(singular))
}

/// `DraftPost` as `draft_post`.
pub fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_uppercase() && (before.is_lowercase() || before.is_numeric()) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
        before = letter;
    }
    snake
}

fn last_word(name: &str) -> (&str, &str) {
    name.rfind(['_', '-']).map_or(("", name), |at| name.split_at(at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Loco 1.2 makes of these at run time, as far as it finds back.
    const LOCO: &str = "\
        user:users post:posts movie:movies vote:votes group:groups company:companies director:directors \
        comment:comments category:categories man:men woman:women box:boxes bus:buses status:statuses \
        address:addresses alias:aliases quiz:quizzes city:cities country:countries photo:photos hero:heroes \
        news:news series:series species:species money:money staff:staffs class:classes tax:taxes index:indices \
        matrix:matrices vertex:vertices analysis:analyses diagnosis:diagnoses life:lives knife:knives wolf:wolves \
        half:halves shelf:shelves mouse:mice datum:data medium:mediums foot:feet tooth:teeth goose:geese ox:oxen \
        process:processes match:matches branch:branches dish:dishes key:keys day:days boy:boys toy:toys \
        survey:surveys journey:journeys video:videos potato:potatoes echo:echos hypothesis:hypotheses \
        crisis:crises virus:viri menu:menus house:houses course:courses case:cases purchase:purchases \
        price:prices message:messages image:images page:pages note:notes order:orders invoice:invoices \
        payment:payments license:licenses template:templates generation_log:generation_logs \
        prompt_template:prompt_templates company_rule:company_rules draft_post:draft_posts user_vote:user_votes \
        api_key:api_keys audit_log:audit_logs blog_entry:blog_entries news_item:news_items access:accesses \
        media:medias equipment:equipment information:information sheep:sheep fish:fishes rice:rice \
        schedule:schedules calendar:calendars event:events ticket:tickets role:roles permission:permissions \
        session:sessions token:tokens device:devices shoe:shoes size:sizes prize:prizes quote:quotes cause:causes \
        phase:phases database:databases release:releases response:responses axis:axes thesis:theses radio:radios \
        studio:studios piano:pianos story:stories party:parties property:properties activity:activities \
        proxy:proxies history:histories delivery:deliveries entry:entries reply:replies tab:tabs tag:tags \
        queue:queues issue:issues venue:venues value:values avenue:avenues employee:employees fee:fees bee:bees \
        die:dice monkey:monkeys fly:flies sky:skies spy:spies";

    #[test]
    fn words_are_those_of_loco() {
        for (one, many) in LOCO.split(' ').filter_map(|pair| pair.split_once(':')) {
            assert!(one == many || plurals(one).contains(&many.to_owned()), "{one}: {many}, {:?}", plurals(one));
            assert_eq!(singular(many), one);
        }
    }

    #[test]
    fn names_fit_every_database() {
        assert_eq!(object("fk", "posts", "user_id"), "fk_posts_user_id");
        let (one, other) = (object("fk", &"a".repeat(60), "user_id"), object("fk", &"a".repeat(60), "owner_id"));
        assert!(one.len() <= 60 && other.len() <= 60 && one != other, "{one} {other}");
        assert_eq!(one, object("fk", &"a".repeat(60), "user_id"));
        assert!(object("fk", &"\u{e9}".repeat(60), "user_id").len() <= 60);
        let (one, other) = (object("ux", "a`b", "c"), object("ux", "a\"b", "c"));
        assert!(one != other && one.starts_with("ux_a_b_c_") && !one.contains('`'), "{one} {other}");
        assert_eq!(snake("DraftPost"), "draft_post");
    }
}
