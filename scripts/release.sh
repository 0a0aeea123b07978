#!/bin/sh
# Makes what is handed out, into dist/: the program for Linux x86-64 as an
# archive and as a .deb, each with manual page and shell completions, and the
# Windows program when what builds it is installed.
#
# scripts/release.sh [--here] [--linux]
#   --here   builds with this system's own libraries: quicker, but the program
#            then runs on systems as new as this one only
#   --linux  leaves the Windows program out
#
# Otherwise the program runs on every Linux with glibc 2.17 (2012) or later:
# the linker of zig (Python packages ziglang and cargo-zigbuild, see
# scripts/release-requirements.txt) has the symbols of old versions.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh

oldest_glibc=2.17
triple=x86_64-unknown-linux-gnu
here=
windows=1
for option; do
    case $option in
    --here) here=1 ;;
    --linux) windows= ;;
    *)
        sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
    esac
done

need_cargo
need_packages binutils dpkg gzip tar
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
target=${CARGO_TARGET_DIR:-target}
# The same commit gives the same archives.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH

if [ -n "$here" ]; then
    cargo build --release --locked --quiet --package smbwho-cli
    program=$target/release/smbwho
else
    venv=$PWD/target/release-venv
    if ! cmp -s scripts/release-requirements.txt "$venv/requirements.txt"; then
        need_packages python3-venv
        rm -rf "$venv"
        mkdir -p target
        python3 -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
            --requirement scripts/release-requirements.txt
        cp scripts/release-requirements.txt "$venv/requirements.txt"
    fi
    PATH=$venv/bin:$PATH cargo zigbuild --release --locked --quiet \
        --target "$triple.$oldest_glibc" --package smbwho-cli
    program=$target/$triple/release/smbwho
fi

# needs PROGRAM: the newest glibc it asks for.
needs() {
    objdump -T "$1" | sed -n 's/.*GLIBC_\([0-9.]*\).*/\1/p' | sort -uV | tail -n 1
}

glibc=$(needs "$program")
if [ -z "$here" ] && [ "$(printf '%s\n' "$glibc" "$oldest_glibc" | sort -V | tail -n 1)" != "$oldest_glibc" ]; then
    echo "$program needs glibc $glibc" >&2
    exit 1
fi
# Nothing but the C library and what belongs to it: no OpenSSL above all.
others=$(objdump -p "$program" | awk '$1 == "NEEDED" { print $2 }' |
    grep -Ev '^(lib(c|m|dl|rt|pthread|gcc_s|util)\.so\.[0-9]+|ld-linux.*)$' || true)
if [ -n "$others" ]; then
    echo "$program needs" $others >&2
    exit 1
fi

rm -rf dist
mkdir -p dist
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The archive.
name=smbwho-$version-x86_64-linux
folder=$work/$name
mkdir -p "$folder/completions"
install -m 755 "$program" "$folder/smbwho"
"$program" man >"$folder/smbwho.1"
"$program" completions bash >"$folder/completions/smbwho.bash"
"$program" completions zsh >"$folder/completions/_smbwho"
"$program" completions fish >"$folder/completions/smbwho.fish"
install -m 644 README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$folder"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner \
    --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" | gzip -9n >"dist/$name.tar.gz"

# The Debian package.
root=$work/deb
doc=$root/usr/share/doc/smbwho
install -D -m 755 "$program" "$root/usr/bin/smbwho"
# put FROM TO: a file for everybody to read.
put() {
    install -D -m 644 "$1" "$root/usr/share/$2"
}
put "$folder/smbwho.1" man/man1/smbwho.1
put "$folder/completions/smbwho.bash" bash-completion/completions/smbwho
put "$folder/completions/_smbwho" zsh/vendor-completions/_smbwho
put "$folder/completions/smbwho.fish" fish/vendor_completions.d/smbwho.fish
put CHANGELOG.md doc/smbwho/changelog
put README.md doc/smbwho/README.md
maintainer="The smbwho developers <smbwho@packages.invalid>"
cat >"$doc/copyright" <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: smbwho

Files: *
Copyright: the smbwho developers
License: Expat or Apache-2.0

License: Expat
$(sed 's/^$/./; s/^/ /' LICENSE-MIT)

License: Apache-2.0
 On Debian systems the full text is in /usr/share/common-licenses/Apache-2.0.
END
cat >"$doc/changelog.Debian" <<END
smbwho ($version-1) unstable; urgency=medium

  * Built from the sources of version $version; what changed is in
    changelog.gz.

 -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
gzip -9n "$root/usr/share/man/man1/smbwho.1" "$doc/changelog" "$doc/changelog.Debian"
mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<END
Package: smbwho
Version: $version-1
Architecture: amd64
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: libc6 (>= $glibc)$(objdump -p "$program" | grep -q 'libgcc_s' && echo ', libgcc-s1')
Suggests: samba
Section: net
Priority: optional
Description: who is connected to a Windows or Samba file server
 Asks file servers over SMB2/3 who is connected, which files are open, what
 is shared and who is in which group, and ends sessions and open files after
 asking. As root beside a Samba it needs no password to ask that.
END
(cd "$root" && find usr -type f -exec md5sum {} + | sort -k2) >"$root/DEBIAN/md5sums"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$root" "dist/smbwho_$version-1_amd64.deb" >/dev/null

# The Windows program, where Debian's compilers for it are.
if [ -z "$windows" ]; then
    :
elif command -v x86_64-w64-mingw32-gcc >/dev/null 2>&1 && [ -x /usr/bin/cargo ]; then
    name=smbwho-$version-x86_64-windows
    folder=$work/$name
    mkdir -p "$folder"
    exe=$(scripts/windows.sh release | tail -n 1)
    install -m 644 "$exe" README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$folder"
    "$program" completions powershell >"$folder/smbwho.ps1"
    (cd "$work" && python3 -m zipfile -c "$name.zip" "$name")
    mv "$work/$name.zip" dist/
else
    echo "Left out: the Windows program (scripts/windows.sh release says what it takes)." >&2
fi

(cd dist && sha256sum -- * >SHA256SUMS)
echo "In dist/, for glibc $glibc and later:"
ls -l dist
