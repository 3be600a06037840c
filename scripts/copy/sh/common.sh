# shellcheck shell=sh
# Goes before each of the other scripts. POSIX sh with coreutils and tar, or busybox. They exit with 2 for what the user has to
# type otherwise, and say in one line why.

unset CDPATH TAR_OPTIONS
fail() { status=$1; shift; echo "$*" >&2; exit "$status"; }
command -v tar >/dev/null || tar() { busybox tar "$@"; }
