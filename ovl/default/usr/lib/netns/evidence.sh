# shellcheck shell=sh
# Collects evidence of a failure from this node and some of its PODs before the cleanup, and captures packets of
# repeated pings.

need pods

EVIDENCE_WORK=/tmp/netns-evidence.$$
# Limits of a capture, which hold even if its parent is gone.
EVIDENCE_SECONDS=60
EVIDENCE_PACKETS=1000
# Timeout for starting the captures, in tenths of a second.
EVIDENCE_BEGIN=100
EVIDENCE_KERNEL_LINES=80

# Reads lines "pod <pod>" and "ping <pod> <address>" up to "end" or the end of stdin, and writes a tar archive of files
# <node or pod>/<what>.txt or .pcap to stdout. With --capture it reports "ready" on stderr once the captures run, pings
# on "go", reports "pinged", and stops capturing on "stop": thus captures on other nodes see the same pings. The end of
# stdin stands for "go" and "stop".
cmd_evidence() { # [--capture]
	case $#${1-} in
	0) captured=no ;;
	1--capture) captured=yes ;;
	*) usage "evidence: takes --capture and nothing else" ;;
	esac
	find_multi
	mkdir "$EVIDENCE_WORK" "$EVIDENCE_WORK/$host" || die "evidence: cannot write in /tmp"
	captures=''
	trap evidence_clean EXIT
	evidence_read
	if [ "$captured" = yes ]; then
		evidence_captures
		echo ready >&2
		read -r _
		evidence_pings
		echo pinged >&2
		read -r _
		evidence_stop
	fi
	evidence_of "$host"
	evidence_command bridge bridge "$host/fdb" fdb show
	dmesg 2>&1 | tail -n "$EVIDENCE_KERNEL_LINES" >"$EVIDENCE_WORK/$host/kernel.txt"
	for pod in $evidence_pods; do evidence_of "$pod"; done
	# shellcheck disable=SC2086
	$multi tar -c -f - -C "$EVIDENCE_WORK" "$host" $evidence_pods
}

evidence_clean() {
	# shellcheck disable=SC2086
	[ -z "$captures" ] || kill $captures 2>/dev/null
	rm -rf "$EVIDENCE_WORK"
}

# Sets $evidence_pods to the existing PODs, and $evidence_pairs to lines "<pod> <address>".
evidence_read() {
	local word pod address
	evidence_pods='' evidence_pairs=''
	while read -r word pod address && [ "$word" != end ]; do
		case $word:$pod in
		*:'' | *:[.-]* | *:*[!A-Za-z0-9._-]*) die "evidence: invalid POD name '$pod'" ;;
		pod:*) ;;
		ping:*)
			evidence_pairs="$evidence_pairs$pod $address
"
			continue
			;;
		*) die "evidence: '$word $pod' is neither 'pod <pod>' nor 'ping <pod> <address>'" ;;
		esac
		if [ -e "$NETNS/$pod" ]; then
			evidence_pods="$evidence_pods $pod"
			mkdir -p "$EVIDENCE_WORK/$pod"
		else
			evidence_note "there is no POD $pod"
		fi
	done
}

evidence_note() { echo "$*" >>"$EVIDENCE_WORK/$host/notes.txt"; }

# Starts captures in the PODs and on the node (without SSH), and waits until all have started.
evidence_captures() {
	local pod waited
	if ! find_program tcpdump; then
		evidence_note "there is no tcpdump here: nothing was captured"
		return
	fi
	tcpdump=$program print=
	# tcpdump 4.99 and later can also print the packets that it writes.
	case $("$tcpdump" --help 2>&1) in
	*--print*) print=--print ;;
	esac
	evidence_capture "$host" 'not tcp port 22'
	# shellcheck disable=SC2086
	for pod in $evidence_pods; do evidence_capture "$pod" '' $multi nsenter --net="$NETNS/$pod"; done
	waited=0
	# shellcheck disable=SC2086
	set -- $captures
	for pod in "$host" $evidence_pods; do
		evidence_wait "$pod" "$1" || {
			evidence_note "tcpdump does not capture in $pod: $(cat "$EVIDENCE_WORK/$pod.said")"
			rm -f "$EVIDENCE_WORK/$pod"/capture.*
		}
		shift
	done
}

evidence_wait() { # <node or pod> <process>
	until grep -q 'listening on ' "$EVIDENCE_WORK/$1.said"; do
		[ "$waited" -lt "$EVIDENCE_BEGIN" ] && kill -0 "$2" 2>/dev/null || return
		sleep 0.1 2>/dev/null || sleep 1
		waited=$((waited + 1))
	done
}

evidence_capture() { # <node or pod> <filter> [command that enters its namespace…]
	local filter subject
	subject=$1 filter=$2
	shift 2
	# shellcheck disable=SC2086
	$multi timeout "$EVIDENCE_SECONDS" "$@" "$tcpdump" -i any -n -e -U -l $print -Z root -B 512 -s 256 \
		-c "$EVIDENCE_PACKETS" -w "$EVIDENCE_WORK/$subject/capture.pcap" $filter \
		>"$EVIDENCE_WORK/$subject/capture.txt" 2>"$EVIDENCE_WORK/$subject.said" &
	captures="$captures $!"
}

# Pings all pairs at once, and concatenates the output of each POD's pings in its file.
evidence_pings() {
	local pings number pod address file
	number=0 pings=''
	while read -r pod address; do
		[ -n "$address" ] && [ -d "$EVIDENCE_WORK/$pod" ] || continue
		number=$((number + 1))
		# shellcheck disable=SC2016
		in_pod "$pod" 'case $1 in *:*) six=-6;; *) six=;; esac; exec ping $six -n -c 2 -W 1 -w 3 "$1"' sh "$address" \
			>"$EVIDENCE_WORK/$pod.$number" 2>&1 &
		pings="$pings $!"
	done <<-EOT
		$evidence_pairs
	EOT
	# shellcheck disable=SC2086
	[ -z "$pings" ] || wait $pings
	for pod in $evidence_pods; do
		for file in "$EVIDENCE_WORK/$pod".[0-9]*; do
			[ ! -e "$file" ] || cat "$file" >>"$EVIDENCE_WORK/$pod/ping.txt"
		done
	done
}

# tcpdump flushes its output on SIGTERM.
evidence_stop() {
	# shellcheck disable=SC2086
	[ -z "$captures" ] || { kill $captures 2>/dev/null && wait $captures; } 2>/dev/null
	captures=''
	[ -n "${print-}" ] || rm -f "$EVIDENCE_WORK"/*/capture.txt
}

# Addresses with counters, routes, neighbors, rules.
evidence_of() { # <node or pod>
	evidence_command ip "$real_ip" "$1/addresses" -s -d address show
	evidence_command ip "$real_ip" "$1/routes" route show table all
	evidence_command ip "$real_ip" "$1/neighbours" neigh show
	evidence_command nft nft "$1/nftables" list ruleset
}

# Writes the output of a command on the node or in a POD. Notes a missing program.
evidence_command() { # <what> <program> <node or pod>/<file> [arguments…]
	local what file subject wanted
	what=$1 file=$EVIDENCE_WORK/$3.txt subject=${3%/*} wanted=$2
	shift 3
	if ! find_program "$wanted"; then
		[ "$subject" != "$host" ] || evidence_note "there is no $what here"
		return
	fi
	if [ "$subject" = "$host" ]; then
		"$program" "$@" >"$file" 2>&1
	else
		# shellcheck disable=SC2086
		$multi nsenter --net="$NETNS/$subject" "$program" "$@" >"$file" 2>&1
	fi
}
