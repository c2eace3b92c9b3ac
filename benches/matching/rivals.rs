//! The same filters over the same papers by others: PostgreSQL's `tsvector @@ tsquery`, and a day's index in Tantivy.
//!
//! Both are handed the words as Paperlark cuts and stems them, so that they answer the same question, but for compounds in another
//! spelling, which only Paperlark finds. PostgreSQL then answers once more with stems of its own, as a second opinion.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use paperlark::database::{Database, Sharing};
use paperlark::filter::words::each_word;
use paperlark::matching::{Catalogue, DayIndex, stem};
use paperlark::paper::Paper;
use sqlx::PgConnection;

use crate::clock;
use crate::workload::Material;

const PAPERS: usize = 300;
/// How many filters each answers; a part is enough to know the pace.
const BY_POSTGRESQL: usize = 2_000;
const BY_TANTIVY: usize = 20_000;
/// Examples of each difference.
const SHOWN: usize = 5;

/// What a filter or a rival finds: pairs of filter and paper.
type Pairs = BTreeSet<(usize, u32)>;
/// How a word is stemmed.
type Stems<'a> = &'a dyn Fn(&str) -> String;

fn our_stem(word: &str) -> String {
    stem(word).into_owned()
}

/// A filter as alternatives of phrases of words.
fn alternatives(text: &str) -> Vec<Vec<String>> {
    text.split(" OR ").map(words).collect()
}

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_word(text, |word| words.push(word.folded.to_owned()));
    words
}

/// The words of title and abstract by position; no phrase reaches from the one into the other.
fn positions(paper: &Paper) -> Vec<(usize, String)> {
    let title = words(&paper.title);
    let start = title.len() + 100;
    title.into_iter().enumerate().chain((start..).zip(words(&paper.abstract_text))).collect()
}

pub fn compare(material: &Material) {
    let papers = &material.papers[..PAPERS];
    let texts = material.alternatives(BY_TANTIVY);
    println!("{PAPERS} papers and the first filters, by others; for a million filters, in seconds:");
    let (ours, pace) = by_paperlark(papers, &texts);
    report("Paperlark", texts.len(), pace, pace);
    let (theirs, tantivy) = by_tantivy(papers, &texts);
    report("Tantivy, an index in memory", texts.len(), tantivy, pace);
    only_compounds_differ(papers, &texts, &ours, &theirs);
    let ours = ours.into_iter().filter(|pair| pair.0 < BY_POSTGRESQL).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(by_postgresql(papers, &texts[..BY_POSTGRESQL], &ours, pace)).expect("PostgreSQL answers");
}

fn report(name: &str, filters: usize, pace: Duration, ours: Duration) {
    let times = pace.as_secs_f64() / ours.as_secs_f64();
    println!("  {name:<34} {:>12.3}  {times:>8.0} times   measured on {filters}", pace.as_secs_f64() * 1e6);
}

/// Fails unless all that one side finds alone is a compound which Paperlark finds in another spelling.
fn only_compounds_differ(papers: &[Paper], texts: &[String], ours: &Pairs, theirs: &Pairs) {
    let missed: Vec<_> = theirs.difference(ours).take(SHOWN).collect();
    assert!(missed.is_empty(), "found by others only: {missed:?}");
    let only_ours: Vec<_> = ours.difference(theirs).collect();
    for &&(filter, paper) in &only_ours {
        assert!(is_compound(&texts[filter], &papers[paper as usize]), "{} in {}", texts[filter], papers[paper as usize].id);
    }
    println!("    {} pairs of filter and paper found by both; {} more by Paperlark, all compounds", theirs.len(), only_ours.len());
}

/// Whether the paper spells a phrase of the filter when all that stands between letters is left out.
fn is_compound(filter: &str, paper: &Paper) -> bool {
    let closed = |text: &str| words(text).concat();
    let (title, abstract_text) = (closed(&paper.title), closed(&paper.abstract_text));
    filter.split(" OR ").map(closed).any(|phrase| {
        let mut stem = our_stem(&phrase);
        // A stem may end otherwise than the word: `y` as `i`.
        stem.pop();
        title.contains(&stem) || abstract_text.contains(&stem)
    })
}

