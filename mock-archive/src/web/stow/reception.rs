//! A request's body on its way into the archive: parts are judged in their order, and kept several at once.

use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use dicom_wire::media::DICOM;
use dicom_wire::multipart::{Boundary, Decoder, Event, Headers};
use dicom_wire::stow::FailureReason;
use http_body::Frame;
use http_body_util::BodyExt;

use super::admission::Form;
use super::anywhere::Anywhere;
use super::described::Described;
use super::hearing::{End, Hearing};
use super::inflate::Inflate;
use super::receipt::Account;
use super::settling::Settling;
use super::stopped::Stopped;
use crate::archive::Incoming;
use crate::moment::multipart::{Broken, PartType};
use crate::moment::{Delimiter, Manner, Onward, Piece};
use crate::store::Spool;
use crate::web::Asked;
use crate::web::problem::Problem;

/// A client that sends nothing for so long has its group kept.
const PAUSE: Duration = Duration::from_millis(1);

/// A request's body on its way into the archive.
pub(super) struct Reception<'a> {
    asked: &'a Asked,
    pub(super) account: Account,
    /// What was judged and is not in the account yet.
    settling: Settling<'a>,
    part: Part,
    /// Where instances come in metadata and bulk data.
    described: Option<Described>,
    /// The end of the part that is arriving.
    end: End,
    /// Where the body comes compressed.
    inflate: Option<Inflate>,
    /// Bytes of the body so far, inflated.
    received: u64,
    /// Parts that have begun.
    parts: u64,
}

/// What becomes of the part that is arriving.
enum Part {
    /// There is none.
    Between,
    /// It is being spooled.
    Spooled(Box<Spool>),
    /// It was refused already: the rest of it is thrown away.
    Refused,
}

impl<'a> Reception<'a> {
    pub(super) fn new(asked: &'a Asked, form: &Form, inflate: Option<Inflate>) -> Self {
        let described = match form {
            Form::Described(_, model) => Some(Described::new(*model, asked.archive.spool())),
            Form::Parts(_) | Form::Bare => None,
        };
        Self {
            asked,
            described,
            account: Account::default(),
            settling: Settling::new(asked),
            part: Part::Between,
            end: End::new(asked.exchange.dialect().multipart.part_end),
            inflate,
            received: 0,
            parts: 0,
        }
    }

    /// Takes in the whole body. What was stored before something went wrong stays, and the account says so: an error comes only where nothing at all was judged.
    pub(super) async fn receive(&mut self, form: &Form, body: &mut Body) -> Result<(), Problem> {
        let result = match form {
            Form::Bare => self.receive_bare(body).await,
            Form::Parts(boundary) | Form::Described(boundary, _) => {
                self.receive_parts(boundary, body).await
            }
        };
        self.settling.settle_all(&mut self.account).await;
        let Err(stopped) = result else { return Ok(()) };
        if matches!(stopped, Stopped::LeftWaiting) {
            std::future::pending::<()>().await;
        }
        match self.asked.exchange.dialect().multipart.broken {
            Broken::Reported => {}
            Broken::Forgiven => {
                self.account.forgive();
                return Ok(());
            }
            Broken::WaitedFor => std::future::pending::<()>().await,
        }
        if self.account.is_empty() {
            return Err(stopped.problem());
        }
        let because = stopped.to_string();
        self.account.warn(&because);
        let judged = self.settling.refuse(stopped.reason(), because);
        self.account.add(judged);
        Ok(())
    }

