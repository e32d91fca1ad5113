//! The GitHub Action, as a runner runs it.

use std::fs;

use super::runner::Runner;
use super::server::Server;
use super::{PROGRAM, archive, own, sha256, target};

#[test]
fn every_verdict_has_its_outputs_and_its_exit() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    runner.bad("bad.zip");
    fs::write(runner.path("empty.zip"), "").unwrap();
    let unforced = [("enforce", "false")];
    for (artifacts, more, code, verdict) in [
        ("clean.zip", &[][..], 0, ("pass", "0", "0")),
        ("bad.zip", &[], 1, ("deny", "1", "1")),
        ("empty.zip", &[], 2, ("incomplete", "2", "0")),
        ("*.zip", &[], 1, ("deny", "1", "1")),
        ("*.zip", &[("enforce", "true")], 1, ("deny", "1", "1")),
        ("*.zip", &unforced, 0, ("deny (NOT ENFORCED)", "1", "1")),
        ("clean.zip", &unforced, 0, ("pass (NOT ENFORCED)", "0", "0")),
        ("clean.zip\nnone*.zip", &[], 2, ("incomplete", "2", "0")),
        ("none*.zip", &unforced, 0, ("incomplete (NOT ENFORCED)", "2", "0")),
        (" \n", &[], 2, ("incomplete", "2", "0")),
        ("clean.zip", &[("enforce", "no")], 2, ("incomplete", "2", "0")),
        ("clean.zip", &[("config", "none.toml")], 2, ("incomplete", "2", "0")),
        ("clean.zip", &[("binary", "none")], 2, ("incomplete", "2", "0")),
    ] {
        let step = runner.run(artifacts, more);
        assert_eq!((step.code, step.verdict()), (code, verdict), "{artifacts:?}: {}", step.log);
        assert_eq!(step.log.contains("::warning title=fngate::NOT ENFORCED"), more == unforced, "{}", step.log);
        assert_eq!(step.summary.lines().next().is_some_and(|line| line.contains("NOT ENFORCED")), more == unforced, "{}", step.summary);
        assert!(!step.summary.is_empty());
        for (name, ending) in [("json", "/report.json"), ("sarif", ".sarif"), ("html", ".html"), ("sbom", ".cdx.json")] {
            assert!(step.output(name).ends_with(ending), "{name}: {}", step.output(name));
        }
    }
}

/// Written before fngate is called: it makes no difference to the outputs how it ends.
#[test]
fn outputs_are_set_before_the_gate_can_fail() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    let killed = runner.path("killed.sh");
    fs::write(&killed, "#!/bin/sh\nkill -9 $PPID\n").unwrap();
    std::process::Command::new("chmod").arg("+x").arg(&killed).status().unwrap();
    let step = std::panic::catch_unwind(|| runner.run("clean.zip", &[("binary", killed.to_str().unwrap())]));
    assert!(step.is_err(), "the step was to be killed");
    let outputs = fs::read_to_string(runner.folder.path().join("outputs")).unwrap();
    for line in ["outcome=incomplete", "exit-code=2", "denied=0"] {
        assert!(outputs.lines().any(|other| other == line), "{outputs}");
    }
    assert!(outputs.contains("json=") && outputs.contains("sarif="), "{outputs}");
}

#[test]
fn nothing_passes_without_a_report_that_says_so() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    for (name, does) in [("silent.sh", "exit 0"), ("liar.sh", "for w; do case $w in json=*) echo '{}' >\"${w#json=}\" ;; esac; done")] {
        fs::write(runner.path(name), format!("#!/bin/sh\n{does}\n")).unwrap();
        std::process::Command::new("chmod").arg("+x").arg(runner.path(name)).status().unwrap();
        let step = runner.run("clean.zip", &[("binary", name)]);
        assert_eq!((step.code, step.verdict()), (2, ("incomplete", "2", "0")), "{name}: {}", step.log);
    }
}

