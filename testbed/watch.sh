# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# watch.sh - the life of a running machine: starts it, passes its output on, sees it end or fail.

# start PROGRAM ARGS...: the emulator, in a process group of its own; it dies with us, whatever kills us.
# Its standard input stays open for commands (file descriptor 5).
start() {
    mkfifo "$RUN/stdin"
    exec 5<>"$RUN/stdin"
    setsid setpriv --pdeathsig KILL "$@" <&5 >"$LOGS/machine.log" 2>&1 3>&- 4>&- &
    MACHINE_PID=$!
}

alive() { [ "$MACHINE_PID" ] && kill -0 "$MACHINE_PID" 2>/dev/null; }

stop_machine() {
    alive || return 0
    kill -KILL -- "-$MACHINE_PID" 2>/dev/null || kill -KILL "$MACHINE_PID" 2>/dev/null || true
    reap_machine
}

# reap_machine: waits for the emulator's end; its number may be another process's afterwards, so it is forgotten.
reap_machine() {
    wait "$MACHINE_PID" 2>/dev/null || true
    MACHINE_PID=
}

# look_at_console: takes what is new on the console. Sets STATUS when the guest reported its command's exit status,
# FAILURE when the kernel did not survive.
look_at_console() {
    local line
    while IFS= read -r line <&4; do
        line=$PARTIAL$line PARTIAL=
        case $line in
        *"testbed: exit status "*) STATUS=${line##*exit status } STATUS=${STATUS//[!0-9]/} ;;
        *"end Kernel panic - not syncing"*)
            # The dump ends with this line of its own; with it the evidence is complete.
            FAILURE=${FAILURE:-"kernel panic: ${line#*not syncing: }"}
            PANIC_COMPLETE=yes
            ;;
        *"Kernel panic - not syncing"*)
            [ "$BOOTED" -lt "$BOOTS" ] || FAILURE=${FAILURE:-"kernel panic: ${line#*not syncing: }"}
            ;;
        *"] Linux version "*)
            BOOTED=$((BOOTED + 1))
            [ "$BOOTED" -le "$BOOTS" ] || FAILURE=${FAILURE:-"the guest restarted by itself"}
            ;;
        esac
    done
    PARTIAL+=$line
}

start_watching() {
    STATUS='' FAILURE='' BOOTED=0 PARTIAL='' PANIC_COMPLETE=''
    : >"$CONSOLE"
    exec 4<"$CONSOLE"
}

# out_of_time SECONDS: whether the machine had its time. What counts is the processor time that it got, so that a busy
# host is not taken for a hanging guest; one that idles gets five times the limit by the clock.
out_of_time() {
    local stat
    [ $((SECONDS - STARTED)) -ge "$1" ] || return 1
    [ $((SECONDS - STARTED)) -lt $(($1 * 5)) ] || return 0
    read -ra stat 2>/dev/null <"/proc/$MACHINE_PID/stat" || return 1
    [ $(((stat[13] + stat[14]) / CLOCK_TICKS)) -ge "$1" ]
}

pass_output() { cat <&3; }

# run_watched SECONDS: runs the machine until it powers itself off; sets STATUS.
run_watched() {
    local panic_deadline=
    : >"$OUTPUT"
    exec 3<"$OUTPUT"
    start_watching
    STARTED=$SECONDS CLOCK_TICKS=$(getconf CLK_TCK)
    machine_start
    while alive; do
        sleep 0.1
        pass_output
        look_at_console
        if [ "$FAILURE" ]; then
            panic_deadline=${panic_deadline:-$((SECONDS + 10))}
            if [ "$PANIC_COMPLETE" ] || [ $SECONDS -ge "$panic_deadline" ]; then break; fi
        fi
        ! out_of_time "$1" || { FAILURE=${FAILURE:-"no answer within $1 seconds"} && break; }
    done
    pass_output
    look_at_console
    [ -n "$STATUS" ] || FAILURE=${FAILURE:-$(machine_cause)}
    [ -z "$FAILURE" ] || report_failure
    [ -z "$MACHINE_PID" ] || reap_machine
}

# run_interactive: as run_watched, with the person's terminal on the guest's second serial port and no time limit.
run_interactive() {
    local terminal
    need_packages python3
    exec 6<&0
    "$TESTBED/terminal" "$RUN/port" <&6 &
    terminal=$!
    while [ ! -s "$RUN/port" ]; do
        kill -0 $terminal 2>/dev/null || die "no terminal"
        sleep 0.1
    done
    OUTPUT=$(<"$RUN/port")
    PORT_MODE=term
    printf 'The machine boots, this takes some seconds. Leave the prompt with "exit"; Ctrl-] stops the machine at once.\r\n' >&2
    start_watching
    machine_start
    while alive && kill -0 $terminal 2>/dev/null && [ -z "$PANIC_COMPLETE" ]; do
        sleep 0.1
        look_at_console
    done
    kill $terminal 2>/dev/null || true
    wait $terminal || { stop_machine; say "stopped"; exit 130; }
    look_at_console
    [ -n "$STATUS" ] || FAILURE=${FAILURE:-$(machine_cause)}
    [ -z "$FAILURE" ] || report_failure
    stop_machine
}

# report_failure: the evidence; STATUS becomes 125.
report_failure() {
    KEEP_LOGS=yes
    say "FAILED: $FAILURE"
    {
        printf -- '--- the last lines of the console (%s)\n' "$CONSOLE"
        tail -n "${TAIL:-60}" "$CONSOLE" | tr -d '\r\033'
        machine_autopsy
        printf -- '--- logs: %s\n' "$LOGS"
    } >&2
    stop_machine
    STATUS=125
}
