//! Files that a user names: opened without ever waiting for somebody at the
//! other end, known for what they are before anything is read, and read no
//! further than a limit.
//!
//! A path may stand for a device that never ends, a FIFO that nobody writes
//! to, a socket or a folder. What it is, is asked of the opened handle, so
//! that nothing can take its place in between.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::decode::decode;

/// Reads a file of at most `limit` bytes.
///
/// Besides regular files this reads pipes that this process was given when it
/// was started (`/dev/stdin`, `<(…)` of a shell), which end when their writers
/// do. The buffer is wiped when it is dropped.
///
/// # Errors
///
/// Those of opening and reading; what it is where it is no file; when it is
/// longer than `limit`.
pub fn read(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    read_opened(open_for_reading(path)?, limit)
}

/// As [`read`], and takes the null device for an empty file: the common way to
/// say that there is no configuration.
///
/// # Errors
///
/// As [`read`].
pub fn read_or_null(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    if is_null_device(path) {
        return Ok(Zeroizing::default());
    }
    read(path, limit)
}

/// As [`read`], as text.
///
/// # Errors
///
/// As [`read`]; when it is neither UTF-8 nor UTF-16.
pub fn read_text(path: &Path, limit: u64) -> io::Result<Zeroizing<String>> {
    text(read(path, limit)?)
}

/// Bytes of [`read`] as text: UTF-8, or UTF-16 as the tools of Windows write it.
///
/// # Errors
///
/// When they are neither.
pub fn text(bytes: Zeroizing<Vec<u8>>) -> io::Result<Zeroizing<String>> {
    decode(&bytes)
}

/// Opens a regular file by these options, and nothing else: no device, FIFO,
/// socket or folder, and without waiting for one.
///
/// # Errors
///
/// Those of opening; what it is where it is no regular file.
pub fn open(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let (file, metadata) = open_any(path, options)?;
    if metadata.is_file() {
        return Ok(file);
    }
    Err(not_a_file(metadata.file_type()))
}

/// Whether two handles or paths lead to one and the same file. Where the system
/// does not say so, they are not.
#[must_use]
pub fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }
    #[cfg(not(unix))]
    {
        one.is_file() && other.is_file() && one.created().ok() == other.created().ok()
    }
}

fn open_for_reading(path: &Path) -> io::Result<File> {
    let (file, metadata) = open_any(path, OpenOptions::new().read(true))?;
    if metadata.is_file() {
        return Ok(file);
    }
    if is_pipe(metadata.file_type()) && is_inherited(path) {
        waits(&file)?;
        return Ok(file);
    }
    Err(not_a_file(metadata.file_type()))
}

fn read_opened(file: File, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    // Of its full size at once: what grows leaves copies behind.
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let room = usize::try_from(length.min(limit)).unwrap_or(0);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + 32));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let unit = match limit {
            0..0x10_0000 => format!("{} KiB", limit >> 10),
            _ => format!("{} MiB", limit >> 20),
        };
        let message = format!("it is longer than {unit}, and is not read");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// Opens whatever is there, and says what it is.
fn open_any(path: &Path, options: &OpenOptions) -> io::Result<(File, Metadata)> {
    // To open a device may already do something to it.
    if let Ok(metadata) = std::fs::metadata(path) {
        let kind = metadata.file_type();
        if !kind.is_file() && !is_pipe(kind) {
            return Err(not_a_file(kind));
        }
    }
    let mut options = options.clone();
    never_waits(&mut options);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

fn not_a_file(kind: FileType) -> io::Error {
    let message = format!("it is {}, not a file", name_of(kind));
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(unix)]
fn name_of(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match kind {
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_char_device() || kind.is_block_device() => "a device",
        _ => "something else",
    }
}

#[cfg(not(unix))]
fn name_of(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else {
        "something else"
    }
}

#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_pipe(_kind: FileType) -> bool {
    false
}

/// Whether the path names something this process has open already.
fn is_inherited(path: &Path) -> bool {
    let names = ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd"];
    path == Path::new("/dev/stdin")
        || path
            .parent()
            .is_some_and(|p| names.iter().any(|n| p == Path::new(n)))
}

