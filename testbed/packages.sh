# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# packages.sh - Debian packages of any suite, downloaded and unpacked without touching the system: a private apt
# configuration with its own lists, on the mirror that the system itself uses.

# debian_mirrors: prints the base addresses (archive, security) that the system's own sources name.
debian_mirrors() {
    # shellcheck disable=SC2016 # the names in the format are apt's
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | sort -u
}

# private_sources SUITE...: sources lines for the suites; *-security ones come from the security archive.
private_sources() {
    local mirrors suite base keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    mirrors=$(debian_mirrors)
    for suite; do
        case $suite in
        *-security) base=$(grep -E -- '-security/?$' <<<"$mirrors" | head -n 1) || continue ;;
        *) base=$(grep -vE -- '-security/?$' <<<"$mirrors" | head -n 1) ||
               die "the system's apt sources name no Debian mirror (has apt-get update been run?)" ;;
        esac
        printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$base" "$suite"
    done
}

# private_apt_open DIR SUITE...: from here on private_apt works on these suites; its state is in DIR.
private_apt_open() {
    local dir=$1
    shift
    mkdir -p "$dir"/{state/lists/partial,cache/archives/partial,log}
    : >"$dir/status"
    private_sources "$@" >"$dir/sources.list"
    PRIVATE_APT=(-o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
        -o Dir::State="$dir/state" -o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" -o Dir::Log="$dir/log"
        -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1
        -o APT::Install-Recommends=0 -o APT::Architecture=amd64 -o APT::Architectures=amd64)
    say "reading package lists: $*"
    # A suite that the mirror does not have is no harm as long as the package is found in another one.
    apt-get "${PRIVATE_APT[@]}" -qq update 2>"$dir/update.log" || say "apt: $(tail -n 1 "$dir/update.log")"
}

# unpack DEB... INTO: unpacks without documentation and translations.
unpack() {
    local into=${*: -1} deb
    for deb in "${@:1:$#-1}"; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$into" --no-same-owner --keep-directory-symlink --exclude=./usr/share/doc \
            --exclude=./usr/share/man --exclude=./usr/share/locale --exclude=./usr/share/info
    done
}
