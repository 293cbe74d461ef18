# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# bochs.sh - starts Bochs headless, reads its log after a failure. The machines vtx, vtx27 and novtx are this with other settings:
#   BOCHS_TREE    where Bochs is unpacked
#   BOCHS_MODEL   the processor's name in Bochs
#   BOCHS_WITHOUT features that the model has and the machine has not

# How many instructions of a core are a microsecond, for all devices and for the TSC, which counts one an instruction. The guest must be told:
# the model's CPUID says 3,500, from which the kernel takes the frequency of the local timers, too, which then go off 146 times too early, over
# and over until their time has come.
BOCHS_MHZ=100
machine_append="tsc_early_khz=${BOCHS_MHZ}000"

bochs_write_config() {
    local share=$BOCHS_TREE/usr/share
    cat >"$RUN/bochsrc" <<RC
display_library: rfb, options="timeout=0"
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
plugin_ctrl: speaker=0, e1000=0, es1370=0, sb16=0, voodoo=0
clock: sync=none
panic: action=fatal
log: $LOGS/bochs.log
megs: 1024
romimage: file=$share/bochs/BIOS-bochs-latest
vgaromimage: file=$share/bochs/VGABIOS-lgpl-latest
cpu: model=$BOCHS_MODEL, count=1:$CORES:1, ips=${BOCHS_MHZ}000000, reset_on_triple_fault=0${BOCHS_WITHOUT:+, exclude_features=\"$BOCHS_WITHOUT\"}
ata0-master: type=cdrom, path=$RUN/boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$CONSOLE
com2: enabled=1, mode=${PORT_MODE:-file}, dev=$OUTPUT
RC
    # Debian's Bochs starts in its own debugger; "c" lets the machine go.
    echo c >"$RUN/debugger-commands"
}

# Bochs 3.0 with several cores needs a mend (bochs-commit.c), made from its source once.
bochs_make_commit() { gcc -shared -fPIC -O2 -Wall -Wextra -o "$1/bochs-commit.so" "$TESTBED/bochs-commit.c" >&2; }

bochs_commit() {
    local made
    made=bochs-commit-$(sha256sum <"$TESTBED/bochs-commit.c" | cut -c 1-16)
    need_packages gcc libc6-dev
    in_cache "$made" bochs_make_commit
    PRELOAD=(--preload "$CACHE/$made/bochs-commit.so")
}

bochs_start() {
    local PRELOAD=()
    if [ "$CORES" -gt 1 ] && [ "$BOCHS_TREE" = "$CACHE/bochs-3.0" ]; then bochs_commit; fi
    cd_make "$RUN/boot.iso" "$KERNEL_IMAGE" "$KERNEL_LINE" "${INITRDS[@]}"
    bochs_write_config
    export BXSHARE=$BOCHS_TREE/usr/share/bochs
    export LTDL_LIBRARY_PATH=$BOCHS_TREE/usr/lib/x86_64-linux-gnu/bochs/plugins
    start "$BOCHS_TREE/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "$BOCHS_TREE/usr/lib/x86_64-linux-gnu" \
        "${PRELOAD[@]}" "$BOCHS_TREE/usr/bin/bochs-bin" -q -f "$RUN/bochsrc" -rc "$RUN/debugger-commands"
}

# bochs_cause: in a line, why Bochs stopped by itself.
bochs_cause() {
    local panic
    panic=$(sed -n 's/^[0-9]*p\[\(CPU[0-9]*\|[^]]*\)\] >>PANIC<< //p' "$LOGS/bochs.log" | head -n 1)
    case $panic in
    *"exception with no resolution"*) echo "triple fault: $panic" ;;
    *) echo "the machine stopped by itself: ${panic:-without a word}" ;;
    esac
}

# bochs_autopsy: the registers of every core, which Bochs writes to its log when it gives up (triple fault) or is interrupted.
bochs_autopsy() {
    if alive; then
        kill -INT "$MACHINE_PID"
        for _ in {1..50}; do
            alive || break
            sleep 0.1
        done
    fi
    printf -- '--- the cores where they stopped (%s)\n' "$LOGS/bochs.log"
    sed -n '/>>PANIC<</,$s/^[0-9]*.\[\(CPU[0-9]*\) *\] /\1 /p' "$LOGS/bochs.log"
}
