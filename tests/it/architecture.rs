//! The shape of the code, as ARCHITECTURE.md draws it: imports run one way, each table has one writer, the outside
//! world is met in one place each, files stay short, and the map names only what is there.

mod scan;

use std::collections::BTreeSet;
use std::fs;

use scan::{Source, marked, root, sources, tables, written_tables};

/// Every top-level module from top to bottom, and what it may use. All it may use stands below it.
const LAYERS: &[(&str, &str)] = &[
    ("main", "cli"),
    (
        "cli",
        "demo inbound run pipeline books subscriber app standing source preview digest mail archive database config schedule filter address",
    ),
    ("demo", "run pipeline subscriber app database catcher config clock"),
    ("run", "inbound web pipeline app vitals"),
    (
        "web",
        "books inbound subscriber app standing database preview digest mail archive config feedback token schedule filter paper address strict text",
    ),
    ("pipeline", "books subscriber app standing digest mail archive smtp source config feedback token schedule filter paper address clock"),
    ("books", "digest archive matching schedule filter paper"),
    ("inbound", "subscriber app mail feedback address token wire"),
    ("subscriber", "feedback app mail archive token schedule filter address text"),
    ("app", "vitals preview digest mail smtp source database config token clock"),
    ("preview", "digest archive matching filter paper"),
    ("digest", "mail archive matching token filter paper address"),
    ("mail", "strict"),
    ("source", "archive config schedule paper text"),
    ("archive", "paper"),
    ("standing", "config schedule"),
    ("matching", "filter paper"),
    ("smtp", "config clock"),
    ("database", "config token"),
    ("catcher", "wire"),
    ("config", "feedback schedule address token"),
    ("feedback", ""),
    ("filter", "paper text"),
    ("schedule", ""),
    ("paper", ""),
    ("address", "text"),
    ("token", ""),
    ("strict", ""),
    ("text", ""),
    ("vitals", ""),
    ("clock", ""),
    ("wire", ""),
];

/// What only some files may name. Tests may use any client.
const RESERVED: &[(&[&str], &[&str])] = &[
    // The demo's visitor stands outside the service, like a browser.
    (&["reqwest"], &["source", "demo/visitor"]),
    (&["lettre::transport", "SmtpTransport"], &[]),
    (&["Utc::now", "Local::now", "SystemTime::now", "Instant::now"], &["clock"]),
    (&["now_v7"], &[]),
];

/// Which file or folder of src writes each table.
const WRITERS: &[(&str, &str)] = &[
    ("archive", "paper paper_revision paper_alias batch arrival listing archive_version http_validator"),
    ("standing", "source_state source_day source_reject backfill"),
    ("source/http/budget", "request_budget"),
    ("subscriber", "subscriber filter signup suppression feedback"),
    ("digest", "digest"),
    ("mail/queue", "mail attempt report"),
    ("pipeline/deliver", "route relay_day"),
    ("pipeline/watch", "alarm"),
    ("database", "signing_key"),
];

/// Longer files do not fit one reading; tests that stand in a file of their own may be longer.
const MAX_LINES: usize = 330;

fn forbidden_imports(files: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.path != "lib.rs") {
        let module = file.module();
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("src/{}: the module {module} has no place in LAYERS yet", file.path));
            continue;
        };
        for (line, used) in file.imports() {
            if used != module && !allowed.split(' ').any(|name| name == used) {
                wrong.push(format!("src/{}:{line}: {module} may not use {used}", file.path));
            }
        }
    }
    wrong
}

fn foreign_writes(files: &[Source], tables: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        for table in written_tables(&file.code()).intersection(tables) {
            let owner = WRITERS.iter().find(|(_, owned)| owned.split(' ').any(|name| name == table));
            match owner {
                Some((place, _)) if file.is_in(place) => {}
                Some((place, _)) => wrong.push(format!("src/{}: writes {table}, which belongs to src/{place}", file.path)),
                None => wrong.push(format!("src/{}: writes {table}, which has no place in WRITERS yet", file.path)),
            }
        }
    }
    wrong
}

fn misplaced(files: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| !file.is_test()) {
        let code = file.code();
        for (names, places) in RESERVED {
            let found = names.iter().find(|name| code.contains(**name));
            if let Some(name) = found.filter(|_| !places.iter().any(|place| file.is_in(place))) {
                wrong.push(format!("src/{}: only {places:?} may use {name}", file.path));
            }
        }
    }
    wrong
}

fn too_long(files: &[Source]) -> Vec<String> {
    let long = files.iter().filter(|file| !file.is_test() && file.text.lines().count() > MAX_LINES);
    long.map(|file| format!("src/{}: has {} lines, {MAX_LINES} are enough", file.path, file.text.lines().count())).collect()
}

