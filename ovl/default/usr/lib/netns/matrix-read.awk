# Reads fping's output ("-a -e", fping 5) for the PODs given as arguments: files <pod>.said in the directory -v work,
# lines
# "<address> (<time> ms)". Appends to the file "results", and writes the addresses that should have answered to
# <pod>.to.
# -v sent is the round, from 1; with -v again=yes PODs whose controls did not answer must ping once more.
# Prints the number of addresses that answered, the number that did not, and those PODs.

# Reports an address that must answer.
function report(address) {
	if (address in reported) return
	reported[address] = 1
	if (address in times) {
		answer(address)
		answered++
	} else {
		print address >to
		left++
	}
}

function answer(address) {
	print pod, address, sent, 1, times[address], times[address], times[address] >>(work "/results")
}

# Reads the list of forbidden addresses only when needed: forbidden answers are rare.
function is_forbidden(address,  pair) {
	if (address in expected && !("!" in silences)) return 0
	if (!looked_up) while ((getline <(work "/forbidden")) > 0) add_silences()
	looked_up = 1
	pair = (pairs == "yes" ? pod : "") " " address
	return (pair in silent) && silent[pair] != pod
}

function read_lists() {
	while ((getline <(work "/targets")) > 0) {
		owner[++last] = $1
		addresses[last] = $2
		expected[$2] = 1
	}
	while ((getline <(work "/silences")) > 0) silences[$1] = $2 + 0
	while ((getline <(work "/controls")) > 0) selves[$1] = ($1 in selves ? selves[$1] " " : "") $2
}

# Result lines for the POD's controls that did not answer.
function missed_controls(  n, count, control, lines) {
	lines = ""
	count = pod in selves ? split(selves[pod], control, " ") : 0
	for (n = 1; n <= count; n++) if (!(control[n] in times)) lines = lines pod " ? " control[n] "\n"
	return lines
}

function read_pod(  said, missed, n, quiet, one) {
	to = work "/" pod ".to"
	said = work "/" pod ".said"
	split("", reported)
	split("", times)
	while ((getline <said) > 0) if ($2 ~ /^\(/) times[$1] = substr($2, 2)
	missed = missed_controls()
	if (missed != "" && again == "yes") {
		unheard = unheard " " pod
		return
	}
	printf "%s", missed >>(work "/results")
	if (sent > 1) {
		for (last = 0; (getline addresses[last + 1] <to) > 0; last++);
		close(to)
	}
	printf "" >to
	for (n = 1; n <= last; n++) if (sent > 1 || (owner[n] == pod) == (pairs == "yes")) report(addresses[n])
	close(to)
	quiet = ("*" in silences ? silences["*"] : 0) + (pod in silences ? silences[pod] : 0)
	if (!quiet) return
	for (one in times) {
		if (!is_forbidden(one)) continue
		quiet--
		if (!(one in reported)) answer(one)
	}
	if (quiet) print pod, "!", quiet >>(work "/results")
}

BEGIN {
	answered = left = last = looked_up = 0
	unheard = ""
	if (sent == 1) read_lists()
	for (k = 1; k < ARGC; k++) {
		pod = ARGV[k]
		read_pod()
	}
	print answered, left unheard
}
