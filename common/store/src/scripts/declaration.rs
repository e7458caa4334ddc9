//! The declaration of a script.

use redis::Cmd;

use super::parts::Part;

/// What a script may do while Redis is at `maxmemory` (Redis and Valkey from 7.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// It takes new work in, so Redis refuses it as a whole.
    DenyOom,
    /// It finishes work, frees memory or only reads.
    AllowOom,
}

/// Whether a script changes what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Its calls make `writes` of `wh:meta` rise.
    Writes,
    /// It only reads.
    Reads,
}

/// A script, without the values of a call.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) name: &'static str,
    pub(crate) memory: Memory,
    pub(crate) effect: Effect,
    pub(crate) needs: &'static [&'static Part],
    /// Its own files, joined in this order.
    pub(crate) body: &'static [&'static str],
    /// The names of its arguments, in order.
    pub(crate) arguments: &'static [&'static str],
    /// The names of its groups, and what their records look like.
    pub(crate) groups: &'static [(&'static str, &'static Shape)],
}

impl Declaration {
    /// Whether a script's calls make `writes` rise.
    pub(crate) fn writes(&self) -> bool {
        matches!(self.effect, Effect::Writes)
    }
}

/// What the records of a group look like.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The fields that every record has. Without any, a record is one value.
    pub(crate) fields: &'static [&'static str],
    /// Records may go on with their kind (a letter), and with fields that only this kind has.
    pub(crate) kinds: &'static [(&'static str, &'static [&'static str])],
}

impl Shape {
    /// A record that is one value.
    pub(crate) const VALUE: Self = Self {
        fields: &[],
        kinds: &[],
    };

    /// The fields that only some kinds have, each once, with its place behind the kind. A field that two kinds have must have
    /// the same place in both, which a test checks.
    pub(crate) fn fields_of_kinds(&self) -> Vec<(usize, &'static str)> {
        let mut found: Vec<(usize, &'static str)> = Vec::new();
        for (_, fields) in self.kinds {
            for place in fields.iter().copied().enumerate() {
                if !found.contains(&place) {
                    found.push(place);
                }
            }
        }
        found
    }
}

/// A script that is entered in the list in `script_list.rs`, which [`crate::assembled_scripts`] goes through. Only such a
/// script can be called.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has to be entered in the list of scripts, in script_list.rs"
)]
pub(crate) trait Listed {
    const RUNS_AS: RunsAs;
}

/// What Redis runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunsAs {
    /// A script, which makes its Lua functions with each call.
    Script,
    /// A function that Redis keeps, with its Lua functions: for what is called for each event and delivery.
    Function,
}

/// One value of a call.
pub(crate) trait Argument {
    fn write(&self, command: &mut Cmd);
}

/// One record of a group.
pub(crate) trait Record {
    const SHAPE: Shape;

    fn write(&self, command: &mut Cmd);
}

/// A group of records.
pub(crate) trait Group {
    const SHAPE: &'static Shape;

    fn len(&self) -> usize;

    fn write(&self, command: &mut Cmd);
}

impl<R: Record> Group for &[R] {
    const SHAPE: &'static Shape = &R::SHAPE;

    fn len(&self) -> usize {
        <[R]>::len(self)
    }

    fn write(&self, command: &mut Cmd) {
        for record in *self {
            record.write(command);
        }
    }
}

impl<R: Record> Group for Vec<R> {
    const SHAPE: &'static Shape = &R::SHAPE;

    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn write(&self, command: &mut Cmd) {
        self.as_slice().write(command);
    }
}

impl<R: Record + ?Sized> Record for &R {
    const SHAPE: Shape = R::SHAPE;

    fn write(&self, command: &mut Cmd) {
        R::write(self, command);
    }
}
