//! Filters as other search languages write them, and what becomes of them; and all the filters of `../shared/data`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use flate2::read::GzDecoder;

use super::*;

fn notes(text: &str) -> String {
    Filter::read(text).unwrap().notes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
}

#[test]
fn arxiv_queries_mean_what_they_say_also_in_an_address() {
    check("ti:\"world model\" AND cat:cs.LG ANDNOT au:del_maestro", "title:\"world model\" AND cat:cs.LG NOT author:\"del maestro\"");
    check("ti:%22world+model%22+AND+cat:cs.LG+ANDNOT+au:doe", "title:\"world model\" AND cat:cs.LG NOT author:doe");
    check("ti:%22world%22+AND+cat:cs.R%04", "title:world AND cat:cs.r");
    check("https://export.arxiv.org/api/query?search_query=all:%22flow+matching%22&start=0", "all:\"flow matching\"");
    check("https://arxiv.org/search/?query=diffusion+policy&searchtype=all", "diffusion AND policy");
    check("cat:cs.RO AND submittedDate:[202501010000 TO 202502010000]", "cat:cs.RO");
    assert!(notes("cat:cs.RO AND submittedDate:[202501010000 TO 202502010000]").contains("dropped"));
    check("C++ AND graph", "c++ AND graph");
}

#[test]
fn pubmed_searches_are_read_by_their_tags() {
    check("Thyroid[tiab] OR nodules[ti]", "=thyroid OR title:=nodules");
    check("hurtle cell*[Title/Abstract]", "=\"hurtle cell*\"");
    check("\"graph network\"[tiab:~3]", "=\"graph network\"~3");
    check("Doe J[au] AND Open Lab[ad]", "author:doe AND org:=\"open lab\"");
    check("\"Heart Defects, Congenital\"[Mesh] AND newborn[tw]", "\"congenital heart defects\" AND =newborn");
    check("a[tiab] OR b[tiab] AND c[tiab]", "(=a OR =b) AND =c");
    check("a[tiab] NOT (Animals[mh] NOT Humans[mh])", "=a");
    check("a[tiab] AND 2010/01/01:2015/01/01[dp] AND english[la]", "=a");
    check("a[tiab] or b[tiab]", "=a OR =b");
    check("neonatal sepsis OR b[tiab]", "(neonatal AND sepsis) OR =b");
    assert!(notes("a[tiab] OR b[tiab] AND c[tiab]").contains("left to right"));
    assert!(notes("Doe J[au]").contains("Doe J"));
    assert!(notes("a[tiab] NOT Animals[mh]").contains("none is left out for Animals"));
    assert!(notes("Sleep[mh]").contains("Sleep is looked for as words"));
}

#[test]
fn ovid_searches_are_read_by_their_fields_and_signs() {
    check("kala-azar.ti,ab", "=\"kala azar\"");
    check("(CT or CAT).ti.", "title:=ct OR title:=cat");
    check("(PET or \"positron emission\").ab. or SPECT.ti.", "abstract:=pet OR abstract:=\"positron emission\" OR title:=spect");
    check("((thermal or temperature*) adj3 regulat$).tw.", "(=thermal OR temperature*) NEAR/2 regulat*");
    check("(pulmonary adj embol$).ti,ab.", "=\"pulmonary embol*\"");
    check("((brain* or cerebr*) adj isch?emi*).tw.", "\"brain* isch?emi*\" OR \"cerebr* isch?emi*\"");
    check("(cancer? or randomi#ed or child$1).tw.", "cancer*1 OR randomi#ed OR child*1");
    check("exp Carcinoma, squamous cell/di [Diagnosis]", "\"squamous cell carcinoma\"");
    check("(sensitiv: or diagnos:).mp. or di.fs.", "sensitiv* OR diagnos*");
    check("Crenshaw A$.au.", "author:crenshaw");
    check("dement*.tw. not (animals not (humans and animals)).sh.", "dement*");
    check("(Xpert or cepheid). tw.", "=xpert OR =cepheid");
    check("sleep/ adj (apnea or Insomnia*).tw.", "sleep NEAR/0 (=apnea OR insomnia*)");
    assert!(notes("sleep/ adj apnea.tw.").contains("order"));
    assert!(notes("exp Sleep/").contains("Sleep is looked for as words"));
    assert!(notes("sleep.mp.").contains("in place of .mp."));
}

