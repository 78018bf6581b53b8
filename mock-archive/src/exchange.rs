//! One HTTP request or DIMSE operation on its way through the archive, as an edge holds it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::{CommandSet, Status, element};
use dicom_wire::stow::StoreResponse;
use dicom_wire::uid::Uid;
use http::HeaderMap;

use crate::archive::Archive;
use crate::journal::Note;
use crate::moment::{
    Admission, Admit, Answer, Choice, Context, Delivery, Dialect, FileStyle, Form, Head, Listing,
    ModelStyle, Moment, MultipartStyle, Negotiate, Next, Onward, PictureStyle, Piece, Ruling, Send,
    Shape, Syntax,
};
use crate::request::{Protocol, Request, Service};
use crate::rule::Scene;
use crate::store::Stored;

/// One exchange. Made by [`Archive::exchange`], cheap to clone, `Send`: a response body may carry a clone of it until its last byte is out.
///
/// The calls of an edge, in this order; each takes the archive's lock for a moment and never waits:
///
/// 1. [`admit`](Self::admit), before the body or data set is read. Sleep for its `delay`, then follow its `ruling`.
/// 2. [`dialect`](Self::dialect), for how to read what the client sends (on the association's exchange for DIMSE).
/// 3. [`contexts`](Self::contexts) (association) or [`syntax`](Self::syntax) (each instance that goes out).
/// 4. The verbs of [`Archive`]: `store`, `find`, `select`. They pass `judge` and most of `shape` themselves.
/// 5. [`dataset`](Self::dataset), [`receipt`](Self::receipt), [`sub_operation`](Self::sub_operation) where such a thing goes out.
/// 6. [`answer`](Self::answer) (HTTP) or [`respond`](Self::respond) (DIMSE), with the head ready and nothing written; obey the [`Delivery`].
///
/// What happens is noted in the journal as it happens, so that a client which has its answer finds the entry complete;
/// the last clone dropped marks the end.
#[derive(Clone, Debug)]
pub struct Exchange {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    archive: Archive,
    id: u64,
    request: Arc<Request>,
    dialect: Mutex<Dialect>,
    instances: AtomicUsize,
    study: OnceLock<Uid>,
}

impl Exchange {
    pub(crate) fn open(archive: Archive, id: u64, request: Arc<Request>) -> Self {
        Self {
            inner: Arc::new(Inner {
                archive,
                id,
                request,
                dialect: Mutex::default(),
                instances: AtomicUsize::new(0),
                study: OnceLock::new(),
            }),
        }
    }

    /// What is asked.
    pub fn request(&self) -> &Request {
        &self.inner.request
    }

    /// Its number among all exchanges of the archive; none is used twice.
    pub fn number(&self) -> u64 {
        self.inner.id
    }

    /// The moment before anything is done. Call it once. Policy (credentials, AE titles) speaks first, then the rules.
    pub fn admit(&self) -> Admission {
        let request = self.request();
        let policy = self.inner.archive.policy();
        let ruling = match request.service {
            Service::Associate => {
                let titles = policy.associate(request.calling.as_ref(), request.called.as_ref());
                match titles.err().or(request.refused) {
                    None => Ruling::Proceed,
                    Some(rejection) => Ruling::Reject(rejection),
                }
            }
            // A browser asks for permission without credentials (WHATWG Fetch 4.8).
            _ if request.is_preflight() => Ruling::Proceed,
            _ if request.misnamed_fault.is_some() => {
                let why = request.misnamed_fault.clone().unwrap_or_default();
                Ruling::Answer(Answer::text(400, format!("Mock-Fault: {why}")))
            }
            _ if request.protocol == Protocol::Web => match policy.authorize(&request.headers) {
                Ok(()) => Ruling::Proceed,
                Err(challenge) => Ruling::Answer(Answer::unauthorized(&challenge)),
            },
            _ => Ruling::Proceed,
        };
        let mut admit = Admit {
            request,
            admission: Admission {
                ruling,
                ..Admission::default()
            },
            dialect: Dialect::default(),
        };
        self.pass(&mut Scene::Admit(&mut admit));
        *self
            .inner
            .dialect
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = admit.dialect;
        self.note(Note::Admitted(admit.admission.clone()));
        admit.admission
    }

