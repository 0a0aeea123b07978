#!/bin/sh
# Installs a .deb of ours into a throwaway root, looks at it, and removes it:
# scripts/test-deb.sh [FILE]
set -eu
cd "$(dirname "$0")/.."
deb=${1:-$(ls dist/smbwho_*.deb)}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT TERM

mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/triggers"
: >"$root/var/lib/dpkg/status"
# What it depends on is outside of this root.
there() {
    dpkg --root="$root" --log=/dev/null --force-depends --force-not-root "$@"
}
there --install "$deb" >"$root/said" 2>&1 || { cat "$root/said"; exit 1; }

for file in bin/smbwho share/man/man1/smbwho.1.gz share/bash-completion/completions/smbwho \
    share/zsh/vendor-completions/_smbwho share/fish/vendor_completions.d/smbwho.fish \
    share/doc/smbwho/copyright share/doc/smbwho/changelog.gz share/doc/smbwho/changelog.Debian.gz; do
    [ -s "$root/usr/$file" ] || { echo "$deb lacks /usr/$file" >&2; exit 1; }
done
(cd "$root" && md5sum --quiet -c var/lib/dpkg/info/smbwho.md5sums)
"$root/usr/bin/smbwho" --version
gzip -dc "$root/usr/share/man/man1/smbwho.1.gz" | grep -q '^\.TH smbwho 1' ||
    { echo "the manual page is none" >&2; exit 1; }
bash -n "$root/usr/share/bash-completion/completions/smbwho"

there --purge smbwho >"$root/said" 2>&1 || { cat "$root/said"; exit 1; }
left=$(cd "$root" && find . -path ./var -prune -o ! -type d ! -name said -print)
[ -z "$left" ] || { echo "left behind: $left" >&2; exit 1; }
echo "$deb installs, runs and goes."
