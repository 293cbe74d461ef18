# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# bochs.sh - starts Bochs headless, reads its log after a failure. The machines vtx, vtx27 and novtx are this with other settings:
#   BOCHS_TREE    where Bochs is unpacked
#   BOCHS_MODEL   the processor's name in Bochs

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
cpu: model=$BOCHS_MODEL, count=$CORES, ips=20000000, reset_on_triple_fault=0
ata0-master: type=cdrom, path=$RUN/boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$CONSOLE
com2: enabled=1, mode=${PORT_MODE:-file}, dev=$OUTPUT
RC
    # Debian's Bochs starts in its own debugger; "c" lets the machine go.
    echo c >"$RUN/debugger-commands"
}

bochs_start() {
    cd_make "$RUN/boot.iso" "$KERNEL_IMAGE" "$KERNEL_LINE" "${INITRDS[@]}"
    bochs_write_config
    export BXSHARE=$BOCHS_TREE/usr/share/bochs
    export LTDL_LIBRARY_PATH=$BOCHS_TREE/usr/lib/x86_64-linux-gnu/bochs/plugins
    start "$BOCHS_TREE/usr/lib64/ld-linux-x86-64.so.2" --library-path "$BOCHS_TREE/usr/lib/x86_64-linux-gnu" \
        "$BOCHS_TREE/usr/bin/bochs-bin" -q -f "$RUN/bochsrc" -rc "$RUN/debugger-commands"
}

# bochs_autopsy: the registers of every core. A core that Bochs gave up on (triple fault) is in its log; one that runs or
# spins is stopped by way of the debugger and asked.
bochs_autopsy() {
    if alive; then
        printf -- '--- the cores, stopped where they were\n'
        kill -INT "$MACHINE_PID"
        printf 'info cpu\nq\n' >&5
        for _ in {1..50}; do
            alive || break
            sleep 0.1
        done
        cat "$LOGS/machine.log"
    else
        printf -- '--- Bochs said (%s)\n' "$LOGS/bochs.log"
        tail -n 80 "$LOGS/bochs.log"
    fi
}
