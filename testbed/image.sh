# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# image.sh - what the guest boots from: the base (busybox, modules, terminal descriptions; made once for each kernel),
# the files of one run, and a CD image that GRUB starts both from.

# Modules that `modprobe` finds in the guest, with what they depend on.
GUEST_MODULES=(msr cpuid kvm kvm_intel kvm_amd brd)

BUSYBOX=$CACHE/tools/usr/bin/busybox

# in_tree TREE PROGRAM ARGS...: runs a program of another Debian release with its own libraries.
in_tree() {
    local tree=$1 program=$2
    shift 2
    "$tree/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "$tree/usr/lib/x86_64-linux-gnu" "$tree/usr/bin/$program" "$@"
}

# pack DIR FILE: an initramfs, uncompressed: the guest's processor is slow, its disk is not.
pack() {
    (cd "$1" && find . -mindepth 1 | LC_ALL=C sort | "$BUSYBOX" cpio -o -H newc -R 0:0 2>/dev/null) >"$2"
}

# module_copy MODULES-DIR NAME TO: the module and what it depends on, uncompressed, in folders as under MODULES-DIR.
module_copy() {
    local dir=$1 to=$3 file copy more
    file=$(cd "$dir" && find kernel -name "${2//_/[_-]}.ko*" | head -n 1)
    copy=$to/${file%.xz}
    [ -n "$file" ] && [ ! -e "$copy" ] || return 0 # built in, or there
    mkdir -p "$(dirname "$copy")"
    case $file in
    *.xz) "$BUSYBOX" unxz -c "$dir/$file" >"$copy" ;;
    *) cp "$dir/$file" "$copy" ;;
    esac
    "$BUSYBOX" strings "$copy" | sed -n 's/^depends=//p' | tr ',' '\n' | while read -r more; do
        [ -z "$more" ] || module_copy "$dir" "$more" "$to"
    done
}

# base_fill SERIES DIR: the content of the base.
base_fill() {
    local dir=$2 release modules name entry file
    release=$("$TESTBED/kernel" --release "$1")
    modules=$("$TESTBED/kernel" --modules "$1")
    mkdir -p "$dir"/{bin,dev,etc,root} "$dir/lib/modules/$release"
    cp "$BUSYBOX" "$dir/bin/busybox"
    cp "$TESTBED/guest/init" "$dir/init"
    cp -R "$TESTBED/guest/etc/." "$dir/etc/"
    for name in "${GUEST_MODULES[@]}"; do module_copy "$modules" "$name" "$dir/lib/modules/$release"; done
    cp "$modules"/modules.{order,builtin*} "$dir/lib/modules/$release/"
    "$BUSYBOX" depmod -b "$dir" "$release"
    for entry in l/linux v/vt100 x/xterm x/xterm-256color; do
        # /lib until Debian 12, /usr/share since
        for file in {/usr/share,/lib}/terminfo/"$entry"; do
            [ ! -e "$file" ] || install -D -m 644 "$file" "$dir/lib/terminfo/$entry"
        done
    done
}

base_pack() {
    local root=$2/root
    mkdir "$root"
    base_fill "$1" "$root"
    pack "$root" "$2/initrd"
    rm -rf "$root"
}

# base_make SERIES: prints the path of the base, made when its sources changed.
base_make() {
    local key
    key=$(cat "$CACHE/kernels/$1/release" "$TESTBED/image.sh" "$TESTBED"/guest/init "$TESTBED"/guest/etc/* | sha256sum)
    in_cache "base/$1-${key:0:16}" base_pack "$1"
    printf '%s\n' "$CACHE/base/$1-${key:0:16}/initrd"
}

# add_libraries FILE DIR: a dynamically linked program brings its libraries along.
add_libraries() {
    local library
    { ldd "$1" 2>/dev/null || true; } | sed -n 's/^.*=> \(\/[^ ]*\) .*$/\1/p; s/^\t\(\/[^ ]*\) .*$/\1/p' |
        while read -r library; do
            [ -e "$2$library" ] || install -D -m 755 "$library" "$2$library"
        done
}

# add_file HOSTFILE[:GUESTPATH] DIR: a file or folder of the host; without GUESTPATH it lands in /root.
add_file() {
    local from=${1%%:*} to=/root/ dir=$2 file
    case $1 in *:*) to=${1#*:} ;; esac
    case $to in */) to=$to$(basename "$from") ;; esac
    [ -e "$from" ] || die "--add: no such file: $from"
    mkdir -p "$dir$(dirname "$to")"
    cp -RL --preserve=mode "$from" "$dir$to"
    find "$from" -type f -perm -100 | while read -r file; do
        add_libraries "$file" "$dir"
    done
}

# grub_image: prints the path of GRUB as a bootable CD's first sectors, made once.
grub_fill() {
    in_tree "$CACHE/tools" grub-mkimage -d "$CACHE/tools/usr/lib/grub/i386-pc" -O i386-pc-eltorito -p /boot/grub \
        -o "$1/eltorito.img" biosdisk iso9660 normal linux serial terminal
}

# cd_make FILE KERNEL-IMAGE KERNEL-LINE INITRD...: the CD image that a BIOS boots.
cd_make() {
    local file=$1 dir=$1.d image=$2 line=$3 initrd names=()
    shift 3
    in_cache grub grub_fill
    mkdir -p "$dir/boot/grub"
    cp "$CACHE/grub/eltorito.img" "$dir/boot/"
    cp "$image" "$dir/boot/vmlinuz"
    for initrd; do
        names+=("/boot/initrd${#names[@]}")
        cp "$initrd" "$dir${names[-1]}"
    done
    cat >"$dir/boot/grub/grub.cfg" <<CFG
serial --unit=0 --speed=115200
terminal_output serial
linux /boot/vmlinuz $line
initrd ${names[*]}
boot
CFG
    in_tree "$CACHE/tools" xorriso -as mkisofs -quiet -R -b boot/eltorito.img -no-emul-boot -boot-load-size 4 \
        -boot-info-table -o "$file" "$dir" >"$RUN/xorriso.log" 2>&1 ||
        die "xorriso: $(<"$RUN/xorriso.log")"
    rm -rf "$dir"
}