#[cfg(unix)]
#[test]
fn a_glob_leaves_no_artifact_out() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    assert_eq!(runner.run("*.zip", &[]).code, 0);
    std::os::unix::fs::symlink("nowhere", runner.path("later.zip")).unwrap();
    let step = runner.run("*.zip", &[]);
    assert_eq!(step.code, 2, "{}", step.log);
    assert!(step.log.contains("a link to nothing"), "{}", step.log);
    fs::remove_file(runner.path("later.zip")).unwrap();
    runner.bad(".hidden.zip");
    assert_eq!(runner.run("*.zip", &[]).code, 1);
}

#[test]
fn where_nothing_can_be_written_nothing_was_judged() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    let file = runner.path("clean.zip");
    let binary = own("tests/shim/record.sh");
    let inputs = [("artifacts", "clean.zip"), ("binary", binary.to_str().unwrap())];
    for name in ["RUNNER_TEMP", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"] {
        let place = file.join("x");
        let step = runner.step(&inputs, &[(name, place.to_str().unwrap())]);
        assert_eq!(step.code, 2, "{name}: {}", step.log);
    }
}

#[test]
fn a_files_name_is_a_name_and_nothing_more() {
    let runner = Runner::new();
    // Read as a list, this one would have `harmless.zip` judged in its place.
    runner.bad("@list.zip");
    runner.clean("harmless.zip");
    fs::write(runner.path("list.zip"), "harmless.zip\n").unwrap();
    let step = runner.run("@*.zip", &[]);
    assert_eq!((step.code, step.output("denied")), (1, "1"), "{}", step.log);
    for name in ["-", "-o.zip", "--help", "a b.zip", "oci:x", "$(touch owned).zip", "\n::error::x.zip"] {
        let runner = Runner::new();
        runner.bad(name);
        let step = runner.run("*", &[]);
        assert_eq!(step.code, 1, "{name:?}: {}", step.log);
        assert!(step.log.lines().all(|line| !line.starts_with("::error::x")), "{}", step.log);
        assert!(!runner.path("owned").exists());
    }
}

/// Between these two lines the runner hears no command, and the word that ends it is another each time.
#[test]
fn what_the_gate_prints_is_no_command() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let step = runner.run("clean.zip", &[]);
        let lines: Vec<&str> = step.log.lines().collect();
        let token = lines[0].strip_prefix("::stop-commands::").unwrap().to_owned();
        assert!(token.len() >= 32 && lines.iter().any(|line| *line == format!("::{token}::")), "{}", step.log);
        tokens.push(token);
    }
    assert_ne!(tokens[0], tokens[1]);
}

/// The report of annotations is said aloud, and nothing but annotations.
#[test]
fn annotations_are_annotations() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    let printing = runner.path("printing.sh");
    let script = "#!/bin/bash\nfor word in \"$@\"; do case \"$word\" in github=*) printf '::error title=a::b\\n::add-mask::c\\nplain\\n::stop-commands::d\\n::notice::e\\n' >\"${word#*=}\" ;; markdown=*) { yes '| line |' || true; } | head -c 1200000 >\"${word#*=}\" ;; esac; done\n";
    fs::write(&printing, script).unwrap();
    std::process::Command::new("chmod").arg("+x").arg(&printing).status().unwrap();
    let step = runner.run("clean.zip", &[("binary", printing.to_str().unwrap())]);
    let said: Vec<&str> = step.log.lines().filter(|line| line.starts_with("::") && !line.contains("fngate-")).collect();
    assert_eq!(said, ["::error title=a::b", "::notice::e"], "{}", step.log);
    assert!(step.summary.len() < 1_000_200 && step.summary.contains("cut here"), "{}", step.summary.len());
    assert!(step.summary.starts_with("| line |\n| line |"));
}

