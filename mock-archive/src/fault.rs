//! What can go wrong: one file a fault, one line in the list below.
//!
//! A fault is data plus a reaction at one of the [moments](crate::moment). To add one: write its file (a struct whose doc comment says what happens
//! on the wire, who does it and what a good client must do; its fields are its JSON), and add its line to the list. The reference page `docs/faults.md`,
//! the JSON schema and the command line come from that list. The faults that checks name are data over these: [`named`](Named::all).

mod argument;
mod model;
mod named;
mod reference;
mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use argument::{parse_argument, parse_transition};
pub use named::{Named, UnknownFault};
pub use reference::{FaultEntry, catalogue, markdown};
pub use words::{AttributeTag, Reason, Span};

use dicom_core::Tag;

use crate::moment::{Admit, Arrival, Connect, Judge, Moment, Negotiate, Send, Shape};
use crate::rule::{Meter, Scene};

/// The reaction of a fault at its moment, of few at two. All methods do nothing unless the fault says otherwise.
pub trait Fault {
    /// The moment at which it reacts, and at which its rule is counted.
    fn moment(&self) -> Moment;

    /// Another moment at which it reacts, where one is not enough: the same content goes out by two ways.
    fn also(&self) -> Option<Moment> {
        None
    }

    /// The attributes of which it asks whether an instance differs in them from the first of its study: [`Judge::differs`] knows no others.
    fn compares(&self) -> Vec<Tag> {
        Vec::new()
    }

    /// Whether it would change anything in this scene; what it does not concern is not counted.
    fn concerns(&self, _scene: &Scene<'_, '_>) -> bool {
        true
    }

    /// Whether it is its turn, by what its rule has seen before; asked once for each case that it concerns, and what is not due is not counted.
    fn is_due(&self, _scene: &Scene<'_, '_>, _meter: &mut Meter) -> bool {
        true
    }

    /// Reacts to an accepted connection.
    fn connect(&self, _connect: &mut Connect) {}

