//! Reading CSV files.

use ::csv::Writer;
use proptest::prelude::*;
use residual::table::{Csv, Kind};
use residual::{Design, Error, Table};
use std::fs;
use std::path::PathBuf;

fn read(text: &str) -> Result<Table, Error> {
    Csv::new().read(text.as_bytes())
}

/// A file of its own for a test, deleted at the end.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("residual-{}-{name}.csv", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn numbers_categories_and_gaps_are_told_apart() {
    let text = "a,b,c,d,e\n1,x,,1.5e3,TRUE\n-2,y,,.5,FALSE\nNA,,,+1E-2,TRUE\n 3 ,\" x \",,nan,NA\n";
    let table = read(text).unwrap();
    assert_eq!(table.names(), ["a", "b", "c", "d", "e"]);
    assert_eq!(table.numbers("a").unwrap(), [Some(1.0), Some(-2.0), None, Some(3.0)]);
    assert_eq!(table.texts("b").unwrap(), [Some("x"), Some("y"), None, Some("x")]);
    assert_eq!(table.numbers("c").unwrap(), [None; 4]);
    assert_eq!(table.numbers("d").unwrap(), [Some(1500.0), Some(0.5), Some(0.01), None]);
    assert_eq!(table.levels("e").unwrap(), ["FALSE", "TRUE"]);
}

#[test]
fn quotes_line_ends_and_marks_of_other_programs() {
    let expected = Table::new().number("x y", [1.0, 2.0]).category("z", ["a,\"b\"\nc", "d"]);
    let body = "\"x y\",z\n1,\"a,\"\"b\"\"\nc\"\n2,d\n";
    assert_eq!(read(body).unwrap(), expected);
    assert_eq!(read(body.trim_end()).unwrap(), expected);
    assert_eq!(read(&format!("\u{feff}{body}")).unwrap(), expected);
    let windows = body.replace("\n", "\r\n").replace("\"\r\nc", "\"\nc");
    assert_eq!(read(&windows.replace("\"\"\r\nc", "\"\"\nc")).unwrap(), expected);
    assert_eq!(read("x y,z\n\n1,\"a,\"\"b\"\"\nc\"\n\n2,d\n\n").unwrap(), expected);
    let semicolons = Csv::new().separator(';').decimal(',').read("a;b\n1,5;2\n-0,25;3\n".as_bytes()).unwrap();
    assert_eq!(semicolons, Table::new().number("a", [1.5, -0.25]).number("b", [2, 3]));
    let tabs =
        Csv::new().separator('\t').quote('\'').missing(["?"]).read("a\tb\n'x\ty'\t?\nNA\t1\n".as_bytes()).unwrap();
    assert_eq!(tabs, Table::new().category("a", ["x\ty", "NA"]).number("b", [None, Some(1.0)]));
    let bare = Csv::new().without_header().read("1,a\n2,b\n".as_bytes()).unwrap();
    assert_eq!(bare, Table::new().number("column_1", [1, 2]).category("column_2", ["a", "b"]));
    assert_eq!(read(",x\nann,1\n").unwrap(), Table::new().category("column_1", ["ann"]).number("x", [1]));
    let empty = read("a,b\n").unwrap();
    assert_eq!((empty.rows(), empty.names().len()), (0, 2));
}

#[test]
fn kinds_can_be_declared() {
    let text = "zip,name,n,left\n01234,ann,1,x\n98765,bob,,y\n";
    let csv = Csv::new().category("zip").text("name").number("n").skip("left");
    let table = csv.read(text.as_bytes()).unwrap();
    assert_eq!(table.names(), ["zip", "name", "n"]);
    assert_eq!(table.texts("zip").unwrap(), [Some("01234"), Some("98765")]);
    assert_eq!(table.kind("name").unwrap(), Kind::Text);
    let error = csv.read("zip,name,n,left\n1,a,2,x\n1,a,two,x\n".as_bytes()).unwrap_err();
    assert_eq!(error, Error::Field { line: 3, column: "n".into(), found: "two".into(), needs: "a number" });
    assert_eq!(error.to_string(), "line 3, column `n`: found `two`, needs a number");
    let missing = Csv::new().number("m").read(text.as_bytes()).unwrap_err();
    assert!(matches!(missing, Error::MissingColumn { name, .. } if name == "m"));
    // The last declaration counts.
    let twice = Csv::new().skip("n").category("n").read("n\n1\n".as_bytes()).unwrap();
    assert_eq!(twice.kind("n").unwrap(), Kind::Category);
}

/// Words after numbers: the texts of the numbers are kept as they were, whether the file is a path or a stream.
#[test]
fn a_column_that_goes_on_with_words_is_a_category() {
    let text = "code,x\n01,1\n1.50,2\n,3\nA7,4\n1e2,5\n";
    let file = File::new("words", text);
    for table in [read(text).unwrap(), Table::read_csv(&file.0).unwrap()] {
        assert_eq!(table.texts("code").unwrap(), [Some("01"), Some("1.50"), None, Some("A7"), Some("1e2")]);
        assert_eq!(table.kind("x").unwrap(), Kind::Number);
    }
    // A long stream cannot be read again; a file can.
    let long: String = (0..1_000_000).map(|i| format!("{i:09}\n")).collect();
    let long = format!("n\n{long}word\n");
    let error = read(&long).unwrap_err();
    assert!(matches!(&error, Error::Field { line: 1_000_002, found, .. } if found == "word"), "{error}");
    let file = File::new("long", &long);
    let table = Table::read_csv(&file.0).unwrap();
    assert_eq!((table.rows(), table.kind("n").unwrap()), (1_000_001, Kind::Text));
    assert_eq!(Csv::new().category("n").read(long.as_bytes()).unwrap().rows(), 1_000_001);
}

