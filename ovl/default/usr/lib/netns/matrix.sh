# shellcheck shell=sh
# The proof: every POD of this node pings addresses of others, all at once, by fping.

# How many fpings run at once: each takes 2 MiB and a place on the CPU.
MATRIX_AT_ONCE=16
# Of each address, and between two packets of one fping, in milliseconds.
MATRIX_TIMEOUT=500
MATRIX_INTERVAL=1
MATRIX_WORK=/tmp/netns-matrix.$$

# Reads lines "<pod> <address>…", pings them from every POD but their own, and prints "<pod> <address> <sent> <received> <min>
# <mean> <max>", times in milliseconds, "-" where nothing came back. What does not answer is tried again, a second apart.
cmd_matrix() { # [--retry=<times>]
	retry=$((TRIES - 1))
	for option; do
		case $option in
		--retry=?*) retry=${option#*=} ;;
		*) usage "matrix: takes --retry=<times>, and targets on its input" ;;
		esac
	done
	is_number "$retry" || usage "matrix: '$retry' is no number of tries"
	command -v fping >/dev/null || die "matrix: this VM lacks fping"
	own_node
	mkdir "$MATRIX_WORK" || die "matrix: cannot write in /tmp"
	trap 'rm -rf "$MATRIX_WORK"' EXIT
	cat >"$MATRIX_WORK/targets"
	find_program fping
	fping=$program
	find_multi
	for file in "$NETNS"/*; do
		pod=${file##*/}
		[ -e "$file" ] && [ -e "$UTSNS/$pod" ] || continue
		# One file for each family, since one fping pings one; the POD's own addresses are left out.
		while read -r owner addresses; do
			[ "$owner" != "$pod" ] || continue
			for address in $addresses; do
				case $address in
				*:*) echo "$address" >&6 ;;
				*) echo "$address" >&4 ;;
				esac
			done
		done <"$MATRIX_WORK/targets" 4>"$MATRIX_WORK/$pod.4" 6>"$MATRIX_WORK/$pod.6"
	done
	matrix_round
	while [ "$retry" -gt 0 ] && [ -n "$silent" ]; do
		retry=$((retry - 1))
		sleep 1
		matrix_round
	done
	cat "$MATRIX_WORK"/*.result 2>/dev/null
	return 0
}

# Pings what has not answered yet. Sets $silent to those who still have addresses that do not answer.
matrix_round() {
	running=0
	for file in "$MATRIX_WORK"/*.[46]; do
		[ -s "$file" ] || continue
		matrix_ping "$file" &
		running=$((running + 1))
		if [ "$running" -ge "$MATRIX_AT_ONCE" ]; then
			wait
			running=0
		fi
	done
	wait
	silent=
	for file in "$MATRIX_WORK"/*.[46]; do
		[ ! -s "$file" ] || silent="$silent $file"
	done
}

# fping's summary on stderr: "<address> : <time> <time>…", "-" for a packet without an answer (fping 5, "-C").
matrix_ping() { # <file of addresses>
	name=${1##*/}
	pod=${name%.*} family=${name##*.}
	# shellcheck disable=SC2086
	$multi nsenter --net="$NETNS/$pod" "$fping" "-$family" -q -C 1 -r 0 -i "$MATRIX_INTERVAL" -t "$MATRIX_TIMEOUT" \
		-f "$1" >/dev/null 2>"$1.said"
	[ -e "$1.sent" ] || echo 0 >"$1.sent"
	read -r before <"$1.sent"
	echo $((before + 1)) >"$1.sent"
	: >"$1.left"
	awk -v pod="$pod" -v before="$before" -v left="$1.left" '
		$2 == ":" && NF == 3 {
			seen[$1] = 1
			if ($3 == "-") print $1 >left
			else print pod, $1, before + 1, 1, $3, $3, $3
		}' "$1.said" >>"$MATRIX_WORK/$name.answered"
	mv "$1.left" "$1"
	# What is silent to the end counts as it was at the last try.
	{
		cat "$MATRIX_WORK/$name.answered"
		while read -r address; do echo "$pod $address $((before + 1)) 0 - - -"; done <"$1"
	} >"$MATRIX_WORK/$name.result"
	rm -f "$1.said"
}
