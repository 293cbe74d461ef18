# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# common.sh - what the testbed's commands share: where things are, how they speak, how packages come into the cache.

set -euo pipefail

TESTBED=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$TESTBED")
CACHE=${CACHE:-${HYPERDBG_CACHE:-$ROOT/.cache}}
mkdir -p "$CACHE"
CACHE=$(cd "$CACHE" && pwd)

# Progress goes to stderr: stdout belongs to the guest, or to the path that was asked for.
say() { printf 'testbed: %s\n' "$*" >&2; }
die() { say "$*"; exit 125; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "must be root, or sudo must be there, for: $*"
    fi
}

# is_installed NAME: or one of ONE/OTHER.
is_installed() {
    local name
    for name in ${1//\// }; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' && return
    done
    return 1
}

# available NAME: the one of ONE/OTHER that this release of Debian has.
available() {
    local name
    for name in ${1//\// }; do
        apt-cache show "$name" >/dev/null 2>&1 && break
    done
    echo "$name"
}

# need_packages NAME...: installs through apt what is missing, and says so. Silent when all is there.
need_packages() {
    local wanted=() missing=() name
    for name; do is_installed "$name" || wanted+=("$name"); done
    [ ${#wanted[@]} -gt 0 ] || return 0
    if ! compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null; then
        say "no package lists yet: apt-get update"
        as_root apt-get -qq update >&2
    fi
    for name in "${wanted[@]}"; do missing+=("$(available "$name")"); done
    say "installing Debian packages: ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null ||
        die "apt could not install: ${missing[*]}"
}

# in_cache NAME COMMAND...: makes $CACHE/NAME by running COMMAND with a fresh folder as its last argument, once: the
# folder takes its name only when COMMAND succeeded. Safe with several processes; nothing is done when it is there.
in_cache() {
    local name=$1 work lock
    shift
    [ ! -e "$CACHE/$name" ] || return 0
    mkdir -p "$(dirname "$CACHE/$name")"
    exec {lock}>"$CACHE/.lock-${name//\//-}"
    flock "$lock"
    if [ ! -e "$CACHE/$name" ]; then
        work=$(mktemp -d "$CACHE/.new-XXXXXX")
        chmod 755 "$work"
        if ! ("$@" "$work"); then
            rm -rf "$work"
            die "could not make $CACHE/$name"
        fi
        mv "$work" "$CACHE/$name"
    fi
    exec {lock}>&-
}