#[cfg(unix)]
fn never_waits(options: &mut OpenOptions) {
    use rustix::fs::OFlags;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if let Ok(flags) = i32::try_from(flags.bits()) {
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags);
    }
}

#[cfg(not(unix))]
fn never_waits(_options: &mut OpenOptions) {}

/// A pipe whose writer takes its time is waited for.
#[cfg(unix)]
fn waits(file: &File) -> io::Result<()> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    let flags = fcntl_getfl(file)? - OFlags::NONBLOCK;
    Ok(fcntl_setfl(file, flags)?)
}

#[cfg(not(unix))]
fn waits(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Whether this is the device that takes everything and holds nothing.
fn is_null_device(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
        let null = std::fs::metadata("/dev/null");
        match (std::fs::metadata(path), null) {
            (Ok(this), Ok(null)) => this.file_type().is_char_device() && this.rdev() == null.rdev(),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        path.as_os_str().eq_ignore_ascii_case("nul")
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::net::UnixListener;

    use super::*;

    const LIMIT: u64 = 4096;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    /// Why it is not read.
    fn why(path: &Path) -> String {
        let error = read(path, LIMIT).expect_err("refused");
        // And neither opened for anything else.
        for options in [
            OpenOptions::new().read(true),
            OpenOptions::new().read(true).append(true).create(true),
        ] {
            assert!(open(path, options).is_err(), "{}", path.display());
        }
        error.to_string()
    }

    #[test]
    fn what_is_no_file_is_refused_at_once_and_left_alone() {
        let folder = folder();
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.expect("mkfifo runs").success());
        let socket = folder.path().join("socket");
        let _listener = UnixListener::bind(&socket).expect("a socket");
        for (path, kind) in [
            (fifo.as_path(), "a named pipe"),
            (&socket, "a socket"),
            (folder.path(), "a folder"),
            (Path::new("/dev/zero"), "a device"),
            (Path::new("/dev/null"), "a device"),
        ] {
            assert_eq!(why(path), format!("it is {kind}, not a file"));
            assert!(path.exists());
        }
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/zero", &link).expect("a link");
        assert_eq!(why(&link), "it is a device, not a file");
        let missing = read(&folder.path().join("missing"), LIMIT);
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_file_is_read_to_its_limit() {
        let folder = folder();
        let path = folder.path().join("file");
        fs::write(&path, vec![b'x'; 4096]).expect("written");
        assert_eq!(read(&path, LIMIT).expect("read").len(), 4096);
        fs::write(&path, vec![b'x'; 4097]).expect("written");
        assert_eq!(
            read(&path, LIMIT).unwrap_err().to_string(),
            "it is longer than 4 KiB, and is not read"
        );
        fs::write(&path, b"\xff").expect("written");
        assert!(read_text(&path, LIMIT).is_err());
    }

    #[test]
    fn a_pipe_that_this_process_was_given_is_read_to_its_end() {
        use std::io::Write as _;
        let (reader, mut writer) = io::pipe().expect("a pipe");
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        let slow = std::thread::spawn(move || {
            for part in ["first ", "second"] {
                std::thread::sleep(std::time::Duration::from_millis(20));
                writer.write_all(part.as_bytes()).expect("written");
            }
        });
        let text = read_text(Path::new(&path), LIMIT).expect("read");
        assert_eq!(text.as_str(), "first second");
        slow.join().expect("it ends");

        let (reader, mut writer) = io::pipe().expect("a pipe");
        let path = format!("/proc/self/fd/{}", reader.as_raw_fd());
        let endless = std::thread::spawn(move || while writer.write_all(&[b'x'; 1024]).is_ok() {});
        assert!(read(Path::new(&path), LIMIT).is_err());
        drop(reader);
        endless.join().expect("it ends");
    }

    #[test]
    fn no_configuration_may_be_the_null_device() {
        assert!(
            read_or_null(Path::new("/dev/null"), LIMIT)
                .expect("read")
                .is_empty()
        );
        assert!(read_or_null(Path::new("/dev/zero"), LIMIT).is_err());
    }
}
