//! What may be written, and which files may be read for it. Everything that writes is off until a setting allows it.

use std::path::{Path, PathBuf};

use dicom_wire::ae::AeTitle;

use crate::config::{Config, Permissions, Store};
use crate::error::Failure;

/// The most files that one call may name or a folder may hold.
pub const MAX_FILES: usize = 10_000;

/// Refuses where storing is off.
pub fn may_store(permissions: &Permissions) -> Result<(), Failure> {
    match permissions.store {
        Store::On if !permissions.paths.is_empty() => Ok(()),
        Store::On => Err(Failure::NotAllowed {
            what: "reading files to store".into(),
            setting: "start the server with --allow-path FOLDER, or let the client name its roots"
                .into(),
        }),
        Store::Off => Err(Failure::NotAllowed {
            what: "storing".into(),
            setting: "start the server with --allow-store and --allow-path FOLDER".into(),
        }),
    }
}

/// The destination, if it is one of those that are allowed.
pub fn may_move(permissions: &Permissions, destination: &str) -> Result<AeTitle, Failure> {
    let title = AeTitle::parse(destination).map_err(|error| Failure::Argument {
        name: "destination".into(),
        problem: error.to_string(),
        advice: Some("an AE title, as STORE_SCP".into()),
    })?;
    if permissions.move_to.contains(&title) {
        return Ok(title);
    }
    let allowed: Vec<&str> = permissions.move_to.iter().map(AeTitle::as_str).collect();
    Err(Failure::NotAllowed {
        what: format!("moving to {title}"),
        setting: if allowed.is_empty() {
            format!("start the server with --allow-move {title}")
        } else {
            format!(
                "{} may be moved to; --allow-move allows another one",
                allowed.join(", ")
            )
        },
    })
}

/// The folder to retrieve into, made where it is not there, if it lies inside an allowed one.
pub fn folder_for(permissions: &Permissions, text: &str) -> Result<PathBuf, Failure> {
    let allowed = &permissions.retrieve_to;
    let Some(base) = allowed.first() else {
        return Err(Failure::NotAllowed {
            what: "retrieving into files".into(),
            setting: "start the server with --allow-retrieve-to FOLDER".into(),
        });
    };
    let path = base.join(text);
    let names_another = path
        .components()
        .any(|part| part == std::path::Component::ParentDir);
    let outside = || Failure::NotAllowed {
        what: format!("writing into {text:?}"),
        setting: format!(
            "files may be written inside {}; --allow-retrieve-to FOLDER allows another folder",
            shown(allowed)
        ),
    };
    if names_another || !allowed.iter().any(|allowed| path.starts_with(allowed)) {
        return Err(outside());
    }
    // Links on the way are followed before anything is made.
    let there = path.ancestors().find(|path| path.exists());
    let there = there.and_then(|path| path.canonicalize().ok());
    if !there.is_some_and(|path| allowed.iter().any(|allowed| path.starts_with(allowed))) {
        return Err(outside());
    }
    let unusable =
        |error: std::io::Error| Failure::argument("into", format!("{}: {error}", path.display()));
    std::fs::create_dir_all(&path).map_err(unusable)?;
    path.canonicalize().map_err(unusable)
}

/// Whether a call may name this host: loopback, one of the settings, or one of `--allow-hosts`.
pub fn may_configure(config: &Config, host: &str) -> Result<(), Failure> {
    let loopback = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    let configured = config.archives.iter().any(|archive| {
        archive
            .dimse
            .as_ref()
            .is_some_and(|dimse| dimse.host() == host)
            || archive
                .web
                .as_ref()
                .is_some_and(|web| web.host.host_str() == Some(host))
    });
    if loopback
        || configured
        || config
            .permissions
            .hosts
            .iter()
            .any(|allowed| allowed == host)
    {
        return Ok(());
    }
    Err(Failure::NotAllowed {
        what: format!("talking to {host:?}"),
        setting: format!("start the server with --allow-hosts {host}"),
    })
}

fn shown(paths: &[PathBuf]) -> String {
    let paths = paths.iter().map(|path| path.display().to_string());
    paths.collect::<Vec<_>>().join(", ")
}

