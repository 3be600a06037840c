# Sourced by the second line of netns.ts and tar.ts, with their "$@" and their path in $program: replaces the shell.
# They skip readlink, which costs a process, when $0 begins with / or ./, is no link and contains no "..".

command -v node >/dev/null || {
	echo "${0##*/}: node is not installed (Node.js 20.19 or later is required)" >&2
	exit 3
}
# Node cannot report these itself: it resets ignored signals (nohup), and aborts with too little address space.
if [ -r /proc/self/limits ]; then
	while read -r name value; do
		case $name in SigIgn:) export NETNS_SIGIGN="$value" && break ;; esac
	done </proc/self/status
	while read -r max what of soft hard unit; do
		case $what in
		address) value=$soft least=25769803776 reason='Node.js reserves address space for WebAssembly' option=-v ;;
		open) value=$hard least=64 reason='Node.js opens files before it starts the program' option=-n ;;
		processes) value=$of least=64 reason='Node.js and its tools start threads' option=-u of= ;;
		*) continue ;;
		esac
		[ "$value" = unlimited ] || [ "$value" -ge "$least" ] || {
			echo "${0##*/}: $max $what${of:+ $of} is $value, but at least $least is required: $reason (ulimit $option)" >&2
			exit 3
		}
	done </proc/self/limits
fi
exec node --disable-warning=ExperimentalWarning "${program%/*}/scripts/launch/start.mjs" "$program" "$@"
