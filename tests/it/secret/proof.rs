//! Every rule that ships finds its examples through the whole scanner and leaves its counter-examples.

use std::collections::HashSet;

use fngate::secret::Rule;

use super::{builtin, path, scan};

#[test]
fn every_rule_finds_its_examples_and_leaves_its_counter_examples() {
    let mut faults = Vec::new();
    let rules = fngate::secret::proofs().unwrap();
    let ids = |rules: &[Rule]| rules.iter().map(|rule| rule.id().to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&rules), ids(builtin().rules()));
    for rule in &rules {
        let file = rule.id().starts_with("file-");
        let found = |text: &str| {
            let found = if file { builtin().scan(&path(text), b"") } else { scan(text) };
            found.secrets.iter().any(|secret| secret.rule == rule.id())
        };
        if rule.examples().is_empty() || rule.counter_examples().is_empty() {
            faults.push(format!("{}: no example or no counter-example", rule.id()));
        }
        faults.extend(rule.examples().iter().filter(|text| !found(text)).map(|text| format!("{} missed {text}", rule.id())));
        faults.extend(rule.counter_examples().iter().filter(|text| found(text)).map(|text| format!("{} found {text}", rule.id())));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn ids_are_unique_and_kebab_case_and_every_rule_has_a_page() {
    let rules = builtin().rules();
    let ids: HashSet<&str> = rules.iter().map(|rule| rule.id()).collect();
    assert_eq!(ids.len(), rules.len());
    assert!(rules.len() >= 200);
    for rule in rules {
        assert!(rule.id().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{}", rule.id());
        assert!(rule.page().starts_with(rule.id()) && !rule.description().is_empty());
    }
}

/// What a function package really carries, each in its usual form.
#[test]
fn the_usual_files_are_read() {
    let password = ["q9Tv2L", "m4Xc7P"].concat();
    let key = ["kR9v2mTq7WxLbZ4c", "Ns8YpDfG1hJ6uA0e"].concat();
    let openssh = {
        use base64::Engine as _;
        let mut bytes = b"openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none\0\0\0\0\0\0\0\x01".to_vec();
        bytes.extend((0u32..200).map(|n| (n * 97 % 251) as u8));
        format!(
            "-----BEGIN OPENSSH {0}-----\n{1}\n-----END OPENSSH {0}-----\n",
            "PRIVATE KEY",
            base64::engine::general_purpose::STANDARD.encode(bytes)
        )
    };
    let cases: Vec<(&str, String)> = vec![
        ("app/.env", format!("DB_HOST=db\nDB_PASSWORD={password}\n")),
        ("pip.conf", format!("[global]\nindex-url = https://ci:{password}@pypi.acme.io/simple\n")),
        (".netrc", format!("machine git.acme.io login ci password {password}\n")),
        ("terraform.tfstate", format!("{{\"attributes\": {{\"username\": \"svc\", \"password\": \"{password}\"}}}}")),
        ("samconfig.toml", format!("parameter_overrides = \"DbPassword=\\\"{password}\\\" Stage=\\\"prod\\\"\"\n")),
        (".git/config", format!("[remote \"origin\"]\n\turl = https://ci:{key}@git.acme.io/a/b.git\n")),
        ("settings.py", format!("DATABASES = {{'default': {{'PASSWORD': '{password}'}}}}\n")),
        ("web.config", format!("<add key=\"ApiSecret\" value=\"{key}\" />\n")),
        ("task.json", format!("{{\"name\": \"DB_PASSWORD\", \"value\": \"{password}\"}}")),
        ("template.yaml", format!("      Environment:\n        Variables:\n          API_TOKEN: {key}\n")),
        ("appsettings.json", format!("{{\"Default\": \"Server=db.acme.io;Database=a;User Id=svc;Password={password};\"}}")),
        ("id", openssh),
        ("main.go", format!("var apiToken string = \"{key}\"\n")),
        ("app.min.js", format!("a=1;const e={{apiKey:\"{key}\",b:2}};")),
    ];
    for (name, text) in cases {
        let found = builtin().scan(&path(name), text.as_bytes());
        assert!(found.secrets.iter().any(|secret| !secret.rule.starts_with("file-")), "{name}: {text}");
    }
}
