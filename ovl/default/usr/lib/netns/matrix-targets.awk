# Splits the input of netns_test matrix into files in the directory -v work. The PODs of this node are -v here=" <pod> …
# ".
#   large      lines "<pod> <bytes> <address>…": targets of large pings
#   controls   lines "<pod> <own address>": own addresses that must answer
#   targets    lines "<pod> <address>": addresses that must answer
#   forbidden  the input's "!" lines
#   silences   lines "<pod> <number>": the number of forbidden addresses, "*" for all PODs, a negative correction for
# PODs
#              of this node that own some; "! 1" if a forbidden address must answer another POD
#   <pod>.first with -v pairs=yes, else all.first: the addresses of the first round. One list for all PODs, which then
#              also ping themselves, costs less than a list for each.
# Prints the maximum number of addresses that a POD pings, and the number of "!" lines.

# pod: the owner of the list; empty for the common one
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
	# The number of PODs may exceed the limit of open files.
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
