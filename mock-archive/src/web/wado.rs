//! Retrieving instances as DICOM files (PS3.18 10.4.1.1.1).

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use axum::response::Response;
use dicom_wire::media::{DICOM, MediaType};
use dicom_wire::multipart::Boundary;
use dicom_wire::uid::Uid;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use crate::damaged;
use crate::moment::{FileStyle, Syntax};
use crate::request::Scope;
use crate::sink::Sink;
use crate::store::Stored;
use crate::transcode::{self, Begun};
use crate::web::Asked;
use crate::web::accept::{self, Form, Offer, Wish};
use crate::web::parts::Parts;
use crate::web::problem::Problem;
use crate::web::produce;
use crate::web::range;
use crate::web::zip::{self, ZIP};

/// Explicit VR Little Endian.
pub(crate) const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";

/// An instance that goes out, and the transfer syntax it goes out in.
struct Outgoing {
    stored: Arc<Stored>,
    syntax: Syntax,
    url: String,
    /// The client left the transfer syntax open: what cannot be converted goes out as it is stored.
    open: bool,
    style: FileStyle,
}

/// An instance whose form is settled.
enum Ready {
    AsStored,
    Explicit(Begun),
}

/// Answers with all instances of a study or series, or with one, as files.
pub(crate) async fn instances(asked: &Asked, scope: &Scope) -> Result<Response, Problem> {
    let accept = accept::accepted(&asked.headers, &asked.query)?;
    let selected = found(asked, scope)?;
    let offers = accept::offers(&accept);
    let style = asked.exchange.multipart();
    let fits = |offer: &&Offer| {
        offer.media.is(ZIP)
            || offer.takes(DICOM)
                && (offer.form == Form::Multipart
                    || scope.instance.is_some()
                    || style.form.is_some())
                && selected
                    .iter()
                    .all(|stored| choose(stored, &offer.wish) != Syntax::Unacceptable)
    };
    let Some(offer) = offers.iter().find(fits) else {
        return Err(refusal(&selected, &offers, scope));
    };
    if offer.media.is(ZIP) {
        return zip::zipped(asked, selected);
    }
    let mut outgoing = VecDeque::with_capacity(selected.len());
    for stored in selected {
        let syntax = asked.exchange.syntax(&stored, choose(&stored, &offer.wish));
        if syntax == Syntax::Unacceptable {
            return Err(refusal(&[stored], &offers, scope));
        }
        let url = instance_url(&asked.base, &stored);
        let style = asked.exchange.file(&stored);
        let open = !matches!(offer.wish, Wish::Only(_));
        outgoing.push_back(Outgoing {
            stored,
            syntax,
            url,
            open,
            style,
        });
    }
    let Some(first) = outgoing.pop_front() else {
        return Err(Problem::not_found("any instance"));
    };
    // The first one is made ready before the head goes out, so that pixels which cannot be decoded are an error and not a torn body.
    let (first, ready) = tokio::task::spawn_blocking(move || {
        let ready = first.ready();
        (first, ready)
    })
    .await
    .map_err(|_| Problem::internal("conversion ended before its time"))?;
    let ready = ready.map_err(|why| {
        let instance = &first.stored.identity().instance;
        Problem::not_acceptable(format!("instance {instance} cannot be converted: {why}"))
    })?;
    match offer.form {
        Form::Single if style.form.is_none() => single(asked, first, ready),
        form => {
            let parts = Parts::styled(asked, style, form, first.media(&ready));
            Ok(multipart(parts, first, ready, outgoing))
        }
    }
}

/// What is in a scope.
///
/// # Errors
/// 404 where nothing is, naming the deepest UID of the path.
pub(crate) fn found(asked: &Asked, scope: &Scope) -> Result<Vec<Arc<Stored>>, Problem> {
    let selected = asked.archive.select(&asked.exchange, scope);
    if !selected.is_empty() {
        asked.validator.found(&asked.archive, &selected);
        return Ok(selected);
    }
    let named = match scope {
        Scope {
            instance: Some(uid),
            ..
        } => format!("instance {uid} in that study and series"),
        Scope {
            series: Some(uid), ..
        } => format!("series {uid} in that study"),
        Scope {
            study: Some(uid), ..
        } => format!("study {uid}"),
        _ => "any instance".to_owned(),
    };
    Err(Problem::not_found(named))
}

/// URL of an instance.
pub(crate) fn instance_url(base: &str, stored: &Stored) -> String {
    let identity = stored.identity();
    format!(
        "{base}/studies/{}/series/{}/instances/{}",
        identity.study, identity.series, identity.instance
    )
}

/// A boundary of this exchange's own.
pub(crate) fn boundary(asked: &Asked) -> Boundary {
    Boundary::seeded(asked.exchange.number())
}

/// In which transfer syntax an instance can go out, by what the client wishes and what can be converted.
///
/// Implicit VR and big endian never leave over DICOMweb (PS3.18 8.7.3). What is lossy, or cannot be decoded here, goes out as it is
/// unless another syntax was named.
fn choose(stored: &Stored, wish: &Wish) -> Syntax {
    let own = stored.identity().transfer_syntax.as_str();
    let convertible = transcode::to_explicit_little(stored);
    let explicit = || Syntax::To(Uid::parse(EXPLICIT_LITTLE).expect("a constant UID"));
    match wish {
        _ if own == EXPLICIT_LITTLE && *wish == Wish::Default => Syntax::AsStored,
        Wish::Any if !transcode::is_for_dimse_only(own) => Syntax::AsStored,
        Wish::Only(uid) if uid.as_str() == own && !transcode::is_for_dimse_only(own) => {
            Syntax::AsStored
        }
        Wish::Only(uid) if uid.as_str() == EXPLICIT_LITTLE && convertible.is_possible() => {
            explicit()
        }
        Wish::Only(_) => Syntax::Unacceptable,
        Wish::Any => explicit(),
        Wish::Default if convertible.is_lossless() => explicit(),
        Wish::Default => Syntax::AsStored,
    }
}

