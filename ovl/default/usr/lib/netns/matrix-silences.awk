# Shared by matrix-targets.awk and matrix-read.awk: reads a line "!<owner or source pod> <address>…" of what is to be silent,
# with -v pairs=yes for the POD that pings, else for all PODs but the owner. An address is counted once and not for each POD
# that pings it: there may be thousands. One that has several owners is to be silent for all PODs.
# Sets silent[<source> <address>] to the owner, adds to silents[<source>], and to own[<owner>].

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
