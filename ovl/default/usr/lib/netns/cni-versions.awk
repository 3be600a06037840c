# Reads the answers of several plugins to VERSION, and prints the newest version that all support: the last in the first
# plugin's list. Fails if a plugin has no list or they have no version in common. -v plugins=<number of plugins>

{ text = text $0 }

END {
	gsub(/[ \t\r]/, "", text)
	for (lists = 0; match(text, /"supportedVersions":\[[^]]*\]/); lists++) {
		list[lists] = "," (RLENGTH > 22 ? substr(text, RSTART + 21, RLENGTH - 22) : "") ","
		text = substr(text, RSTART + RLENGTH)
	}
	if (lists != plugins) exit 1
	for (n = split(list[0], versions, ","); n > 0; n--) {
		if (versions[n] == "") continue
		for (k = 1; k < lists; k++) if (!index(list[k], "," versions[n] ",")) break
		if (k < lists) continue
		gsub(/"/, "", versions[n])
		print versions[n]
		exit
	}
	exit 1
}
