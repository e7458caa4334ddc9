//! How texts that the document describes are declared. Whoever declares one imports what it is made of.

/// A text as the document describes it: in place, or under a name that several types of Rust may share
/// ([`crate::openapi`] says what the texts of that name are).
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, named $label:literal) => {
        text_type!(@ $(#[$doc])* $name, $label, MetaSchemaRef::Reference($label.to_owned()), |registry: &mut Registry| {
            registry.create_schema::<Named, _>($label.to_owned(), |_| string());
        });
    };
    ($(#[$doc:meta])* $name:ident, $label:literal, $schema:expr) => {
        text_type!(@ $(#[$doc])* $name, $label, MetaSchemaRef::Inline(Box::new($schema)), |_: &mut Registry| {});
    };
    (@ $(#[$doc:meta])* $name:ident, $label:literal, $reference:expr, $register:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) String);

        impl Type for $name {
            const IS_REQUIRED: bool = true;

            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $label.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                $reference
            }

            fn register(registry: &mut Registry) {
                $register(registry);
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                String::parse_from_json(value).map(Self).map_err(ParseError::propagate)
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                Some(Value::String(self.0.clone()))
            }
        }

        impl ParseFromParameter for $name {
            fn parse_from_parameter(text: &str) -> ParseResult<Self> {
                Ok(Self(text.to_owned()))
            }
        }
    };
}

pub(super) use text_type;