#[test]
fn every_input_reaches_the_command_line() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    let listed = "\r\n  one.x \r\n\n-two x\n";
    let inputs = [
        ("kev", "kev.json"),
        ("epss", "epss.csv"),
        ("baseline", "old.json"),
        ("policy", listed),
        ("vex", listed),
        ("lock", listed),
        ("modules", listed),
        ("layers", listed),
        ("bundles", listed),
        ("reports", "spdx\n junit=out/junit.xml \n"),
    ];
    let step = runner.run("clean.zip\noci:registry.example/image:1\n", &inputs);
    assert_eq!(step.code, 2, "{}", step.log);
    let arguments = runner.arguments();
    let has = |wanted: &str| assert!(arguments.iter().any(|argument| argument == wanted), "{wanted}: {arguments:?}");
    for option in ["--policy", "--vex", "--lock", "--modules", "--layer", "--bundle"] {
        has(&format!("{option}=one.x"));
        has(&format!("{option}=-two x"));
    }
    ["--kev=kev.json", "--epss=epss.csv", "--baseline=old.json", "--report=junit=out/junit.xml"].into_iter().for_each(has);
    for name in ["json", "sarif", "html", "cyclonedx", "markdown", "github", "--report=spdx"] {
        assert!(arguments.iter().any(|argument| argument.starts_with(&format!("{name}="))), "{name}: {arguments:?}");
    }
    for name in ["--db=", "--config="] {
        assert!(arguments.iter().any(|argument| argument.starts_with(name)), "{name}: {arguments:?}");
    }
    let end = arguments.iter().position(|argument| argument == "--").unwrap();
    assert_eq!(arguments[end + 1..], ["clean.zip", "oci:registry.example/image:1"]);
    // Unset inputs are no options: fngate.toml would not count.
    runner.step(&[("artifacts", "clean.zip"), ("binary", own("tests/shim/record.sh").to_str().unwrap())], &[]);
    let bare: Vec<String> =
        runner.arguments().into_iter().filter(|argument| argument.starts_with("--") && argument != "--report").collect();
    assert_eq!(bare, ["--color", "--"]);
}

#[test]
fn lines_of_options_are_trimmed_and_are_values() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    fs::write(runner.path("-p.rego"), "package fngate.x\nfindings contains {\"rule\": \"x\", \"level\": \"deny\", \"message\": \"no\"}")
        .unwrap();
    let step = runner.run("  clean.zip \r\n", &[("policy", "\r\n  -p.rego\r\n")]);
    assert_eq!(step.code, 1, "{}", step.log);
}

#[test]
fn nothing_is_left_in_the_workspace_or_the_environment() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    let environment = runner.folder.path().join("environment");
    let binary = own("tests/shim/record.sh");
    let inputs = [("artifacts", "clean.zip"), ("binary", binary.to_str().unwrap()), ("reports", "junit\nspdx")];
    let first = runner.step(&inputs, &[("GITHUB_ENV", environment.to_str().unwrap())]);
    let second = runner.step(&inputs, &[]);
    assert!(!environment.exists());
    let left: Vec<_> = fs::read_dir(runner.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["clean.zip"]);
    // A second call in the same job leaves the first one's reports alone.
    assert_ne!(first.output("json"), second.output("json"));
    assert!(fs::metadata(first.output("json")).is_ok() && fs::metadata(second.output("json")).is_ok());
}

