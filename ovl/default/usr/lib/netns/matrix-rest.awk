# Prints "<pod> <address> <sent> 0 - - -" for the addresses in files <pod>.to: what is silent to the end counts as it was at the
# last try, -v sent.

FNR == 1 {
	pod = FILENAME
	sub(/.*\//, "", pod)
	sub(/\.to$/, "", pod)
}

{ print pod, $1, sent, "0 - - -" }
