//! Imports point down the floors. Reads the source of the crate, resolves every path that starts with `crate`, `super`,
//! `self` or a kernel crate (in `use` lines and in expressions), and fails on one that points up.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floor of each module at the root of the crate. A new module needs a row.
const FLOORS: &[(&str, usize)] = &[
    ("error", 0),
    ("real", 0),
    ("random", 0),
    ("layout", 1),
    ("description", 1),
    ("linalg", 1),
    ("metrics", 1),
    ("objective", 1),
    ("special", 1),
    ("check", 2),
    ("data", 2),
    ("layer", 2),
    ("loss", 2),
    ("optim", 2),
    ("risk", 3),
    ("model", 4),
    ("classify", 5),
    ("select", 5),
    ("onnx", 6),
    ("table", 5),
];

/// Modules of one floor that must not know each other: (who, what it never imports).
const APART: &[(&str, &[&str])] = &[("optim", &["risk", "layer", "loss", "data"]), ("layer", &["loss"])];

/// Crates that only these modules may name.
const CRATES: &[(&str, &[&str])] = &[
    ("csv", &["table::csv"]),
    ("ndarray", &["table::array"]),
    ("pulp", &["linalg", "real"]),
    ("rayon", &["linalg::threads"]),
];

#[test]
fn imports_point_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let roots = roots(&fs::read_to_string(src.join("lib.rs")).unwrap());
    assert!(roots.len() > 20, "lib.rs re-exports the nouns: {roots:?}");
    let files = files(&src);
    assert!(files.len() > 30, "{files:?}");
    let mut found = Vec::new();
    for file in files {
        let module = module_of(file.strip_prefix(&src).unwrap());
        if !module.is_empty() {
            found.extend(violations(&module, &fs::read_to_string(&file).unwrap(), &roots));
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// A row of a table above that names nothing would guard nothing.
#[test]
fn every_row_names_something() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("\n[dependencies]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap();
    let module = |path: &str| root.join("src").join(format!("{}.rs", path.replace("::", "/"))).exists();
    for (name, _) in FLOORS {
        assert!(module(name), "FLOORS: there is no module {name}");
    }
    for (name, others) in APART {
        assert!(module(name) && others.iter().all(|other| module(other)), "APART: {name}, {others:?}");
    }
    for (name, modules) in CRATES {
        assert!(dependencies.contains(&format!("\n{name} = ")), "CRATES: {name} is no dependency");
        assert!(modules.iter().all(|m| module(m)), "CRATES: {name}, {modules:?}");
    }
}

/// Each of these made-up sources must be refused, and the last ones must not.
#[test]
fn an_import_that_points_up_is_seen() {
    let roots = roots("pub use model::{Fitted, Mlp};\npub use error::Error;\npub use risk::Risk;");
    let refused = |module: &str, source: &str| {
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        violations(&module, source, &roots).len()
    };
    for (module, source) in [
        ("error", "use crate::optim::Reason;"),
        ("layer::dense", "use super::super::loss::Huber;"),
        ("loss", "use crate::{Error, risk::Risk};"),
        ("optim::trainer", "use crate::{\n    Error,\n    Risk,\n};"),
        ("optim::rule::adam", "use crate::data as d;"),
        ("risk", "fn f() -> crate::Fitted { todo!() }"),
        ("linalg", "pub(crate) use crate::layer::{Affine};"),
        ("metrics", "use super::risk;"),
        ("model::linear", "use pulp::Arch;"),
        ("data", "fn f<T>() -> impl Fn() + use<T> { crate::model::g }"),
        ("model", "fn f() { rayon::join(|| (), || ()); }"),
        ("linalg::product", "use rayon::prelude::*;"),
        ("data", "use crate::unheard_of::Thing;"),
        ("data", "/* \" */ use crate::risk::Risk; // \""),
        ("data", "const QUOTE: char = '\"'; use crate::risk::Risk; const OTHER: char = '\"';"),
        ("data", "#[cfg(test)]\nmod tests { use crate::model; }\nuse crate::model;"),
        ("data", "#[cfg(test)]\nuse crate::model;\nuse crate::model;"),
    ] {
        assert_eq!(refused(module, source), 1, "{module}: {source}");
    }
    for (module, source) in [
        ("optim::newton", "use super::{Observer, rule::adam::Adam};\nuse crate::objective::Hessian;"),
        ("model::mlp", "use crate::{Error, Risk};\nuse super::linear::LeastSquares;"),
        ("data", "//! as `use crate::risk::Risk;` does\nconst S: &str = \"use crate::risk::Risk;\";"),
        ("data", "const S: &str = r#\"\" use crate::risk::Risk; \"#;"),
        ("data", "fn f<'a>(x: &'a str) -> &'a str { x }\n#[cfg(test)]\nmod tests { mod a {}\nuse crate::risk::Risk; }"),
        ("linalg::threads", "use rayon::prelude::*;"),
        ("real::simd", "use pulp::Arch;"),
    ] {
        assert_eq!(refused(module, source), 0, "{module}: {source}");
    }
}

/// What a module's source imports that it must not.
fn violations(module: &[String], source: &str, roots: &BTreeMap<String, String>) -> Vec<String> {
    let floor = |name: &str| FLOORS.iter().find(|row| row.0 == name).map(|row| row.1);
    let here = module[0].as_str();
    let Some(own) = floor(here) else { return vec![format!("module {here} has no floor; add it to FLOORS")] };
    let mut found = Vec::new();
    for path in paths(&tokens(source)) {
        let written = path.join("::");
        if let Some((name, allowed)) = CRATES.iter().find(|row| row.0 == path[0]) {
            let place = module.join("::");
            if !allowed.iter().any(|m| place == *m || place.starts_with(&format!("{m}::"))) {
                found.push(format!("{place} names {name}; only {allowed:?} may"));
            }
            continue;
        }
        let Some(first) = absolute(module, &path) else { continue };
        let target = roots.get(&first).map_or(first.as_str(), String::as_str);
        let Some(other) = floor(target) else {
            // `Result` and `nalgebra` are at home in lib.rs itself.
            if !["Result", "nalgebra", "*"].contains(&target) {
                found.push(format!("{} imports {written}: {target} has no floor; add it to FLOORS", module.join("::")));
            }
            continue;
        };
        let apart = APART.iter().any(|row| row.0 == here && row.1.contains(&target));
        if other > own || apart {
            found.push(format!("{} (floor {own}) imports {written} of {target} (floor {other})", module.join("::")));
        }
    }
    found
}

/// The first segment of a path counted from the root of the crate; `None` for other crates and the module itself.
fn absolute(module: &[String], path: &[String]) -> Option<String> {
    let mut base: Vec<String> = match path[0].as_str() {
        "crate" => Vec::new(),
        "self" | "super" => module.to_vec(),
        _ => return None,
    };
    let mut rest = &path[1..];
    if path[0] == "super" {
        base.pop();
    }
    while rest.first().is_some_and(|s| s == "super") {
        base.pop();
        rest = &rest[1..];
    }
    base.extend(rest.iter().cloned());
    base.into_iter().next()
}

/// The names that lib.rs re-exports, and the module each comes from.
fn roots(lib: &str) -> BTreeMap<String, String> {
    let mut roots = BTreeMap::new();
    for path in uses(&tokens(lib)) {
        if let [module, .., name] = path.as_slice() {
            roots.insert(name.clone(), module.clone());
        }
    }
    roots
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// `optim/rule/adam.rs` is `optim::rule::adam`; lib.rs is the root.
fn module_of(file: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if ["lib", "mod"].contains(&module.last().map_or("", String::as_str)) {
        module.pop();
    }
    module
}

/// Identifiers and punctuation, `::` as one, without comments, strings, characters, lifetimes and test code.
fn tokens(source: &str) -> Vec<String> {
    let chars: Vec<char> = source.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or(' ');
    let mut tokens: Vec<String> = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        if c == '/' && at(i + 1) == '/' {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if c == '/' && at(i + 1) == '*' {
            i += 2;
            while i < chars.len() && !(chars[i] == '*' && at(i + 1) == '/') {
                i += 1;
            }
            i += 2;
        } else if c == 'r' && (at(i + 1) == '"' || (at(i + 1) == '#' && (at(i + 2) == '"' || at(i + 2) == '#'))) {
            let hashes = chars[i + 1..].iter().take_while(|&&c| c == '#').count();
            let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            i += hashes + 2;
            while i < chars.len() && !chars[i..].starts_with(&end) {
                i += 1;
            }
            i += end.len();
        } else if c == '"' {
            i += 1;
            while i < chars.len() && chars[i] != '"' {
                i += if chars[i] == '\\' { 2 } else { 1 };
            }
            i += 1;
        } else if c == '\'' {
            // A character is closed by a quote right away or starts with a backslash; everything else is a lifetime.
            if at(i + 1) == '\\' {
                i += 3;
                while i < chars.len() && chars[i] != '\'' {
                    i += 1;
                }
                i += 1;
            } else {
                i += if at(i + 2) == '\'' { 3 } else { 1 };
            }
        } else if c.is_alphanumeric() || c == '_' {
            let start = i;
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            tokens.push(chars[start..i].iter().collect());
        } else if c == ':' && at(i + 1) == ':' {
            tokens.push("::".to_owned());
            i += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            i += 1;
        }
    }
    without_tests(tokens)
}

/// Drops each item under `#[cfg(test)]`: up to its `;`, or through its braces.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        if !(i + MARK.len() <= tokens.len() && tokens[i..i + MARK.len()] == MARK) {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        i += MARK.len();
        let is_use = tokens.get(i).is_some_and(|t| t == "use");
        let mut depth = 0;
        while i < tokens.len() {
            let token = tokens[i].as_str();
            i += 1;
            match token {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            if (token == ";" || (token == "}" && !is_use)) && depth == 0 {
                break;
            }
        }
    }
    kept
}

/// Every path of interest: the leaves of `use` trees, and paths in expressions that start at a crate or `super`.
fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    let mut found = uses(tokens);
    let mut in_use = false;
    for (i, token) in tokens.iter().enumerate() {
        in_use = starts_use(tokens, i) || (in_use && token != ";");
        let starts = ["crate", "super"].contains(&token.as_str()) || CRATES.iter().any(|row| row.0 == token);
        let follows = i > 0 && tokens[i - 1] == "::";
        if in_use || follows || !starts || tokens.get(i + 1).is_none_or(|t| t != "::") {
            continue;
        }
        let mut path = vec![token.clone()];
        path.extend(tokens[i + 1..].chunks(2).take_while(|pair| pair[0] == "::").filter_map(|p| p.get(1).cloned()));
        found.push(path);
    }
    found
}

/// A `use` declaration, not the captures of `impl Trait + use<T>`.
fn starts_use(tokens: &[String], i: usize) -> bool {
    tokens[i] == "use" && tokens.get(i + 1).is_none_or(|t| t != "<")
}

/// The leaves of every `use` tree.
fn uses(tokens: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for i in 0..tokens.len() {
        if starts_use(tokens, i) {
            tree(tokens, i + 1, &mut Vec::new(), &mut found);
        }
    }
    found
}

/// Reads one branch of a `use` tree from token i; returns where it ends (at `,`, `}` or `;`).
fn tree(tokens: &[String], mut i: usize, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let depth = prefix.len();
    while i < tokens.len() {
        match tokens[i].as_str() {
            "::" => i += 1,
            "as" => i += 2,
            "{" => {
                i += 1;
                while i < tokens.len() && tokens[i] != "}" && tokens[i] != ";" {
                    i = tree(tokens, i, prefix, found);
                    i += usize::from(tokens.get(i).is_some_and(|t| t == ","));
                }
                prefix.truncate(depth);
                return i + 1;
            }
            "," | "}" | ";" => break,
            segment => {
                prefix.push(segment.to_owned());
                i += 1;
            }
        }
    }
    if prefix.len() > depth {
        found.push(prefix.clone());
    }
    prefix.truncate(depth);
    i
}
