# shellcheck shell=sh
# Says how many results of CNI there are, and prints those that are regular files of a POD's name, each line behind its file's name.
# One command for all of them, since there may be hundreds; with "./" none is taken for an option. Arguments: the most files; the most
# 512-byte blocks of one, and one more; the most bytes of all.

cd /tmp || exit
find . ! -name . -prune -name '*.json' -size +0 | grep -c .
find . ! -name . -prune -type f -name '*.json' ! -name '*[!A-Za-z0-9_.-]*' -size +0 -size "-$2" |
	sort | head -n "$1" | xargs grep -H '' /dev/null | head -c "$3"
