# Sourced by the second line of netns.ts and tar.ts, with their "$@", and their own path in $program: replaces the shell by Node.
# They look for their real path, which takes a process, only where $0 is a link, or a way that Node would take to lead elsewhere.
# A file of its own so that the programs stay valid TypeScript and share one way to start.

command -v node >/dev/null || {
	echo "${0##*/}: node is not installed (Node.js 20.19 or later is needed)" >&2
	exit 3
}
exec node --disable-warning=ExperimentalWarning "${program%/*}/scripts/launch/start.mjs" "$program" "$@"
