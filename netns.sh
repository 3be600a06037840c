#!/bin/sh
# As netns.ts, under the name that xcluster uses. A file of its own, because npm packages have no symbolic links.
program=; case $0 in *..*) ;; /* | ./*) [ -L "$0" ] || program=$0 ;; esac; : "${program:=$(readlink -f -- "$0")}"
program=${program%/*}/netns.ts
# shellcheck source=/dev/null
. "${program%/*}/scripts/launch/run.sh"
