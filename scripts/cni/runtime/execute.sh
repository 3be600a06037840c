# shellcheck shell=sh
# Executes CNI plugins as execute.pl does, with the same input and output, on nodes without Perl. Limits: durations have
# the resolution of /proc/uptime, time limits are whole seconds, and a process that holds the output of a plugin that
# has exited is not noticed.

# A Go program needs about 5 MiB, and a plugin may call another.
kib_per_call=8192

multi=
for candidate in /bin/busybox /usr/bin/busybox; do
	# shellcheck disable=SC2016
	case $("$candidate" sh -c 'command -v timeout && command -v env' 2>/dev/null) in
	*timeout*env) multi=$candidate && break ;;
	esac
done
directory=$(mktemp -d /tmp/.cni-calls.XXXXXX) || exit
trap 'rm -rf "$directory"' EXIT
export LC_ALL=C

# Writes each call as <id>.call, for the shell to source, and <id>.in. Prints the calls that begin at once.
ids=$(awk -v directory="$directory" '
	BEGIN { for (i = 1; i < 256; i++) code[sprintf("%02x", i)] = sprintf("%c", i) }
	function text(hex,  found, i) {
		found = ""
		if (hex != "-") for (i = 1; i < length(hex); i += 2) found = found code[substr(hex, i, 2)]
		return found
	}
	function quoted(word) {
		# Without a backslash: implementations of awk disagree about those in the replacement.
		gsub(/\047/, "\047\"\047\"\047", word)
		return "\047" word "\047"
	}
	{
		call = directory "/" $1
		seconds = int(($3 + 999) / 1000)
		printf "seconds=%d bytes=%d program=%s saved=%s pending=%s\nset --", seconds, $4, quoted(text($5)), quoted(text($6)), quoted(text($7)) >(call ".call")
		for (i = 9; i <= NF; i++) printf " %s", quoted(text($i)) >(call ".call")
		printf "\n" >(call ".call")
		printf "%s", text($8) >(call ".in")
		close(call ".call")
		close(call ".in")
		if ($2 == "-") {
			print $1
			next
		}
		before = directory "/" int($2) ".next"
		print $1, ($2 ~ /\+$/ ? "completed" : "complete") >before
		close(before)
	}')

# Sets $uptime, in hundredths of a second.
read_uptime() {
	read -r uptime _ </proc/uptime
	uptime=${uptime%.*}${uptime#*.}
}

# A call and those after it.
chain() { # <id>
	call "$1" >"$directory/$1.out" 2>"$directory/$1.err"
	[ "$problem$status$signal" = none00 ] && [ -e "$base.next" ] || return 0
	read -r next how <"$base.next"
	if [ "$how" = completed ]; then
		output=$(cat "$base.out")
		case $output in
		'{'*'}') printf '%s}' "$output" >>"$directory/$next.in" ;;
		*) return 0 ;;
		esac
	fi
	chain "$next"
}

# Ends with the lines "<id> <exit status> <signal> <begin and duration> <problem>" in <id>.end.
call() { # <id>
	id=$1 base=$directory/$1
	seconds='' bytes='' program='' saved='' pending=''
	# shellcheck source=/dev/null
	. "$base.call"
	[ -z "$pending" ] || : >"$pending"
	[ -z "$saved" ] || : >"$saved"
	read_uptime
	begun=$uptime
	status=0 signal=0 problem=none
	: >"$base.detail"
	if [ ! -f "$program" ]; then
		problem='exec' && printf 'No such file or directory' >"$base.detail"
	elif [ ! -x "$program" ]; then
		problem='exec' && printf 'Permission denied' >"$base.detail"
	else
		# shellcheck disable=SC2086
		(cd / && ulimit -f $((bytes / 512)) && exec $multi env -i "$@" $multi timeout -s KILL "$seconds" "$program") <"$base.in" || status=$?
	fi
	read_uptime
	if [ "$status" -gt 128 ]; then signal=$((status - 128)) status=0; fi
	if [ "$signal" -eq 9 ] && [ $((uptime - begun)) -ge $((seconds * 100)) ]; then problem=timeout; fi
	# SIGXFSZ, or the program has received the error of its write.
	if [ "$signal" -eq 25 ] || [ "$(wc -c <"$base.out")" -ge "$bytes" ] || [ "$(wc -c <"$base.err")" -ge "$bytes" ]; then
		problem=flood
		: >"$base.out"
		: >"$base.err"
	fi
	[ -z "$saved" ] || cat "$base.out" >"$saved"
	case $pending:$problem$status$signal in
	:*) ;;
	*:none00) rm -f "$pending" ;;
	*) cat "$base.err" >"$pending" ;;
	esac
	echo "$id $status $signal $(((begun - started) * 10000)) $(((uptime - begun) * 10000)) $problem" >"$base.end"
}

# As many at once as fit into the free memory.
most=1
while read -r name kib _; do
	[ "$name" != MemAvailable: ] || most=$((kib / kib_per_call))
done </proc/meminfo
[ "$most" -ge 1 ] || most=1

read_uptime
started=$uptime
running=0
for id in $ids; do
	chain "$id" &
	running=$((running + 1))
	[ $((running % most)) -ne 0 ] || wait
done
wait

# Prints the ends. awk does not tell whether the last line of a file ends.
ended=
for end in "$directory"/*.end; do
	[ -e "$end" ] || continue
	base=${end%.end}
	ended="$ended ${base##*/}"
	for file in "$base.out" "$base.err" "$base.detail"; do printf . >>"$file"; done
done
# shellcheck disable=SC2086
printf '%s\n' $ended | awk -v directory="$directory" '
	BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = sprintf("%02x", i) }
	# Without the last character.
	function print_hex(file,  line, last, i, count) {
		printf " "
		for (count = 0; (getline line <file) > 0; count++) {
			if (count > 0) print_line(last "\n")
			last = line
		}
		close(file)
		print_line(substr(last, 1, length(last) - 1))
		if (count <= 1 && length(last) <= 1) printf "-"
	}
	function print_line(line,  i) {
		for (i = 1; i <= length(line); i++) printf "%s", code[substr(line, i, 1)]
	}
	{
		call = directory "/" $1
		if ((getline ended <(call ".end")) <= 0) next
		printf "%s", ended
		print_hex(call ".out")
		print_hex(call ".err")
		print_hex(call ".detail")
		printf "\n"
	}'
