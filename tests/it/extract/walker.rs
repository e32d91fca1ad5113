//! The smallest walker that feeds extractors: it shows files of a list, a folder, a zip or a tar, nested ones too.

use std::io::Read;

use fngate::extract::{EXTRACTORS, MANIFEST_MALFORMED, attribute};
use fngate::model::{Entry, EntryPath, File, Inventory, Problem};

/// What is inside a list of files.
pub fn scanned<C: AsRef<[u8]>>(files: &[(&str, C)]) -> Inventory {
    let mut found = Inventory::default();
    for (path, content) in files {
        show(&EntryPath::new(path).unwrap(), content.as_ref(), &mut found, 0);
    }
    attribute(found).sorted()
}

/// What is inside an archive.
pub fn opened(archive: &[u8]) -> Inventory {
    let mut found = Inventory::default();
    for (path, content) in entries(archive).expect("an archive") {
        show(&path, &content, &mut found, 0);
    }
    attribute(found).sorted()
}

/// Shows one file to every extractor, and what it holds where it is an archive.
pub fn show(path: &EntryPath, content: &[u8], found: &mut Inventory, depth: usize) {
    found.files.push(File { path: path.clone(), size: content.len() as u64, sha256: format!("{:064x}", content.len()) });
    let head = &content[..content.len().min(4096)];
    for extractor in EXTRACTORS.iter().filter(|extractor| extractor.wants(path, head)) {
        if let Err(fault) = extractor.extract(&Entry { path, content }, found) {
            found.problems.push(Problem::at(&MANIFEST_MALFORMED, path, fault.to_string()));
        }
    }
    if depth < 4 {
        for (inner, content) in entries(content).unwrap_or_default() {
            show(&path.nested(&inner), &content, found, depth + 1);
        }
    }
}

/// The regular files of a zip, a tar or a gzipped tar; `None` for anything else.
fn entries(content: &[u8]) -> Option<Vec<(EntryPath, Vec<u8>)>> {
    if content.starts_with(b"PK") {
        return zipped(content);
    }
    if content.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(content).read_to_end(&mut plain).ok()?;
        return tarred(&plain);
    }
    (content.get(257..262) == Some(b"ustar")).then(|| tarred(content)).flatten()
}

fn zipped(content: &[u8]) -> Option<Vec<(EntryPath, Vec<u8>)>> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(content)).ok()?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).ok()?;
        let is_link = file.unix_mode().is_some_and(|mode| mode & 0o170_000 == 0o120_000);
        if file.is_file() && !is_link {
            let path = EntryPath::new(&file.name().ok()?).ok()?;
            let mut content = Vec::new();
            file.read_to_end(&mut content).ok()?;
            files.push((path, content));
        }
    }
    Some(files)
}

fn tarred(content: &[u8]) -> Option<Vec<(EntryPath, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in tar::Archive::new(content).entries().ok()? {
        let mut entry = entry.ok()?;
        if entry.header().entry_type().is_file() {
            let path = EntryPath::from_bytes(&entry.path_bytes()).ok()?;
            let mut content = Vec::new();
            entry.read_to_end(&mut content).ok()?;
            files.push((path, content));
        }
    }
    Some(files)
}

/// Packages as `relation purl`, one a line, `?` before one whose origin is not the registry.
pub fn listed(inventory: &Inventory) -> String {
    let line = |package: &fngate::model::Package| {
        let origin = if package.origin == fngate::model::Origin::Registry { String::new() } else { format!(" {:?}", package.origin) };
        let dev = if package.dev { " dev" } else { "" };
        format!("{} {}{origin}{dev}\n", package.relation.as_str(), package.purl())
    };
    inventory.packages.iter().map(line).collect()
}

/// Problems as `kind path`, one a line.
pub fn troubles(inventory: &Inventory) -> String {
    let line = |problem: &Problem| format!("{} {}\n", problem.kind, problem.path.as_ref().map_or("-", EntryPath::as_str));
    inventory.problems.iter().map(line).collect()
}
