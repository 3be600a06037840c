# Reads what fping said of the PODs that are its arguments, in the files <pod>.said below -v work: lines "<address> (<time> ms)"
# of what answers (fping 5, "-a -e"). Appends the results to the file results, and leaves in <pod>.to the addresses that are to
# answer and did not. -v sent is the round, from 1; -v again=yes lets PODs that did not hear themselves ping once more.
# Prints how many answered, how many did not, and those PODs.

# An address that is to answer.
function tell(address) {
	if (address in told) return
	told[address] = 1
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

# Looked up only where it may be: what answers though it is not to is rare.
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

# What the POD did not hear of itself, as lines of the results.
function deafness(  n, count, control, lines) {
	lines = ""
	count = pod in selves ? split(selves[pod], control, " ") : 0
	for (n = 1; n <= count; n++) if (!(control[n] in times)) lines = lines pod " ? " control[n] "\n"
	return lines
}

function read_pod(  said, deaf, n, quiet, one) {
	to = work "/" pod ".to"
	said = work "/" pod ".said"
	split("", told)
	split("", times)
	while ((getline <said) > 0) if ($2 ~ /^\(/) times[$1] = substr($2, 2)
	deaf = deafness()
	if (deaf != "" && again == "yes") {
		unheard = unheard " " pod
		return
	}
	printf "%s", deaf >>(work "/results")
	if (sent > 1) {
		for (last = 0; (getline addresses[last + 1] <to) > 0; last++);
		close(to)
	}
	printf "" >to
	for (n = 1; n <= last; n++) if (sent > 1 || (owner[n] == pod) == (pairs == "yes")) tell(addresses[n])
	close(to)
	quiet = ("*" in silences ? silences["*"] : 0) + (pod in silences ? silences[pod] : 0)
	if (!quiet) return
	for (one in times) {
		if (!is_forbidden(one)) continue
		quiet--
		if (!(one in told)) answer(one)
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
