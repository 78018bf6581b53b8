//! What may be written, and which files may be read for it. Everything that writes is off until a setting allows it.

use std::path::{Path, PathBuf};

use crate::config::{Permissions, Store};
use crate::error::Failure;

/// The most files that one call may name or a folder may hold.
pub const MAX_FILES: usize = 10_000;

/// Refuses where storing is off.
pub fn may_store(permissions: &Permissions) -> Result<(), Failure> {
    match permissions.store {
        Store::On if !permissions.paths.is_empty() => Ok(()),
        Store::On => Err(Failure::NotAllowed {
            what: "reading files to store".into(),
            setting: "start the server with --allow-path FOLDER".into(),
        }),
        Store::Off => Err(Failure::NotAllowed {
            what: "storing".into(),
            setting: "start the server with --allow-store and --allow-path FOLDER".into(),
        }),
    }
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
            permissions
                .paths
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
                .join(", ")
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
