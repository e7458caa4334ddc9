//! What both kinds of blocks have in common: a head, a filter that may be empty, and columns.
//!
//! The head has the kind (`E` or `L`), the version of the form, two bytes that are 0, the checksum of all that follows it, and the
//! length of the filter in bytes (both as four bytes, the lowest first).

use crate::columns::{put_columns, read_columns};
use crate::limits::{Corrupt, Oversized};
use crate::wire::Reader;

/// Where a block's filter begins (bytes).
pub const HEAD: usize = 12;

const VERSION: u8 = 1;

/// A block, and what its index says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed<D> {
    /// What Redis stores.
    pub bytes: Vec<u8>,
    /// What is in it.
    pub descriptor: D,
}

/// Makes a block.
pub(crate) fn seal(kind: u8, filter: &[u8], columns: &[Vec<u8>]) -> Result<Vec<u8>, Oversized> {
    let filter_length = u32::try_from(filter.len()).map_err(|_| Oversized)?;
    let mut rest = filter_length.to_le_bytes().to_vec();
    rest.extend_from_slice(filter);
    put_columns(&mut rest, columns)?;
    let mut block = vec![kind, VERSION, 0, 0];
    block.extend_from_slice(&crc32fast::hash(&rest).to_le_bytes());
    block.append(&mut rest);
    Ok(block)
}

/// The columns of a block.
pub(crate) fn open<const N: usize>(kind: u8, block: &[u8]) -> Result<[Vec<u8>; N], Corrupt> {
    let mut reader = Reader::new(block);
    if reader.array()? != [kind, VERSION, 0, 0] {
        return Err(Corrupt("it begins otherwise"));
    }
    let checksum = u32::from_le_bytes(reader.array()?);
    let rest = block.get(HEAD - 4..).unwrap_or_default();
    if crc32fast::hash(rest) != checksum {
        return Err(Corrupt("its checksum is wrong"));
    }
    let filter = u32::from_le_bytes(reader.array()?);
    let columns = usize::try_from(filter)
        .ok()
        .and_then(|filter| block.get(HEAD.checked_add(filter)?..));
    read_columns(columns.ok_or(Corrupt("it ends too early"))?)
}
