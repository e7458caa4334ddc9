//! Columns: each holds the values of one kind, and is compressed by itself.

use zstd::bulk::{Compressor, Decompressor};

use crate::limits::{Corrupt, MOST_UNPACKED, Oversized};
use crate::wire::{Reader, put_number};

/// How hard zstd tries. 6 takes nearly three times as long for 6 % less: docs/performance.md has what was measured.
const LEVEL: i32 = 3;

/// What is shorter is not compressed.
const LEAST: usize = 48;

/// Adds columns, compressed where that makes them smaller.
pub(crate) fn put_columns(out: &mut Vec<u8>, columns: &[Vec<u8>]) -> Result<(), Oversized> {
    if columns.iter().map(Vec::len).sum::<usize>() > MOST_UNPACKED {
        return Err(Oversized);
    }
    let mut compressor = Compressor::new(LEVEL).ok();
    put_number(out, columns.len() as u64);
    for column in columns {
        let packed = compressor
            .as_mut()
            .filter(|_| column.len() >= LEAST)
            .and_then(|compressor| compressor.compress(column).ok())
            .filter(|packed| packed.len() < column.len());
        put_number(out, column.len() as u64);
        put_number(out, packed.as_ref().map_or(0, Vec::len) as u64);
        out.extend_from_slice(packed.as_ref().unwrap_or(column));
    }
    Ok(())
}

/// Reads as many columns as there must be.
pub(crate) fn read_columns<const N: usize>(bytes: &[u8]) -> Result<[Vec<u8>; N], Corrupt> {
    let mut reader = Reader::new(bytes);
    if reader.number()? != N as u64 {
        return Err(Corrupt("it has other columns"));
    }
    let broken = Corrupt("a column can't be decompressed");
    let mut decompressor = Decompressor::new().map_err(|_| broken)?;
    let (mut columns, mut left) = ([const { Vec::new() }; N], MOST_UNPACKED);
    for column in &mut columns {
        let length = reader.count(left)?;
        left -= length;
        let packed = reader.small::<usize>()?;
        *column = match packed {
            0 => reader.bytes(length)?.to_vec(),
            // It never gets larger than `length`.
            _ => decompressor
                .decompress(reader.bytes(packed)?, length)
                .map_err(|_| broken)?,
        };
        if column.len() != length {
            return Err(broken);
        }
    }
    if !reader.is_empty() {
        return Err(Corrupt("something stands behind it"));
    }
    Ok(columns)
}

/// Texts that occur again and again, each written once.
#[derive(Debug, Default)]
pub(crate) struct Dictionary<'a> {
    known: std::collections::HashMap<std::borrow::Cow<'a, [u8]>, u64>,
    texts: Vec<u8>,
}

impl<'a> Dictionary<'a> {
    /// The number of a text.
    pub(crate) fn number_of(&mut self, text: impl Into<std::borrow::Cow<'a, [u8]>>) -> u64 {
        let (text, next) = (text.into(), self.known.len() as u64);
        match self.known.entry(text) {
            std::collections::hash_map::Entry::Occupied(known) => *known.get(),
            std::collections::hash_map::Entry::Vacant(place) => {
                crate::wire::put_text(&mut self.texts, place.key());
                *place.insert(next)
            }
        }
    }

    /// The texts, as a column.
    pub(crate) fn column(self) -> Vec<u8> {
        self.texts
    }
}

/// The texts of a dictionary.
pub(crate) fn read_dictionary(column: &[u8]) -> Result<Vec<&[u8]>, Corrupt> {
    let (mut reader, mut texts) = (Reader::new(column), Vec::new());
    while !reader.is_empty() {
        texts.push(reader.text()?);
    }
    Ok(texts)
}
