# shellcheck shell=sh
# Measures the connectivity matrix: every POD of this node pings addresses of others, all at once, with fping.

need pods

# Maximum number of concurrent fping processes. Each serves one POD and both families.
MATRIX_AT_ONCE=4
# How long fping waits for late answers, in milliseconds: a fixed time, plus a time for each address.
MATRIX_TIMEOUT=250
MATRIX_TIMEOUT_EACH=5
# Interval between two packets of an fping in milliseconds, minimum and maximum. Emulated CPUs forward a hundred packets
# a second where others forward a million, and drop the rest: losses halve the rate. A bridge floods broadcasts to all
# PODs: the maximum grows by 1 ms per MATRIX_INTERVAL_PODS PODs, if the first round still fits in half of --within.
MATRIX_INTERVAL=1
MATRIX_INTERVAL_PODS=4
MATRIX_INTERVAL_MOST=16
# Attempts to reach a POD's own addresses (controls). A node that got no CPU for a while misses those answers, too.
MATRIX_CONTROLS=3
# Large packets: a router may drop the first one and report its MTU. Timeout in milliseconds.
MATRIX_LARGE_TRIES=3
MATRIX_LARGE_TIMEOUT=500
MATRIX_WORK=/tmp/netns-matrix.$$
# Without fping, as in xcluster's image.
MATRIX_PINGS_AT_ONCE=8

# Reads lines "<pod> <address>…", pings the addresses from every POD except their owner, and prints
# "<pod> <address> <sent> <received> <min> <mean> <max>", times in milliseconds, "-" without an answer. Addresses that
# do not answer are retried until no new one has answered for $TRIES seconds. With --pairs the lines are
# "<source pod> <address>…": each POD pings the addresses of its own lines.
# "!<pod> <address>…": forbidden, pinged once; prints the addresses that answer, and "<pod> ! <number of silent ones>".
# "=<pod> <own address>…": controls. Silence counts only if the same fping got answers from the POD's own addresses.
# After $MATRIX_CONTROLS attempts "<pod> ? <address>" is printed for each that did not answer.
# "+<source pod> <bytes> <address>…": large pings, at the end; prints "<pod> + <address> <1 or 0>", 1 if answered.
# --interval applies to a POD's first packets. Use 0 if few targets have a route: fping pauses after each target.
# --flush removes the PODs' neighbor entries at the end: all network namespaces of a host share the kernel's limit.
cmd_matrix() { # [--pairs] [--flush] [--within=<seconds>] [--interval=<milliseconds>]
	local begun within pairs flush interval moved round fping targets pinged silent each timeout file option
	local answered left running started controls batch_answered batch_left interval_most
	pairs=no flush=no within=86400 interval=$MATRIX_INTERVAL
	for option; do
		case $option in
		--pairs) pairs=yes ;;
		--flush) flush=yes ;;
		--within=?*) within=${option#*=} ;;
		--interval=?*) interval=${option#*=} ;;
		*) usage "matrix: expects targets on its input; options: --pairs, --flush, --within=<s>, --interval=<ms>" ;;
		esac
	done
	is_number "$within" || usage "matrix: invalid number of seconds '$within'"
	is_number "$interval" || usage "matrix: invalid number of milliseconds '$interval'"
	own_node
	find_multi
	mkdir "$MATRIX_WORK" || die "matrix: cannot write in /tmp"
	trap 'rm -rf "$MATRIX_WORK"' EXIT
	fping=
	if find_program fping; then fping=$program; else find_program ping || die "matrix: neither fping nor ping found"; fi
	seconds_up
	begun=$up moved=$up
	targets=$(matrix_targets) || die "matrix: cannot write in /tmp"
	pinged=${targets% *} silent=${targets#* }
	set -- "$NETNS"/*
	interval_most=$(($# / MATRIX_INTERVAL_PODS))
	# A POD has two addresses.
	batches=$((($# + MATRIX_AT_ONCE - 1) / MATRIX_AT_ONCE))
	slowest=$((within * 1000 / 2 / 2 / (batches * (pinged + 1))))
	[ "$slowest" -ge "$interval_most" ] || interval_most=$slowest
	[ "$interval_most" -ge "$MATRIX_INTERVAL_MOST" ] || interval_most=$MATRIX_INTERVAL_MOST
	# Expected silence must not be a late answer: wait longer.
	each=$MATRIX_TIMEOUT_EACH
	[ "$silent" -eq 0 ] || each=$((2 * each))
	timeout=$((MATRIX_TIMEOUT + pinged * each))
	round=1
	while matrix_round; do
		seconds_up
		[ "$answered" -eq 0 ] || moved=$up
		[ $((up - moved)) -lt "$TRIES" ] && [ $((up - begun)) -lt "$within" ] || break
		sleep 1
		round=$((round + 1))
	done
	# Addresses that never answered are reported with the number of the last attempt.
	set --
	for file in "$MATRIX_WORK"/*.to; do [ ! -s "$file" ] || set -- "$@" "$file"; done
	[ $# -eq 0 ] || awk -v sent="$round" -f "$library/matrix-rest.awk" "$@"
	[ ! -e "$MATRIX_WORK/results" ] || cat "$MATRIX_WORK/results"
	[ ! -e "$MATRIX_WORK/large" ] || matrix_large
	[ "$flush" = no ] || matrix_flush
}

# Keeps entries without a MAC address yet: deleting one would drop the packet that waits for it.
matrix_flush() {
	local file
	set --
	for file in "$NETNS"/*; do [ ! -e "$UTSNS/${file##*/}" ] || set -- "$@" "${file##*/}"; done
	if find_perl $#; then
		file=$("$perl" "$library/pods.pl" flush "$NETNS" "$@")
		case $? in
		0) return ;;
		78) perl= ;;
		*) die "matrix: cannot flush the neighbor entries of ${file:-the PODs}" ;;
		esac
	fi
	for file; do
		# shellcheck disable=SC2086
		$multi nsenter --net="$NETNS/$file" "$real_ip" neighbour flush nud reachable nud stale nud delay nud probe ||
			die "matrix: cannot flush the neighbor entries of $file"
	done
}

