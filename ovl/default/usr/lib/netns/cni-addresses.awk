# Reads results of CNI ADD, a file <pod>.json for each POD, and writes lines "<address> <pod>" to the file -v targets,
# or prints what is wrong and fails. A POD must have an address of each family: a ping without targets cannot fail.

function leave(  has4, has6, found, address) {
	if (pod == "") return
	gsub(/[ \t\r]/, "", text)
	if (text !~ /^\{.*\}$/ || !match(text, /"ips":\[[^]]*\]/)) fail(pod ": invalid CNI result: " text)
	text = substr(text, RSTART, RLENGTH)
	has4 = has6 = 0
	found = ""
	while (match(text, /"address":"[^"\/]*/)) {
		address = substr(text, RSTART + 11, RLENGTH - 11)
		text = substr(text, RSTART + RLENGTH)
		if (address ~ /:/) has6 = 1; else has4 = 1
		found = found " " address
		print address, pod >targets
	}
	if (!has4 || !has6) fail("CNI gave " pod " no address of each family, but:" found)
}

function fail(why) {
	print why
	failed = 1
	exit 1
}

BEGIN {
	failed = 0
	pod = ""
}

FNR == 1 {
	leave()
	pod = FILENAME
	gsub(/.*\/|\.json$/, "", pod)
	text = ""
}

{ text = text $0 }

END {
	if (failed) exit 1
	leave()
}
