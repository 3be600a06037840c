# Builds the document of netns_test status --json from four lines for the node and for each namespace: its kind, its
# name escaped for JSON, interfaces and routes as JSON. -v npods=<NPODS>

# ip does not escape control characters in interface names, which is invalid JSON.
function escape(text,  c, at) {
	# Not with gsub: awks differ in the meaning of a backslash.
	for (c in controls)
		while ((at = index(text, c))) text = substr(text, 1, at - 1) controls[c] substr(text, at + 1)
	return text
}

function add(list, what) {
	lists[list] = lists[list] (lists[list] == "" ? "" : ",\n") what
}

BEGIN {
	for (i = 1; i < 32; i++) if (i != 10) controls[sprintf("%c", i)] = sprintf("\\u%04x", i)
	lists["pod"] = lists["foreign"] = lists["stale"] = ""
}

/[[:cntrl:]]/ { $0 = escape($0) }
NR % 4 == 1 { kind = $0 }
NR % 4 == 2 { name = "\"" $0 "\"" }
NR % 4 == 3 { interfaces = $0 }

NR % 4 == 0 {
	facts = ",\"interfaces\":" interfaces ",\"routes\":" $0
	if (kind == "node") node = "\"node\":" name ",\"npods\":" npods + 0 facts
	else if (kind == "stale") add(kind, name)
	else add(kind, "{\"name\":" name facts "}")
}

END {
	printf "{%s,\"pods\":[%s],\"foreign\":[%s],\"stale\":[%s]}\n", node, lists["pod"], lists["foreign"], lists["stale"]
}