# Pings with large packets from all PODs that have "+" lines, at most $MATRIX_AT_ONCE at once.
matrix_large() {
	local size pod addresses
	running=0 started=''
	while read -r pod size addresses; do
		# shellcheck disable=SC2086
		printf '%s\n' $addresses >"$MATRIX_WORK/$pod.large"
		matrix_ping "$pod" "$MATRIX_WORK/$pod.large" "$size" &
		started="$started $pod:$!"
		running=$((running + 1))
		[ "$running" -lt "$MATRIX_AT_ONCE" ] || matrix_wait
	done <"$MATRIX_WORK/large"
	[ "$running" -eq 0 ] || matrix_wait
	awk -v work="$MATRIX_WORK" -f "$library/matrix-large.awk" "$MATRIX_WORK/large"
}

# Sets $up to the uptime in seconds. Unlike `date`, this takes no process.
seconds_up() {
	read -r up _ </proc/uptime
	up=${up%.*}
}

# Splits the input into files (matrix-targets.awk).
matrix_targets() {
	local file here
	here=' '
	for file in "$NETNS"/*; do here="$here${file##*/} "; done
	awk -v work="$MATRIX_WORK" -v pairs="$pairs" -v here="$here" \
		-f "$library/matrix-silences.awk" -f "$library/matrix-targets.awk"
}

# Pings all addresses, later those that have not answered. Sets $answered to the new answers; fails when none is
# missing.
matrix_round() {
	local file pod list
	answered=0 left=0 running=0 started=''
	for file in "$NETNS"/*; do
		pod=${file##*/}
		[ -e "$file" ] && [ -e "$UTSNS/$pod" ] || continue
		if [ "$round" -gt 1 ]; then
			list=$pod.to
		elif [ "$pairs" = yes ]; then
			list=$pod.first
		else
			list=all.first
		fi
		[ -s "$MATRIX_WORK/$list" ] || continue
		matrix_ping "$pod" "$MATRIX_WORK/$list" &
		started="$started $pod:$!"
		running=$((running + 1))
		[ "$running" -lt "$MATRIX_AT_ONCE" ] || matrix_batch
	done
	[ "$running" -eq 0 ] || matrix_batch
	[ "$left" -gt 0 ]
}

