# shellcheck shell=sh
# Stores stdin as "copy" in the staging directory of stage.sh. Arguments: the staging directory; kind and mode of the
# copy.

if [ "$2" = file ]; then
	cat >"$1/copy" && chmod "$(printf %o $((0$3 & 0777 & ~0$(umask))))" "$1/copy" || exit 3
else
	mkdir "$1/copy" && cd "$1/copy" && tar -x -o -m -f - && cat >/dev/null || exit 3
fi
