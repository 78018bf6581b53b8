//! Which resource a path names (PS3.18 10.3).

use dicom_core::Tag;
use dicom_wire::part10::Step;
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use http::Method;
use percent_encoding::percent_decode_str;

use crate::policy::Delete;
use crate::request::{Scope, Service};
use crate::web::bulk::Values;
use crate::web::problem::Problem;

/// A resource of the Studies Service, below the service's base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    /// The base itself: the capabilities.
    Base,
    /// A collection that can be searched; the study ones take instances too.
    Collection {
        /// What its members are.
        level: Level,
        /// What they lie in.
        scope: Scope,
    },
    /// The instances of a study, series, or one instance.
    Instances(Scope),
    /// One instance, named by query parameters (PS3.18 9).
    ByUri(Scope),
    /// Their attributes.
    Metadata(Scope),
    /// Pictures of them.
    Rendered {
        /// Of what.
        scope: Scope,
        /// Of which frames; the representative one where none is named.
        frames: Option<Vec<u32>>,
    },
    /// A small picture.
    Thumbnail {
        /// Of what.
        scope: Scope,
        /// Of which frames.
        frames: Option<Vec<u32>>,
    },
    /// Frames of an instance.
    Frames {
        /// The instance.
        scope: Scope,
        /// Their numbers, from 1, in the order asked for.
        frames: Vec<u32>,
    },
    /// One value of an instance.
    BulkData {
        /// The instance.
        scope: Scope,
        /// The items it lies in, outermost first.
        path: Vec<Step>,
        /// Its attribute.
        tag: Tag,
    },
    /// All values of a study, series or instance at once.
    AllBulkData {
        /// Of what.
        scope: Scope,
        /// Which values.
        values: Values,
    },
}

impl Resource {
    /// Reads a path below the base, with or without a slash at the end.
    ///
    /// # Errors
    /// 404 for a path that this service does not have, 400 for a UID or frame number that cannot be.
    pub(crate) fn parse(path: &str) -> Result<Resource, Problem> {
        let segments: Vec<String> = path
            .trim_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let nothing = || Problem::not_found(format!("the resource {path:?}"));
        match segments[..] {
            [""] => Ok(Resource::Base),
            ["studies"] => collection(Level::Study, Scope::all()),
            ["series"] => collection(Level::Series, Scope::all()),
            ["instances"] => collection(Level::Instance, Scope::all()),
            ["studies", study, ref rest @ ..] => {
                let study = Scope::study(uid("study", study)?);
                match *rest {
                    ["series"] => collection(Level::Series, study),
                    ["instances"] => collection(Level::Instance, study),
                    ["series", series, ref rest @ ..] => {
                        let series = study.and_series(uid("series", series)?);
                        match *rest {
                            ["instances"] => collection(Level::Instance, series),
                            ["instances", instance, ref rest @ ..] => {
                                let instance = series.and_instance(uid("SOP instance", instance)?);
                                of_instance(instance, rest, nothing)
                            }
                            _ => of_any(series, rest, nothing),
                        }
                    }
                    _ => of_any(study, rest, nothing),
                }
            }
            _ => Err(nothing()),
        }
    }

    /// What the archive calls such a request.
    pub(crate) fn service(&self, method: &Method) -> Service {
        if *method == Method::OPTIONS {
            return Service::Capabilities;
        }
        if *method == Method::DELETE {
            return Service::Delete;
        }
        match self {
            Resource::Base => Service::Capabilities,
            Resource::Collection { .. } | Resource::Instances(_) if *method == Method::POST => {
                Service::Store
            }
            Resource::Collection { .. } => Service::Search,
            Resource::Instances(_) | Resource::ByUri(_) => Service::Retrieve,
            Resource::Metadata(_) => Service::Metadata,
            Resource::Rendered { .. } | Resource::Thumbnail { .. } => Service::Rendered,
            Resource::Frames { .. } => Service::Frames,
            Resource::BulkData { .. } | Resource::AllBulkData { .. } => Service::BulkData,
        }
    }

    /// The study, series and instance that it names.
    pub(crate) fn scope(&self) -> Scope {
        match self {
            Resource::Base => Scope::all(),
            Resource::Collection { scope, .. }
            | Resource::Instances(scope)
            | Resource::ByUri(scope)
            | Resource::Metadata(scope)
            | Resource::Rendered { scope, .. }
            | Resource::Thumbnail { scope, .. }
            | Resource::Frames { scope, .. }
            | Resource::BulkData { scope, .. }
            | Resource::AllBulkData { scope, .. } => scope.clone(),
        }
    }

    /// Its methods, as the value of an Allow header.
    pub(crate) fn methods(&self, delete: Delete) -> &'static str {
        match self {
            Resource::Instances(Scope { series: None, .. }) if delete == Delete::Allowed => {
                "DELETE, GET, HEAD, OPTIONS, POST"
            }
            Resource::Instances(_) if delete == Delete::Allowed => "DELETE, GET, HEAD, OPTIONS",
            Resource::Collection {
                level: Level::Study,
                ..
            } => "GET, HEAD, OPTIONS, POST",
            Resource::Instances(Scope { series: None, .. }) => "GET, HEAD, OPTIONS, POST",
            _ => "GET, HEAD, OPTIONS",
        }
    }
}

fn collection(level: Level, scope: Scope) -> Result<Resource, Problem> {
    Ok(Resource::Collection { level, scope })
}

