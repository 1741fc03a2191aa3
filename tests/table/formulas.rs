//! The grammar of formulas, and where it points when it cannot read on.

use residual::table::{Expression, Factor};
use residual::{Error, Formula};

#[test]
fn formulas_are_written_in_one_form_that_reads_back() {
    for (text, written) in [
        ("y~a+b", "y ~ a + b"),
        ("mpg ~ wt + hp + C(origin) + wt:hp + I(wt^2) + log(hp) - 1 + offset(t)", ""),
        ("y1 + log(y2) ~ .", ""),
        (" ~ 0 + a", "~ 0 + a"),
        ("y ~ a*b/c:d^2", "y ~ a*b/c:d^2"),
        ("y ~ (a + b)^2 - a:b", ""),
        ("y ~ (a+b)**2", "y ~ (a + b)^2"),
        ("y ~ ((a))", "y ~ a"),
        ("y ~ (a:b):c", "y ~ (a:b):c"),
        ("y ~ -1 + a", "y ~ -1 + a"),
        ("y ~ a + -1", "y ~ a - 1"),
        ("y ~ `net worth` + `a``b` + `1`", ""),
        ("y ~ C(`o o`, base = 'say \"hi\"')", "y ~ C(`o o`, base = \"say \\\"hi\\\"\")"),
        ("y ~ C(year, base = 2008)", "y ~ C(year, base = \"2008\")"),
        ("y ~ C(a,sum) + C(b , full) + C(c, treatment)", "y ~ C(a, sum) + C(b, full) + C(c)"),
        ("y ~ I( a**2 + 2*b )", "y ~ I(a^2 + 2 * b)"),
        ("y ~ I(-a^2) + I((-a)^2) + I(a^-b^c) + I((a^b)^c)", ""),
        ("y ~ I(a - (b - c)) + I(a / (b / c)) + I((a - b) - c)", "y ~ I(a - (b - c)) + I(a / (b / c)) + I(a - b - c)"),
        ("y ~ I(1e-7 * a + 0.5)", "y ~ I(1e-7 * a + 0.5)"),
        ("y ~ log(a + 1) + exp(-log1p(b)) + I(log2(a) * log10(b)) + sqrt(abs(a))", ""),
        ("y ~ I(a) + I(I(a) + 1)", "y ~ a + I(a + 1)"),
        (
            "y ~ poly(a, degree = 3) + poly(a, 2, raw=TRUE) + poly(log(a), 2, raw = false)",
            "y ~ poly(a, 3) + poly(a, 2, raw = true) + poly(log(a), 2)",
        ),
        ("y ~ spline(a, 4) + spline(a - b, df=5)", "y ~ spline(a, df = 4) + spline(a - b, df = 5)"),
        ("C(vote) ~ 1", ""),
        ("y ~ größe + x_1 + .b + C + log + I", ""),
        ("y ~\n  a +\n  b", "y ~ a + b"),
    ] {
        let formula: Formula = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let expected = if written.is_empty() { text } else { written };
        assert_eq!(formula.to_string(), expected);
        assert_eq!(formula.to_string().parse::<Formula>().unwrap(), formula, "{text}");
    }
}

