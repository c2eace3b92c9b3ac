//! What the program teaches, and its exit codes.

use crate::support::program::Program;

/// Every command: itself, and what stands under "Commands:" in its help.
async fn all_commands(program: &Program) -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut at = 0;
    while let Some(command) = found.get(at).cloned() {
        let help = help_of(program, &command).await;
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        let names = listed.filter(|line| !line.starts_with("   ")).map(|line| line.split_whitespace().next().unwrap().to_owned());
        found.extend(names.filter(|name| name != "help").map(|name| [command.clone(), vec![name]].concat()));
        at += 1;
    }
    found
}

async fn help_of(program: &Program, command: &[String]) -> String {
    let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
    program.run(&arguments).await.ends(0).out
}

#[tokio::test]
async fn every_command_explains_itself_and_each_of_its_options() {
    let program = Program::new();
    let commands = all_commands(&program).await;
    let names: Vec<String> = commands.iter().map(|command| command.join(" ")).collect();
    for expected in [
        "serve",
        "demo",
        "fetch",
        "source status",
        "source test",
        "digest",
        "migrate",
        "subscriber add",
        "subscriber export",
        "filter check",
        "filter import",
        "config show",
    ] {
        assert!(names.iter().any(|name| name == expected), "{expected} is not in {names:?}");
    }
    for command in &commands {
        let help = help_of(&program, command).await;
        let usage = format!("Usage: {}", [vec!["paperlark".to_owned()], command.clone()].concat().join(" "));
        let usage_at = help.find(&usage).unwrap_or_else(|| panic!("no {usage:?} in: {help}"));
        assert!(help[..usage_at].split_whitespace().count() >= 2, "{command:?} says what it does: {help}");
        let lines: Vec<&str> = help.lines().map(str::trim).collect();
        let options =
            lines.iter().zip(lines.iter().skip(1).chain([&""])).filter(|(line, _)| line.starts_with("--") || line.starts_with("-h"));
        for (option, below) in options {
            let explained = option.split("  ").filter(|part| !part.is_empty()).count() > 1 || !below.is_empty();
            assert!(explained, "{command:?} does not explain {option:?}");
        }
    }
}

#[tokio::test]
async fn the_help_names_the_exit_codes_and_where_to_begin() {
    let help = Program::new().run(&["--help"]).await.ends(0);
    help.says(&["paperlark demo", "paperlark config check", "Exit codes:", "0  done", "1  it failed", "2  ", "3  ", "4  "]);
    Program::new().run(&["--version"]).await.ends(0).says(&[&format!("paperlark {}", env!("CARGO_PKG_VERSION"))]);
}

#[tokio::test]
async fn a_wrong_command_line_is_code_2_with_advice() {
    let program = Program::new();
    for (arguments, expect) in [
        (&["servee"][..], "'serve'"),
        (&["fetch", "--dat", "2026-01-12"], "'--date'"),
        (&["fetch", "--date", "yesterday"], "yesterday"),
        (&["fetch", "--date", "2026-02-30"], "2026-02-30"),
        (&["fetch", "--date", "2026-01-12", "--since", "2026-01-12"], "cannot be used with"),
        (&["digest"], "--to <ADDRESS>"),
        (&["digest", "--to", "a@example.org", "--out", "x"], "--dry-run"),
        (&["subscriber"], "Usage"),
        (&["config", "show", "--defaults", "--json"], "cannot be used with"),
        (&["subscriber", "add", "a@example.org", "--ask", "--weekdays", "mon"], "cannot be used with"),
        (&["subscriber", "add", "a@example.org", "--hour", "noon"], "noon"),
        (&["filter", "check"], "<QUERY>"),
        (&["filter", "import"], "<FILE>"),
    ] {
        program.run(arguments).await.ends(2).complains(&[expect]);
    }
}

#[tokio::test]
async fn a_filter_is_explained_or_its_mistake_pointed_at() {
    let program = Program::new();
    program.run(&["filter", "check", "robots AND (laundry OR dishes)"]).await.ends(0).says(&["Understood as:", "robots", "laundry"]);
    program.run(&["filter", "check", "-robots laundry"]).await.ends(0).says(&["laundry"]);
    let good = program.run(&["filter", "check", "--json", "title:robots"]).await.ends(0).json();
    assert_eq!((&good["ok"], &good["canonical"]), (&true.into(), &"title:robots".into()));
    let bad = program.run(&["filter", "check", "robots (laundry"]).await.ends(2);
    let caret = bad.err.lines().find(|line| line.trim() == "^").expect("a caret").find('^').unwrap();
    let query = bad.err.lines().find(|line| line.contains("robots (laundry")).expect("the query itself");
    assert_eq!(query[caret..].chars().next(), Some('('), "{}", bad.err);
    let bad = program.run(&["filter", "check", "--json", "robots (laundry"]).await.ends(2).json();
    assert_eq!(bad["ok"], false);
    assert!(bad["column"].as_u64().unwrap() >= 1 && !bad["message"].as_str().unwrap().is_empty(), "{bad}");
}

#[tokio::test]
async fn output_that_nobody_reads_to_its_end_is_no_failure() {
    let program = Program::new();
    let mut child = program.command(&["config", "show", "--defaults"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}
