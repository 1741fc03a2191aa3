//! A formula cut into words, each with its place.

use crate::{Error, Result};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name; whether it stood between backquotes.
    Name(String, bool),
    /// A text between quotes.
    Text(String),
    Number(f64),
    /// One of `~ + - * / : ^ ( ) , = .`; `**` is read as `^`.
    Symbol(char),
    End,
}

#[derive(Debug, Clone)]
pub(super) struct Lexed {
    pub token: Token,
    /// The first character, from 0.
    pub position: usize,
    /// As it is written.
    pub text: String,
}

/// Cuts a formula into words, the last of which is the end.
pub(super) fn lex(formula: &str) -> Result<Vec<Lexed>> {
    let chars: Vec<char> = formula.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars[at].is_whitespace() {
            at += 1;
            continue;
        }
        let (token, end) = word(&chars, at)?;
        words.push(Lexed { token, position: at, text: chars[at..end].iter().collect() });
        at = end;
    }
    words.push(Lexed { token: Token::End, position: chars.len(), text: String::new() });
    Ok(words)
}

/// The word that starts at a character, and where it ends.
fn word(chars: &[char], at: usize) -> Result<(Token, usize)> {
    let next = |i: usize| chars.get(i).copied().unwrap_or(' ');
    let first = chars[at];
    match first {
        '`' | '"' | '\'' => quoted(chars, at),
        '*' if next(at + 1) == '*' => Ok((Token::Symbol('^'), at + 2)),
        '~' | '+' | '-' | '*' | '/' | ':' | '^' | '(' | ')' | ',' | '=' => Ok((Token::Symbol(first), at + 1)),
        _ if first.is_ascii_digit() || (first == '.' && next(at + 1).is_ascii_digit()) => number(chars, at),
        _ if starts_name(first) => {
            let length = chars[at..].iter().take_while(|&&c| continues_name(c)).count();
            match chars[at..at + length].iter().collect::<String>() {
                name if name == "." => Ok((Token::Symbol('.'), at + 1)),
                name => Ok((Token::Name(name, false), at + length)),
            }
        }
        _ => Err(Error::Formula {
            position: at,
            expected: "a name, a number or an operator (put other names between backquotes)".to_string(),
            found: format!("`{first}`"),
        }),
    }
}

/// Whether a name may be written without backquotes.
pub(super) fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(starts_name);
    let number = name.starts_with('.') && name.chars().nth(1).is_none_or(|c| c.is_ascii_digit());
    first && !number && chars.all(continues_name)
}

fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '.'
}

fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// A name between backquotes, in which two backquotes stand for one; or a text between quotes, in which a backslash takes the
/// next character as it is.
fn quoted(chars: &[char], at: usize) -> Result<(Token, usize)> {
    let quote = chars[at];
    let mut inside = String::new();
    let mut i = at + 1;
    while let Some(&c) = chars.get(i) {
        let next = chars.get(i + 1).copied();
        match (c, next) {
            ('`', Some('`')) if quote == '`' => {
                inside.push('`');
                i += 1;
            }
            ('\\', Some(next)) if quote != '`' => {
                inside.push(next);
                i += 1;
            }
            _ if c == quote && quote != '`' => return Ok((Token::Text(inside), i + 1)),
            _ if c == quote && !inside.is_empty() => return Ok((Token::Name(inside, true), i + 1)),
            _ if c == quote => break,
            _ => inside.push(c),
        }
        i += 1;
    }
    let (expected, found) = match i < chars.len() {
        true => ("a name between the backquotes".to_string(), format!("`{quote}`")),
        false => (format!("a closing {quote} for the one at character {at}"), "the end".to_string()),
    };
    Err(Error::Formula { position: i, expected, found })
}

/// Digits, a point, digits, and an exponent if digits follow it.
fn number(chars: &[char], at: usize) -> Result<(Token, usize)> {
    let digits = |from: usize| chars[from.min(chars.len())..].iter().take_while(|c| c.is_ascii_digit()).count();
    let mut end = at + digits(at);
    if chars.get(end) == Some(&'.') {
        end += 1 + digits(end + 1);
    }
    if matches!(chars.get(end), Some('e' | 'E')) {
        let sign = usize::from(matches!(chars.get(end + 1), Some('+' | '-')));
        let exponent = digits(end + 1 + sign);
        end += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    let text: String = chars[at..end].iter().collect();
    let wrong = |expected: &str| Error::Formula {
        position: at,
        expected: expected.to_string(),
        found: format!("`{}`", chars[at..].iter().take_while(|&&c| continues_name(c)).collect::<String>()),
    };
    if chars.get(end).is_some_and(|&c| continues_name(c)) {
        return Err(wrong("a number, or a name between backquotes"));
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Token::Number(value), end)),
        _ => Err(wrong("a finite number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        lex(text).unwrap().into_iter().map(|word| word.token).collect()
    }

    #[test]
    fn words_of_every_kind() {
        let name = |name: &str| Token::Name(name.to_string(), false);
        assert_eq!(tokens("a.b ~ ."), [name("a.b"), Token::Symbol('~'), Token::Symbol('.'), Token::End]);
        assert_eq!(tokens("x**2"), [name("x"), Token::Symbol('^'), Token::Number(2.0), Token::End]);
        assert_eq!(tokens("1e3 .5 2.e"[..7].trim()), [Token::Number(1000.0), Token::Number(0.5), Token::End]);
        assert_eq!(tokens("`a ``b`"), [Token::Name("a `b".to_string(), true), Token::End]);
        assert_eq!(tokens(r#""a\"b" 'c'"#), [Token::Text("a\"b".into()), Token::Text("c".into()), Token::End]);
        assert_eq!(tokens("größe"), [name("größe"), Token::End]);
    }

    #[test]
    fn what_is_no_word_is_pointed_at() {
        for (text, position) in
            [("a % b", 2), ("`a", 2), ("é + 'b", 6), ("``", 1), ("2x", 0), ("1e999", 0), ("a & b", 2)]
        {
            match lex(text) {
                Err(Error::Formula { position: found, .. }) => assert_eq!(found, position, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn plain_names_are_read_as_names() {
        for (name, plain) in
            [("a", true), (".b", true), ("_", true), (".", false), (".5", false), ("a b", false), ("", false)]
        {
            assert_eq!(is_plain(name), plain, "{name}");
        }
    }
}