/// What a study, a series and an instance have alike.
fn of_any(scope: Scope, rest: &[&str], nothing: impl Fn() -> Problem) -> Result<Resource, Problem> {
    match *rest {
        [] => Ok(Resource::Instances(scope)),
        ["metadata"] => Ok(Resource::Metadata(scope)),
        ["rendered"] => Ok(Resource::Rendered {
            scope,
            frames: None,
        }),
        ["thumbnail"] => Ok(Resource::Thumbnail {
            scope,
            frames: None,
        }),
        ["bulkdata"] => Ok(Resource::AllBulkData {
            scope,
            values: Values::All,
        }),
        ["pixeldata"] => Ok(Resource::AllBulkData {
            scope,
            values: Values::Pixels,
        }),
        _ => Err(nothing()),
    }
}

fn of_instance(
    scope: Scope,
    rest: &[&str],
    nothing: impl Fn() -> Problem,
) -> Result<Resource, Problem> {
    match *rest {
        ["frames", list] => Ok(Resource::Frames {
            scope,
            frames: frames(list)?,
        }),
        ["frames", list, "rendered"] => Ok(Resource::Rendered {
            scope,
            frames: Some(frames(list)?),
        }),
        ["frames", list, "thumbnail"] => Ok(Resource::Thumbnail {
            scope,
            frames: Some(frames(list)?),
        }),
        ["bulkdata", ref path @ .., last] if !last.is_empty() => {
            let (path, tag) = (steps(path)?, tag(last)?);
            Ok(Resource::BulkData { scope, path, tag })
        }
        _ => of_any(scope, rest, nothing),
    }
}

fn uid(name: &str, text: &str) -> Result<Uid, Problem> {
    Uid::parse(text).map_err(|why| Problem::bad_request(format!("{name}: {why}")))
}

/// `1,3,2`: numbers from 1, in any order (PS3.18 10.1.1).
fn frames(list: &str) -> Result<Vec<u32>, Problem> {
    list.split(',')
        .map(|number| match number.parse::<u32>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(Problem::bad_value(
                "frame",
                number,
                "frames are numbers from 1",
            )),
        })
        .collect()
}

/// `00400275/0/...`: a sequence and the number of an item in it, from 0, and so on.
fn steps(path: &[&str]) -> Result<Vec<Step>, Problem> {
    path.chunks(2)
        .map(|step| match *step {
            [sequence, item] => {
                let sequence = tag(sequence)?;
                let item = item
                    .parse()
                    .map_err(|_| Problem::bad_value("item", item, "items are numbers from 0"))?;
                Ok(Step { sequence, item })
            }
            _ => Err(Problem::not_found(format!(
                "bulk data {:?}",
                path.join("/")
            ))),
        })
        .collect()
}

fn tag(text: &str) -> Result<Tag, Problem> {
    let number = (text.len() == 8)
        .then(|| u32::from_str_radix(text, 16).ok())
        .flatten()
        .ok_or_else(|| Problem::bad_value("attribute", text, "want 8 hexadecimal digits"))?;
    Ok(Tag((number >> 16) as u16, number as u16))
}

/// The path below an instance under which a bulk value can be had; the inverse of [`Resource::parse`].
pub(crate) fn bulk_path(path: &[Step], tag: Tag) -> String {
    let mut text = String::from("bulkdata/");
    for step in path {
        text += &format!(
            "{:04X}{:04X}/{}/",
            step.sequence.0, step.sequence.1, step.item
        );
    }
    text + &format!("{:04X}{:04X}", tag.0, tag.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance() -> Scope {
        let uid = |text| Uid::parse(text).unwrap();
        Scope::study(uid("1.2"))
            .and_series(uid("1.3"))
            .and_instance(uid("1.4"))
    }

    #[test]
    fn every_path_of_the_studies_service_is_known() {
        let of = |path: &str| Resource::parse(path).unwrap();
        assert_eq!(of("/"), Resource::Base);
        assert_eq!(
            of("/studies/1.2/"),
            Resource::Instances(Scope::study(Uid::parse("1.2").unwrap()))
        );
        assert_eq!(
            of("/studies/1.2/series/1.3/instances/1.4/frames/3,1/rendered"),
            Resource::Rendered {
                scope: instance(),
                frames: Some(vec![3, 1])
            }
        );
        assert_eq!(
            of("/studies/1.2/series/1.3/instances/1.4/frames/2%2C1"),
            Resource::Frames {
                scope: instance(),
                frames: vec![2, 1]
            }
        );
    }

    #[test]
    fn a_bulk_path_leads_back_to_its_value() {
        let path = vec![Step {
            sequence: Tag(0x0040, 0x0275),
            item: 2,
        }];
        let text = bulk_path(&path, Tag(0x0042, 0x0011));
        let resource = Resource::parse(&format!("/studies/1.2/series/1.3/instances/1.4/{text}"));
        assert_eq!(
            resource,
            Ok(Resource::BulkData {
                scope: instance(),
                path,
                tag: Tag(0x0042, 0x0011)
            })
        );
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (path, named) in [
            ("/studies/1..2", "1..2"),
            ("/studies/..%2F..", "../.."),
            ("/studies/1.2/series/1.3/instances/1.4/frames/0", "frame"),
            ("/studies/1.2/series/1.3/instances/1.4/frames/1,x", "frame"),
            (
                "/studies/1.2/series/1.3/instances/1.4/bulkdata/7fe0",
                "7fe0",
            ),
            ("/patients", "/patients"),
        ] {
            let problem = Resource::parse(path).unwrap_err();
            assert!(
                format!("{problem:?}").contains(named),
                "{path}: {problem:?}"
            );
        }
    }
}
