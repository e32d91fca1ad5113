//! Packs the example functions of `testdata/functions` into `target/functions/*.zip`.
//!
//! ```text
//! cargo run --example pack
//! ```
#![allow(clippy::print_stdout)]

#[path = "../testdata/pack.rs"]
mod pack;

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = root.join("target/functions");
    fs::create_dir_all(&target)?;
    for name in pack::FUNCTIONS {
        let zip = pack::pack(&root.join("testdata/functions"), name)?;
        let path = target.join(format!("{name}.zip"));
        fs::write(&path, &zip)?;
        println!("packed {} ({} bytes)", path.strip_prefix(root).unwrap_or(&path).display(), zip.len());
    }
    Ok(())
}
