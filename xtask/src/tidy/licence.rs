//! SPDX licence expressions: is there a choice among them that we accept?

/// Licences under which the binary may be passed on, with notices and without further duties on our own code.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Whether `expression` allows a choice in which every licence is accepted. An unreadable expression is not.
pub(super) fn is_accepted(expression: &str) -> bool {
    // "MIT/Apache-2.0" is the notation of old manifests for OR.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut parser = Parser {
        words: spaced.split_whitespace().collect(),
        at: 0,
    };
    parser.any() == Some(true) && parser.at == parser.words.len()
}

/// Recursive descent over `any := all (OR all)*`, `all := one (AND one)*`, `one := ( any ) | ID [WITH ID]`.
struct Parser<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Parser<'a> {
    fn any(&mut self) -> Option<bool> {
        let mut accepted = self.all()?;
        while self.take("OR") {
            // No short circuit: the rest must be read too.
            accepted |= self.all()?;
        }
        Some(accepted)
    }

    fn all(&mut self) -> Option<bool> {
        let mut accepted = self.one()?;
        while self.take("AND") {
            accepted &= self.one()?;
        }
        Some(accepted)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let accepted = self.any()?;
            return self.take(")").then_some(accepted);
        }
        let id = self.id()?;
        if self.take("WITH") {
            let exception = self.id()?;
            return Some(ACCEPTED.contains(&format!("{id} WITH {exception}").as_str()));
        }
        Some(ACCEPTED.contains(&id))
    }

    fn id(&mut self) -> Option<&'a str> {
        let word = *self.words.get(self.at)?;
        self.at += 1;
        (!matches!(word, "(" | ")" | "OR" | "AND" | "WITH")).then_some(word)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at) == Some(&word);
        self.at += usize::from(found);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_among_alternatives() {
        for (expression, accepted) in [
            ("MIT", true),
            ("MIT OR Apache-2.0", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0 AND MIT", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("(MIT OR GPL-2.0) AND (GPL-3.0 OR ISC)", true),
            ("(MIT OR Apache-2.0) AND NCSA", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("GPL-2.0 WITH Classpath-exception-2.0", false),
            ("Apache-2.0 WITH LLVM-exception OR GPL-2.0", true),
            ("BSD-3-Clause-Clear", false),
            ("", false),
            ("MIT OR", false),
            ("(MIT", false),
            ("MIT Apache-2.0", false),
            ("OR", false),
        ] {
            assert_eq!(is_accepted(expression), accepted, "{expression:?}");
        }
    }
}
