# shellcheck shell=sh
# Precedes each of the other scripts. POSIX sh with coreutils and tar, or busybox. On failure they write one line to
# stderr; status 2 means wrong usage.

unset CDPATH TAR_OPTIONS
fail() { status=$1; shift; echo "$*" >&2; exit "$status"; }
command -v tar >/dev/null || tar() { busybox tar "$@"; }
