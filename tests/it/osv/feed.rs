//! What is exploited: both feeds, read whole or not at all, and joined by CVE ids.

use std::io::Write;
use std::path::Path;

use fngate::model::{Epss, FeedName, KnownExploited, Severity, Vulnerability};
use fngate::osv::{FeedError, Feeds};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::policy::sample;

fn catalogue() -> Value {
    json!({
        "title": "A catalogue", "catalogVersion": "2026.11.20", "dateReleased": "2026-11-20T15:00:02.1234Z", "count": 2,
        "vulnerabilities": [
            {"cveID": "CVE-2021-23337", "vendorProject": "Acme", "dateAdded": "2026-11-01", "dueDate": "2026-11-22",
                "knownRansomwareCampaignUse": "Known", "cwes": ["CWE-94"]},
            {"cveID": "CVE-2026-0001", "dateAdded": "2026-11-19", "dueDate": "2026-12-10", "knownRansomwareCampaignUse": "Unknown"},
        ],
    })
}

const TABLE: &str = "cveID,vendorProject,dateAdded,shortDescription,dueDate,knownRansomwareCampaignUse\r\n\
    CVE-2021-23337,Acme,2026-11-01,\"In a, \"\"b\"\"\nand c\",2026-11-22,Known\r\n\
    CVE-2026-0001,Acme,2026-11-19,,2026-12-10,Unknown\r\n";

const SCORES: &str = "#model_version:v2026.03.14,score_date:2026-11-21T00:00:00+0000\ncve,epss,percentile\nCVE-2021-23337,0.94321,0.99912\nCVE-2026-0001,0,0.5\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn load(kev: Option<&[u8]>, epss: Option<&[u8]>) -> Result<Feeds, FeedError> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Option<&[u8]>| {
        let path = folder.path().join(name);
        bytes.map(|bytes| std::fs::write(&path, bytes).map(|()| path).unwrap())
    };
    let (kev, epss) = (write("kev", kev), write("epss", epss));
    Feeds::load(kev.as_deref(), epss.as_deref())
}

fn kev(text: &str) -> Result<Feeds, FeedError> {
    load(Some(text.as_bytes()), None)
}

fn epss(text: &str) -> Result<Feeds, FeedError> {
    load(None, Some(text.as_bytes()))
}

fn annotated(feeds: &Feeds, change: impl Fn(&mut Vulnerability)) -> Vulnerability {
    let mut known = [sample::vulnerability("GHSA-35jh-r3h4-6jhm", Severity::High)];
    change(&mut known[0]);
    feeds.annotate(&mut known);
    known[0].clone()
}

fn exploited() -> Option<KnownExploited> {
    Some(KnownExploited { added: "2026-11-01".to_owned(), due: "2026-11-22".to_owned(), ransomware: true })
}

#[test]
fn both_forms_of_the_catalogue_say_the_same() {
    let json = catalogue().to_string();
    for text in [json.clone(), format!("\u{feff}{json}"), TABLE.to_owned(), format!("\u{feff}{TABLE}")] {
        let feeds = kev(&text).unwrap();
        assert_eq!(annotated(&feeds, |_| ()).known_exploited, exploited());
        assert_eq!(annotated(&feeds, |known| known.aliases.clear()).known_exploited, None);
        let about = feeds.about("2026-11-22".parse().unwrap());
        assert_eq!((about.len(), about[0].name, about[0].entries, about[0].digest.len()), (1, FeedName::Kev, 2, 64));
    }
    let age = |text: &str| {
        let about = kev(text).unwrap().about("2026-11-22".parse().unwrap());
        (about[0].as_of.clone(), about[0].age_days)
    };
    assert_eq!(age(&json), ("2026-11-20T15:00:02.1234Z".to_owned(), 2));
    assert_eq!(age(TABLE), ("2026-11-19T00:00:00Z".to_owned(), 3), "the newest entry dates a CSV");
}

#[test]
fn any_id_of_the_alias_set_joins_and_the_gravest_counts() {
    let feeds = load(Some(catalogue().to_string().as_bytes()), Some(SCORES.as_bytes())).unwrap();
    let score = Some(Epss { score: 0.94321, percentile: 0.99912 });
    let told = |change: &dyn Fn(&mut Vulnerability)| {
        let known = annotated(&feeds, change);
        (known.known_exploited, known.epss)
    };
    assert_eq!(told(&|_| ()), (exploited(), score));
    let moved = |known: &mut Vulnerability| known.ids = std::mem::take(&mut known.aliases);
    assert_eq!(told(&moved), (exploited(), score));
    let shown = |known: &mut Vulnerability| known.id = known.aliases.remove(0);
    assert_eq!(told(&shown), (exploited(), score));
    let both = |known: &mut Vulnerability| known.aliases.insert(0, "CVE-2026-0001".to_owned());
    assert_eq!(told(&both), (exploited(), score));
    let other = |known: &mut Vulnerability| known.aliases = vec!["CVE-2026-0001".to_owned()];
    let (known, zero) = told(&other);
    assert!(!known.unwrap().ransomware);
    assert_eq!(zero, Some(Epss { score: 0.0, percentile: 0.5 }));
    let spelled = |known: &mut Vulnerability| known.aliases = vec![" cve-2021-23337 ".to_owned()];
    assert_eq!(told(&spelled), (exploited(), score), "case and spaces tell no ids apart");
    let none = |known: &mut Vulnerability| known.aliases = vec!["CVE-2021-2333".to_owned(), "CVE-2021-233370".to_owned(), "cve".to_owned()];
    assert_eq!(told(&none), (None, None));
}

