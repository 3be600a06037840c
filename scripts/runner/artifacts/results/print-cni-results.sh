# shellcheck shell=sh
# Prints the number of CNI results, then the lines of those that are regular files named after a POD, each prefixed by
# its file name ("./" keeps a name from being taken for an option). One command for all: there may be hundreds.
# Arguments: maximum number of files; one more than the maximum of 512-byte blocks per file; maximum total of bytes.

cd /tmp || exit
find . ! -name . -prune -name '*.json' -size +0 | grep -c .
find . ! -name . -prune -type f -name '*.json' ! -name '*[!A-Za-z0-9_.-]*' -size +0 -size "-$2" |
	sort | head -n "$1" | xargs grep -H '' /dev/null | head -c "$3"
