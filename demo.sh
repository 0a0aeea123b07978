#!/bin/sh
# Shows smbwho at work: installs what is missing, builds, starts a throwaway
# Samba with alice, bob and carol connected, asks it who is there, and leaves
# nothing behind.
#
# ./demo.sh [-y]   -y installs without asking.
set -eu
cd "$(dirname "$0")"
. scripts/packages.sh

assume_yes=
case ${1-} in
'') ;;
-y) assume_yes=-y ;;
*)
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac

step() {
    printf '\n== %s\n' "$*"
}

# Shows a command as one would type it, and runs it.
show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

need_cargo
# shellcheck disable=SC2086 # lists of words
need_packages $assume_yes $packages_demo

step "Building"
# One after the other: together the program would be built with what only the lab
# asks of its dependencies, and once more for scripts/release.sh.
cargo build --release --quiet --package smbwho-cli
cargo build --release --quiet --package smbwho-testkit
target=${CARGO_TARGET_DIR:-target}
lab=$target/release/smbwho-lab
PATH=$target/release:$PATH

step "Starting a Samba server; alice, bob and carol connect with smbclient"
variables=$("$lab" up standalone --shell)
eval "$variables"
trap '"$lab" down "$SMBWHO_LAB_ID"' EXIT
trap 'exit 130' INT TERM
echo "$SMBWHO_LAB_ID at $SMBWHO_LAB_SERVER"

# The lab's administrator has a password that was made for this run.
export SMBWHO_PASSWORD="$SMBWHO_LAB_PASSWORD"

step "Who is connected?"
show smbwho "$SMBWHO_LAB_SERVER" -U root

step "One person, as JSON for a script"
show smbwho sessions "$SMBWHO_LAB_SERVER" -U root --user alice -o json

step "Several servers at once; one of them is not there"
show smbwho "$SMBWHO_LAB_SERVER" 127.0.0.1:1 -U root -o csv || echo "(exit code $?: some did not answer)"

step "Done"