#[test]
fn without_feeds_nothing_is_said() {
    let feeds = load(None, None).unwrap();
    assert_eq!(annotated(&feeds, |_| ()), sample::vulnerability("GHSA-35jh-r3h4-6jhm", Severity::High));
    assert!(feeds.about("2026-11-22".parse().unwrap()).is_empty());
}

#[test]
fn a_catalogue_that_is_not_whole_is_an_error() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut catalogue = catalogue();
        change(&mut catalogue);
        catalogue.to_string()
    };
    let json = catalogue().to_string();
    for (text, expected) in [
        (changed(&|all| all["count"] = json!(1661)), "`count` says 1661 entries and there are 2"),
        (changed(&|all| all["count"] = json!("2")), "invalid type: string"),
        (changed(&|all| all["vulnerabilities"] = json!([])), "`count` says 2 entries and there are 0"),
        (changed(&|all| (all["vulnerabilities"], all["count"]) = (json!([]), json!(0))), "names no vulnerability"),
        (changed(&|all| all["vulnerabilities"] = json!({})), "invalid type: map"),
        (changed(&|all| drop(all.as_object_mut().unwrap().remove("vulnerabilities"))), "missing field `vulnerabilities`"),
        (changed(&|all| drop(all.as_object_mut().unwrap().remove("count"))), "missing field `count`"),
        (changed(&|all| all["dateReleased"] = json!("soon")), "`dateReleased` is no time: soon"),
        (changed(&|all| all["vulnerabilities"][1]["cveID"] = json!("GHSA-1")), "entry 2 has no CVE id: GHSA-1"),
        (changed(&|all| all["vulnerabilities"][1]["cveID"] = json!(7)), "invalid type: integer"),
        (changed(&|all| all["vulnerabilities"][1]["dueDate"] = json!("2026-02-30")), "`dueDate` of entry 2 is no date"),
        (changed(&|all| all["vulnerabilities"][1]["dateAdded"] = json!("\u{0}")), "`dateAdded` of entry 2 is no date"),
        (changed(&|all| drop(all["vulnerabilities"][0].as_object_mut().unwrap().remove("dueDate"))), "missing field `dueDate`"),
        (json[..json.len() - 1].to_owned(), "EOF"),
        (format!("{json}{json}"), "trailing characters"),
        (format!("{{\"count\":0,{}", &json[1..]), "duplicate field `count`"),
        ("[]".to_owned(), "line 1 does not end with a line break"),
        (String::new(), "neither JSON nor a CSV"),
        ("\n\n".to_owned(), "neither JSON nor a CSV"),
        ("<!DOCTYPE html>\n".to_owned(), "neither JSON nor a CSV with the columns cveID, dateAdded and dueDate"),
        (TABLE.lines().next().unwrap().to_owned() + "\n", "names no vulnerability"),
        (TABLE.trim_end().to_owned(), "line 4 does not end with a line break"),
        (TABLE[..TABLE.len() - 20].to_owned() + "\n", "line 4 has 5 fields and the header 6"),
        (TABLE[..TABLE.find("In a").unwrap() + 6].to_owned(), "a quoted field of line 2 never ends"),
        (TABLE.replace("dueDate", "dateAdded,dueDate"), "it has two columns dateAdded"),
        (TABLE.replace("In a", "\ncve-2020-0001,In a"), "a quoted field of line 2 has an entry in it"),
        (changed(&|all| all["vulnerabilities"][0] = json!(["CVE-2021-23337", "2026-11-01", "2026-11-22", "Known"])), "expected an object"),
        (TABLE.replace("2026-12-10", "10 Dec"), "`dueDate` of line 4 is no date (`YYYY-MM-DD`): 10 Dec"),
        ("[".repeat(100_000), "line 1 does not end"),
        (format!("{{\"x\":{}", "[".repeat(100_000)), "EOF"),
        (changed(&|all| all["vulnerabilities"][0]["cveID"] = json!([[[[[]]]]])), "invalid type: sequence"),
    ] {
        let error = kev(&text).err().unwrap_or_else(|| panic!("no error: {expected}"));
        assert!(error.to_string().starts_with("the CISA KEV feed `"), "{error}");
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert!(error.hint().unwrap().contains("known_exploited_vulnerabilities.json"));
    }
}

