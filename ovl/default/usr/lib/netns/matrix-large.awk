# Of lines "<pod> <bytes> <address>…" prints "<pod> + <address> <1 or 0>": whether a large packet came back, as fping said in
# the POD's file <pod>.said below -v work.

{
	said = work "/" $1 ".said"
	split("", heard)
	while ((getline line <said) > 0) {
		split(line, words, " ")
		if (words[2] ~ /^\(/) heard[words[1]] = 1
	}
	close(said)
	for (i = 3; i <= NF; i++) print $1, "+", $i, ($i in heard) + 0
}
