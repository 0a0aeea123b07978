#!/bin/sh
# Draws docs/browse.svg from the running program: starts a throwaway server whose
# people come and go, shows the grid in tmux, and turns its screen into a
# picture.
set -eu
cd "$(dirname "$0")/.."

[ -n "${SMBWHO_BUILT:-}" ] || cargo build --quiet --package smbwho-cli --package smbwho-testkit
target=${CARGO_TARGET_DIR:-target}/debug
lab=$target/smbwho-lab
folder=$(mktemp -d)
socket=$folder/socket
labs=

end() {
    tmux -S "$socket" kill-server 2>/dev/null || true
    for id in $labs; do
        "$lab" down "$id" || true
    done
    rm -rf "$folder"
}
trap end EXIT
trap 'exit 130' INT TERM

up() {
    variables=$("$lab" up "$@" --shell)
    eval "$variables"
    labs="$labs $SMBWHO_LAB_ID"
}

keys() {
    tmux -S "$socket" send-keys "$@"
    sleep 1
}

up endpoint --sessions 40 --restless
columns=80 lines=24
tmux -u -S "$socket" -f /dev/null new-session -d -x $columns -y $lines \
    "SMBWHO_PASSWORD='$SMBWHO_LAB_PASSWORD' exec '$target/smbwho' browse '$SMBWHO_LAB_SERVER' \
        -U '$SMBWHO_LAB_USER' --interval 1s"
# Until it has answered.
until tmux -S "$socket" capture-pane -p | grep -q 'live'; do
    sleep 0.2
done
# Until some have come and gone.
sleep 9
keys Down Down Space Space Down Down
tmux -S "$socket" capture-pane -e -p | scripts/ansi_to_svg.py $columns $lines >docs/browse.svg
echo "docs/browse.svg is drawn anew." >&2