    /// How to read what this client sends. Standard until [`admit`](Self::admit) was called.
    pub fn dialect(&self) -> Dialect {
        *self
            .inner
            .dialect
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A PDU of an association or a part of a store request has come, the so-and-so-many-th of its kind: what happens now.
    #[must_use]
    pub fn arrived(&self, piece: Piece, number: u64) -> Onward {
        self.inner.archive.arrived(self, piece, number)
    }

    /// Presentation contexts of an association, with the edge's own answers filled in (policy's syntaxes and classes considered).
    pub fn contexts(&self, contexts: &mut Vec<Context>) {
        self.pass(&mut Scene::Negotiate(&mut Negotiate {
            request: self.request(),
            choice: Choice::Contexts(contexts),
        }));
    }

    /// In which transfer syntax an instance goes out: give the edge's choice, use the one returned.
    #[must_use]
    pub fn syntax(&self, stored: &Stored, chosen: Syntax) -> Syntax {
        let mut syntax = chosen;
        let choice = Choice::Syntax {
            stored,
            syntax: &mut syntax,
        };
        self.pass(&mut Scene::Negotiate(&mut Negotiate {
            request: self.request(),
            choice,
        }));
        syntax
    }

    /// Why the destination of a C-MOVE refuses an association before it is asked for one; usually it does not.
    pub(crate) fn destination_refuses(&self) -> Option<String> {
        let mut refusal = None;
        self.pass(&mut Scene::Negotiate(&mut Negotiate {
            request: self.request(),
            choice: Choice::Destination(&mut refusal),
        }));
        refusal
    }

    /// How the parts of this answer are put together.
    #[must_use]
    pub fn multipart(&self) -> MultipartStyle {
        let mut style = MultipartStyle::default();
        self.shape(Form::Multipart(&mut style));
        style
    }

    /// What becomes of an instance's file on its way out.
    #[must_use]
    pub fn file(&self, stored: &Stored) -> FileStyle {
        let mut style = FileStyle::default();
        let form = &mut style;
        self.shape(Form::File {
            stored,
            style: form,
        });
        style
    }

    /// How the metadata of an instance refers to what it does not hold.
    #[must_use]
    pub fn model(&self, stored: &Stored) -> ModelStyle {
        let mut style = ModelStyle::default();
        let form = &mut style;
        self.shape(Form::Model {
            stored,
            style: form,
        });
        style
    }

    /// Which frames go out: give the ones asked for and how many there are, use the ones returned.
    #[must_use]
    pub fn frames(&self, asked: Vec<u32>, count: u32) -> Vec<u32> {
        let mut frames = asked;
        let form = &mut frames;
        self.shape(Form::Frames {
            frames: form,
            count,
        });
        frames
    }

    /// The bytes of a frame before they go out.
    #[must_use]
    pub fn frame(&self, stored: &Stored, frame: u32, bytes: Bytes) -> Bytes {
        let mut bytes = bytes;
        let form = &mut bytes;
        self.shape(Form::Frame {
            stored,
            frame,
            bytes: form,
        });
        bytes
    }

    /// How a picture of an instance is made.
    #[must_use]
    pub fn picture(&self, stored: &Stored) -> PictureStyle {
        let mut style = PictureStyle::default();
        let form = &mut style;
        self.shape(Form::Picture {
            stored,
            style: form,
        });
        style
    }

    /// One instance's attributes before they go out as metadata.
    pub fn dataset(&self, stored: &Stored, dataset: &mut InMemDicomObject) {
        self.shape(Form::Dataset { stored, dataset });
    }

    /// A data set as JSON text before it goes into a body.
    pub fn json(&self, object: &mut Vec<u8>) {
        self.shape(Form::Json(object));
    }

    /// Whether any rule waits for a moment, so that what costs something need not be made for none.
    pub(crate) fn awaits(&self, moment: Moment) -> bool {
        self.inner.archive.awaits(moment)
    }

    /// The answer to a search over HTTP before it goes out.
    pub fn listing(&self, listing: &mut Listing) {
        self.shape(Form::Listing(listing));
    }

    /// A match of a C-FIND before it goes out, with all that is known of it.
    pub fn matched(&self, row: &InMemDicomObject, identifier: &mut InMemDicomObject) {
        self.shape(Form::Match { row, identifier });
    }

    /// The store response before it goes out: give the status from the counts ([`StoreResponse::http_status`]), use the one returned.
    #[must_use]
    pub fn receipt(&self, status: u16, response: &mut StoreResponse) -> u16 {
        let mut status = status;
        self.shape(Form::Receipt {
            status: &mut status,
            response,
        });
        status
    }

    /// After each sub-operation of a C-GET or C-MOVE, with the status the peer gave: whether to go on.
    #[must_use]
    pub fn sub_operation(&self, stored: &Stored, status: Status) -> Next {
        let mut next = Next::default();
        self.shape(Form::SubOperation {
            stored,
            status,
            next: &mut next,
        });
        self.note(Note::SubOperation {
            instance: stored.identity().clone(),
            status,
        });
        next
    }

    /// The head of an HTTP response, before a byte of it is written. Status and headers may be changed; obey the delivery.
    #[must_use]
    pub fn answer(&self, status: &mut u16, headers: &mut HeaderMap) -> Delivery {
        let mut send = Send {
            request: self.request(),
            head: Head::Web { status, headers },
            delivery: Delivery::default(),
        };
        self.pass(&mut Scene::Send(&mut send));
        let delivery = send.delivery;
        self.note(Note::Answered {
            status: *status,
            delivery: delivery.clone(),
        });
        delivery
    }

    /// A DIMSE response before it is written; once for each, pending ones too, with how many of these went out before. The command set and
    /// the data set may be changed; obey the delivery.
    #[must_use]
    pub fn respond(
        &self,
        set: &mut CommandSet,
        data_set: &mut Option<Bytes>,
        pending: u64,
    ) -> Delivery {
        let mut send = Send {
            request: self.request(),
            head: Head::Dimse {
                set,
                data_set,
                pending,
            },
            delivery: Delivery::default(),
        };
        self.pass(&mut Scene::Send(&mut send));
        let delivery = send.delivery;
        let status = set.number(element::STATUS).ok().flatten();
        self.note(Note::Responded {
            status: status.map_or(Status::SUCCESS, Status),
            times: 1,
            delivery: delivery.clone(),
        });
        delivery
    }

    /// The acceptance of an association before it is written. It may be changed.
    pub fn acceptance(&self, pdu: &mut Vec<u8>) {
        self.pass(&mut Scene::Negotiate(&mut Negotiate {
            request: self.request(),
            choice: Choice::Acceptance(pdu),
        }));
    }

    /// Something else worth keeping as evidence: a malformed body, an abort by the peer. Lower case, UIDs only, never a patient's value.
    pub fn remark(&self, text: impl Into<String>) {
        self.note(Note::Remark(text.into()));
    }

    pub(crate) fn shape(&self, form: Form<'_>) {
        self.pass(&mut Scene::Shape(&mut Shape {
            request: self.request(),
            form,
        }));
    }

    /// Number of the next instance of this exchange; 1 for the first.
    pub(crate) fn next_instance(&self) -> usize {
        self.inner.instances.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The study of the first instance of this exchange, given that of one of them.
    pub(crate) fn first_study(&self, study: &Uid) -> Uid {
        self.inner.study.get_or_init(|| study.clone()).clone()
    }

    /// How many instances of this exchange were judged.
    pub(crate) fn instances_so_far(&self) -> usize {
        self.inner.instances.load(Ordering::Relaxed)
    }

    pub(crate) fn note(&self, note: Note) {
        self.inner.archive.note(self.inner.id, note);
    }

    pub(crate) fn pass(&self, scene: &mut Scene<'_, '_>) {
        self.inner.archive.pass(self.inner.id, scene);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.archive.end(self.id);
    }
}
