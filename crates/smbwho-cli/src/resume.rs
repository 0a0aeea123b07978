//! `--resume FILE`: going on where an interrupted run stopped.
//!
//! The file is JSON lines. The first holds the question; each other one a
//! server that has answered in full, written when its rows were out of our
//! hands and not before. A run with the same question leaves those servers
//! out; one with another question is refused. Servers that failed are not in
//! it: they are what the next run is for. When all have answered, the file is
//! removed, so that it being there means that something is left to ask.
//!
//! A line is written in one piece at the end of the file. Where the machine
//! stopped in the middle of one, it is taken away.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use smbwho::user_file;

/// The largest file that is read, in bytes: a million servers have room.
const MAX_FILE: u64 = 128 << 20;

/// What the first line says it is.
const FORMAT: &str = "smbwho-resume/1";

/// A file that is open, and the servers that are in it.
#[derive(Debug)]
pub(crate) struct Resume {
    path: PathBuf,
    file: File,
    done: HashSet<String>,
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    schema: String,
    question: String,
}

/// Every other line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    answered: String,
}

impl Resume {
    /// Opens the file, or begins it.
    ///
    /// # Errors
    ///
    /// A message when it holds another question, is no such file, is in use,
    /// or cannot be read and written.
    pub(crate) fn open(path: &Path, question: &str) -> Result<Self, String> {
        let wrong = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let mut file = user_file::open(path, &options).map_err(|error| wrong(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(wrong(&"another run is using it")),
            // Some file systems have no locks.
            Err(TryLockError::Error(error)) => tracing::debug!(%error, "not locked"),
        }
        let mut bytes = Vec::new();
        (&mut file)
            .take(MAX_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| wrong(&error))?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(wrong(
                &"it is far too large to have been written by --resume",
            ));
        }
        let read = read(&bytes, question).map_err(|why| wrong(&why))?;
        if read.whole < bytes.len() {
            file.set_len(read.whole as u64)
                .map_err(|error| wrong(&error))?;
        }
        let mut resume = Self {
            path: path.to_owned(),
            file,
            done: read.done,
        };
        if read.whole == 0 {
            let head = Head {
                schema: FORMAT.to_owned(),
                question: question.to_owned(),
            };
            resume.append(&head).map_err(|error| wrong(&error))?;
        }
        Ok(resume)
    }

    /// Whether the server has answered in an earlier run.
    pub(crate) fn has(&self, server: &str) -> bool {
        self.done.contains(&server.to_lowercase())
    }

    /// Writes down that the server has answered in full.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(crate) fn answered(&mut self, server: &str) -> io::Result<()> {
        self.append(&Answered {
            answered: server.to_lowercase(),
        })
    }

    /// Everything is answered: the file goes. A link to it stays, and what has
    /// taken its place meanwhile.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    pub(crate) fn complete(self) -> io::Result<()> {
        let path = fs::canonicalize(&self.path)?;
        let there = fs::symlink_metadata(&path)?;
        if !user_file::is_same_file(&there, &self.file.metadata()?) {
            let message = "another file has taken its place, and is left alone";
            return Err(io::Error::other(message));
        }
        fs::remove_file(path)
    }

    /// The file, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        self.file.write_all(text.as_bytes())
    }
}

/// What stands in a file.
#[derive(Debug, PartialEq, Eq)]
struct Contents {
    done: HashSet<String>,
    /// Bytes of the lines that are whole.
    whole: usize,
}

/// Bytes of the lines that are whole, if the file is one of ours.
pub(crate) fn whole_lines(bytes: &[u8], question: &str) -> Option<usize> {
    read(bytes, question).ok().map(|contents| contents.whole)
}

