//! `paperlark migrate` and `paperlark subscriber …`.

use crate::support::program::Program;

const ADDRESS: &str = "ada@example.org";

#[tokio::test]
async fn the_schema_is_brought_up_to_date_and_left_alone_then() {
    let (program, _database) = Program::with_database().await;
    let first = program.run(&["migrate"]).await.ends(0).says(&["The schema is at version"]);
    assert_eq!(program.run(&["migrate"]).await.ends(0).out, first.out);
}

#[tokio::test]
async fn a_reader_is_added_listed_shown_and_removed() {
    let (program, _database) = Program::with_database().await;
    program.run(&["subscriber", "list"]).await.ends(0).says(&["No readers yet", "paperlark subscriber add"]);
    assert_eq!(program.run(&["subscriber", "list", "--json"]).await.ends(0).json(), serde_json::json!([]));
    let choices =
        ["--filter", "title:robots", "--filter", "-cat:cs.CV laundry", "--zone", "Europe/Berlin", "--hour", "6", "--weekdays", "mon,thu"];
    program.run(&[&["subscriber", "add", ADDRESS][..], &choices].concat()).await.ends(0).says(&["Subscribed."]);
    program.run(&["subscriber", "add", "bob@example.net"]).await.ends(0);

    program.run(&["subscriber", "list"]).await.ends(0).says(&["ADDRESS", "NEXT DIGEST", ADDRESS, "active", "bob@example.net"]);
    let listed = program.run(&["subscriber", "list", "--json"]).await.ends(0).json();
    let brief: Vec<_> = listed.as_array().unwrap().iter().map(|reader| (reader["address"].clone(), reader["filters"].clone())).collect();
    assert_eq!(brief, [(ADDRESS.into(), 2.into()), ("bob@example.net".into(), 0.into())]);

    let shown = program.run(&["subscriber", "show", ADDRESS]).await.ends(0);
    shown.says(&["06:00 Europe/Berlin on mon,thu", "title:robots", "-cat:cs.CV laundry", "welcome"]);
    program.run(&["subscriber", "show", "bob@example.net"]).await.ends(0).says(&["the trending papers"]);
    let exported = program.run(&["subscriber", "export", "ADA@EXAMPLE.ORG"]).await.ends(0).json();
    assert_eq!(exported, program.run(&["subscriber", "show", "--json", ADDRESS]).await.ends(0).json());
    assert_eq!((&exported["address"], &exported["hour"], &exported["status"]), (&ADDRESS.into(), &6.into(), &"active".into()));
    assert_eq!(exported["mails"][0]["kind"], "welcome");

    program.run(&["subscriber", "remove", ADDRESS]).await.ends(0).says(&["Removed"]);
    program.run(&["subscriber", "show", ADDRESS]).await.ends(2).complains(&["there is no reader ada@example.org"]);
    assert_eq!(program.run(&["subscriber", "list", "--json"]).await.ends(0).json().as_array().unwrap().len(), 1);
    program.run(&["subscriber", "add", ADDRESS]).await.ends(0);
    let again = program.run(&["subscriber", "export", ADDRESS]).await.ends(0).json();
    assert_eq!(again["filters"], serde_json::json!([]), "nothing of the old choices was kept");
}

