# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# qemu.sh - starts QEMU headless, asks it after a failure. A machine on it sets:
#   QEMU_CPU      words for -cpu
#   QEMU_ACCEL    words for -accel

QEMU_TREE=$CACHE/qemu

qemu_start() {
    local port=file
    [ "${PORT_MODE:-file}" = file ] || port=serial
    cat "${INITRDS[@]}" >"$RUN/initrds"
    # What resets a core is written down with its registers (cpu_reset); the monitor listens on standard input.
    start "$QEMU_TREE/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "$QEMU_TREE/usr/lib/x86_64-linux-gnu" \
        "$QEMU_TREE/usr/bin/qemu-system-x86_64" -L "$QEMU_TREE/usr/share/qemu" -L "$QEMU_TREE/usr/share/seabios" \
        -nodefaults -display none -accel "$QEMU_ACCEL" -cpu "$QEMU_CPU" -smp "$CORES" -m 1024 \
        -chardev file,id=console,path="$CONSOLE" -serial chardev:console \
        -chardev "$port,id=port,path=$OUTPUT" -serial chardev:port \
        -monitor stdio -d cpu_reset,guest_errors -D "$LOGS/qemu.log" \
        -kernel "$KERNEL_IMAGE" -initrd "$RUN/initrds" -append "$KERNEL_LINE"
}

qemu_cause() { echo "the machine stopped by itself: $(tail -n 1 "$LOGS/machine.log")"; }

# qemu_autopsy: the registers of every core: as the log has them before a triple fault's reset, else as the monitor says.
qemu_autopsy() {
    if grep -q '^Triple fault' "$LOGS/qemu.log"; then
        printf -- '--- the cores at the triple fault (%s)\n' "$LOGS/qemu.log"
        awk -v cores="$CORES" '/^Triple fault/ { on = 1 } /^CPU Reset/ && on && ++n > cores { exit } on' "$LOGS/qemu.log" |
            without_vectors
    elif alive; then
        printf 'stop\ninfo registers -a\nquit\n' >&5
        for _ in {1..50}; do
            alive || break
            sleep 0.1
        done
        printf -- '--- the cores where they stopped (%s)\n' "$LOGS/machine.log"
        sed -n '/^CPU#/,/^(qemu)/p' "$LOGS/machine.log" | without_vectors
    else
        printf -- '--- QEMU said (%s)\n' "$LOGS/machine.log"
        tail -n 20 "$LOGS/machine.log"
    fi
}

without_vectors() { tr -d '\r' | grep -vE '^(FPR|XMM|YMM|ZMM|FCW|Opmask|\(qemu\))'; }
