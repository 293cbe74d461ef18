# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=sh
#
# watchdogs.sh - `. /root/tests/lib/watchdogs.sh`: the kernel's watchdogs with short times, and work that they look after.

HOLD_SECONDS=5 # more than both of watchdogs_on

# A soft lockup after two seconds, an RCU stall after three, which is its least.
watchdogs_on() {
    echo 1 >/proc/sys/kernel/watchdog_thresh
    echo 1 >/proc/sys/kernel/watchdog
    echo 3 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout
}

# Both cores busy, a grace period always under way.
work_begin() {
    mkdir -p /tmp/mount
    while :; do mount -t tmpfs work /tmp/mount && umount /tmp/mount; done 2>/dev/null &
    work_pids=$!
    while :; do :; done &
    work_pids="$work_pids $!"
}

work_end() {
    # shellcheck disable=SC2086 # two words
    kill $work_pids
}
