//! What caused an error, and whether that is a lack of this machine.

use std::error::Error as StdError;
use std::io;

/// The operating system's errors that say that *we* are out of something: memory, files (of the process, of the system), local
/// ports, or room for what is to be sent. No receiver is to blame for them.
pub(super) const OWN_ERRORS: [i32; 5] = [12, 23, 24, 99, 105];

/// Whether an error says that this machine is out of something.
pub(super) fn is_ours(error: &(dyn StdError + 'static)) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>()?.raw_os_error())
        .any(|number| OWN_ERRORS.contains(&number))
}

/// An error and everything that caused it, with what I/O errors wrap, which `source` skips.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |cause: &&'a (dyn StdError + 'static)| {
        let cause: &'a (dyn StdError + 'static) = *cause;
        match cause.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => cause.source(),
        }
    })
}

/// The first of them of this type.
pub(super) fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// What caused everything else.
pub(super) fn root(error: &(dyn StdError + 'static)) -> String {
    causes(error)
        .last()
        .map_or_else(|| "unknown".to_owned(), ToString::to_string)
}