#[test]
fn errors_point_at_the_character() {
    for (text, position, expected) in [
        ("", 0, "a term"),
        ("y", 1, "`~`"),
        ("y ~", 3, "a term"),
        ("y ~ a b", 6, "an operator or the end"),
        ("y = a", 2, "`~`"),
        ("y ~ a ~ b", 6, "an operator or the end"),
        ("y ~ a +", 7, "a term"),
        ("y ~ a + + b", 8, "a term"),
        ("y ~ (a + b", 10, "`)`"),
        ("y ~ a)", 5, "an operator or the end"),
        ("y ~ 2", 4, "0 and 1"),
        ("y ~ a:1", 6, "a term"),
        ("y ~ 1:a", 5, "0 and 1"),
        ("y ~ (a - 1):b", 4, "terms alone"),
        ("y ~ a*(b + offset(t))", 6, "terms alone"),
        ("y ~ a - offset(t)", 8, "terms alone"),
        ("y ~ (a + 0)^2", 4, "terms alone"),
        ("y ~ a^b", 6, "a whole number"),
        ("y ~ a^1.5", 6, "a whole number"),
        ("y ~ a^0", 6, "a whole number"),
        ("y ~ sin(a)", 4, "one of the functions"),
        ("y ~ a + foo (a)", 8, "one of the functions"),
        ("y ~ log(sin(a))", 8, "one of the functions"),
        ("y ~ log(a", 9, "`)`"),
        ("y ~ log()", 8, "a column"),
        ("y ~ log(a, 2)", 9, "`)`"),
        ("y ~ I(a +)", 9, "a column"),
        ("y ~ I(.)", 6, "a column"),
        ("y ~ C()", 6, "the name of a column"),
        ("y ~ C(log(a))", 9, "`)`"),
        ("y ~ C(a, base)", 13, "`=`"),
        ("y ~ C(a, base = b)", 16, "a level"),
        ("y ~ C(a, helmert)", 9, "`base"),
        ("y ~ poly(a)", 10, "the degree"),
        ("y ~ poly(a, 0)", 12, "the degree"),
        ("y ~ poly(a, 2, 3)", 15, "`raw = true`"),
        ("y ~ spline(a, knots = 4)", 14, "df = 4"),
        ("y ~ `a", 6, "a closing `"),
        ("y ~ C(a, base = \"x)", 19, "a closing \""),
        ("y ~ a & b", 6, "a name"),
        ("y ~ a | b", 6, "a name"),
        ("y ~ 3x", 4, "a number, or a name"),
        ("y - 1 ~ a", 2, "`~`"),
        ("y*z ~ a", 1, "`~`"),
        ("poly(y, 2) ~ a", 0, "as the target"),
        (". ~ a", 0, "as the target"),
        ("é + ü ~ a %", 10, "a name"),
    ] {
        match text.parse::<Formula>() {
            Err(Error::Formula { position: found, expected: what, .. }) => {
                assert_eq!(found, position, "{text}: expected {what}");
                assert!(what.contains(expected), "{text}: {what}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let error = "mpg ~ wt + cyl % 2".parse::<Formula>().unwrap_err().to_string();
    assert!(
        error.starts_with("expected a name") && error.ends_with("at character 15 of the formula, found `%`"),
        "{error}"
    );
}

#[test]
fn depth_and_length_are_bounded() {
    for text in [
        format!("y ~ {}a{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("y ~ I({}a{})", "(".repeat(100_000), ")".repeat(100_000)),
        format!("y ~ {}a{}", "log(".repeat(100_000), ")".repeat(100_000)),
        format!("y ~ I({}a)", "-".repeat(100_000)),
        format!("y ~ I(a{})", " + a".repeat(100_000)),
        format!("y ~ I(a{})", "^a".repeat(100_000)),
        format!("y ~ a{}", "^2".repeat(100_000)),
        format!("y ~ {}", (0..60).map(|i| format!("v{i}")).collect::<Vec<_>>().join("*")),
    ] {
        assert!(matches!(text.parse::<Formula>(), Err(Error::Formula { .. })), "{}", &text[..20]);
    }
    let long = (0..20_000).map(|i| format!("v{i}")).collect::<Vec<_>>().join(" + ");
    assert!(format!("y ~ {long}").parse::<Formula>().is_ok());
    assert!(format!("y ~ a{}", " - 1".repeat(100_000)).parse::<Formula>().is_ok());
    assert!(format!("y ~ {}1", "-".repeat(100_001)).parse::<Formula>().is_ok());
    assert!(format!("y ~ a{}", ":a".repeat(10_000)).parse::<Formula>().is_ok());
}

#[test]
fn a_builder_says_the_same() {
    let built = Formula::new([Factor::from(Expression::column("y").log())])
        .rest()
        .without("id")
        .interaction([Factor::from("a"), Factor::category("g").sum()])
        .crossed(["b", "c"])
        .term(Factor::poly("a", 3))
        .term(Factor::powers(Expression::column("a") + 1.0, 2))
        .term(Factor::spline("b", 4))
        .term((Expression::column("a") - 2.0) / (Expression::column("b") * -3.0))
        .term(Factor::category("h").full())
        .offset(Expression::column("t").log())
        .without_intercept();
    let text = "log(y) ~ . - id + a:C(g, sum) + b*c + poly(a, 3) + poly(a + 1, 2, raw = true) + spline(b, df = 4) \
                + I((a - 2) / (b * -3)) + C(h, full) + offset(log(t)) - 1";
    assert_eq!(built.to_string(), text);
    assert_eq!(text.parse::<Formula>().unwrap(), built);
    let none: [&str; 0] = [];
    assert_eq!(Formula::new(none).to_string(), "~ 1");
    assert_eq!(Formula::new(["odd name"]).term("~").to_string(), "`odd name` ~ `~`");
}
