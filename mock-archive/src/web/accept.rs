//! Which of the representations that a resource has a client gets (PS3.18 8.7).

use dicom_wire::media::{
    Accept, DICOM, DICOM_JSON, DICOM_XML, MULTIPART_RELATED, MediaType, OCTET_STREAM,
};
use dicom_wire::uid::Uid;
use http::HeaderMap;
use http::header::ACCEPT;

use crate::web::problem::Problem;

/// What a client accepts: its Accept header, or the `accept` query parameter in its stead (PS3.18 8.3.3.1).
///
/// # Errors
/// 406 where there is neither (PS3.18 8.7.5), 400 for a parameter with a wildcard or without a readable type.
pub(crate) fn accepted(headers: &HeaderMap, query: &str) -> Result<Accept, Problem> {
    if let Some(value) = parameter(query, "accept") {
        let accept = Accept::parse(&value);
        if accept.is_empty() || value.contains("/*") {
            return Err(Problem::bad_value(
                "accept",
                &value,
                "want media types without wildcards",
            ));
        }
        return Ok(accept);
    }
    let fields: Vec<&str> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    if fields.is_empty() {
        return Err(Problem::not_acceptable(
            "the request has no Accept header, which PS3.18 8.7.5 asks for; */* takes what there is",
        ));
    }
    let accept = Accept::parse(&fields.join(","));
    let has = |wanted: fn(&MediaType) -> bool| accept.members().iter().any(|m| wanted(&m.range));
    let is_picture = |media: &MediaType| {
        matches!(
            media.essence(),
            "image/jpeg" | "image/png" | "image/gif" | "image/apng"
        )
    };
    if has(|media| media.is(DICOM)) && has(is_picture) {
        return Err(Problem::bad_request(
            "Accept mixes application/dicom with rendered media types, which PS3.18 8.7.5 forbids",
        ));
    }
    Ok(accept)
}

/// The decoded value of a query parameter; the first one where it is repeated.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
        (key == name).then(|| decoded.into_owned())
    })
}

/// A transfer syntax as a client asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// None named: Explicit VR Little Endian where that loses nothing (PS3.18 8.7.3.4).
    Default,
    /// `*`: whatever is stored (PS3.18 8.7.3.5.2).
    Any,
    /// This one.
    Only(Uid),
}

impl Wish {
    fn of(media: &MediaType) -> Option<Wish> {
        match media.parameter("transfer-syntax") {
            None => Some(Wish::Default),
            Some("*") => Some(Wish::Any),
            Some(uid) => Uid::parse(uid).ok().map(Wish::Only),
        }
    }
}

/// How parts are put into a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// multipart/related.
    Multipart,
    /// One part, bare.
    Single,
}

/// One way to answer, as the client put it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Its form.
    pub(crate) form: Form,
    /// The media type of a part; a wildcard where the client left it open.
    pub(crate) media: MediaType,
    /// The transfer syntax.
    pub(crate) wish: Wish,
}

/// The ways to answer that a client takes, the most wanted first. Members that are forbidden or make no sense are left out.
pub(crate) fn offers(accept: &Accept) -> Vec<Offer> {
    let members = accept.members();
    let wanted = members.iter().filter(|member| member.quality.is_some());
    wanted
        .filter_map(|member| {
            let range = &member.range;
            let multipart = range.is(MULTIPART_RELATED) || range.essence() == "multipart/*";
            // A type parameter may carry the transfer syntax inside its quotes, as some clients write it.
            let part = match range.parameter("type") {
                Some(text) if multipart => MediaType::parse(text).ok()?,
                _ if multipart || range.essence() == "*/*" => MediaType::parse("*/*").ok()?,
                _ => range.clone(),
            };
            let form = match multipart || range.essence() == "*/*" {
                true => Form::Multipart,
                false => Form::Single,
            };
            let wish = match range.parameter("transfer-syntax") {
                Some(_) => Wish::of(range)?,
                None => Wish::of(&part)?,
            };
            Some(Offer {
                form,
                media: part,
                wish,
            })
        })
        .collect()
}