#[test]
fn scores_are_read_plain_and_packed() {
    let (first, second) = SCORES.split_at(90);
    let members = [gzip(first.as_bytes()), gzip(second.as_bytes())].concat();
    for bytes in [SCORES.as_bytes().to_vec(), gzip(SCORES.as_bytes()), members, SCORES.replace('\n', "\r\n").into_bytes()] {
        let feeds = load(None, Some(&bytes)).unwrap();
        assert_eq!(annotated(&feeds, |_| ()).epss, Some(Epss { score: 0.94321, percentile: 0.99912 }));
        let about = feeds.about("2026-11-22".parse().unwrap());
        assert_eq!((about[0].name, about[0].as_of.as_str(), about[0].entries), (FeedName::Epss, "2026-11-21T00:00:00Z", 2));
    }
    for date in ["2026-11-21", "2026-11-21T00:00:00Z"] {
        assert!(epss(&SCORES.replace("2026-11-21T00:00:00+0000", date)).is_ok(), "{date}");
    }
}

#[test]
fn scores_that_are_not_whole_are_an_error() {
    let head = "#model_version:v1,score_date:2026-11-21\ncve,epss,percentile\n";
    let with = |rows: &str| format!("{head}{rows}");
    for (text, expected) in [
        (with(""), "names no vulnerability"),
        (SCORES.trim_end().to_owned(), "line 4 does not end with a line break, so the file may be cut"),
        (with("CVE-2021-23337,0.1\n"), "line 3 is no `cve,epss,percentile`: CVE-2021-23337,0.1"),
        (with("CVE-2021-23337,0.1,0.2,0.3\n"), "line 3 is no"),
        (with("CVE-2021-23337,0.1,0.2\n\n"), "line 4 is no"),
        (with("CVE-2021-23337,1.5,0.2\n"), "line 3 is no"),
        (with("CVE-2021-23337,-0.5,0.2\n"), "line 3 is no"),
        (with("CVE-2021-23337,NaN,0.2\n"), "line 3 is no"),
        (with("CVE-2021-23337,0.5,inf\n"), "line 3 is no"),
        (with("CVE-2021-23337,,\n"), "line 3 is no"),
        (with("GHSA-1,0.5,0.5\n"), "line 3 is no"),
        (with("\u{0}\n"), "line 3 is no"),
        (with("CVE-2021-23337,0.1,0.2\nCVE-2021-23337,0.3,0.2\n"), "line 4 names a CVE for the second time"),
        (SCORES.split_once('\n').unwrap().1.to_owned(), "its first line is no `#model_version:…,score_date:…`"),
        (SCORES.replace("score_date", "date"), "its first line is no"),
        (SCORES.replace("2026-11-21T00:00:00+0000", "today"), "`score_date` is no time: today"),
        (SCORES.replace("cve,epss,percentile", "cve,percentile,epss"), "its second line is not `cve,epss,percentile`"),
        (String::new(), "its first line is no"),
        ("{}".to_owned(), "its first line is no"),
    ] {
        let error = epss(&text).err().unwrap_or_else(|| panic!("no error: {text}"));
        assert!(error.to_string().starts_with("the EPSS feed `") && error.to_string().contains(expected), "{expected}: {error}");
        assert!(error.hint().unwrap().contains("epss_scores-current.csv.gz"));
    }
    assert!(load(None, Some(b"#score_date:2026-11-21\n\xff\xfe\n")).unwrap_err().to_string().contains("it is no UTF-8"));
}

#[test]
fn a_gzip_that_is_cut_or_damaged_is_an_error() {
    let rows: String = (10_000..14_000).map(|number| format!("CVE-2026-{number},0.{number},0.5\n")).collect();
    let whole = gzip(format!("{SCORES}{rows}").as_bytes());
    assert!(load(None, Some(&whole)).is_ok());
    for length in [2, 10, whole.len() / 2, whole.len() - 8, whole.len() - 1] {
        assert!(load(None, Some(&whole[..length])).unwrap_err().to_string().contains("the gzip does not inflate"), "{length}");
    }
    let mut damaged = whole.clone();
    let last = damaged.len() - 6;
    damaged[last] ^= 1;
    assert!(load(None, Some(&damaged)).is_err());
    assert!(load(None, Some(&[whole.as_slice(), b"and more"].concat())).is_err());
}

#[test]
fn a_bomb_is_refused_at_its_limit() {
    let bomb = gzip(&vec![b'0'; (64 << 20) + 1]);
    assert!(matches!(load(Some(&bomb), None), Err(FeedError::Size { .. })));
    let commas = gzip(&vec![b','; 8 << 20]);
    assert!(load(Some(&commas), None).unwrap_err().to_string().contains("more than 64 fields"));
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error = Feeds::load(None, Some(Path::new("no/such/file"))).unwrap_err();
    assert!(error.to_string().starts_with("cannot read the EPSS feed `no/such/file`"), "{error}");
}

proptest! {
    #[test]
    fn damaged_feeds_never_panic(at in 0_usize..300, byte: u8, cut in 0_usize..300) {
        for text in [catalogue().to_string(), TABLE.to_owned(), SCORES.to_owned()] {
            let mut bytes = text.into_bytes();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(bytes.len().saturating_sub(cut % 7));
            let _ = load(Some(&bytes), Some(&bytes));
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = load(Some(&bytes), Some(&bytes));
    }
}
