// Packs the example functions of `testdata/functions` into zips, the same bytes every time. Shared by `examples/pack.rs`
// and the tests.

use std::fs;
use std::io::{self, Cursor, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;

/// The functions there are.
#[allow(dead_code)]
pub(crate) const FUNCTIONS: [&str; 3] = ["ingest-rust", "orders-node", "resize-python"];

/// The zip of one function.
pub(crate) fn pack(functions: &Path, name: &str) -> io::Result<Vec<u8>> {
    let root = functions.join(name);
    let mut files = Vec::new();
    collect(&root, "", &mut files)?;
    files.sort();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for path in files {
        let content = fs::read(root.join(&path))?;
        let (path, content, mode) = match path.strip_suffix(".audit.json") {
            Some(binary) => (binary.to_owned(), auditable(&content)?, 0o755),
            None => (path, planted(content), 0o644),
        };
        let options = SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(mode);
        zip.start_file(path, options)?;
        zip.write_all(&content)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<()> {
    for child in fs::read_dir(folder)? {
        let child = child?;
        let name = format!("{prefix}{}", child.file_name().to_string_lossy());
        if child.file_type()?.is_dir() { collect(&child.path(), &format!("{name}/"), files)? } else { files.push(name) }
    }
    Ok(())
}

/// Puts fake credentials where the sources have a placeholder: no file of the repository holds anything shaped like one.
fn planted(content: Vec<u8>) -> Vec<u8> {
    let Ok(text) = String::from_utf8(content.clone()) else { return content };
    text.replace("@@github-token@@", &github_token("pXq3vTn8Zk2LrYw7Hs5GdBc9JmFaQe")).into_bytes()
}

/// A GitHub token as GitHub makes them: 30 characters and their CRC-32 in base 62.
fn github_token(random: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut sum = crc32fast::hash(random.as_bytes());
    let mut checksum = [b'0'; 6];
    for digit in checksum.iter_mut().rev() {
        *digit = DIGITS[sum as usize % 62];
        sum /= 62;
    }
    format!("{}{random}{}", ["gh", "p_"].concat(), String::from_utf8_lossy(&checksum))
}

/// A small ELF executable with the section `cargo auditable` writes: zlib-compressed JSON in `.dep-v0`.
fn auditable(audit: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(audit)?;
    let packed = packed.finish()?;
    let names = b"\0.dep-v0\0.shstrtab\0";
    let (data_at, names_at) = (64, 64 + packed.len());
    let headers_at = (names_at + names.len()).next_multiple_of(8);
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let (half, word, wide) =
        (|v: u16| v.to_le_bytes().to_vec(), |v: u32| v.to_le_bytes().to_vec(), |v: usize| (v as u64).to_le_bytes().to_vec());
    for field in
        [half(2), half(62), word(1), wide(0), wide(0), wide(headers_at), word(0), half(64), half(56), half(0), half(64), half(3), half(2)]
    {
        elf.extend(field);
    }
    elf.extend(&packed);
    elf.extend(names);
    elf.resize(headers_at, 0);
    elf.extend([0; 64]);
    for (name, kind, at, size) in [(1, 1, data_at, packed.len()), (10, 3, names_at, names.len())] {
        for field in [word(name), word(kind), wide(0), wide(0), wide(at), wide(size), word(0), word(0), wide(1), wide(0)] {
            elf.extend(field);
        }
    }
    Ok(elf)
}
