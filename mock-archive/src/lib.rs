//! A DICOM archive for tests: right by the standard, or exactly as wrong as told.
//!
//! A test starts a [`MockArchive`], tells it what to do wrong, lets the program under test at it, and asks what is stored and what happened:
//!
//! ```
//! use dicom_fixtures as fixtures;
//! use dicom_mock_archive::MockArchive;
//! use dicom_mock_archive::fault::RefuseInstance;
//! use dicom_mock_archive::rule::{Rule, storing};
//! use dicom_wire::stow::FailureReason;
//! # use dicom_wire::multipart::{Boundary, Headers, Writer};
//! # use dicom_wire::stow::StoreResponse;
//! #
//! # /// Stands for the program under test.
//! # struct Uploader(String);
//! #
//! # impl Uploader {
//! #     fn new(url: String) -> Self {
//! #         Self(url)
//! #     }
//! #
//! #     async fn send(&self, study: &fixtures::Study) -> Result<(), Box<dyn std::error::Error>> {
//! #         let mut left: Vec<_> = study.instances().iter().collect();
//! #         while !left.is_empty() {
//! #             let mut writer = Writer::new(Boundary::seeded(1));
//! #             let content_type = writer.boundary().content_type("application/dicom").to_string();
//! #             let mut body = Vec::new();
//! #             for instance in &left {
//! #                 body.extend(writer.part_head(&Headers::new().with("Content-Type", "application/dicom")));
//! #                 body.extend(&instance.bytes);
//! #             }
//! #             body.extend(writer.close());
//! #             let request = reqwest::Client::builder().no_proxy().build()?.post(format!("{}/studies", self.0));
//! #             let request = request.header("Content-Type", content_type).header("Accept", "application/dicom+json");
//! #             let answer = request.body(body).send().await?.bytes().await?;
//! #             let failed = StoreResponse::from_json(&answer)?.failed;
//! #             left.retain(|one| failed.iter().any(|failed| failed.sop_instance.as_ref().is_some_and(|uid| *uid == one.sop_instance)));
//! #         }
//! #         Ok(())
//! #     }
//! # }
//!
//! # let _ = rustls::crypto::ring::default_provider().install_default();
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let archive = MockArchive::start().await;
//! let study = fixtures::ct("chest").size(64).slices(3);
//!
//! archive.inject(
//!     Rule::when(storing().instance(study.uid(1)))
//!         .then(RefuseInstance { reason: FailureReason::OUT_OF_RESOURCES })
//!         .once(),
//! );
//!
//! Uploader::new(archive.web_url()).send(&study).await.unwrap();
//!
//! assert_eq!(archive.stored(), study.uids());
//! assert_eq!(
//!     archive.journal().to_string(),
//!     "\
//! 1. POST /dicomweb/studies -> 202
//!    study-1/instance-1 stored
//!    study-1/instance-2 refused A700 [rule 1: refuse-instance]
//!    study-1/instance-3 stored
//! 2. POST /dicomweb/studies -> 200
//!    study-1/instance-2 stored"
//! );
//! # });
//! ```
//!
//! Both protocols, DICOMweb and DIMSE, reach one [`archive::Archive`]. What it declares is its [`policy`]; what goes wrong are its [`rule`]s over the
//! [`fault`]s at six [`moment`]s; what happened is its [`journal`]. The same rules come in over the [control API](admin), in [`scenario`] files and
//! on the command line of the program.

pub mod admin;
pub mod archive;
mod clock;
mod damaged;
mod dimse;
pub mod exchange;
pub mod fault;
pub mod index;
pub mod journal;
pub mod matching;
pub mod moment;
pub mod personality;
pub mod policy;
pub mod recording;
pub mod request;
pub mod rule;
pub mod scenario;
mod serve;
pub mod server;
mod sink;
pub mod socket;
pub mod store;
pub mod tls;
mod transcode;
mod web;
pub mod worklist;

pub use server::MockArchive;