fn read(bytes: &[u8], question: &str) -> Result<Contents, String> {
    const NOT_OURS: &str = "it was not written by --resume, so it is left alone; name another file";
    let whole = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1);
    let mut contents = Contents {
        done: HashSet::new(),
        whole,
    };
    let mut lines = bytes[..whole].split_inclusive(|&byte| byte == b'\n');
    let Some(first) = lines.next() else {
        // A first line that was cut begins as ours do.
        let ours = format!("{{\"schema\":\"{FORMAT}\"");
        let length = bytes.len().min(ours.len());
        let cut = bytes[..length] == ours.as_bytes()[..length];
        return if cut {
            Ok(contents)
        } else {
            Err(NOT_OURS.to_owned())
        };
    };
    let head: Head = serde_json::from_slice(first).map_err(|_| NOT_OURS.to_owned())?;
    if head.schema != FORMAT {
        return Err(NOT_OURS.to_owned());
    }
    if head.question != question {
        return Err(format!(
            "it belongs to another question: '{}', and this one is '{question}'; name another \
             file, or remove it to begin anew",
            head.question
        ));
    }
    for (index, line) in lines.enumerate() {
        let answered: Answered = serde_json::from_slice(line).map_err(|_| {
            format!(
                "line {} is damaged; remove the file to begin anew",
                index + 2
            )
        })?;
        contents.done.insert(answered.answered);
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "{\"schema\":\"smbwho-resume/1\",\"question\":\"sessions\"}\n";

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn message(text: &[u8]) -> String {
        let folder = folder();
        let path = folder.path().join("state");
        fs::write(&path, text).expect("written");
        let message = Resume::open(&path, "sessions").unwrap_err();
        assert_eq!(fs::read(&path).expect("there"), text, "it is left alone");
        message
    }

    #[test]
    fn servers_that_have_answered_are_known_again() {
        let folder = folder();
        let path = folder.path().join("state");
        let mut resume = Resume::open(&path, "sessions").expect("begun");
        assert!(!resume.has("fs1"));
        resume.answered("FS1").expect("written");
        resume.answered("[::1]:4450").expect("written");
        let busy = Resume::open(&path, "sessions").unwrap_err();
        assert!(busy.ends_with("another run is using it"), "{busy}");
        drop(resume);
        let resume = Resume::open(&path, "sessions").expect("ours");
        assert!(resume.has("fs1") && resume.has("[::1]:4450") && !resume.has("fs2"));
        resume.complete().expect("removed");
        assert!(!path.exists());
    }

    #[test]
    fn a_line_that_was_cut_is_taken_away() {
        let folder = folder();
        let path = folder.path().join("state");
        for cut in ["{\"answered\":\"fs2\"}", "{\"answ", "\u{0}\u{0}\u{0}"] {
            fs::write(&path, format!("{HEAD}{{\"answered\":\"fs1\"}}\n{cut}")).expect("written");
            let mut resume = Resume::open(&path, "sessions").expect("ours");
            assert!(resume.has("fs1") && !resume.has("fs2"), "{cut}");
            resume.answered("fs3").expect("written");
            drop(resume);
            let text = fs::read_to_string(&path).expect("there");
            assert_eq!(
                text,
                format!("{HEAD}{{\"answered\":\"fs1\"}}\n{{\"answered\":\"fs3\"}}\n")
            );
        }
        // Cut in its first line, there was nothing yet.
        for length in [0, 1, 20, HEAD.len() - 1] {
            fs::write(&path, &HEAD[..length]).expect("written");
            drop(Resume::open(&path, "sessions").expect("begun"));
            assert_eq!(fs::read_to_string(&path).expect("there"), HEAD, "{length}");
        }
    }

    #[test]
    fn another_question_is_refused() {
        let folder = folder();
        let path = folder.path().join("state");
        drop(Resume::open(&path, "sessions --user alice").expect("begun"));
        let message = Resume::open(&path, "sessions").unwrap_err();
        assert!(
            message
                .contains("another question: 'sessions --user alice', and this one is 'sessions'"),
            "{message}"
        );
    }

    #[test]
    fn a_file_that_is_not_ours_is_left_alone() {
        for text in [
            &b"fs1\nfs2\n"[..],
            b"precious",
            b"{\"schema\":\"smbwho/1\",\"question\":\"sessions\"}\n",
            b"{\"schema\":\"smbwho-resume/1\"}\n",
            b"\xff\xfe\x00\n",
            b"[[[[[[[[[[[[[[[[[[[[\n",
        ] {
            assert!(message(text).contains("not written by --resume"));
        }
        let damaged = format!("{HEAD}{{\"answered\":7}}\n{{\"answered\":\"fs1\"}}\n");
        assert!(message(damaged.as_bytes()).contains("line 2 is damaged"));
    }

    #[test]
    fn a_folder_is_no_file() {
        assert!(Resume::open(folder().path(), "sessions").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_file_itself_is_removed() {
        let folder = folder();
        let path = folder.path().join("state");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        let resume = Resume::open(&link, "sessions").expect("begun");
        resume.complete().expect("removed");
        assert!(!path.exists() && link.is_symlink());

        let resume = Resume::open(&path, "sessions").expect("begun");
        fs::rename(&path, folder.path().join("moved")).expect("moved");
        fs::write(&path, "precious").expect("written");
        assert!(resume.complete().is_err());
        assert_eq!(fs::read_to_string(&path).expect("there"), "precious");

        let device = Resume::open(Path::new("/dev/null"), "sessions").unwrap_err();
        assert_eq!(device, "/dev/null: it is a device, not a file");
    }
}
