# Reads lines "<pod> <bytes> <address>…" and prints "<pod> + <address> <1 or 0>": 1 if a large ping was answered
# according to fping's output in <pod>.said in the directory -v work.

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