    async fn receive_parts(&mut self, boundary: &Boundary, body: &mut Body) -> Result<(), Stopped> {
        let mut decoder = Decoder::new(boundary);
        let mut anywhere = match self.asked.exchange.dialect().delimiter {
            Delimiter::LineStart => None,
            Delimiter::Anywhere => Some(Anywhere::new(boundary)),
        };
        let mut hearing = Hearing::new(boundary, self.asked.exchange.dialect().multipart);
        while let Some(bytes) = self.next(body).await? {
            let bytes = hearing.hear(bytes)?;
            decoder.push(match &mut anywhere {
                Some(anywhere) => anywhere.rewrite(&bytes),
                None => bytes,
            });
            while let Some(event) = decoder.poll()? {
                if matches!(event, Event::PartStart(_)) {
                    self.arrived(body).await?;
                }
                self.take(event).await?;
            }
        }
        if let Some(anywhere) = anywhere {
            decoder.push(anywhere.rest());
            while let Some(event) = decoder.poll()? {
                self.take(event).await?;
            }
        }
        decoder.finish()?;
        if hearing.has_preamble() {
            let because = "text before the first delimiter".to_owned();
            let judged = self
                .settling
                .refuse(FailureReason::CANNOT_UNDERSTAND, because);
            self.settling.add(judged);
        }
        if let Some(described) = self.described.take() {
            return self.conclude(described).await;
        }
        match self.account.is_empty() && self.settling.is_empty() {
            true => Err(Stopped::NoPart),
            false => Ok(()),
        }
    }

    async fn receive_bare(&mut self, body: &mut Body) -> Result<(), Stopped> {
        self.part = Part::Spooled(Box::new(self.asked.archive.spool()));
        while let Some(bytes) = self.next(body).await? {
            self.spool(bytes);
        }
        match self.received {
            0 => Err(Stopped::NoBody),
            _ => {
                self.complete().await;
                Ok(())
            }
        }
    }