#[test]
fn many_different_words_are_text() {
    let names = |n: usize, twice: &str| (0..n).map(|i| format!("name{i}\n")).collect::<String>() + twice;
    for (text, kind) in [
        (names(20, ""), Kind::Text),
        (names(19, ""), Kind::Category),
        (names(30, "name7\n"), Kind::Category),
        (names(30, "NA\n"), Kind::Text),
    ] {
        assert_eq!(read(&format!("who\n{text}")).unwrap().kind("who").unwrap(), kind);
    }
    let declared = Csv::new().category("who").read(format!("who\n{}", names(30, "")).as_bytes()).unwrap();
    assert_eq!(declared.kind("who").unwrap(), Kind::Category);
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    assert_eq!(read("").unwrap_err(), Error::Empty { what: "the CSV file" });
    assert_eq!(read("a,b\n1,2\n1,2,3\n").unwrap_err(), Error::Fields { line: 3, expected: 2, found: 3 });
    assert_eq!(read("a,b\n\"x\ny\",2\n1\n").unwrap_err(), Error::Fields { line: 4, expected: 2, found: 1 });
    assert_eq!(read("a,a\n1,2\n").unwrap_err(), Error::DuplicateName { name: "a".into() });
    let finite = "a finite number; marks of gaps are declared";
    for (bad, found) in [("inf", "inf"), ("-Infinity", "-Infinity"), ("1e999", "1e999"), ("NAN", "NAN")] {
        let error = read(&format!("a,b\n1,2\n1,{bad}\n")).unwrap_err();
        assert_eq!(error, Error::Field { line: 3, column: "b".into(), found: found.into(), needs: finite });
    }
    // In a column of words it is a word, even if it comes first.
    let table = read("b\ninf\nsup\n").unwrap();
    assert_eq!(table.texts("b").unwrap(), [Some("inf"), Some("sup")]);
    let bytes = Csv::new().read(&b"a,b\n1,ok\n2,\xff\xfe\n"[..]).unwrap_err();
    assert!(matches!(bytes, Error::Field { line: 3, column, needs: "text in UTF-8", .. } if column == "b"));
    assert!(matches!(Csv::new().read(&b"a,\xff\n1,2\n"[..]), Err(Error::Field { line: 1, .. })));
    let gone = Table::read_csv("/no/such/file.csv").unwrap_err();
    assert_eq!(gone, Error::Io { path: "/no/such/file.csv".into(), kind: std::io::ErrorKind::NotFound });
    assert_eq!(gone.to_string(), "the file /no/such/file.csv cannot be used: entity not found");
    for csv in [
        Csv::new().separator('"'),
        Csv::new().separator('€'),
        Csv::new().separator('\n'),
        Csv::new().decimal(','),
        Csv::new().decimal('e'),
        Csv::new().quote('é'),
    ] {
        assert!(matches!(csv.read("a\n1\n".as_bytes()), Err(Error::Config { .. })), "{csv:?}");
    }
}

/// Peak memory is measured in bytes per number, not by the size of the file: 24 bytes of text for each 8 that are kept.
#[test]
fn memory_follows_the_numbers() {
    let line = format!("{0:024},{0:024}\n", 1.25);
    let text = format!("a,b\n{}", line.repeat(60_000));
    let file = File::new("memory", &text);
    let memory = allocation_counter::measure(|| {
        assert_eq!(Table::read_csv(&file.0).unwrap().rows(), 60_000);
    });
    let numbers = 2 * 60_000 * 8;
    // A vector that grows holds up to twice its content, and both halves of a move; the reader's buffers are constant.
    assert!(memory.bytes_max < 3 * numbers + 200_000, "{} bytes for {numbers}", memory.bytes_max);
}

proptest! {
    #[test]
    fn files_read_back(rows in prop::collection::vec((any::<f64>(), "[ -~é\n\r]{0,8}", any::<bool>(), any::<i32>()), 1..30)) {
        let number = |v: f64, present: bool| (present && v.is_finite()).then_some(v);
        let word = |text: &str| format!("w{}", text.trim());
        let table = Table::new()
            .number("x", rows.iter().map(|row| number(row.0, row.2)))
            .category("odd, \"name\"", rows.iter().map(|row| word(&row.1).trim_end().to_string()))
            .number("n", rows.iter().map(|row| row.3))
            .checked()
            .unwrap();
        let mut writer = Writer::from_writer(Vec::new());
        writer.write_record(table.names()).unwrap();
        for i in 0..rows.len() {
            let x = table.numbers("x").unwrap()[i].map_or("NA".to_string(), |v| v.to_string());
            let word = table.texts("odd, \"name\"").unwrap()[i].unwrap().to_string();
            writer.write_record([x, word, rows[i].3.to_string()]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let read = Csv::new().category("odd, \"name\"").read(&bytes[..]).unwrap();
        prop_assert_eq!(read, table);
    }

    #[test]
    fn any_bytes_are_a_table_or_an_error(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..80),
            "[a-c0-9,.;\"\n\r eNA+-]{0,80}".prop_map(String::into_bytes),
        ],
        separator in prop::sample::select(vec![',', ';', ' ', '.']),
    ) {
        for csv in [Csv::new().separator(separator), Csv::new().separator(separator).without_header().decimal(',')] {
            if let Ok(table) = csv.read(&bytes[..]) {
                prop_assert_eq!(table.clone().checked(), Ok(table.clone()));
                let _ = (table.to_string(), table.describe().to_string());
                let _ = Design::new("~ .".parse().unwrap()).drop_gaps().fit(&table);
            }
        }
    }
}