impl Offer {
    /// Whether parts of this type are among what the offer takes.
    pub(crate) fn takes(&self, essence: &str) -> bool {
        let (kind, _) = essence.split_once('/').unwrap_or((essence, ""));
        self.media.is(essence)
            || self.media.essence() == "*/*"
            || self.media.essence() == format!("{kind}/*")
    }

    /// Whether the client left the type of parts open.
    pub(crate) fn is_open(&self) -> bool {
        self.media.is_wildcard()
    }
}

/// A representation of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attributes {
    /// application/dicom+json (PS3.18 F).
    Json,
    /// multipart/related of application/dicom+xml (PS3.19 A.1), one part a data set.
    Xml,
}

/// JSON or XML, whichever the client prefers.
///
/// # Errors
/// 406 if it takes neither.
pub(crate) fn attributes(accept: &Accept) -> Result<Attributes, Problem> {
    offers(accept)
        .iter()
        .find_map(|offer| match offer.form {
            Form::Multipart if offer.media.is(DICOM_XML) => Some(Attributes::Xml),
            Form::Single if offer.takes(DICOM_JSON) => Some(Attributes::Json),
            Form::Multipart if offer.media.essence() == "*/*" => Some(Attributes::Json),
            _ => None,
        })
        .ok_or_else(|| {
            Problem::not_acceptable(format!(
                "attributes are given as {DICOM_JSON} or multipart/related; type=\"{DICOM_XML}\""
            ))
        })
}

/// The media type of a bare codestream, by its transfer syntax (PS3.18 8.7.3.3.2); octet-stream for native pixels.
pub(crate) fn frame_media(transfer_syntax: &str) -> &'static str {
    let suffix = transfer_syntax
        .strip_prefix("1.2.840.10008.1.2.")
        .unwrap_or_default();
    match suffix {
        "4.50" | "4.51" | "4.57" | "4.70" => "image/jpeg",
        "4.80" | "4.81" => "image/jls",
        "4.90" | "4.91" => "image/jp2",
        "4.92" | "4.93" => "image/jpx",
        "4.201" | "4.202" | "4.203" => "image/jphc",
        "4.110" | "4.111" | "4.112" => "image/jxl",
        "4.100" | "4.101" => "video/mpeg2",
        "4.102" | "4.103" | "4.104" | "4.105" | "4.106" => "video/mp4",
        "5" => "image/dicom-rle",
        _ => OCTET_STREAM,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(accept: &str) -> Offer {
        offers(&Accept::parse(accept)).remove(0)
    }

    #[test]
    fn the_transfer_syntax_is_read_inside_and_outside_the_type() {
        let outside = first("multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.3");
        let inside = first("multipart/related; type=\"application/dicom; transfer-syntax=1.2.3\"");
        assert_eq!(outside.wish, Wish::Only(Uid::parse("1.2.3").unwrap()));
        assert_eq!(inside.wish, outside.wish);
        assert!(inside.takes(DICOM) && outside.takes(DICOM));
    }

    #[test]
    fn the_higher_quality_wins() {
        let xml = "multipart/related; type=\"application/dicom+xml\"";
        let of = |text: String| attributes(&Accept::parse(&text)).unwrap();
        assert_eq!(
            of(format!("{xml}; q=0.1, application/dicom+json; q=0.9")),
            Attributes::Json
        );
        assert_eq!(
            of(format!("{xml}; q=0.9, application/dicom+json; q=0.1")),
            Attributes::Xml
        );
        assert_eq!(of("*/*".to_owned()), Attributes::Json);
    }

    #[test]
    fn what_nobody_has_is_refused() {
        assert!(attributes(&Accept::parse("image/png, text/html")).is_err());
    }

    #[test]
    fn no_accept_header_is_refused_and_the_parameter_takes_its_place() {
        let none = HeaderMap::new();
        assert!(accepted(&none, "limit=1").is_err());
        let accept = accepted(&none, "accept=application/dicom%2Bjson").unwrap();
        assert_eq!(attributes(&accept), Ok(Attributes::Json));
        assert!(accepted(&none, "accept=application/*").is_err());
    }
}
