# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=sh
#
# second.sh - a second kernel that goes on with a test: `. /root/tests/lib/second.sh` after tap.sh. The plan's BOOTS is 2, its
# FILES have the kernel's image as /root/vmlinuz.

# second_load load|crash TEST RESULTS PARAMETERS: makes the second kernel ready. What comes on standard input is shell text
# that it runs as the rest of TEST, which has given so many RESULTS by then; it has the tool with its modules, the tests' libraries, and this
# kernel's command line without the memory for a crash kernel, with PARAMETERS. No more: every byte of it is hashed, twice.
second_load() {
    mkdir -p /tmp/second/testbed /tmp/second/bin /tmp/second/lib /tmp/second/root
    (
        cd / || return 1
        cp -a init etc lib64 /tmp/second
        cp -a bin/busybox /tmp/second/bin
        cp -a root/tests root/hyperdbg root/hyperlog.ko root/hyperhv.ko root/hyperkd.ko /tmp/second/root
        cp -a lib/x86_64-linux-gnu /tmp/second/lib
    )
    {
        echo '. /root/tests/lib/tap.sh'
        echo '. /root/tests/lib/vmm.sh'
        echo "TAP_COUNT=$3"
        cat
    } >/tmp/second/root/rest || return 1
    printf 'sh /root/rest\nprintf "\\n@@ end %s %%d\\n" $?\n' "$2" >/tmp/second/testbed/run
    (cd /tmp/second && find . | cpio -o -H newc 2>/dev/null) >/tmp/second.initrd || return 1
    rm -rf /tmp/second
    /root/programs/kexec "$1" /root/vmlinuz /tmp/second.initrd \
        "$(sed 's/ *crashkernel=[^ ]*//; s/ *BOOT_IMAGE=[^ ]*//' /proc/cmdline) $4"
}