#[tokio::test]
async fn wrong_choices_are_refused_with_what_to_write() {
    let (program, _database) = Program::with_database().await;
    program.run(&["subscriber", "add", ADDRESS]).await.ends(0);
    for (arguments, expect) in [
        (&["nobody"][..], &["ann@example.org"][..]),
        (&["Ann <ann@example.org>"], &["without a name or angle brackets"]),
        (&["ann@localhost"], &["example.org, with a dot"]),
        (&["ann@example.org\r\nBcc: x@example.org"], &["invisible characters"]),
        (&["ann@example.org", "--zone", "Europe/Belin"], &["Europe/Belin", "did you mean Europe/Berlin?"]),
        (&["ann@example.org", "--zone", "nowhere at all"], &["no time zone", "Europe/Berlin"]),
        (&["ann@example.org", "--hour", "24"], &["24", "0 to 23"]),
        (&["ann@example.org", "--hour", "300"], &["300"]),
        (&["ann@example.org", "--weekdays", "someday"], &["someday", "mon,thu"]),
        (&["ann@example.org", "--weekdays", ""], &["no weekday is chosen"]),
        (&["ann@example.org", "--filter", "robots", "--filter", "title:(laundry"], &["--filter", "title:(laundry", "^"]),
        (&[ADDRESS], &["subscribed already"]),
        (&["ADA@example.ORG"], &["subscribed already"]),
    ] {
        program.run(&[&["subscriber", "add"], arguments].concat()).await.ends(2).complains(expect);
    }
    let many: Vec<&str> = ["subscriber", "add", "ann@example.org"].into_iter().chain(["--filter", "robots"].repeat(1_000)).collect();
    program.run(&many).await.ends(2).complains(&["at most"]);
    let listed = program.run(&["subscriber", "list", "--json"]).await.ends(0).json();
    assert_eq!(listed.as_array().unwrap().len(), 1, "none of them was added");
}

#[tokio::test]
async fn an_unknown_reader_is_told_and_nothing_is_done() {
    let (program, _database) = Program::with_database().await;
    for command in [&["subscriber", "show"][..], &["subscriber", "export"], &["subscriber", "remove"], &["digest", "--to"]] {
        let ran = program.run(&[command, &[ADDRESS]].concat()).await.ends(2);
        ran.complains(&["there is no reader ada@example.org", "paperlark subscriber list"]);
        program.run(&[command, &["nobody"]].concat()).await.ends(2).complains(&["ann@example.org"]);
    }
}

#[tokio::test]
async fn a_reader_who_is_asked_first_is_pending() {
    let (program, _database) = Program::with_database().await;
    program.run(&["subscriber", "add", ADDRESS, "--ask"]).await.ends(0).says(&["confirmation mail"]);
    let exported = program.run(&["subscriber", "export", ADDRESS]).await.ends(0).json();
    assert_eq!((&exported["status"], &exported["mails"][0]["kind"]), (&"pending".into(), &"confirmation".into()));
    program.run(&["digest", "--to", ADDRESS]).await.ends(2).complains(&["not confirmed"]);
}

#[tokio::test]
async fn the_filters_of_a_file_are_added_to_a_reader_or_none_of_them() {
    let (program, _database) = Program::with_database().await;
    program.run(&["subscriber", "add", ADDRESS, "--filter", "robots"]).await.ends(0);
    let names = async || {
        let exported = program.run(&["subscriber", "export", ADDRESS]).await.ends(0).json();
        exported["filters"].as_array().unwrap().iter().map(|filter| filter["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let good = program.file("good.yaml", "keywords:\n  Mapping:\n    filters: [SLAM, loop closure]\n  Sleep: ['exp Sleep/']\n");
    program.run(&["filter", "import", &good]).await.ends(0).says(&[
        "Mapping",
        "slam OR \"loop closure\"",
        "papers that mention",
        "note",
        "Sleep",
    ]);
    assert_eq!(names().await, ["robots"]);
    let broken = program.file("broken.txt", "diffusion\n1 or 2\n(b\n");
    let refused = program.run(&["filter", "import", &broken, "--for", ADDRESS]).await.ends(2);
    refused.says(&["diffusion", "problem"]).complains(&["not understood; nothing was added"]);
    assert_eq!(names().await, ["robots"]);
    program.run(&["filter", "import", &good, "--for", ADDRESS]).await.ends(0).says(&["Added 2 filters; the reader has 3 now"]);
    assert_eq!(names().await, ["robots", "Mapping", "Sleep"]);
    let many = program.file("many.txt", (0..50).map(|i| format!("word{i}\n")).collect::<String>());
    program.run(&["filter", "import", &many, "--for", ADDRESS]).await.ends(2).complains(&["53 filters", "50"]);
    program.run(&["filter", "import", &good, "--for", "nobody@example.org"]).await.ends(2).complains(&["there is no reader"]);
    program.run(&["filter", "import", "missing.txt"]).await.ends(1).complains(&["cannot read missing.txt"]);
}
