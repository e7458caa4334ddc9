//! Parameters that a call reads by itself, because poem's own `Query` and `Header` let something pass that must not pass: a header that
//! comes twice, a name that stands in two places.

/// Makes a type a parameter of calls: where the document says that it stands, whether it is required there, the schema of its value,
/// and how it is read from the request.
macro_rules! parameter {
    (
        [$($generics:tt)*] $type:ty:
        in $place:ident, required $required:expr, schema $schema:expr, read |$request:ident| $read:expr
    ) => {
        impl<'a, $($generics)*> ::poem_openapi::ApiExtractor<'a> for $type {
            const TYPES: &'static [::poem_openapi::ApiExtractorType] =
                &[::poem_openapi::ApiExtractorType::Parameter];
            const PARAM_IS_REQUIRED: bool = $required;

            type ParamType = ();
            type ParamRawType = ();

            fn param_in() -> Option<::poem_openapi::registry::MetaParamIn> {
                Some(::poem_openapi::registry::MetaParamIn::$place)
            }

            fn param_schema_ref() -> Option<::poem_openapi::registry::MetaSchemaRef> {
                Some($schema)
            }

            async fn from_request(
                $request: &'a ::poem::Request,
                _body: &mut ::poem::RequestBody,
                _options: ::poem_openapi::ExtractParamOptions<()>,
            ) -> ::poem::Result<Self> {
                let read: Result<Self, $crate::problem::Problem> = $read;
                Ok(read?)
            }
        }
    };
}

pub(crate) use parameter;
