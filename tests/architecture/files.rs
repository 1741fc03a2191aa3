//! A clone with nothing beside it has every file that tests, examples and benches read, and the package every file that
//! examples and benches read.

use crate::data;
use crate::imports::files;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let paths = folders.iter().flat_map(|folder| files(&root().join(folder)));
    paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn nothing_outside_the_repository_is_read() {
    let here = concat!("MANIFEST", "_DIR\"), \"/");
    for (path, source) in sources(&["src", "tests", "examples", "benches"]) {
        let outside = [format!("{here}.."), format!("{here}/.."), concat!("../", "shared").to_owned()];
        let found = outside.iter().find(|outside| source.contains(outside.as_str()));
        assert!(found.is_none(), "{} reads {found:?}", path.display());
    }
}

/// Every file named by a reference answer: whoever has the answer has the data.
#[test]
fn every_reference_case_has_its_data() {
    fn named(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("data").and_then(Value::as_str).map(str::to_owned));
                object.values().for_each(|value| named(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| named(value, found)),
            _ => {}
        }
    }
    let mut count = 0;
    for entry in fs::read_dir(root().join("data/reference")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".json") {
            continue;
        }
        let mut found = Vec::new();
        named(&data::json(&name), &mut found);
        for file in found.iter().filter(|file| file.ends_with(".csv")) {
            assert!(!data::Table::read(file).rows.is_empty(), "{name}: {file} is empty");
            count += 1;
        }
    }
    assert!(count > 30, "{count} files are named");
}

/// Every data file has its line in `data/README.md`, and no line is without its file.
#[test]
fn every_data_file_has_its_credit() {
    let readme = data::read("README.md");
    let mut seen = 0;
    for (folder, prefix) in [("data", ""), ("data/nist", "nist/")] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if let Some(stem) = name.strip_suffix(".csv") {
                assert!(
                    readme.contains(&format!("{prefix}{stem}.csv")),
                    "data/README.md says nothing of {prefix}{name}"
                );
                seen += 1;
            }
        }
    }
    let lines = readme.lines().filter(|line| line.starts_with("| ") && line.contains(".csv"));
    let named: Vec<&str> =
        lines.flat_map(|line| line.split('|').nth(1)).flat_map(|cell| cell.trim().split(", ")).collect();
    assert_eq!(named.len(), seen, "{named:?}");
}

/// What `Cargo.toml` leaves out of the package is not read by what stays in it.
#[test]
fn the_package_has_what_its_examples_read() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let list = manifest.split("exclude = [").nth(1).and_then(|rest| rest.split(']').next()).expect("a list");
    let excluded: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(excluded.contains(&"/data/reference"), "{excluded:?}");
    let mut count = 0;
    for (path, source) in sources(&["examples", "benches"]) {
        for name in source.split('"').filter(|text| text.ends_with(".csv") && !text.contains(char::is_whitespace)) {
            let name = name.trim_start_matches('/').trim_start_matches("data/");
            let file = root().join("data").join(name);
            assert!(file.exists(), "{} reads data/{name}, which is not there", path.display());
            let hidden = excluded.iter().find(|excluded| format!("/data/{name}").starts_with(*excluded));
            assert!(hidden.is_none(), "{} reads data/{name}, which the package leaves out", path.display());
            count += 1;
        }
    }
    assert!(count > 5, "{count} files are read");
}