matrix_wait() {
	local ended pinger
	ended=''
	for pinger in $started; do
		wait "${pinger##*:}"
		ended="$ended ${pinger%:*}:$?"
	done
	for pinger in $ended; do matrix_ended "${pinger%:*}" "${pinger##*:}"; done
	running=0 started=''
}

# Waits for the running pings, repeats those whose controls did not answer, and adds up the counts.
matrix_batch() {
	local pod list
	controls=1 batch_answered=0 batch_left=0
	while :; do
		matrix_wait
		matrix_read
		[ -n "$unheard" ] || break
		controls=$((controls + 1))
		for pod in $unheard; do
			list=all.first
			[ "$pairs" = no ] || list=$pod.first
			matrix_ping "$pod" "$MATRIX_WORK/$list" &
			started="$started $pod:$!"
		done
	done
	answered=$((answered + batch_answered)) left=$((left + batch_left))
	if [ $((batch_left * 8)) -ge "$batch_answered" ] && [ "$batch_left" -gt 0 ]; then
		[ "$interval" -ge "$interval_most" ] || interval=$((interval * 2))
		[ "$interval" -gt 0 ] || interval=$MATRIX_INTERVAL
	elif [ "$batch_left" -eq 0 ] && [ "$interval" -gt "$MATRIX_INTERVAL" ]; then
		interval=$((interval / 2))
	fi
}

# fping exits with 0 if all addresses answered, else with 1. nsenter also exits with 1 if it cannot enter the namespace.
matrix_ended() { # <pod> <exit status>
	local said
	[ "$2" -ne 0 ] || return 0
	IFS= read -r said <"$MATRIX_WORK/$1.errors"
	case $2$said in
	1nsenter:*) ;;
	1*) return 0 ;;
	esac
	die "matrix: ${fping:+f}ping in $1 exited with status $2: $said"
}

matrix_ping() { # <pod> <file of addresses> [bytes of data]
	local pinging list
	if [ -z "$fping" ]; then
		# shellcheck disable=SC2086
		exec $multi nsenter --net="$NETNS/$1" $multi sh "$library/ping-each.sh" \
			"$MATRIX_PINGS_AT_ONCE" $(((timeout + 999) / 1000)) $((${3:+MATRIX_LARGE_TRIES - 1} + 1)) "${3-}" \
			<"$2" >"$MATRIX_WORK/$1.said" 2>"$MATRIX_WORK/$1.errors"
	fi
	if [ $# -eq 3 ]; then
		set -- "$1" "$2" -b "$3" -r $((MATRIX_LARGE_TRIES - 1)) -B 1 -t "$MATRIX_LARGE_TIMEOUT" -i "$MATRIX_INTERVAL"
	else
		set -- "$1" "$2" -r 0 -i "$interval" -t "$timeout"
	fi
	pinging=$1 list=$2
	shift 2
	# shellcheck disable=SC2086
	exec $multi nsenter --net="$NETNS/$pinging" "$fping" -a -e "$@" \
		-f "$list" >"$MATRIX_WORK/$pinging.said" 2>"$MATRIX_WORK/$pinging.errors"
}

# Adds the pings' output to $batch_answered and $batch_left. Sets $unheard to the PODs that must ping once more.
matrix_read() {
	local again counts left_now said
	set --
	for said in "$MATRIX_WORK"/*.said; do
		said=${said##*/}
		set -- "$@" "${said%.said}"
	done
	again=no
	[ "$controls" -ge "$MATRIX_CONTROLS" ] || again=yes
	counts=$(awk -v sent="$round" -v pairs="$pairs" -v work="$MATRIX_WORK" -v again="$again" \
		-f "$library/matrix-silences.awk" -f "$library/matrix-read.awk" "$@") ||
		die "matrix: cannot read the measurements"
	unheard=${counts#* * } left_now=${counts#* }
	[ "$unheard" != "$counts" ] || unheard=''
	batch_answered=$((batch_answered + ${counts%% *})) batch_left=$((batch_left + ${left_now%% *}))
	rm -f "$MATRIX_WORK"/*.said "$MATRIX_WORK"/*.errors
}
