//! Scripts that are written without spaces.

use std::borrow::Cow;

/// The text with a space between the characters of scripts that are written without spaces: Chinese, Japanese, Thai, Lao,
/// Khmer, Burmese. Marks stay with the character before them; selectors of variants are left out.
///
/// So each such character is a word, and a word of theirs, of whatever length, is a phrase: what stands together is found within
/// any text, without a dictionary of the language. Pairs of characters would make shorter lists, but lose single characters, and
/// phrases across scripts.
///
/// ```
/// use chat_server_core::search::spaced;
/// assert_eq!(spaced("in 東京都 iPhone手机"), "in 東 京 都 iPhone 手 机");
/// assert_eq!(spaced("น้ำแข็ง"), "น้ ำ แ ข็ ง");
/// assert_eq!(spaced("lunch, 점심"), "lunch, 점심");
/// ```
pub fn spaced(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_unspaced(c) || is_variant(c)) {
        return Cow::Borrowed(text);
    }
    let mut spaced = String::with_capacity(text.len() * 4 / 3);
    let mut follows_unspaced = false;
    for c in text.chars().filter(|c| !is_variant(*c)) {
        if is_mark(c) {
            spaced.push(c);
            continue;
        }
        let unspaced = is_unspaced(c);
        let stands_alone = spaced.is_empty() || spaced.ends_with(char::is_whitespace) || c.is_whitespace();
        if (unspaced || follows_unspaced) && !stands_alone {
            spaced.push(' ');
        }
        spaced.push(c);
        follows_unspaced = unspaced;
    }
    Cow::Owned(spaced)
}

/// Whether the character is of a script that is written without spaces.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0e01}'..='\u{0eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}' // Burmese
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3031}'..='\u{3035}'
        | '\u{3040}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}' // Kana, Bopomofo
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // Han
        | '\u{ff66}'..='\u{ff9f}' // Kana of half width
        | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether the character is a mark of such a script, on the character before it.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0e31}' | '\u{0e34}'..='\u{0e3a}' | '\u{0e47}'..='\u{0e4e}'
        | '\u{0eb1}' | '\u{0eb4}'..='\u{0ebc}' | '\u{0ec8}'..='\u{0ece}'
        | '\u{102b}'..='\u{103e}' | '\u{1056}'..='\u{1059}' | '\u{105e}'..='\u{1060}' | '\u{1062}'..='\u{1064}'
        | '\u{1067}'..='\u{106d}' | '\u{1071}'..='\u{1074}' | '\u{1082}'..='\u{108d}' | '\u{108f}'
        | '\u{109a}'..='\u{109d}' | '\u{17b4}'..='\u{17d3}' | '\u{17dd}'
        | '\u{3099}' | '\u{309a}')
}

/// Whether the character only says in which form the one before it is drawn.
fn is_variant(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_no_space_gets_none() {
        for text in ["", "a", "Crème brûlée", "привет, мир", "한국어 단어", "हिन्दी", "👍🏽 ok", "  two  "]
        {
            assert!(matches!(spaced(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn characters_stand_alone_and_keep_their_marks() {
        for (text, expected) in [
            ("東", "東"),
            ("東京", "東 京"),
            ("東 京", "東 京"),
            ("a東b", "a 東 b"),
            ("東、京", "東 、 京"),
            ("が\u{3099}か", "が\u{3099} か"),
            ("葛\u{e0100}城", "葛 城"),
            ("ありがとう!", "あ り が と う !"),
            ("ဘာသာ", "ဘာ သာ"),
            ("ភាសា", "ភា សា"),
            ("𠮷野家", "𠮷 野 家"),
        ] {
            assert_eq!(spaced(text), expected);
        }
    }

    #[test]
    fn spacing_twice_is_spacing_once() {
        for text in ["in 東京都 iPhone手机", "น้ำแข็ง", "東、京 a"] {
            assert_eq!(spaced(&spaced(text)), spaced(text));
        }
    }
}
