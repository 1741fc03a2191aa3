//! The head of a table in print.

use super::Table;
use super::column::Column;
use std::fmt;

/// How many rows and columns are shown.
const ROWS: usize = 10;
const COLUMNS: usize = 10;
/// Longer texts are cut.
const WIDTH: usize = 24;

/// The first ten rows of the first ten columns, a gap as `.`, then how many there are.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.rows().min(ROWS);
        let names = self.names();
        let mut lines = vec![String::new(); shown + 1];
        for (name, column) in names.iter().zip(&self.columns).take(COLUMNS) {
            let cells: Vec<String> =
                std::iter::once(short(name)).chain((0..shown).map(|row| cell(column, row))).collect();
            let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
            for (line, cell) in lines.iter_mut().zip(cells) {
                let gap = if line.is_empty() { "" } else { "  " };
                line.push_str(gap);
                match column {
                    Column::Number(_) => line.push_str(&format!("{cell:>width$}")),
                    _ => line.push_str(&format!("{cell:<width$}")),
                }
            }
        }
        for line in lines.iter().filter(|_| !names.is_empty()) {
            writeln!(f, "{}", line.trim_end())?;
        }
        write!(f, "{} rows × {} columns", self.rows(), names.len())?;
        if names.len() > COLUMNS {
            write!(
                f,
                "; not shown: {}",
                names[COLUMNS..].iter().map(|name| short(name)).collect::<Vec<_>>().join(", ")
            )?;
        }
        match self.check() {
            Ok(()) => Ok(()),
            Err(error) => write!(f, "; not added: {error}"),
        }
    }
}

fn cell(column: &Column, row: usize) -> String {
    if column.is_gap(row) { ".".to_string() } else { short(&column.shown(row)) }
}

/// On one line, cut where it is long.
fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(WIDTH).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(WIDTH).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_aligned() {
        let table = Table::new().number("x", [Some(1.5), None, Some(-20.0)]).category("species", ["a", "bc\nd", ""]);
        let shown = table.to_string();
        assert_eq!(shown, "  x  species\n1.5  a\n  .  bc d\n-20\n3 rows × 2 columns");
        assert_eq!(Table::new().to_string(), "0 rows × 0 columns");
        let long = (0..12).fold(Table::new(), |table, j| table.number(format!("c{j}"), 0..30)).to_string();
        assert!(long.lines().count() == 12 && long.ends_with("30 rows × 12 columns; not shown: c10, c11"), "{long}");
        let refused = Table::new().number("x", [1.0]).number("x", [2.0]).to_string();
        assert!(refused.ends_with("not added: the name `x` stands for two things; rename one of them"), "{refused}");
    }
}
