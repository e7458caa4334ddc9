//! Texts that were read in the wrong encoding: how that comes about, and how it is undone.

/// Some editors and libraries put this in front of a text to mark it as UTF-8.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// Windows-1252, 0x80 to 0x9F. It leaves five bytes undefined; decoders read these as Latin-1.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', //
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// What a text becomes when its UTF-8 is read as Latin-1: `é` becomes `Ã©`.
pub(crate) fn read_as_latin1(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

/// What a text becomes when its UTF-8 is read as Windows-1252.
pub(crate) fn read_as_windows1252(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
            _ => char::from(byte),
        })
        .collect()
}

/// The text whose UTF-8, read as Latin-1 or Windows-1252, gives this one; `None` if there is none.
pub(crate) fn read_again(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = text
        .chars()
        .map(|character| {
            u8::try_from(u32::from(character)).ok().or_else(|| {
                let at = WINDOWS_1252.iter().position(|known| *known == character)?;
                Some(0x80 + u8::try_from(at).ok()?)
            })
        })
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests;
