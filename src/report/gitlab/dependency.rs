//! `gitlab-dependency-scanning`: what is known against packages, and whatever else is denied or could not be judged but for secrets.
//!
//! Source: dependency-scanning-report-format.json 15.2.4. Everything there is about a package, so that what is about none names the
//! file or the artifact as one.

use std::io::{self, Write};
use std::sync::{Arc, LazyLock};

use regex::Regex;
use serde_json::{Value, json};

use super::super::case::Case;
use super::super::place::{Place, shown};
use super::super::{Call, Closing, Examined, Report, Reporter, words};
use super::Scan;
use crate::model::{Level, escaped, package_url};

/// GitLab's dependency scanning report.
pub(in super::super) struct DependencyScanning;

impl Reporter for DependencyScanning {
    fn name(&self) -> &'static str {
        "gitlab-dependency-scanning"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        Box::new(Dependencies(Scan::new(call, "dependency_scanning")))
    }
}

struct Dependencies(Scan);

impl Report for Dependencies {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        self.0.add(examined, belongs, |entry, case, place| {
            entry["location"] = json!({"file": shown(&place.file), "dependency": dependency(case, &examined.name, place)});
            if let Some(vector) = case.vulnerability.and_then(|known| known.cvss_vector.as_deref()).filter(|vector| is_vector(vector)) {
                entry["cvss_vectors"] = json!([{"vendor": "OSV", "vector": vector}]);
            }
        })
    }

    fn finish(self: Box<Self>, _closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        self.0.write(out)
    }
}

fn belongs(case: &Case<'_>) -> bool {
    !case.is_secret() && (case.is_about_package() || case.finding.level >= Level::Incomplete)
}

/// The package; for a finding about none the file, so that GitLab does not take several for one.
fn dependency(case: &Case<'_>, artifact: &str, place: &Place) -> Value {
    let finding = case.finding;
    let (name, version) = match package_url(&finding.subject) {
        Ok((_, name, version)) => (name, version.unwrap_or_default()),
        Err(_) if finding.subject.is_empty() || finding.subject == artifact => (place.whole.clone(), String::new()),
        Err(_) => (finding.subject.clone(), String::new()),
    };
    json!({"package": {"name": shown(&name)}, "version": words::cut(&escaped(&version), 255)})
}

/// Whether the schema takes a CVSS vector: it refuses the whole report over one that it does not.
fn is_vector(vector: &str) -> bool {
    static FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| FORMS_OF_VECTORS.iter().filter_map(|form| Regex::new(form).ok()).collect());
    (16..=128).contains(&vector.len())
        && !vector.ends_with('/')
        && FORMS.iter().any(|form| form.is_match(vector))
        && (!vector.starts_with("CVSS:") || vector.len() >= 32)
}

/// CVSS 2, 3.0 and 3.1, 4.0: the patterns of the schema.
const FORMS_OF_VECTORS: [&str; 3] = [
    r"^(?:(?:AV:[NAL]|AC:[LMH]|Au:[MSN]|[CIA]:[NPC]|E:(?:U|POC|F|H|ND)|RL:(?:OF|TF|W|U|ND)|RC:(?:UC|UR|C|ND)|CDP:(?:N|L|LM|MH|H|ND)|TD:(?:N|L|M|H|ND)|[CIA]R:(?:L|M|H|ND))(?:/|$))+$",
    r"^CVSS:3[.][01](?:/(?:AV:[NALP]|AC:[LH]|PR:[NLH]|UI:[NR]|S:[UC]|[CIA]:[NLH]|E:[XUPFH]|RL:[XOTWU]|RC:[XURC]|[CIA]R:[XLMH]|MAV:[XNALP]|MAC:[XLH]|MPR:[XNLH]|MUI:[XNR]|MS:[XUC]|M[CIA]:[XNLH]))+$",
    r"^CVSS:4[.]0/AV:[NALP]/AC:[LH]/AT:[NP]/PR:[NLH]/UI:[NPA]/VC:[HLN]/VI:[HLN]/VA:[HLN]/SC:[HLN]/SI:[HLN]/SA:[HLN](?:/E:[XAPU])?(?:/CR:[XHML])?(?:/IR:[XHML])?(?:/AR:[XHML])?$",
];

#[cfg(test)]
mod tests {
    use super::is_vector;

    #[test]
    fn only_vectors_that_the_schema_takes_are_written() {
        for good in [
            "AV:N/AC:L/Au:N/C:P/I:P/A:P",
            "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:P",
        ] {
            assert!(is_vector(good), "{good}");
        }
        for bad in [
            "",
            "CVSS:3.1/AV:N/AC:L",
            "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "AV:N/AC:L/Au:N/C:P/I:P/A:P/",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/IR:H/CR:H",
            "AV:N/AC:L/Au:N/C:P/I:P/A:P\n",
        ] {
            assert!(!is_vector(bad), "{bad}");
        }
        assert!(!is_vector(&format!("CVSS:3.1{}", "/AV:N".repeat(40))));
    }
}