#[test]
fn a_release_runs_only_if_it_is_the_one_of_the_table() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    let server = Server::new();
    let (name, bytes) = archive("0.9.1", PROGRAM.as_bytes());
    let path = format!("/fngate-v0.9.1/{name}.tar.gz");
    let environment = [("FNGATE_RELEASES_URL", server.url.as_str())];
    let table = |text: String| fs::write(runner.folder.path().join("action/templates/digests.txt"), text).unwrap();
    let line = |version: &str, digest: &str| format!("# a comment\n{version} {} {digest}\n", target());
    let run = |more: &[(&str, &str)]| runner.step(&[&[("artifacts", "clean.zip"), ("version", "0.9.1")], more].concat(), &environment);

    // Versions that the table does not have, and what is no version, are not even asked for.
    for version in ["0.9.1", "1.0", "v0.9.1", "0.9.1/../x", "0.9.1 ", "latest", "0.9.1\n0.9.2", "00.9.1"] {
        let step = run(&[("version", version)]);
        assert_eq!((step.code, step.output("outcome")), (2, "incomplete"), "{version:?}: {}", step.log);
    }
    // Neither are those whose line is spoiled.
    for text in [line("0.9.1", "abc"), line("0.9.1", &"g".repeat(64)), line("0.9.1", &"a".repeat(64)) + &line("0.9.1", &"b".repeat(64))] {
        table(text);
        assert_eq!(run(&[]).code, 2);
    }
    assert_eq!(server.asked(), [""; 0]);

    // Missing, then another file than the table's: it never runs, and a job that enforces nothing fails for it too.
    table(line("0.9.1", &sha256(&bytes)));
    assert_eq!(run(&[]).code, 2);
    server.put(&path, &archive("0.9.1", b"#!/bin/sh\ntouch owned\n").1);
    for more in [&[][..], &[("enforce", "false")]] {
        let step = run(more);
        assert_eq!(step.code, 2, "{}", step.log);
        assert!(step.log.contains("not the file that this action's table names"), "{}", step.log);
        assert!(!step.summary.contains("stays green"), "{}", step.summary);
    }
    assert!(!runner.path("owned").exists());

    server.put(&path, &bytes);
    let step = run(&[]);
    assert_eq!(step.code, 0, "{}", step.log);
    assert!(step.log.contains("the program that was released: check --report"), "{}", step.log);
    // What is kept on the runner is hashed again, and fetched again where it has changed.
    let kept = runner.folder.path().join("temp/fngate").join(format!("{name}.tar.gz"));
    let times = server.asked().len();
    assert_eq!((run(&[]).code, server.asked().len()), (0, times));
    fs::write(&kept, archive("0.9.1", b"#!/bin/sh\ntouch owned\n").1).unwrap();
    assert_eq!((run(&[]).code, server.asked().len()), (0, times + 1));
    assert!(!runner.path("owned").exists());

    // Without a version it is the release of the action's own, if the table has it.
    let own_version = env!("CARGO_PKG_VERSION");
    let (name, bytes) = archive(own_version, PROGRAM.as_bytes());
    table(line(own_version, &sha256(&bytes)));
    server.put(&format!("/fngate-v{own_version}/{name}.tar.gz"), &bytes);
    let step = run(&[("version", "")]);
    assert!(step.log.contains("the program that was released"), "{}", step.log);
}

#[test]
fn a_database_is_fetched_by_its_digest() {
    let runner = Runner::new();
    runner.bad("bad.zip");
    let server = Server::new();
    let bytes = fs::read(runner.folder.path().join("advisories.db")).unwrap();
    server.put("/a.db", &bytes);
    let good = format!("{}/a.db@sha256:{}", server.url, sha256(&bytes));
    let step = runner.run("bad.zip", &[("db", &good)]);
    assert_eq!(step.verdict(), ("deny", "1", "1"), "{}", step.log);
    let wrong = format!("{}/a.db@sha256:{}", server.url, sha256(b"another"));
    let (missing, bare) = (format!("{}/b.db@sha256:{}", server.url, sha256(&bytes)), format!("{}/a.db", server.url));
    for db in [wrong.as_str(), &bare, &format!("{good}0"), &missing] {
        let runner = Runner::new();
        runner.bad("bad.zip");
        let step = runner.run("bad.zip", &[("db", db)]);
        assert_eq!(step.verdict(), ("incomplete", "2", "0"), "{db}: {}", step.log);
    }
}
