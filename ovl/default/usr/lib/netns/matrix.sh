# shellcheck shell=sh
# The proof: every POD of this node pings addresses of others, all at once, by fping.

need pods

# How many fpings run at once, each for a POD and both families.
MATRIX_AT_ONCE=4
# How long one waits for the answers at its end, in milliseconds: so much, and more for each address that it pings.
MATRIX_TIMEOUT=250
MATRIX_TIMEOUT_EACH=5
# Between two of its packets, in milliseconds, at least and at most. Emulated CPUs carry a hundred packets a second where others
# carry a million, and what is too much for them they lose: where packets are lost, the next ones are sent at half the rate. A bridge
# sends each broadcast to all PODs: of more of them each may ping more slowly, by a millisecond for so many, as long as all have pinged
# once in half the time.
MATRIX_INTERVAL=1
MATRIX_INTERVAL_PODS=4
MATRIX_INTERVAL_MOST=16
# How often silence is listened to by PODs that do not hear themselves: a VM that had no CPU for a while hears nothing, either.
MATRIX_CONTROLS=3
# Large packets: the first may be lost while a router tells its MTU. In milliseconds.
MATRIX_LARGE_TRIES=3
MATRIX_LARGE_TIMEOUT=500
MATRIX_WORK=/tmp/netns-matrix.$$
# Where there is no fping, as in xcluster's own image: a ping for each address on the input, that says what fping would.
MATRIX_PINGS_AT_ONCE=8
# shellcheck disable=SC2016
MATRIX_PING_EACH='
	running=0
	while read -r address; do
		{
			tries=$3
			while :; do
				said=$(ping -c 1 -W "$2" ${4:+-s "$4"} "$address" </dev/null)
				tries=$((tries - 1))
				case $said in
				*time=*)
					time=${said#*time=}
					echo "$address (${time%% *} ms)"
					break
					;;
				esac
				[ "$tries" -gt 0 ] || break
			done
		} &
		running=$((running + 1))
		[ "$running" -lt "$1" ] || { wait; running=0; }
	done
	wait'