fn refusal(selected: &[Arc<Stored>], offers: &[Offer], scope: &Scope) -> Problem {
    let files: Vec<&Offer> = offers.iter().filter(|offer| offer.takes(DICOM)).collect();
    if files.is_empty() {
        return Problem::not_acceptable(format!(
            "instances are given as multipart/related; type=\"{DICOM}\", or one as {DICOM}"
        ));
    }
    if scope.instance.is_none() && files.iter().all(|offer| offer.form == Form::Single) {
        return Problem::not_acceptable(format!(
            "several instances are given as multipart/related; type=\"{DICOM}\" only"
        ));
    }
    let stuck = |stored: &&Arc<Stored>| {
        files
            .iter()
            .all(|offer| choose(stored, &offer.wish) == Syntax::Unacceptable)
    };
    match selected.iter().find(stuck).or(selected.first()) {
        Some(stored) => Problem::not_acceptable(format!(
            "instance {} is stored in transfer syntax {} and cannot be given in the one asked for; * takes it as it is",
            stored.identity().instance,
            stored.identity().transfer_syntax
        )),
        None => Problem::not_acceptable("nothing fits"),
    }
}

impl Outgoing {
    /// Settles the form; where it is a conversion, what can fail in it has been tried.
    fn ready(&self) -> io::Result<Ready> {
        match &self.syntax {
            Syntax::AsStored | Syntax::Unacceptable => Ok(Ready::AsStored),
            Syntax::To(_) => match transcode::begin(&self.stored) {
                Ok(begun) => Ok(Ready::Explicit(begun)),
                Err(_) if self.open => Ok(Ready::AsStored),
                Err(error) => Err(error),
            },
        }
    }

    fn media(&self, ready: &Ready) -> MediaType {
        let uid = match ready {
            Ready::Explicit(_) => EXPLICIT_LITTLE,
            Ready::AsStored => self.stored.identity().transfer_syntax.as_str(),
        };
        MediaType::of(DICOM).with("transfer-syntax", uid)
    }

    fn write(&self, ready: Ready, sink: &mut Sink) -> io::Result<()> {
        if self.style != FileStyle::default() {
            let begun = match ready {
                Ready::Explicit(begun) => Some(begun),
                Ready::AsStored => None,
            };
            return damaged::write(&self.stored, &self.style, begun, sink);
        }
        match ready {
            Ready::Explicit(begun) => transcode::write_explicit_little(&self.stored, begun, sink),
            Ready::AsStored => {
                for chunk in self.stored.chunks(0..self.stored.len())? {
                    sink.hand(chunk?)?;
                }
                Ok(())
            }
        }
    }
}

fn single(asked: &Asked, outgoing: Outgoing, ready: Ready) -> Result<Response, Problem> {
    let media = outgoing.media(&ready);
    match ready {
        Ready::AsStored if outgoing.style == FileStyle::default() => {
            as_stored(asked, outgoing.stored, &media)
        }
        ready => {
            let mut response =
                Response::new(produce::body(move |sink| outgoing.write(ready, sink)));
            set_type(&mut response, &media);
            Ok(response)
        }
    }
}

/// The very bytes of one file, or some of them.
fn as_stored(asked: &Asked, stored: Arc<Stored>, media: &MediaType) -> Result<Response, Problem> {
    let length = stored.len();
    let tag = asked.validator.tag(&media.to_string(), "");
    let part = match asked.exchange.request().method.as_str() {
        "GET" if asked.validator.allows_range(tag.as_deref()) => {
            range::wanted(&asked.headers, length)?
        }
        _ => None,
    };
    let bytes = part.clone().unwrap_or(0..length);
    let given = bytes.end - bytes.start;
    let mut response = Response::new(produce::body(move |sink| {
        let mut chunks = stored.chunks(bytes)?;
        chunks.try_for_each(|chunk| sink.hand(chunk?))
    }));
    set_type(&mut response, media);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(given));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(part) = part {
        let place = format!("bytes {}-{}/{length}", part.start, part.end - 1);
        if let Ok(place) = HeaderValue::from_str(&place) {
            headers.insert(CONTENT_RANGE, place);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn multipart(parts: Parts, first: Outgoing, ready: Ready, rest: VecDeque<Outgoing>) -> Response {
    parts.respond(move |write| {
        let mut part = |instance: Outgoing, ready: Ready| {
            let media = instance.media(&ready);
            let mut ready = Some(ready);
            write(&media, &instance.url, &mut |sink| match ready.take() {
                Some(ready) => instance.write(ready, sink),
                None => Ok(()),
            })
        };
        part(first, ready)?;
        for instance in rest {
            let ready = instance.ready()?;
            part(instance, ready)?;
        }
        Ok(())
    })
}

/// Sets the Content-Type.
pub(crate) fn set_type(response: &mut Response, media: &MediaType) {
    let value = HeaderValue::from_str(&media.to_string()).expect("media types are printable");
    response.headers_mut().insert(CONTENT_TYPE, value);
}