#[test]
fn the_lines_of_a_search_are_put_in_where_they_are_named() {
    check("a.tw.\nb.tw.\nc.tw.\n1 and 2 not 3", "=a AND =b NOT =c");
    check("a.tw.\nb.tw.\nor/1-2\nc.tw.\n3 and 4\nlimit 5 to humans", "(=a OR =b) AND =c");
    check("1. graph*\n2. network*\n3. 1 AND 2", "graph* AND network*");
    check("#1 graph.ti.\n#2 tree.ti.\n#3 #1 OR #2", "title:=graph OR title:=tree");
    check("A/\nB/\nOR 1-2", "a OR b");
    assert!(notes("a.tw.\nb.tw.\nc.tw.\n1 or 2").contains("no use of 3: c.tw."));
}

#[test]
fn the_page_on_filters_says_what_is_true() {
    let page = include_str!("../../../docs/filters.md");
    let section = page.split("## Filters you bring along").nth(1).unwrap().split("\n## ").next().unwrap();
    let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut compared = 0;
    for row in section.lines().filter(|line| line.starts_with('|') && line.contains('`')) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        for (written, meant) in code(cells[0]).iter().zip(code(cells[1])) {
            check(&written.replace('…', "2025"), &meant);
            compared += 1;
        }
    }
    assert!(compared > 12, "{compared}");
}

/// What a refusal may name: a construct of another language, or what is wrong with an own one.
const NAMED: [&str; 9] = [
    "stands for the results of other lines",
    "says nothing",
    "* or $",
    "never closed",
    "never opened",
    "nothing before it",
    "no line",
    "500 words",
    "no letter or digit",
];

/// How many filters of each kind are parsed and refused.
fn walk(name: &str) -> Option<BTreeMap<String, (usize, usize)>> {
    let path = format!("{}/../shared/data/{name}.jsonl.gz", env!("CARGO_MANIFEST_DIR"));
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: there is no {path}");
        return None;
    };
    let mut lines = String::new();
    GzDecoder::new(file).read_to_string(&mut lines).unwrap();
    let mut shares = BTreeMap::<String, (usize, usize)>::new();
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let (kind, text) = (line["kind"].as_str().unwrap(), line["expr"].as_str().unwrap());
        let share = shares.entry(kind.to_owned()).or_default();
        match Filter::read(text) {
            Ok(Reading { filter, .. }) => {
                share.0 += 1;
                assert_eq!(Filter::parse(&filter.to_string()).as_ref(), Ok(&filter), "{text}");
                assert!(filter.explain().to_string().starts_with("papers "));
            }
            Err(error) => {
                share.1 += 1;
                let message = error.to_string();
                assert!(NAMED.iter().any(|named| message.contains(named)), "{text}\n{message}");
            }
        }
    }
    for (kind, (parsed, refused)) in &shares {
        println!("{kind}: {parsed} of {} parsed", parsed + refused);
    }
    Some(shares)
}

#[test]
fn filters_that_people_use_are_parsed_or_refused_by_name() {
    let Some(shares) = walk("filters") else { return };
    assert_eq!(shares["or-list"].1, 0);
    assert_eq!(shares["boolean"].1, 0);
    assert!(shares["pubmed"].1 <= 2 && shares["ovid-multiline"].1 <= 10, "{shares:?}");
}

#[test]
fn single_lines_of_ovid_are_parsed_or_refused_by_name() {
    let Some(shares) = walk("filters-ovid-lines") else { return };
    assert!(shares["ovid-line"].1 <= 6, "{shares:?}");
    assert!(shares["line"].1 <= 96, "{shares:?}");
}