fn dead_paths(document: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let endings = [".rs", ".sql", ".toml", ".hbs", ".md"];
    // `/healthz` is an address, `text/plain; charset=utf-8` has a space.
    let is_path = |text: &str| !text.starts_with('/') && !text.contains([' ', ':', '@']) && text.contains('/');
    let is_file = |text: &str| !text.contains(' ') && endings.iter().any(|ending| text.ends_with(ending));
    let named = marked(document).into_iter().filter(|text| is_path(text) || is_file(text));
    named.filter(|path| !exists(path)).map(|path| format!("ARCHITECTURE.md names {path}, which does not exist")).collect()
}

/// `module::function` in the document without a `fn function` in that module.
fn dead_functions(document: &str, files: &[Source]) -> Vec<String> {
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let pairs = marked(document).into_iter().filter_map(|text| text.rsplit_once("::"));
    let pairs = pairs.filter(|(module, function)| module.split("::").all(is_name) && is_name(function));
    let is_there = |module: &str, function: &str| {
        let place = module.rsplit("::").next().unwrap_or(module);
        let inside = |file: &Source| file.path.split(['/', '.']).any(|part| part == place);
        files.iter().any(|file| inside(file) && file.defines(function))
    };
    let dead = pairs.filter(|(module, function)| !is_there(module, function));
    dead.map(|(module, function)| format!("ARCHITECTURE.md names {module}::{function}, which does not exist")).collect()
}

fn map() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap()
}

#[track_caller]
fn none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_run_one_way() {
    let below = |name: &str| LAYERS.iter().skip_while(|(layer, _)| *layer != name).skip(1).map(|(layer, _)| *layer).collect::<Vec<_>>();
    for (name, allowed) in LAYERS {
        let upwards = allowed.split_whitespace().find(|used| !below(name).contains(used));
        assert_eq!(upwards, None, "{name} stands below what it may use");
    }
    none(forbidden_imports(&sources()));
}

#[test]
fn each_table_has_one_writer() {
    let tables = tables();
    let owned: BTreeSet<String> = WRITERS.iter().flat_map(|(_, tables)| tables.split(' ')).map(str::to_owned).collect();
    assert_eq!(tables, owned, "the tables of the migrations and those of WRITERS");
    none(foreign_writes(&sources(), &tables));
}

#[test]
fn the_outside_is_met_in_one_place_each() {
    none(misplaced(&sources()));
}

#[test]
fn files_are_short() {
    none(too_long(&sources()));
}

#[test]
fn the_map_names_only_what_is_there() {
    none(dead_paths(&map(), |path| root().join(path).exists()));
    none(dead_functions(&map(), &sources()));
}

#[test]
fn planted_faults_are_found() {
    let check = |found: Vec<String>, expect: &[&str]| {
        assert_eq!(found.len(), expect.len(), "{found:?}");
        found.iter().zip(expect).for_each(|(found, expect)| assert!(found.contains(expect), "{found} / {expect}"));
    };
    let planted = [
        Source::new(
            "web/papers.rs",
            "// crate::pipeline is fine here\nuse crate::{paper::Paper, pipeline::{compose, fetch}, text};\nlet p = crate::archive::window();",
        ),
        Source::new("paper.rs", "use crate::App;"),
        Source::new("sundries.rs", "fn odd() {}"),
    ];
    check(forbidden_imports(&planted), &["web/papers.rs:2: web may not use pipeline", "paper may not use app", "no place"]);
    let tables = ["mail", "digest", "spare"].map(str::to_owned).into();
    let sql =
        "\"select 1 for update skip locked\" \"with x as (\n update mail m set a = 1)\" r#\"DELETE FROM digest\"# \"insert into spare\"";
    check(
        foreign_writes(&[Source::new("web.rs", sql)], &tables),
        &["writes digest", "writes mail, which belongs to src/mail/queue", "no place"],
    );
    check(foreign_writes(&[Source::new("mail/queue/work.rs", "\"update mail set a = 1 where b\"")], &tables), &[]);
    let reserved = [Source::new("run.rs", "let now = Instant::now();"), Source::new("demo/visitor.rs", "use reqwest::Client;")];
    check(misplaced(&reserved), &["src/run.rs: only [\"clock\"]"]);
    check(too_long(&[Source::new("a.rs", &"\n".repeat(331)), Source::new("a/tests.rs", &"\n".repeat(331))]), &["src/a.rs"]);
    let text = "`src/no.rs`, `lost.toml`, `/healthz`, `src`\n```\n`not/looked/at`\n```\n`a/b`, `web::nothing`, `web::odd`, `One::two`";
    check(dead_paths(text, |path| path == "a/b"), &["src/no.rs", "lost.toml"]);
    check(dead_functions(text, &[Source::new("web.rs", "fn odd() {}\nfn nothing_else() {}")]), &["web::nothing"]);
}
