# shellcheck shell=sh
# The proof: every POD of this node pings addresses of others, all at once, by fping.

need pods

# How many fpings run at once, each for a POD and both families.
MATRIX_AT_ONCE=4
# How long one waits for the answers at its end, in milliseconds: so much, and more for each address that it pings.
MATRIX_TIMEOUT=500
MATRIX_TIMEOUT_EACH=5
# Between two of its packets, in milliseconds, at least and at most. Emulated CPUs carry a hundred packets a second where others
# carry a million, and what is too much for them they lose: where packets are lost, the next ones are sent at half the rate.
MATRIX_INTERVAL=1
MATRIX_INTERVAL_MOST=16
MATRIX_WORK=/tmp/netns-matrix.$$
# Where there is no fping, as in xcluster's own image: a ping for each address on the input, that says what fping would.
MATRIX_PINGS_AT_ONCE=8
# shellcheck disable=SC2016
MATRIX_PING_EACH='
	running=0
	while read -r address; do
		{
			said=$(ping -c 1 -W "$2" "$address" </dev/null)
			time=-
			case $said in *time=*)
				time=${said#*time=}
				time=${time%% *}
				;;
			esac
			echo "$address : $time"
		} &
		running=$((running + 1))
		[ "$running" -lt "$1" ] || { wait; running=0; }
	done
	wait'

# Reads lines "<pod> <address>…", pings them from every POD but their own, and prints "<pod> <address> <sent> <received> <min>
# <mean> <max>", times in milliseconds, "-" where nothing came back. What does not answer is tried again until for $TRIES seconds
# nothing new has answered; what is behind a "!" is to be silent, and tried once. With --pairs the lines are "<source pod>
# <address>…": each POD pings those of its own lines.
cmd_matrix() { # [--pairs] [--within=<seconds>]
	pairs=no within=''
	for option; do
		case $option in
		--pairs) pairs=yes ;;
		--within=?*) within=${option#*=} ;;
		*) usage "matrix: takes --pairs and --within=<seconds>, and targets on its input" ;;
		esac
	done
	is_number "${within:=86400}" || usage "matrix: '$within' is no number of seconds"
	own_node
	find_multi
	mkdir "$MATRIX_WORK" || die "matrix: cannot write in /tmp"
	trap 'rm -rf "$MATRIX_WORK"' EXIT
	fping=
	if find_program fping; then fping=$program; else find_program ping || die "matrix: this VM lacks fping, and ping"; fi
	begun=$(date +%s)
	moved=$begun
	targets=$(matrix_targets) || die "matrix: cannot write in /tmp"
	pinged=${targets% *} silent=${targets#* }
	timeout=$((MATRIX_TIMEOUT + pinged * MATRIX_TIMEOUT_EACH))
	# Where silence is expected, one waits longer before one believes it.
	[ "$silent" -eq 0 ] || timeout=$((2 * timeout))
	round=1 interval=$MATRIX_INTERVAL
	while matrix_round; do
		now=$(date +%s)
		[ "$answered" -eq 0 ] || moved=$now
		[ $((now - moved)) -lt "$TRIES" ] && [ $((now - begun)) -lt "$within" ] || break
		sleep 1
		round=$((round + 1))
	done
	# What is silent to the end counts as it was at the last try.
	for file in "$MATRIX_WORK"/*.to; do [ ! -s "$file" ] || echo "$file"; done | {
		set --
		while read -r file; do set -- "$@" "$file"; done
		[ $# -eq 0 ] || awk -v sent="$round" '
			FNR == 1 { pod = FILENAME; sub(/.*\//, "", pod); sub(/\.to$/, "", pod) }
			{ print pod, $1, sent " 0 - - -" }' "$@"
	}
	[ ! -e "$MATRIX_WORK/results" ] || cat "$MATRIX_WORK/results"
}

# Makes a file <pod>.to for each POD with all that it pings, and <pod>.not with those of them that are to be silent; a POD's own
# addresses are left out. Prints how many addresses one POD pings, and how many lines are to be silent.
matrix_targets() {
	for file in "$NETNS"/*; do
		[ ! -e "$file" ] || [ ! -e "$UTSNS/${file##*/}" ] || echo "${file##*/}"
	done >"$MATRIX_WORK/pods"
	awk -v work="$MATRIX_WORK" -v pairs="$pairs" '
		NR == FNR { pods[$1] = 1; next }
		{
			owner[FNR] = substr($1, 1 + /^!/)
			for (i = 2; i <= NF; i++) addresses[FNR] = addresses[FNR] $i "\n"
			if (/^!/) { silent[FNR]; forbidden++ }
			if (NF - 1 > widest) widest = NF - 1
			last = FNR
		}
		END {
			for (pod in pods) {
				for (n = 1; n <= last; n++) {
					if ((pairs == "yes") != (owner[n] == pod)) continue
					printf "%s", addresses[n] >(work "/" pod ".to")
					if (n in silent) printf "%s", addresses[n] >(work "/" pod ".not")
				}
				close(work "/" pod ".to")
				close(work "/" pod ".not")
			}
			print (pairs == "yes" ? widest : last) + 0, forbidden + 0
		}' "$MATRIX_WORK/pods" -
}

