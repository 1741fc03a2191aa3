//! Tables by hand.

use residual::nalgebra::{DVector, dmatrix};
use residual::table::Kind;
use residual::{Error, Table};

#[test]
fn columns_come_from_iterators_of_many_kinds() {
    let vector = DVector::from_vec(vec![1.0, 2.0]);
    let owned = vec![Some("u".to_string()), None];
    let table = Table::new()
        .number("a", [1.0, 2.0])
        .number("b", vec![Some(1), None])
        .number("c", &vector)
        .number("d", [1.0f32, 2.0].iter().copied())
        .number("e", (0..2).map(|i| (i > 0).then_some(f64::from(i))))
        .category("f", ["x", "y"])
        .category("g", &owned)
        .category("h", owned.iter().map(|text| text.as_deref()))
        .text("i", vec!["p".to_string(), "q".to_string()])
        .checked()
        .unwrap();
    assert_eq!((table.rows(), table.names().len()), (2, 9));
    assert_eq!(table.numbers("e").unwrap(), [None, Some(1.0)]);
    assert_eq!(table.texts("g").unwrap(), table.texts("h").unwrap());
    assert_eq!(
        [table.kind("a"), table.kind("f"), table.kind("i")].map(Result::unwrap),
        [Kind::Number, Kind::Category, Kind::Text]
    );
}

/// The chain has no `?`; everything that can fail afterwards returns the first error.
#[test]
fn a_refused_column_is_not_forgotten() {
    let nan = Table::new().number("x", [1.0, f64::NAN]).number("y", [1.0, 2.0]);
    let error = nan.clone().checked().unwrap_err();
    assert!(matches!(&error, Error::Value { column, row: 1, value, .. } if column == "x" && value.is_nan()), "{error}");
    assert_eq!(error.to_string(), "`x` meets NaN at row 1; it needs a finite number; give a gap as None");
    let design = residual::Design::new("~ y".parse().unwrap());
    assert!(design.fit(&nan).is_err());
    let fitted = design.fit(&Table::new().number("y", [1.0])).unwrap();
    for refused in [
        nan.select(&[0]).map(|_| ()),
        nan.split(0.5, 1).map(|_| ()),
        nan.numbers("y").map(|_| ()),
        nan.kind("y").map(|_| ()),
        nan.to_matrix::<f64>(&["y"]).map(|_| ()),
        Table::concat(&[&nan]).map(|_| ()),
        Table::concat(&[&Table::new().number("y", [1.0]), &nan]).map(|_| ()),
        fitted.transform(&nan).map(|_| ()),
        fitted.frame::<f64>(&nan).map(|_| ()),
        fitted.offset::<f64>(&nan).map(|_| ()),
        fitted.complete_rows(&nan).map(|_| ()),
    ] {
        assert!(matches!(refused, Err(Error::Value { row: 1, .. })), "{refused:?}");
    }
    let infinite = Table::new().number("x", [f64::INFINITY]).checked();
    assert!(matches!(infinite, Err(Error::Value { row: 0, .. })));
    let short = Table::new().number("x", [1.0, 2.0]).category("g", ["a"]).number("x", [1.0]).checked();
    assert_eq!(short.unwrap_err(), Error::Rows { column: "g".into(), expected: 2, found: 1 });
    let twice = Table::new().number("x", [1.0]).number("x", [1.0]).checked();
    assert_eq!(twice.unwrap_err(), Error::DuplicateName { name: "x".into() });
}

#[test]
fn columns_are_asked_for_by_name_and_kind() {
    let table = Table::new().number("x", [1.0]).category("g", ["a"]);
    assert!(matches!(table.numbers("g"), Err(Error::Kind { found: "categories", needs: "numbers", .. })));
    assert!(matches!(table.texts("x"), Err(Error::Kind { found: "numbers", .. })));
    assert!(matches!(table.levels("x"), Err(Error::Kind { .. })));
    let missing = table.numbers("z").unwrap_err();
    assert_eq!(missing.to_string(), "there is no column `z` in the table; it has x, g");
    let wide = (0..30).fold(Table::new(), |table, j| table.number(format!("c{j}"), [1.0]));
    assert!(wide.kind("z").unwrap_err().to_string().ends_with("c10, c11 and 18 more"));
    assert!(Table::new().kind("z").unwrap_err().to_string().ends_with("it has none"));
}

#[test]
fn matrices_there_and_back() {
    let x = dmatrix![1.0, 2.0; 3.0, 4.0; 5.0, 6.0];
    let table = Table::from_matrix(["a", "b"], &x).unwrap().category("g", ["u", "v", "w"]);
    assert_eq!(table.to_matrix::<f64>(&["b", "a"]).unwrap(), dmatrix![2.0, 1.0; 4.0, 3.0; 6.0, 5.0]);
    assert_eq!(table.to_matrix::<f32>(&["a"]).unwrap(), dmatrix![1.0f32; 3.0; 5.0]);
    assert_eq!(table.select(&[2, 0, 2]).unwrap().to_matrix::<f64>(&["a"]).unwrap(), dmatrix![5.0; 1.0; 5.0]);
    let single = Table::from_matrix(["a"], &dmatrix![1.5f32; 2.5]).unwrap();
    assert_eq!(single.numbers("a").unwrap(), [Some(1.5), Some(2.5)]);
}

#[cfg(feature = "ndarray")]
#[test]
fn arrays_there_and_back() {
    use ndarray::{Array1, array};
    let x = array![[1.0, 2.0], [3.0, 4.0]];
    let table = Table::from_array(["a", "b"], &x).unwrap();
    assert_eq!(table.to_array::<f64>(&["a", "b"]).unwrap(), x);
    // Another memory layout.
    let turned = Table::from_array(["a", "b"], x.t()).unwrap();
    assert_eq!(turned.to_array::<f64>(&["a", "b"]).unwrap(), x.t());
    let column = Array1::from_vec(vec![5.0, 6.0]);
    assert_eq!(turned.number("c", &column).numbers("c").unwrap(), [Some(5.0), Some(6.0)]);
    assert!(Table::from_array(["a"], &x).is_err());
}
