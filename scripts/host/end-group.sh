# shellcheck shell=sh
# Waits for a line, and kills a process group at end of file. Arguments: the group's leader; seconds from SIGTERM to
# SIGKILL.

read -r _ || {
	kill -TERM "-$1"
	sleep "$2"
	kill -KILL "-$1"
}
