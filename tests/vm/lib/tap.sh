# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=sh
#
# tap.sh - what tests written in shell use to report: `. /root/tests/lib/tap.sh`, any number of check and is, then tap_end.

TAP_COUNT=0
TAP_FAILED=0

# tap_result NAME STATUS
tap_result() {
    TAP_COUNT=$((TAP_COUNT + 1))
    if [ "$2" = 0 ]; then
        echo "ok $TAP_COUNT - $1"
    else
        TAP_FAILED=$((TAP_FAILED + 1))
        echo "not ok $TAP_COUNT - $1"
    fi
}

# check NAME COMMAND...: holds when the command succeeds; its output is shown when it does not.
check() {
    tap_name=$1
    shift
    tap_output=$("$@" 2>&1)
    tap_status=$?
    tap_result "$tap_name" $tap_status
    if [ $tap_status != 0 ]; then
        echo "# exit status $tap_status of: $*"
        echo "$tap_output" | sed 's/^/# /'
    fi
}

# refuses NAME TEXT COMMAND...: holds when the command fails and its output contains the text.
refuses() {
    tap_name=$1
    tap_text=$2
    shift 2
    tap_output=$("$@" 2>&1)
    tap_status=$?
    case $tap_status/$tap_output in
    0/*) tap_bad=1 ;;
    *"$tap_text"*) tap_bad=0 ;;
    *) tap_bad=1 ;;
    esac
    tap_result "$tap_name" $tap_bad
    if [ $tap_bad != 0 ]; then
        echo "# exit status $tap_status of: $*"
        echo "# expected a failure that says: $tap_text"
        echo "$tap_output" | sed 's/^/# /'
    fi
}

# is NAME GOT EXPECTED
is() {
    [ "$2" = "$3" ]
    tap_status=$?
    tap_result "$1" $tap_status
    if [ $tap_status != 0 ]; then
        echo "# got      '$2'"
        echo "# expected '$3'"
    fi
}

# tap_end: says how many tests there were; without that line the runner counts a failure. Ends the script.
tap_end() {
    echo "1..$TAP_COUNT"
    [ $TAP_FAILED = 0 ]
    exit
}
