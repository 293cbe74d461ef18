# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=sh
#
# vmm.sh - what tests written in shell ask the tool: `. /root/tests/lib/vmm.sh`.

# json_field NAME: the value of that field in each line that has it; the lines are JSON objects of the tool.
json_field() { grep -F "\"$1\":" | sed "s/.*\"$1\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/"; }

# status_field NAME: from .status
status_field() { hyperdbg --json -c .status | grep -F '"type":"status"' | json_field "$1"; }

# kernel_complaints: what the kernel's log holds of things going wrong.
kernel_complaints() {
    dmesg | grep -E 'BUG|Oops|WARNING: CPU|INFO: (task|rcu)|stall|general protection|soft lockup|hard LOCKUP|unknown reason|Call Trace'
}

# left_behind: what the kernel still has of a VMM that is gone, or never came: probes, calls when cores come and go, memory.
left_behind() {
    cat /sys/kernel/debug/kprobes/list
    grep hyperhv /sys/devices/system/cpu/hotplug/states
    grep -E '\[hyper(hv|kd)\]' /proc/vmallocinfo
}