/// The files that `paths` name, folders walked, each once, sorted; all of them inside the allowed folders after links
/// are followed.
pub fn files(permissions: &Permissions, paths: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for text in paths {
        let path = inside(permissions, text)?;
        if path.is_dir() {
            walk(permissions, text, &path, &mut files)?;
        } else {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            return Err(too_many(text));
        }
    }
    files.sort();
    files.dedup();
    if files.is_empty() {
        return Err(Failure::argument("paths", "no file is there"));
    }
    Ok(files)
}

fn inside(permissions: &Permissions, text: &str) -> Result<PathBuf, Failure> {
    let path = Path::new(text);
    let path = if path.is_relative() {
        permissions
            .paths
            .first()
            .map_or_else(|| path.to_owned(), |base| base.join(path))
    } else {
        path.to_owned()
    };
    // A path outside is refused with the same words whether something is there or not.
    let outside = || Failure::NotAllowed {
        what: format!("reading {text:?}"),
        setting: format!(
            "files inside {} may be read; --allow-path FOLDER allows another folder",
            shown(&permissions.paths)
        ),
    };
    match path.canonicalize() {
        Ok(path)
            if permissions
                .paths
                .iter()
                .any(|allowed| path.starts_with(allowed)) =>
        {
            Ok(path)
        }
        Ok(_) => Err(outside()),
        Err(_) if !lexically_inside(permissions, &path) => Err(outside()),
        Err(error) => Err(Failure::argument("paths", format!("{text:?}: {error}"))),
    }
}

fn lexically_inside(permissions: &Permissions, path: &Path) -> bool {
    !path
        .components()
        .any(|part| part == std::path::Component::ParentDir)
        && permissions
            .paths
            .iter()
            .any(|allowed| path.starts_with(allowed))
}

/// Breadth first without recursion; links to folders are not followed, so there is no loop.
fn walk(
    permissions: &Permissions,
    named: &str,
    folder: &Path,
    files: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    let unreadable = |path: &Path, error: std::io::Error| {
        Failure::argument("paths", format!("{}: {error}", path.display()))
    };
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, error))?;
            let kind = entry
                .file_type()
                .map_err(|error| unreadable(&entry.path(), error))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if let Ok(path) = entry.path().canonicalize()
                && path.is_file()
                && permissions
                    .paths
                    .iter()
                    .any(|allowed| path.starts_with(allowed))
            {
                files.push(path);
            }
            if files.len() > MAX_FILES {
                return Err(too_many(named));
            }
        }
    }
    Ok(())
}

fn too_many(named: &str) -> Failure {
    Failure::Argument {
        name: "paths".into(),
        problem: format!("more than {MAX_FILES} files with {named:?}"),
        advice: Some("name folders below it, one call each".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_stored_until_allowed() {
        let failure = may_store(&Permissions::default()).expect_err("off");
        assert_eq!(
            failure.explain(),
            "storing is not allowed\nTry: start the server with --allow-store and --allow-path FOLDER"
        );
    }

    #[test]
    fn only_files_inside_the_allowed_folders_are_read() {
        let allowed = tempfile::tempdir().expect("folder");
        let other = tempfile::tempdir().expect("folder");
        std::fs::create_dir(allowed.path().join("below")).expect("folder");
        std::fs::write(allowed.path().join("below/a.dcm"), b"a").expect("file");
        std::fs::write(allowed.path().join("b.dcm"), b"b").expect("file");
        std::fs::write(other.path().join("secret"), b"c").expect("file");
        #[cfg(unix)]
        std::os::unix::fs::symlink(other.path().join("secret"), allowed.path().join("link"))
            .expect("link");
        let permissions =
            Permissions::new(Store::On, &[allowed.path().to_owned()]).expect("permissions");

        let found = files(
            &permissions,
            &[allowed.path().display().to_string(), "b.dcm".into()],
        )
        .expect("files");
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(names, ["b.dcm", "a.dcm"]);

        for outside in [
            other.path().join("secret").display().to_string(),
            other.path().join("absent").display().to_string(),
            "../x".into(),
            "link".into(),
        ] {
            let failure = files(&permissions, std::slice::from_ref(&outside)).expect_err("outside");
            assert!(
                matches!(failure, Failure::NotAllowed { .. }),
                "{outside}: {failure}"
            );
        }
        let failure = files(&permissions, &["absent.dcm".into()]).expect_err("absent");
        assert!(matches!(failure, Failure::Argument { .. }), "{failure}");
    }
}
