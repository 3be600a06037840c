# Prints "<pod> <address> <sent> 0 - - -" for the addresses in files <pod>.to, which never answered. -v sent is the
# number of attempts.

FNR == 1 {
	pod = FILENAME
	sub(/.*\//, "", pod)
	sub(/\.to$/, "", pod)
}

{ print pod, $1, sent, "0 - - -" }
