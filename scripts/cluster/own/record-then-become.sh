# shellcheck shell=sh
# Writes its own record into <name>.pid before it becomes the command: there is no moment at which a process of a cluster lives and
# is not written down, whenever the one that started it is killed. One write: a record is there as a whole. Arguments: the name; a
# FIFO to be made, and opened for reading and writing as stdin, or nothing; the command.

if [ -n "$2" ]; then
	mkfifo -m 600 "$2" && exec <>"$2" || exit
fi
read -r line </proc/$$/stat && read -r boot </proc/sys/kernel/random/boot_id &&
	printf "%s\n%s\n" "$line" "$boot" >"$1.pid" && shift 2 && exec "$@"
