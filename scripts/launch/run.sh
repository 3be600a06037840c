# Sourced by the second line of netns.ts and tar.ts, with their "$@", and their own path in $program: replaces the shell by Node.
# They look for their real path, which takes a process, only where $0 is a link, or a way that Node would take to lead elsewhere.
# A file of its own so that the programs stay valid TypeScript and share one way to start.

command -v node >/dev/null || {
	echo "${0##*/}: node is not installed (Node.js 20.19 or later is needed)" >&2
	exit 3
}
# What Node cannot report itself: it resets the signals that are ignored, as by nohup, and without address space it aborts.
if [ -r /proc/self/limits ]; then
	while read -r name value; do
		case $name in SigIgn:) export NETNS_SIGIGN="$value" && break ;; esac
	done </proc/self/status
	while read -r max what of soft hard unit; do
		case $what in
		address) value=$soft least=25769803776 reason='Node.js reserves addresses for WebAssembly' option=-v ;;
		open) value=$hard least=64 reason='Node.js opens that before it starts' option=-n ;;
		processes) value=$of least=64 reason='Node.js has threads, and so have the tools that it calls' option=-u of= ;;
		*) continue ;;
		esac
		[ "$value" = unlimited ] || [ "$value" -ge "$least" ] || {
			echo "${0##*/}: $max $what${of:+ $of} is $value, and at least $least are needed: $reason (ulimit $option)" >&2
			exit 3
		}
	done </proc/self/limits
fi
exec node --disable-warning=ExperimentalWarning "${program%/*}/scripts/launch/start.mjs" "$program" "$@"