/// What a million filters cost after as many as that of a day, and what `texts` find.
fn by_paperlark(papers: &[Paper], texts: &[String]) -> (Pairs, Duration) {
    let catalogue = Catalogue::default();
    let filters: Vec<_> = texts.iter().map(|text| catalogue.compile(text).expect("the filter is well formed")).collect();
    let start = clock();
    let index = DayIndex::build_on(1, papers);
    let mut matcher = index.matcher(&catalogue);
    // The index is built once for a million filters, so that the few here stand for all.
    let rounds = 1_000_000 / texts.len();
    for _ in 0..rounds {
        for filter in &filters {
            std::hint::black_box(matcher.matches(filter).len());
        }
    }
    let pace = (clock() - start) / u32::try_from(rounds * texts.len()).expect("a million");
    let pairs = filters
        .iter()
        .enumerate()
        .flat_map(|(number, filter)| matcher.matches(filter).iter().map(|paper| (number, *paper)).collect::<Vec<_>>());
    (pairs.collect(), pace)
}

fn by_tantivy(papers: &[Paper], texts: &[String]) -> (Pairs, Duration) {
    use tantivy::collector::DocSetCollector;
    use tantivy::query::{BooleanQuery, Occur, PhraseQuery, Query, TermQuery};
    use tantivy::schema::{IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
    use tantivy::tokenizer::{PreTokenizedString, Token};
    use tantivy::{Index, TantivyDocument, Term};

    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let field = schema.add_text_field("topic", TextOptions::default().set_indexing_options(indexing));
    let queries = |text: &String| -> Box<dyn Query> {
        let phrases = alternatives(text).into_iter().map(|phrase| {
            let mut terms: Vec<Term> = phrase.iter().map(|word| Term::from_field_text(field, &our_stem(word))).collect();
            let query: Box<dyn Query> = match terms.len() {
                1 => Box::new(TermQuery::new(terms.remove(0), IndexRecordOption::Basic)),
                _ => Box::new(PhraseQuery::new(terms)),
            };
            (Occur::Should, query)
        });
        Box::new(BooleanQuery::new(phrases.collect()))
    };
    let queries: Vec<Box<dyn Query>> = texts.iter().map(queries).collect();

    let start = clock();
    let index = Index::create_in_ram(schema.build());
    let mut writer = index.writer_with_num_threads(1, 50_000_000).expect("a writer");
    for paper in papers {
        let mut document = TantivyDocument::default();
        let tokens = positions(paper).into_iter().map(|(position, word)| Token { position, text: our_stem(&word), ..Token::default() });
        document.add_pre_tokenized_text(field, PreTokenizedString { text: String::new(), tokens: tokens.collect() });
        writer.add_document(document).expect("the document is taken");
    }
    writer.commit().expect("the index is written");
    let searcher = index.reader().expect("a reader").searcher();
    let mut pairs = Pairs::new();
    for (number, query) in queries.iter().enumerate() {
        let found = searcher.search(query, &DocSetCollector).expect("the search ends");
        pairs.extend(found.into_iter().map(|address| (number, address.doc_id)));
    }
    (pairs, (clock() - start) / u32::try_from(texts.len()).expect("some thousands"))
}

async fn by_postgresql(papers: &[Paper], texts: &[String], ours: &Pairs, pace: Duration) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let environment = [("PAPERLARK_DATABASE_DATA_DIR".to_owned(), folder.path().display().to_string())];
    let config = paperlark::config::load(Some("/dev/null".as_ref()), environment)?;
    let database = Database::open(&config, Sharing::Exclusive).await?;
    let mut connection = database.pool.acquire().await?;
    let (theirs, postgresql) = ask_postgresql(&mut connection, papers, texts, &our_stem).await?;
    report("PostgreSQL, tsvector @@ tsquery", texts.len(), postgresql, pace);
    only_compounds_differ(papers, texts, ours, &theirs);

    let stems = stems_of_postgresql(&mut connection, papers, texts).await?;
    let (by_their_stems, _) = ask_postgresql(&mut connection, papers, texts, &|word| stems[word].clone()).await?;
    let differing: Vec<_> = theirs.symmetric_difference(&by_their_stems).collect();
    let mut reasons: BTreeMap<(String, String), usize> = BTreeMap::new();
    for &&(filter, paper) in &differing {
        let reason = stemmed_otherwise(&texts[filter], &papers[paper as usize], &stems);
        let reason = reason.unwrap_or_else(|| panic!("no stem explains {} in {}", texts[filter], papers[paper as usize].id));
        *reasons.entry(reason).or_default() += 1;
    }
    println!(
        "    with PostgreSQL's own stems {} pairs differ, each by a word that one side takes for a form of the other:",
        differing.len()
    );
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for ((wanted, found), count) in reasons.iter().take(SHOWN) {
        println!("      {wanted} and {found}: {count} pairs");
    }
    drop(connection);
    database.close().await
}

