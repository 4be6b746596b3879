//! Texts: what needs an escape, what has several bytes, and lengths at the limit.

use proptest::prelude::*;

/// A character that somebody might take for something else, or any.
fn characters() -> BoxedStrategy<char> {
    let ascii = "\"\\/~.?#%&+ '<>{}[]:,";
    let others = "éßя中👍𝄞\u{a0}\u{ad}\u{200b}\u{200d}\u{202e}\u{2028}\u{feff}\u{fdd0}\u{ffff}";
    let odd: Vec<char> = ascii.chars().chain(others.chars()).collect();
    prop_oneof![3 => proptest::char::range(' ', '~'), 2 => proptest::sample::select(odd), 1 => any::<char>()]
        .boxed()
}

fn made_of(character: BoxedStrategy<char>, max: usize) -> BoxedStrategy<String> {
    let short = proptest::collection::vec(character, 0..=12).prop_map(move |characters| {
        let mut text = String::new();
        characters.into_iter().filter(|c| c.len_utf8() <= max).for_each(|c| {
            if text.len() + c.len_utf8() <= max {
                text.push(c);
            }
        });
        text
    });
    prop_oneof![4 => short, 1 => full(max)].boxed()
}

/// Exactly as many bytes as may be.
fn full(max: usize) -> impl Strategy<Value = String> {
    proptest::sample::select(vec!['x', 'x', 'x', 'é', '中', '👍']).prop_map(move |c| {
        let mut text: String = std::iter::repeat_n(c, max / c.len_utf8()).collect();
        text.extend(std::iter::repeat_n('x', max - text.len()));
        text
    })
}

/// Any text of at most `max` bytes, control characters included.
pub(super) fn any_text(max: usize) -> BoxedStrategy<String> {
    let control =
        proptest::sample::select(vec!['\0', '\u{8}', '\t', '\n', '\u{c}', '\r', '\u{1f}', '\u{7f}']);
    made_of(prop_oneof![5 => characters(), 1 => control].boxed(), max)
}

/// A text of 1 to `max` bytes without control characters, as ids are.
pub(super) fn id_text(max: usize) -> BoxedStrategy<String> {
    let character = characters().prop_filter("no control character", |c| !c.is_control()).boxed();
    let texts = made_of(character, max).prop_filter("not empty", |text| !text.is_empty());
    prop_oneof!["[1-9][0-9]{0,5}", texts].boxed()
}

/// A text that is too long by some bytes.
pub(super) fn too_long(max: usize) -> BoxedStrategy<String> {
    (1..=99_usize).prop_flat_map(move |more| full(max + more)).boxed()
}

impl super::Sample for String {
    fn any() -> BoxedStrategy<Self> {
        any_text(256)
    }
}
