# shellcheck shell=sh
# Output for the user and the host: details on stdout, the summary and errors on stderr.

now() { date +%T; }

read -r host </proc/sys/kernel/hostname

# Prints a step's title in the summary and in the log. A node's summary lines are indented by two blanks.
tcase() {
	local slogan
	slogan="  $(now) ($host): TEST CASE: $*"
	echo "$slogan"
	echo "$slogan" >&2
}
# The host reads the reason of a failed step from this line.
failed() { echo "  $(now) ($host): FAILED: $*" >&2; }

# Exit status 2 for wrong usage, 1 for other failures.
usage() {
	echo "netns_test: $* (netns_test help)" >&2
	exit 2
}
die() {
	if [ -n "$in_tcase" ]; then failed "$*"; else echo "netns_test: $*" >&2; fi
	exit 1
}