# Pings what has not answered yet. Sets $answered to how many addresses did. Fails when none is left that should.
matrix_round() {
	answered=0 left=0 running=0
	for file in "$MATRIX_WORK"/*.to; do
		[ -s "$file" ] || continue
		matrix_ping "$file" &
		running=$((running + 1))
		[ "$running" -lt "$MATRIX_AT_ONCE" ] || matrix_batch
	done
	[ "$running" -eq 0 ] || matrix_batch
	[ "$left" -gt 0 ]
}

# Waits for those that run, and adds up what came of them.
matrix_batch() {
	wait
	running=0
	matrix_read
	answered=$((answered + batch_answered)) left=$((left + batch_left))
	if [ $((batch_left * 8)) -ge "$batch_answered" ] && [ "$batch_left" -gt 0 ]; then
		[ "$interval" -ge "$MATRIX_INTERVAL_MOST" ] || interval=$((interval * 2))
	elif [ "$batch_left" -eq 0 ] && [ "$interval" -gt "$MATRIX_INTERVAL" ]; then
		interval=$((interval / 2))
	fi
}

matrix_ping() { # <file of addresses>
	pod=${1##*/}
	pod=${pod%.to}
	if [ -z "$fping" ]; then
		# shellcheck disable=SC2086
		exec $multi nsenter --net="$NETNS/$pod" $multi sh -c "$MATRIX_PING_EACH" sh \
			"$MATRIX_PINGS_AT_ONCE" $(((timeout + 999) / 1000)) <"$1" >"${1%.to}.said" 2>/dev/null
	fi
	# shellcheck disable=SC2086
	exec $multi nsenter --net="$NETNS/$pod" "$fping" -q -C 1 -r 0 -i "$interval" -t "$timeout" \
		-f "$1" >/dev/null 2>"${1%.to}.said"
}

# fping's summary on stderr: "<address> : <time> <time>…", "-" for a packet without an answer (fping 5, "-C"). Leaves in each file
# of addresses those of which that says nothing better, but for those that are to be silent. Sets $batch_answered and $batch_left.
matrix_read() {
	set -- && gone=''
	for said in "$MATRIX_WORK"/*.said; do
		file=${said%.said}
		gone="$gone $said $file.not"
		[ ! -e "$file.not" ] || set -- "$@" "$file.not"
		set -- "$@" "$file.to" "$said"
	done
	counts=$(awk -v sent="$round" -v results="$MATRIX_WORK/results" '
		function leave() {
			if (file) printf "" >file
			for (address in silent) {
				if (address in forbidden) print pod, address, sent " 0 - - -" >>results
				else { print address >file; left++ }
			}
			if (file) close(file)
			file = ""
			split("", silent)
			split("", forbidden)
		}
		FNR == 1 {
			name = FILENAME
			sub(/.*\//, "", name)
			kind = name
			sub(/.*\./, "", kind)
			sub(/\.[a-z]*$/, "", name)
			if (name != pod) leave()
			pod = name
			if (kind == "to") file = FILENAME
		}
		kind == "not" { forbidden[$1]; next }
		kind == "to" { silent[$1]; next }
		$2 == ":" && NF == 3 && $3 != "-" && $1 in silent {
			print pod, $1, sent, 1, $3, $3, $3 >>results
			delete silent[$1]
			if (!($1 in forbidden)) answered++
		}
		END { leave(); print answered + 0, left + 0 }' "$@")
	batch_answered=${counts% *} batch_left=${counts#* }
	# shellcheck disable=SC2086
	rm -f $gone
}

# Reads lines "<pod> <interface> <address> <mac>", and makes static neighbour entries of them in the PODs: where two have the same
# address, they say who is meant. With --delete it takes them away.
cmd_static_neighbours() { # [--delete]
	case $#${1-} in
	0) verb=replace ;;
	1--delete) verb=delete ;;
	*) usage "static_neighbours: takes --delete and nothing else" ;;
	esac
	find_multi
	pod='' batch='' status=0
	while read -r owner interface address mac; do
		[ "$owner" = "$pod" ] || neighbour_batch
		pod=$owner
		[ "$verb" = delete ] || address="$address lladdr $mac nud permanent"
		batch="${batch}neighbour $verb $address dev $interface
"
	done
	neighbour_batch
	[ "$status" -eq 0 ] || die "static_neighbours: some could not be made, see above"
}

# One process for each POD. What is to be deleted may have gone with its interface.
neighbour_batch() {
	[ -n "$batch" ] || return 0
	require_pod "$pod"
	# shellcheck disable=SC2086
	if [ "$verb" = delete ]; then
		printf %s "$batch" | $multi nsenter --net="$NETNS/$pod" "$real_ip" -force -batch - 2>/dev/null || :
	else
		printf %s "$batch" | $multi nsenter --net="$NETNS/$pod" "$real_ip" -batch - || status=1
	fi
	batch=''
}
