//! The macros that declare scripts and their records.

/// Declares a script; see the [module's documentation](crate::scripts).
macro_rules! script {
    (
        $(#[$doc:meta])*
        $name:literal $(= [$($file:literal),+ $(,)?])?: $memory:ident, $effect:ident, needs [$($part:ident),* $(,)?];
        struct $Call:ident $(<$life:lifetime>)? {
            $($(#[$field_doc:meta])* $field:ident : $type:ty),* $(,)?
            $(; each $group:ident : $records:ty)*
        } -> $answer:ty
    ) => {
        $(#[$doc])*
        pub(crate) struct $Call $(<$life>)? {
            $($(#[$field_doc])* pub(crate) $field: $type,)*
            $(pub(crate) $group: $records,)*
        }

        impl $(<$life>)? $crate::scripts::Script for $Call $(<$life>)? {
            type Answer = $answer;

            const DECLARATION: $crate::scripts::Declaration = $crate::scripts::Declaration {
                name: $name,
                memory: $crate::scripts::Memory::$memory,
                effect: $crate::scripts::Effect::$effect,
                needs: &[$(&$crate::scripts::parts::$part),*],
                body: $crate::scripts::macros::body!($name $($($file)+)?),
                arguments: &[$(stringify!($field)),*],
                groups: &[$((stringify!($group), <$records as $crate::scripts::Group>::SHAPE)),*],
            };

            fn compiled() -> &'static $crate::scripts::Compiled {
                static COMPILED: std::sync::OnceLock<$crate::scripts::Compiled> = std::sync::OnceLock::new();
                COMPILED.get_or_init(|| {
                    $crate::scripts::Compiled::of(&Self::DECLARATION, <Self as $crate::scripts::Listed>::RUNS_AS)
                })
            }

            fn calls() -> &'static $crate::scripts::Calls {
                static CALLS: $crate::scripts::Calls = $crate::scripts::Calls::new();
                &CALLS
            }

            fn write(&self, _command: &mut redis::Cmd) {
                $($crate::scripts::Argument::write(&self.$field, _command);)*
                $($crate::scripts::Argument::write(&$crate::scripts::Group::len(&self.$group), _command);)*
                $($crate::scripts::Group::write(&self.$group, _command);)*
            }
        }
    };
}

/// The text of a script's own files: the one of its name, or those that are named.
macro_rules! body {
    ($name:literal) => {
        $crate::scripts::macros::body!($name $name)
    };
    ($name:literal $($file:literal)+) => {
        &[$(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lua/", $file, ".lua"))),+]
    };
}

/// Declares the records of a group. Those that differ by kind have an enum behind their fields: the letter of each variant
/// tells the script what follows.
macro_rules! record {
    (
        $(#[$doc:meta])*
        struct $Record:ident $(<$life:lifetime>)? {
            $($field:ident : $type:ty),* $(,)?
        }
    ) => {
        $(#[$doc])*
        pub(crate) struct $Record $(<$life>)? {
            $(pub(crate) $field: $type,)*
        }

        impl $(<$life>)? $crate::scripts::Record for $Record $(<$life>)? {
            const SHAPE: $crate::scripts::Shape = $crate::scripts::Shape {
                fields: &[$(stringify!($field)),*],
                kinds: &[],
            };

            fn write(&self, command: &mut redis::Cmd) {
                $($crate::scripts::Argument::write(&self.$field, command);)*
            }
        }
    };
    (
        $(#[$doc:meta])*
        struct $Record:ident $(<$life:lifetime>)? {
            $($field:ident : $type:ty),* $(,)?
        }
        $(#[$kind_doc:meta])*
        enum $Kind:ident $(<$kind_life:lifetime>)? {
            $($letter:literal $Variant:ident { $($own:ident : $own_type:ty),* $(,)? }),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        pub(crate) struct $Record $(<$life>)? {
            $(pub(crate) $field: $type,)*
            pub(crate) kind: $Kind $(<$kind_life>)?,
        }

        $(#[$kind_doc])*
        pub(crate) enum $Kind $(<$kind_life>)? {
            $($Variant { $($own: $own_type),* }),+
        }

        impl $(<$life>)? $crate::scripts::Record for $Record $(<$life>)? {
            const SHAPE: $crate::scripts::Shape = $crate::scripts::Shape {
                fields: &[$(stringify!($field)),*],
                kinds: &[$(($letter, &[$(stringify!($own)),*])),+],
            };

            fn write(&self, command: &mut redis::Cmd) {
                $($crate::scripts::Argument::write(&self.$field, command);)*
                match &self.kind {
                    $($Kind::$Variant { $($own),* } => {
                        $crate::scripts::Argument::write($letter, command);
                        $($crate::scripts::Argument::write($own, command);)*
                    })+
                }
            }
        }
    };
}

pub(crate) use {body, record, script};