/// The filters that PostgreSQL finds for each paper, and its time a filter.
async fn ask_postgresql(
    connection: &mut PgConnection,
    papers: &[Paper],
    texts: &[String],
    stem: Stems<'_>,
) -> sqlx::Result<(Pairs, Duration)> {
    let quoted = |word: &String| format!("'{}'", stem(word).replace('\\', "\\\\").replace('\'', "''"));
    let vector = |paper: &Paper| {
        positions(paper).iter().map(|(position, word)| format!("{}:{}", quoted(word), position + 1)).collect::<Vec<_>>().join(" ")
    };
    let query = |text: &String| {
        let phrases =
            alternatives(text).into_iter().map(|phrase| format!("({})", phrase.iter().map(quoted).collect::<Vec<_>>().join(" <-> ")));
        phrases.collect::<Vec<_>>().join(" | ")
    };
    let vectors: Vec<String> = papers.iter().map(vector).collect();
    let queries: Vec<String> = texts.iter().map(query).collect();

    sqlx::query("drop table if exists day").execute(&mut *connection).await?;
    sqlx::query("create temporary table day (id int, words tsvector)").execute(&mut *connection).await?;
    let fill = "insert into day select ord - 1, words::tsvector from unnest($1::text[]) with ordinality as given (words, ord)";
    sqlx::query(fill).bind(vectors).execute(&mut *connection).await?;
    sqlx::query("analyze day").execute(&mut *connection).await?;
    let ask = "select ord - 1, id from unnest($1::text[]) with ordinality as given (query, ord) join day on words @@ query::tsquery";
    let start = Instant::now();
    let found: Vec<(i64, i32)> = sqlx::query_as(ask).bind(queries).fetch_all(&mut *connection).await?;
    let pace = start.elapsed() / u32::try_from(texts.len()).expect("some thousands");
    let pairs = found.into_iter().map(|(filter, paper)| (filter as usize, paper as u32));
    Ok((pairs.collect(), pace))
}

/// What PostgreSQL's English stemmer makes of every word; a stop word stays as it is.
async fn stems_of_postgresql(connection: &mut PgConnection, papers: &[Paper], texts: &[String]) -> sqlx::Result<HashMap<String, String>> {
    let of_papers = papers.iter().flat_map(|paper| positions(paper).into_iter().map(|(_, word)| word));
    let of_filters = texts.iter().flat_map(|text| alternatives(text).into_iter().flatten());
    let all: BTreeSet<String> = of_papers.chain(of_filters).collect();
    let ask = "select word, coalesce((ts_lexize('english_stem', word))[1], word) from unnest($1::text[]) as given (word)";
    let stems: Vec<(String, String)> = sqlx::query_as(ask).bind(Vec::from_iter(all)).fetch_all(connection).await?;
    Ok(stems.into_iter().collect())
}

/// A word of the filter and one of the paper that are forms of one another for one side only.
fn stemmed_otherwise(filter: &str, paper: &Paper, theirs: &HashMap<String, String>) -> Option<(String, String)> {
    let wanted: Vec<String> = alternatives(filter).into_iter().flatten().collect();
    positions(paper).into_iter().find_map(|(_, found)| {
        let differs = |wanted: &&String| (our_stem(wanted) == our_stem(&found)) != (theirs[*wanted] == theirs[&found]);
        wanted.iter().find(differs).map(|wanted| (wanted.clone(), found.clone()))
    })
}
