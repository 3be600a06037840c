#!/bin/sh
# enter-root.sh <directory> <user> <command>: runs a shell command with a directory as root, like a container, with its
# own mounts and PIDs and pivot_root: in a chroot the kernel refuses user namespaces. All processes end with the
# command.
set -eu

if [ "${ENTERED-}" != yes ]; then
	exec unshare --mount --propagation private --pid --fork --kill-child env ENTERED=yes sh "$0" "$@"
fi

root=$1 user=$2 command=$3
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 run run
mkdir -p old
pivot_root . old
umount -l /old
# No exec: this shell is process 1, and reaps orphans.
su --login "$user" --whitelist-environment=SSL_CERT_FILE,SSL_CERT_DIR,NODE_EXTRA_CA_CERTS,npm_config_registry --command="$command"
