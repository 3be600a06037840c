# Shared by matrix-targets.awk and matrix-read.awk: reads a line "!<owner or source pod> <address>…" of addresses
# forbidden for the source with -v pairs=yes, else for all PODs except the owner. An address is counted once, not once
# for each POD that pings it: there may be thousands. An address with several owners is forbidden for all PODs.
# Sets silent[<source> <address>] to the owner, and adds to silents[<source>] and own[<owner>].

function add_silences(  source, whose, n, pair, fresh) {
	source = pairs == "yes" ? substr($1, 2) : ""
	whose = pairs == "yes" ? "" : substr($1, 2)
	fresh = 0
	for (n = 2; n <= NF; n++) {
		pair = source " " $n
		if (!(pair in silent)) {
			silent[pair] = whose
			fresh++
		} else if (silent[pair] != whose && silent[pair] != "") {
			own[silent[pair]]--
			silent[pair] = ""
		}
	}
	silents[source] += fresh
	own[whose] += fresh
}