    /// The next bytes of the body, inflated if they come compressed.
    async fn next(&mut self, body: &mut Body) -> Result<Option<Bytes>, Stopped> {
        loop {
            if let Some(inflate) = &mut self.inflate
                && let Some(bytes) = inflate.next().map_err(|_| Stopped::NoGzip)?
            {
                return self.counted(bytes).map(Some);
            }
            let frame = match self.frame(body).await {
                None => return self.last(),
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    self.asked
                        .exchange
                        .remark("the client went away within the body");
                    tracing::debug!(%error, "body not complete");
                    return Err(Stopped::BrokenOff);
                }
            };
            let Ok(bytes) = frame.into_data() else {
                continue;
            };
            match &mut self.inflate {
                Some(inflate) => inflate.push(bytes),
                None => return self.counted(bytes).map(Some),
            }
        }
    }

    /// The next frame of the body. What is in hand is kept while there is none.
    async fn frame(&mut self, body: &mut Body) -> Option<Result<Frame<Bytes>, axum::Error>> {
        let mut frame = pin!(body.frame());
        if self.settling.has_group() {
            match tokio::time::timeout(PAUSE, frame.as_mut()).await {
                Ok(frame) => return frame,
                Err(_) => self.settling.keep_group(),
            }
        }
        frame.await
    }

    /// What is left when the body has ended.
    fn last(&mut self) -> Result<Option<Bytes>, Stopped> {
        let Some(mut inflate) = self.inflate.take() else {
            return Ok(None);
        };
        match inflate.finish() {
            Ok(bytes) if bytes.is_empty() => Ok(None),
            Ok(bytes) => self.counted(bytes).map(Some),
            Err(_) => Err(Stopped::NoGzip),
        }
    }

    fn counted(&mut self, bytes: Bytes) -> Result<Bytes, Stopped> {
        self.received += bytes.len() as u64;
        match self.asked.archive.policy().max_request_bytes {
            Some(limit) if self.received > limit => Err(Stopped::TooLarge(limit)),
            _ => Ok(bytes),
        }
    }

    /// A part has begun: goes on, or ends the connection if a rule says so.
    async fn arrived(&mut self, body: &mut Body) -> Result<(), Stopped> {
        self.parts += 1;
        let manner = match self.asked.exchange.arrived(Piece::Part, self.parts) {
            Onward::GoOn => return Ok(()),
            Onward::End(manner) => manner,
            Onward::Abort(..) => Manner::Close,
        };
        if let Some(switch) = &self.asked.switch {
            switch.end(manner);
        }
        // The end is noticed where bytes are asked for.
        while let Some(Ok(_)) = body.frame().await {}
        Err(Stopped::BrokenOff)
    }

    async fn take(&mut self, event: Event) -> Result<(), Stopped> {
        if let Some(described) = &mut self.described {
            return described.take(event);
        }
        match event {
            Event::PartStart(headers) => self.begin(&headers),
            Event::Data(bytes) => self.spool(bytes),
            Event::PartEnd => self.complete().await,
            Event::End => {}
        }
        Ok(())
    }

    /// Puts together and stores what came in metadata and bulk data; only now is all of it there.
    async fn conclude(&mut self, described: Described) -> Result<(), Stopped> {
        if described.is_empty() {
            return Err(Stopped::NoInstance);
        }
        if let Some(first) = described.unnamed().first() {
            self.account
                .warn(&format!("no metadata names bulk data {first:?}"));
        }
        let (archive, exchange) = (self.asked.archive.clone(), self.asked.exchange.clone());
        let stored = tokio::task::spawn_blocking(move || described.store(&archive, &exchange));
        let judged = stored
            .await
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(Stopped::NotKept)?;
        judged.into_iter().for_each(|one| self.settling.add(one));
        Ok(())
    }

    /// Looks at a part's header. A part without a type is of the type that the whole body says (PS3.18 8.6.1.2).
    fn begin(&mut self, headers: &Headers) {
        let rule = self.asked.exchange.dialect().multipart.part_type;
        let is_spelled = headers.iter().any(|(name, _)| name == "Content-Type");
        let is_dicom = matches!(headers.content_type(), Some(Ok(media)) if media.is(DICOM));
        if rule == PartType::Skipped && !is_dicom {
            self.part = Part::Refused;
            return;
        }
        let objection = match headers.content_type() {
            _ if rule == PartType::Ignored => None,
            _ if rule == PartType::Spelled && !is_spelled => {
                Some("a part has no Content-Type".to_owned())
            }
            None => None,
            Some(Ok(media)) if media.is(DICOM) => None,
            Some(Ok(media)) => Some(format!(
                "a part is of type {:?}, not {DICOM}",
                media.essence()
            )),
            Some(Err(error)) => Some(error.to_string()),
        };
        self.part = match objection {
            None => Part::Spooled(Box::new(self.asked.archive.spool())),
            Some(because) => {
                let judged = self
                    .settling
                    .refuse(FailureReason::CANNOT_UNDERSTAND, because);
                self.settling.add(judged);
                Part::Refused
            }
        };
    }

    /// Writes to memory or to a file's cache: short enough to be done here.
    fn spool(&mut self, bytes: Bytes) {
        let bytes = self.end.pass(bytes);
        if let Part::Spooled(spool) = &mut self.part
            && let Err(error) = spool.write(bytes)
        {
            let judged = self.settling.out_of_room(&error);
            self.settling.add(judged);
            self.part = Part::Refused;
        }
    }

    /// Has a part that is there whole judged, and kept while the next one comes.
    async fn complete(&mut self) {
        self.end.over();
        let Part::Spooled(spool) = std::mem::replace(&mut self.part, Part::Between) else {
            return;
        };
        let (archive, exchange) = (self.asked.archive.clone(), self.asked.exchange.clone());
        if archive.stores_at_once(spool.len()) {
            let stored = spool
                .finish()
                .map(|spooled| archive.judge(&exchange, Incoming::part(spooled)).settle());
            let judged = stored.unwrap_or_else(|error| self.settling.out_of_room(&error));
            self.settling.add(judged);
            return;
        }
        if !archive.judges_at_once(spool.len()) {
            let judge = move || Ok(archive.judge(&exchange, Incoming::part(spool.finish()?)));
            return self.settling.add_alone(judge, &mut self.account).await;
        }
        let bytes = spool.len();
        let read = spool
            .finish()
            .map(|spooled| archive.read(&exchange, Incoming::part(spooled)));
        match read {
            Ok(Ok(arrived)) if archive.is_expected(&arrived) => {
                let judge = move || Ok(archive.judge_read(&exchange, arrived));
                self.settling.add_alone(judge, &mut self.account).await;
            }
            Ok(Ok(arrived)) => {
                let judging = archive.judge_read(&exchange, arrived);
                let account = &mut self.account;
                self.settling.add_small(judging, bytes, account).await;
            }
            Ok(Err(judged)) => self.settling.add(*judged),
            Err(error) => {
                let judged = self.settling.out_of_room(&error);
                self.settling.add(judged);
            }
        }
    }
}
