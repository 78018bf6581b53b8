//! A harness that judges DICOM archives over DICOMweb and DIMSE: each check with its clause, and each proven by a fault.
//!
//! A [`check::Check`] is data and one function; the [`catalogue`] lists them all. [`run::run`] asks a [`target::Target`] every
//! question with data of its own and gives a [`report::Report`].
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use dicom_conformance::identity::Identity;
//! use dicom_conformance::run::{Options, run};
//! use dicom_conformance::selection::Selection;
//! use dicom_conformance::target::Target;
//!
//! let options = Options::new(Identity::new(41));
//! let checks = Selection::default().checks(options.edition).unwrap();
//! // Neither a URL nor an AE title: nothing applies, so nothing is judged.
//! let report = run(&Target::default().into(), &checks, &options).await;
//! assert_eq!(report.exit() as u8, 2);
//! # }
//! ```

pub mod catalogue;
pub mod check;
pub mod outcome;

pub mod data;
pub mod identity;

pub mod probe;
pub mod transcript;

pub mod context;

pub mod statement;
pub mod target;

pub mod observe;
pub mod run;
pub mod selection;

pub mod waivers;

pub mod subject;

pub mod report;

pub mod explain;
pub mod selftest;
