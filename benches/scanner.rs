//! What the secret scanner costs: every file of a package searched in memory, by one thread, with all rules.
//!
//! ```text
//! cargo bench --bench scanner
//! FNGATE_BENCH_TREE=node_modules cargo bench --bench scanner
//! ```
//!
//! Without a tree the package is made here: modules, their minified bundle with a source map, manifests, a lockfile, text and
//! bytes that are no text, in about the shares and lengths that a `node_modules` of services has them. A tree that is there
//! says more; what is read of it is held in memory.
#![allow(missing_docs, clippy::unwrap_used)]

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fngate::model::EntryPath;
use fngate::secret::Scanner;

type File = (EntryPath, Vec<u8>);

/// Words of programs that promise nothing.
const WORDS: [&str; 42] = [
    "options",
    "request",
    "response",
    "callback",
    "module",
    "exports",
    "require",
    "function",
    "return",
    "undefined",
    "prototype",
    "length",
    "Object",
    "defineProperty",
    "enumerable",
    "configurable",
    "value",
    "index",
    "buffer",
    "encoding",
    "stream",
    "headers",
    "status",
    "error",
    "message",
    "promise",
    "resolve",
    "reject",
    "client",
    "middleware",
    "serialize",
    "deserialize",
    "region",
    "endpoint",
    "provider",
    "signature",
    "timestamp",
    "config",
    "default",
    "context",
    "command",
    "smithy_client",
];

/// Words that promise a secret, which one in this many is: three keywords in a thousand bytes, as in packages that are real.
const PROMISES: [&str; 6] = ["keys", "tokenizer", "accessKey", "authorization", "password", "credentials"];
const RARE: usize = 40;

/// Numbers that are the same in every run.
struct Draw(u64);

impl Draw {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    fn word(&mut self) -> &'static str {
        if self.next(RARE) == 0 { PROMISES[self.next(PROMISES.len())] } else { WORDS[self.next(WORDS.len())] }
    }
}

/// A module as people write it: comments, strings, calls, assignments.
fn module(draw: &mut Draw, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 200);
    while text.len() < bytes {
        let (a, b, c, d) = (draw.word(), draw.word(), draw.word(), draw.word());
        match draw.next(8) {
            0 => writeln!(text, "/**\n * Sets the {a} of the {b}, which the {c} reads before it {d}s.\n * @param {{string}} {a}\n */")
                .unwrap(),
            1 => writeln!(text, "const {a}_{b} = require(\"./{c}/{d}\");").unwrap(),
            2 => writeln!(text, "  if ({a}.{b} !== undefined && {c} > {}) {{\n    return {d}({a});\n  }}", draw.next(1000)).unwrap(),
            3 => writeln!(text, "  {a}.{b} = {{ {c}: \"{d}\", {b}: '{a}-{c}', [\"{d}\"]: true }};").unwrap(),
            4 => writeln!(text, "    throw new Error(`no {a} in ${{{b}}}: {c}\\n\\u0020{d}`);").unwrap(),
            5 => writeln!(text, "// See https://example.org/{a}/{b}?{c}=%20{d}&amp;{a}=1").unwrap(),
            6 => writeln!(text, "  const {a}Name = {b}.get({c}) || process.env.{};", d.to_uppercase()).unwrap(),
            _ => writeln!(text, "    {a}({b}, ({c}) => {d}.{a}.map(({b}) => {b}.{c}));").unwrap(),
        }
    }
    text
}

fn package() -> Vec<File> {
    let mut draw = Draw(0x9e37_79b9_7f4a_7c15);
    let mut files = Vec::new();
    let mut add = |path: String, content: Vec<u8>| files.push((EntryPath::new(&path).unwrap(), content));
    for n in 0..1_600 {
        let folder = format!("node_modules/{}-{}", WORDS[n % WORDS.len()], n / WORDS.len());
        let length = 1_000 + draw.next(16_000);
        let source = module(&mut draw, length);
        match n % 16 {
            0 => add(format!("{folder}/package.json"), format!("{{\"name\":\"{}\",\"version\":\"1.{n}.0\"}}", WORDS[n / 40]).into_bytes()),
            1 => {
                let squeezed = source.split_whitespace().collect::<Vec<_>>().join(" ");
                add(format!("{folder}/dist/index.min.js"), squeezed.into_bytes());
            }
            2 | 3 => {
                let map = format!(
                    "{{\"version\":3,\"sources\":[\"../src/index.ts\"],\"sourcesContent\":[{:?}],\"mappings\":\"{}\"}}",
                    source,
                    "AAAA,SAASA,EAAQC;".repeat(source.len() / 20)
                );
                add(format!("{folder}/dist/index.js.map"), map.into_bytes());
            }
            4 => {
                let bytes: Vec<u8> = (0..length).map(|_| draw.next(256) as u8).collect();
                add(format!("{folder}/build/binding.node"), bytes);
            }
            5 => {
                let lines = (0..length / 100).map(|n| format!("\"x{n}\":{{\"integrity\":\"sha512-{:064x}\"}}", draw.next(usize::MAX)));
                add(format!("{folder}/package-lock.json"), format!("{{{}}}", lines.collect::<Vec<_>>().join(",\n")).into_bytes());
            }
            6 | 7 => add(format!("{folder}/lib/index.d.ts"), source.replace("const", "export declare type").into_bytes()),
            _ => add(format!("{folder}/lib/file-{n}.js"), source.into_bytes()),
        }
    }
    files
}

/// Every file of a tree, up to as many bytes as a function may have.
fn tree(root: &Path) -> Vec<File> {
    const MOST: usize = 250 << 20;
    let (mut files, mut bytes, mut todo) = (Vec::new(), 0, vec![PathBuf::new()]);
    while let Some(folder) = todo.pop() {
        let mut children: Vec<_> = fs::read_dir(root.join(&folder)).unwrap().map(Result::unwrap).collect();
        children.sort_by_key(fs::DirEntry::file_name);
        for child in children {
            let (path, kind) = (folder.join(child.file_name()), child.file_type().unwrap());
            if kind.is_dir() {
                todo.push(path);
            } else if kind.is_file() && bytes < MOST {
                let content = fs::read(root.join(&path)).unwrap();
                bytes += content.len();
                files.extend(EntryPath::new(&path.to_string_lossy()).ok().map(|path| (path, content)));
            }
        }
    }
    files
}

fn scanner(c: &mut Criterion) {
    let (name, files) = match env::var_os("FNGATE_BENCH_TREE") {
        Some(root) => ("scanner, a tree", tree(Path::new(&root))),
        None => ("scanner, a made package", package()),
    };
    let scanner = Scanner::builtin().unwrap();
    let bytes: usize = files.iter().map(|(_, content)| content.len()).sum();
    let mut group = c.benchmark_group(name);
    group.sample_size(10).throughput(Throughput::Bytes(bytes as u64));
    let search = || files.iter().map(|(path, content)| scanner.scan(path, content).secrets.len()).sum::<usize>();
    group.bench_function("all rules, one thread", |b| b.iter(search));
    group.finish();
    c.bench_function("scanner, made ready", |b| b.iter(|| Scanner::builtin().unwrap()));
}

criterion_group!(benches, scanner);
criterion_main!(benches);
