//! The rules: every way in which a change of a schema can break a client.

/// Declares the rules: the name that findings and documents use, and what it forbids.
macro_rules! rules {
    ($($variant:ident $name:literal $meaning:literal;)*) => {
        /// A way in which a change can break a client that exists.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $meaning] $variant,)*
        }

        impl Rule {
            /// Every rule, in the order of the document that explains them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name that findings bear.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What the rule forbids, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }
        }
    };
}

rules! {
    DocumentRemoved "document-removed" "A document is gone, renamed, or describes what the other side sends.";
    PropertyRemoved "property-removed" "A field is gone, even one that could be left out.";
    VariantRemoved "variant-removed" "A command, a kind of packet or another form of an object is gone.";
    WordRemoved "word-removed" "A word of a list that may grow is gone or renamed, and with it what was meant by it.";
    EndpointRemoved "endpoint-removed" "A path, a method of it, a socket, a subprotocol or a media type is gone.";
    StatusChanged "status-changed" "A status is no longer answered, or a success is answered with one that clients were not told of.";
    AccessNarrowed "access-narrowed" "A way to say who one is is no longer taken, or is asked for where it was not.";
    ErrorChanged "error-changed" "An error code has another HTTP status, close code or action.";
    RetryChanged "retry-changed" "A command whose answer was lost may no longer be repeated as before.";
    DefaultChanged "default-changed" "Leaving a field out means something else than before.";
    ObjectClosed "object-closed" "Fields beside the declared ones are refused, or sent to who was told of none.";
    CannotTell "cannot-tell" "Something changed that the check does not understand; it does not guess.";
    FieldRequired "field-required" "Clients must send a field that they could leave out.";
    TypeNarrowed "type-narrowed" "Clients send a type that is no longer taken.";
    ValueRemoved "value-removed" "Clients send a value that is no longer among those taken.";
    LimitTightened "limit-tightened" "Clients send a number, length or count that is now out of bounds.";
    FormAdded "form-added" "Clients send text that must now have another format, pattern or media type.";
    FieldOptional "field-optional" "Servers leave out a field that was always there.";
    TypeWidened "type-widened" "Servers send a type that clients were not told of; `null` is one.";
    ValueAdded "value-added" "Servers send a value that is not in a closed list of values.";
    LimitLoosened "limit-loosened" "Servers send a number, length or count beyond what clients were told.";
    FormRemoved "form-removed" "Servers send text without the format, pattern or media type they told of.";
    VariantAdded "variant-added" "Servers send a form of an object that clients can neither read nor pass over.";
}