# Reads lines "<pod> <address>…", pings them from every POD but their own, and prints "<pod> <address> <sent> <received> <min>
# <mean> <max>", times in milliseconds, "-" where nothing came back. What does not answer is tried again until for $TRIES seconds
# nothing new has answered; what is behind a "!" is to be silent, and tried once: what answers has its line, and how many do not
# is a line "<pod> ! <number>". With --pairs the lines are "<source pod> <address>…": each POD pings those of its own lines.
#
# Silence counts only where the same ping has heard something: lines "=<pod> <own address>…" say by which addresses a POD is to hear
# itself. One that does not, in $MATRIX_CONTROLS tries, has a line "<pod> ? <address>" for each that it did not hear.
#
# At the end the PODs of lines "+<source pod> <bytes> <address>…" ping with so many bytes of data; "<pod> + <address> <1 or 0>" says
# whether that came back.
#
# The first packets of a POD have --interval between them: none is right where next to nothing can be sent, since an fping pauses for
# what has no route, too.
cmd_matrix() { # [--pairs] [--within=<seconds>] [--interval=<milliseconds>]
	local begun within pairs interval moved round fping targets pinged silent each timeout file option
	local answered left running started controls batch_answered batch_left interval_most
	pairs=no within=86400 interval=$MATRIX_INTERVAL
	for option; do
		case $option in
		--pairs) pairs=yes ;;
		--within=?*) within=${option#*=} ;;
		--interval=?*) interval=${option#*=} ;;
		*) usage "matrix: takes --pairs, --within=<seconds> and --interval=<milliseconds>, and targets on its input" ;;
		esac
	done
	is_number "$within" || usage "matrix: '$within' is no number of seconds"
	is_number "$interval" || usage "matrix: '$interval' is no number of milliseconds"
	own_node
	find_multi
	mkdir "$MATRIX_WORK" || die "matrix: cannot write in /tmp"
	trap 'rm -rf "$MATRIX_WORK"' EXIT
	fping=
	if find_program fping; then fping=$program; else find_program ping || die "matrix: this VM lacks fping, and ping"; fi
	seconds_up
	begun=$up moved=$up
	targets=$(matrix_targets) || die "matrix: cannot write in /tmp"
	pinged=${targets% *} silent=${targets#* }
	set -- "$NETNS"/*
	interval_most=$(($# / MATRIX_INTERVAL_PODS))
	# Of each POD that is pinged there are two addresses.
	batches=$((($# + MATRIX_AT_ONCE - 1) / MATRIX_AT_ONCE))
	slowest=$((within * 1000 / 2 / 2 / (batches * (pinged + 1))))
	[ "$slowest" -ge "$interval_most" ] || interval_most=$slowest
	[ "$interval_most" -ge "$MATRIX_INTERVAL_MOST" ] || interval_most=$MATRIX_INTERVAL_MOST
	# Where silence is expected, one waits longer before one believes it.
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
	# What is silent to the end counts as it was at the last try.
	set --
	for file in "$MATRIX_WORK"/*.to; do [ ! -s "$file" ] || set -- "$@" "$file"; done
	[ $# -eq 0 ] || awk -v sent="$round" -f "$library/matrix-rest.awk" "$@"
	[ ! -e "$MATRIX_WORK/results" ] || cat "$MATRIX_WORK/results"
	[ ! -e "$MATRIX_WORK/large" ] || matrix_large
}

# All PODs that have something to ping with large packets, some at once.
matrix_large() {
	local size pod addresses
	running=0 started=''
	while read -r pod size addresses; do
		printf '%s\n' "$addresses" | tr ' ' '\n' >"$MATRIX_WORK/$pod.large"
		matrix_ping "$pod" "$MATRIX_WORK/$pod.large" "$size" &
		started="$started $pod:$!"
		running=$((running + 1))
		[ "$running" -lt "$MATRIX_AT_ONCE" ] || matrix_wait
	done <"$MATRIX_WORK/large"
	[ "$running" -eq 0 ] || matrix_wait
	awk -v work="$MATRIX_WORK" -f "$library/matrix-large.awk" "$MATRIX_WORK/large"
}

# Sets $up to how long this VM has run; a clock, and a process for it, is not needed.
seconds_up() {
	read -r up _ </proc/uptime
	up=${up%.*}
}

# Sorts the input into files: matrix-targets.awk.
matrix_targets() {
	local file here
	here=' '
	for file in "$NETNS"/*; do here="$here${file##*/} "; done
	awk -v work="$MATRIX_WORK" -v pairs="$pairs" -v here="$here" \
		-f "$library/matrix-silences.awk" -f "$library/matrix-targets.awk"
}

# Pings what has not answered yet, at first all. Sets $answered to how many addresses did. Fails when none is left that should.
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

# Waits for those that run.
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

# Waits for those that run, lets those that did not hear themselves ping once more, and adds up what came of them.
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

# Silence is what an fping tells that could ping: it ends with 0 when all answered, else with 1. So does nsenter when it cannot enter.
matrix_ended() { # <pod> <exit code>
	local said
	[ "$2" -ne 0 ] || return 0
	IFS= read -r said <"$MATRIX_WORK/$1.errors"
	case $2$said in
	1nsenter:*) ;;
	1*) return 0 ;;
	esac
	die "matrix: ${fping:+f}ping in $1 ends with exit code $2: $said"
}

matrix_ping() { # <pod> <file of addresses> [bytes of data]
	local pinging list
	if [ -z "$fping" ]; then
		# shellcheck disable=SC2086
		exec $multi nsenter --net="$NETNS/$1" $multi sh -c "$MATRIX_PING_EACH" sh \
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

# Reads what was said: matrix-read.awk. Adds to $batch_answered and $batch_left, and sets $unheard to PODs that are to listen once more.
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
		die "matrix: what was measured cannot be read"
	unheard=${counts#* * } left_now=${counts#* }
	[ "$unheard" != "$counts" ] || unheard=''
	batch_answered=$((batch_answered + ${counts%% *})) batch_left=$((batch_left + ${left_now%% *}))
	rm -f "$MATRIX_WORK"/*.said "$MATRIX_WORK"/*.errors
}
