# Sorts the input of netns_test matrix into files below -v work, as far as it concerns PODs of this node, -v here=" <pod> … ":
#   large      lines "<pod> <bytes> <address>…": what is pinged with large packets
#   controls   lines "<pod> <own address>": by which addresses a POD is to hear itself
#   targets    lines "<pod> <address>": what is to answer
#   forbidden  the input's lines of what is to be silent
#   silences   lines "<pod> <number>": how many addresses are to be silent, "*" for all PODs and less for those of this node
#              that own some; "! 1" when one of them is to answer somebody else
#   <pod>.first with -v pairs=yes, else all.first: the addresses of the first round. All PODs have one list and ping themselves
#              as well, which costs less than a list for each.
# Prints how many addresses a POD pings at most, and how many lines are of what is to be silent.

# pod: the one whose own list it is, else empty
function list_first(pod, target) {
	if ((pod " " target) in listed) return
	listed[pod " " target] = 1
	print target >>first
	opened = 1
}

BEGIN {
	widest = lines = forbidden = 0
	split("", silents)
	split("", own)
	split("", expected)
	split("", silent)
}

/^[+]/ {
	$1 = substr($1, 2)
	if (index(here, " " $1 " ")) print >(work "/large")
	next
}

{
	owner = $1
	if (NF - 1 > widest) widest = NF - 1
	if (!/^=/) lines++
}

/^!/ {
	forbidden++
	owner = substr($1, 2)
	print >(work "/forbidden")
	add_silences()
}

/^=/ {
	owner = substr($1, 2)
	for (i = 2; i <= NF; i++) print owner, $i >(work "/controls")
}

/^[^!=]/ {
	for (i = 2; i <= NF; i++) {
		print owner, $i >(work "/targets")
		expected[$i] = 1
	}
}

{
	first = work "/" (pairs == "yes" ? owner : "all") ".first"
	opened = 0
	for (i = 2; i <= NF; i++) list_first(pairs == "yes" ? owner : "", $i)
	# There may be more PODs than files that can be open.
	if (opened && pairs == "yes") close(first)
}

END {
	both = 0
	for (one in silents) print one == "" ? "*" : one, silents[one] >(work "/silences")
	for (one in own) if (index(here, " " one " ")) print one, -own[one] >(work "/silences")
	for (one in silents) for (address in expected) if ((one " " address) in silent) both = 1
	if (both) print "!", 1 >(work "/silences")
	print (pairs == "yes" ? widest : lines), forbidden
}