    /// Reacts before anything is done for a request or association.
    fn admit(&self, _admit: &mut Admit<'_>) {}

    /// Reacts to a choice between what is offered.
    fn negotiate(&self, _negotiate: &mut Negotiate<'_>) {}

    /// Reacts to a piece of what a client sends.
    fn arrive(&self, _arrival: &mut Arrival<'_>) {}

    /// Reacts to an instance that arrived.
    fn judge(&self, _judge: &mut Judge<'_>) {}

    /// Reacts to something that goes out, while it is a value.
    fn shape(&self, _shape: &mut Shape<'_>) {}

    /// Reacts to an answer whose head is ready.
    fn send(&self, _send: &mut Send<'_>) {}
}

macro_rules! faults {
    ($($module:ident :: $fault:ident = $name:literal,)*) => {
        $(mod $module;)*
        $(pub use $module::$fault;)*

        /// Any of the faults, by its name in JSON, TOML and on the command line.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub enum AnyFault {
            $(#[allow(missing_docs, reason = "documented at the struct of the same name")] #[serde(rename = $name)] $fault($fault),)*
        }

        impl AnyFault {
            /// The names of all faults, in the order of the list.
            pub const NAMES: &[&'static str] = &[$($name),*];

            /// Its name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$fault(_) => $name,)*
                }
            }

            pub(crate) fn as_fault(&self) -> &dyn Fault {
                match self {
                    $(Self::$fault(fault) => fault,)*
                }
            }

            /// JSON schema of each fault's fields, by name.
            pub(crate) fn schemas() -> Vec<(&'static str, schemars::Schema)> {
                vec![$(($name, schemars::generate::SchemaSettings::default().with(|settings| settings.inline_subschemas = true).into_generator().into_root_schema_for::<$fault>()),)*]
            }
        }

        $(impl From<$fault> for AnyFault {
            fn from(fault: $fault) -> Self {
                Self::$fault(fault)
            }
        })*
    };
}

faults! {
    end_connection::EndConnection = "end-connection",
    refuse_connection::RefuseConnection = "refuse-connection",
    limit_connections::LimitConnections = "limit-connections",
    latency::Latency = "latency",
    bandwidth::Bandwidth = "bandwidth",
    slice::Slice = "slice",
    stall::Stall = "stall",
    idle_close::IdleClose = "idle-close",
    garbage::Garbage = "garbage",
    tls_handshake::TlsHandshake = "tls-handshake",
    delay::Delay = "delay",
    reject_association::RejectAssociation = "reject-association",
    http_status::HttpStatus = "http-status",
    rate_limit::RateLimit = "rate-limit",
    limit_body::LimitBody = "limit-body",
    late_status::LateStatus = "late-status",
    redirect::Redirect = "redirect",
    expire_credentials::ExpireCredentials = "expire-credentials",
    judge_token_times::JudgeTokenTimes = "judge-token-times",
    change_status::ChangeStatus = "change-status",
    drop_headers::DropHeaders = "drop-headers",
    cut_body::CutBody = "cut-body",
    limit_accept::LimitAccept = "limit-accept",
    change_request::ChangeRequest = "change-request",
    change_header::ChangeHeader = "change-header",
    change_body::ChangeBody = "change-body",
    error_form::ErrorForm = "error-form",
    misstate_length::MisstateLength = "misstate-length",
    break_chunks::BreakChunks = "break-chunks",
    dribble::Dribble = "dribble",
    old_http::OldHttp = "old-http",
    encode_body::EncodeBody = "encode-body",
    base_url::BaseUrl = "base-url",
    refuse_parameters::RefuseParameters = "refuse-parameters",
    allow_delete::AllowDelete = "allow-delete",
    read_multipart::ReadMultipart = "read-multipart",
    fail_on_bad_part::FailOnBadPart = "fail-on-bad-part",
    list_at_most::ListAtMost = "list-at-most",
    hide_warning::HideWarning = "hide-warning",
    forget_originals::ForgetOriginals = "forget-originals",
    drop_private::DropPrivate = "drop-private",
    duplicate::Duplicate = "duplicate",
    busy::Busy = "busy",
    one_study::OneStudy = "one-study",
    change_reason::ChangeReason = "change-reason",
    boundary_anywhere::BoundaryAnywhere = "boundary-anywhere",
    first_pdv_only::FirstPdvOnly = "first-pdv-only",
    break_off::BreakOff = "break-off",
    refuse_instance::RefuseInstance = "refuse-instance",
    refuse_transfer_syntax::RefuseTransferSyntax = "refuse-transfer-syntax",
    patient_conflict::PatientConflict = "patient-conflict",
    refuse_unidentified::RefuseUnidentified = "refuse-unidentified",
    warn_instance::WarnInstance = "warn-instance",
    coerce_instance::CoerceInstance = "coerce-instance",
    disk_full::DiskFull = "disk-full",
    lose_instance::LoseInstance = "lose-instance",
    claim_stored::ClaimStored = "claim-stored",
    store_status::StoreStatus = "store-status",
    swap_results::SwapResults = "swap-results",
    drop_row::DropRow = "drop-row",
    replace_values::ReplaceValues = "replace-values",
    shift_offset::ShiftOffset = "shift-offset",
    stale_count::StaleCount = "stale-count",
    ignore_keys::IgnoreKeys = "ignore-keys",
    ignore_parameter::IgnoreParameter = "ignore-parameter",
    reject_keys::RejectKeys = "reject-keys",
    only_keys::OnlyKeys = "only-keys",
    bound_limit::BoundLimit = "bound-limit",
    shift_dates::ShiftDates = "shift-dates",
    match_dialect::MatchDialect = "match-dialect",
    parameter_dialect::ParameterDialect = "parameter-dialect",
    json_always::JsonAlways = "json-always",
    omit_attributes::OmitAttributes = "omit-attributes",
    only_attributes::OnlyAttributes = "only-attributes",
    include_fields::IncludeFields = "include-fields",
    add_attribute::AddAttribute = "add-attribute",
    first_value_only::FirstValueOnly = "first-value-only",
    duplicate_row::DuplicateRow = "duplicate-row",
    repeat_rows::RepeatRows = "repeat-rows",
    reorder_rows::ReorderRows = "reorder-rows",
    wrap_offset::WrapOffset = "wrap-offset",
    hide_remaining::HideRemaining = "hide-remaining",
    cap_results::CapResults = "cap-results",
    empty_answer::EmptyAnswer = "empty-answer",
    bare_object::BareObject = "bare-object",
    byte_order_mark::ByteOrderMark = "byte-order-mark",
    json_value::JsonValue = "json-value",
    json_names::JsonNames = "json-names",
    json_vr::JsonVr = "json-vr",
    json_keys::JsonKeys = "json-keys",
    json_bulk::JsonBulk = "json-bulk",
    json_gaps::JsonGaps = "json-gaps",
    json_charset::JsonCharset = "json-charset",
    json_padding::JsonPadding = "json-padding",
    find_nothing::FindNothing = "find-nothing",
    drop_instance::DropInstance = "drop-instance",
    return_as_stored::ReturnAsStored = "return-as-stored",
    index_only_metadata::IndexOnlyMetadata = "index-only-metadata",
    unknown_vr::UnknownVr = "unknown-vr",
    stale_metadata::StaleMetadata = "stale-metadata",
    stop_on_failure::StopOnFailure = "stop-on-failure",
    search_lag::SearchLag = "search-lag",
    metadata_lag::MetadataLag = "metadata-lag",
    trickle::Trickle = "trickle",
    delete_lag::DeleteLag = "delete-lag",
    merge_patients::MergePatients = "merge-patients",
    clock_skew::ClockSkew = "clock-skew",
    abort::Abort = "abort",
    upper_layer::UpperLayer = "upper-layer",
    replace_rejection::ReplaceRejection = "replace-rejection",
    answer_contexts::AnswerContexts = "answer-contexts",
    misshape_acceptance::MisshapeAcceptance = "misshape-acceptance",
    operation_habit::OperationHabit = "operation-habit",
    alter_response::AlterResponse = "alter-response",
    reshape_pdus::ReshapePdus = "reshape-pdus",
    rewrite_match::RewriteMatch = "rewrite-match",
    change_parameter::ChangeParameter = "change-parameter",
    destination_refuses::DestinationRefuses = "destination-refuses",
    widen_scope::WidenScope = "widen-scope",
    repeat_instance::RepeatInstance = "repeat-instance",
    one_per_series::OnePerSeries = "one-per-series",
    label_parts::LabelParts = "label-parts",
    part_headers::PartHeaders = "part-headers",
    break_multipart::BreakMultipart = "break-multipart",
    drop_part::DropPart = "drop-part",
    answer_form::AnswerForm = "answer-form",
    damage_file::DamageFile = "damage-file",
    misencode::Misencode = "misencode",
    private_syntax::PrivateSyntax = "private-syntax",
    pad_uids::PadUids = "pad-uids",
    lossy::Lossy = "lossy",
    refragment::Refragment = "refragment",
    bulk_link::BulkLink = "bulk-link",
    overdo_metadata::OverdoMetadata = "overdo-metadata",
    frame_numbers::FrameNumbers = "frame-numbers",
    frame_bytes::FrameBytes = "frame-bytes",
    spoil_picture::SpoilPicture = "spoil-picture",
    freeze_etag::FreezeEtag = "freeze-etag",
}

impl AnyFault {
    /// The fault of this name with all its fields at their defaults.
    pub(crate) fn by_default(name: &str) -> Result<Self, UnknownFault> {
        let fields = serde_json::json!({ name: {} });
        if !Self::NAMES.contains(&name) {
            return Err(UnknownFault::new(name));
        }
        serde_json::from_value(fields).map_err(|error| UnknownFault::incomplete(name, &error))
    }
}
