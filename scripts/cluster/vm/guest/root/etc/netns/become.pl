#!/usr/bin/perl
# Turns a booted VM into a node: sets its identity, ovls and addresses. Reports "ready" before, "up" after, or "failed
# <reason>" on the control port. Clones are restored at "ready", so as little as possible is done later. Perl can make
# system calls itself, while each process takes an emulated VM a few hundredths of a second.
use strict;
use warnings;
use Socket qw(AF_INET AF_INET6 SOCK_DGRAM);

BEGIN {
	my ($directory) = __FILE__ =~ m{^(.*)/};
	require "$directory/interfaces.pl";
}

# Numbers of system calls, and their constants: of arm64 (Linux, include/uapi/asm-generic/unistd.h), and of x86-64
# (arch/x86/entry/syscalls/syscall_64.tbl). The name of the loader tells them apart at the least cost.
my ($PIVOT_ROOT, $MOUNT, $UMOUNT2, $SETHOSTNAME, $CLOCK_SETTIME, $EXIT_GROUP) =
	-e '/lib/ld-linux-aarch64.so.1' ? (41, 40, 39, 161, 112, 94) : (155, 165, 166, 170, 227, 231);
my ($MS_RDONLY, $MS_MOVE, $MNT_DETACH, $CLOCK_REALTIME) = (1, 8192, 2, 0);
my ($BLKFLSBUF, $RNDRESEEDCRNG) = (0x1261, 0x5207);

my $control;

sub fail {
	my $reason = join ' ', @_;
	print "become: $reason\n";
	syswrite $control, "failed $reason\n" if $control;
	exec '/bin/busybox', 'poweroff', '-f';
}

# Copies the arguments, since the kernel may write into them.
sub call {
	my ($what, $number, @arguments) = @_;
	my $result = syscall $number, @arguments;
	fail "$what: $!" if $result == -1;
}

sub mount_on {
	my ($source, $target, $type, $flags, $options) = @_;
	call "cannot mount $source on $target", $MOUNT, $source, $target, $type, $flags, $options;
}

sub run {
	system(@_) == 0 or fail "@_: ends with $?";
}

# Pipes lines into a command, unless there are none.
sub run_batch {
	my ($lines, @command) = @_;
	return if $lines eq '';
	open my $input, '|-', @command or fail "cannot run @command: $!";
	print {$input} $lines;
	close $input or fail "@command: ends with $?";
}

sub read_line {
	my ($file) = @_;
	open my $input, '<', $file or return '';
	my $line = <$input> // '';
	chomp $line;
	return $line;
}

sub read_file {
	my ($file) = @_;
	open my $input, '<', $file or fail "cannot read $file: $!";
	local $/;
	return <$input> // '';
}

sub write_file {
	my ($file, $mask, $text) = @_;
	my $before = umask $mask;
	open my $output, '>', $file or fail "cannot write $file: $!";
	print {$output} $text and close $output or fail "cannot write $file: $!";
	umask $before;
}

# Creates a directory with a mode independent of the umask.
sub make_directory {
	my ($directory, $mode) = @_;
	mkdir $directory and chmod $mode, $directory or fail "cannot make $directory: $!";
}

# Reads bytes from the host.
sub receive {
	my ($length) = @_;
	my $got = read($control, my $bytes, $length);
	fail 'the control port was closed' if !defined $got or $got != $length;
	return $bytes;
}

# Ports and disks appear some time after their driver is loaded.
sub wait_for {
	my ($what, $find) = @_;
	for (1 .. 500) {
		my $found = $find->();
		return $found if $found;
		select undef, undef, undef, 0.01;
	}
	fail "no $what";
}

my %disks;

sub find_disks {
	for my $entry (glob '/sys/block/vd*') {
		my ($name) = $entry =~ m{([^/]+)$};
		my $disk = "/dev/$name";
		next if !-b $disk;
		my $serial = read_line "$entry/serial";
		next if $disks{$serial};
		$disks{$serial} = $disk;
		next if $serial !~ /^ovl-/;
		make_directory "/mnt/layers/$serial", 0755;
		# The first blocks were cached by the partition scan. A clone has another disk.
		open my $device, '<', $disk or fail "no $disk: $!";
		ioctl $device, $BLKFLSBUF, 0 or fail "cannot drop the cache of $disk: $!";
	}
	return;
}

sub disk_of {
	my ($serial) = @_;
	return $disks{$serial} // wait_for "disk $serial", sub {
		find_disks;
		return $disks{$serial};
	};
}

# The identity: alternating names and values, each after its length as a 32-bit big-endian number.
sub read_identity { return unpack '(N/a)*', $_[0] }

# Tests load this file for the functions above.
return 1 if caller;

my $port = wait_for 'control port', sub {
	for my $entry (glob '/sys/class/virtio-ports/*') {
		my ($name) = $entry =~ m{([^/]+)$};
		return "/dev/$name" if read_line("$entry/name") eq 'control' and -c "/dev/$name";
	}
	return;
};
open $control, '+<', $port or exit 1;
socket my $inet, AF_INET, SOCK_DGRAM, 0 or fail "no socket: $!";
socket my $inet6, AF_INET6, SOCK_DGRAM, 0 or fail "no socket: $!";
open my $random, '+<', '/dev/urandom' or fail "no urandom: $!";
# Files are written into the layers before overlayfs is mounted: the first write and chmod through overlayfs take a
# tenth of a clone's start.
make_directory "/mnt/$_", 0755 for qw(data work layers root layers/own layers/own/etc data/etc data/etc/dropbear);
make_directory "/mnt/data/$_", 0700 for qw(root root/.ssh);
make_directory '/mnt/data/tmp', 01777;
find_disks;
my $profile = read_file '/etc/profile';
# Waits until etc/netns/accept.pl listens: it writes its process ID into this pipe. If it is restarted, it writes a file
# instead.
read_line '/run/dropbear.pid';
unlink '/run/dropbear.pid';

syswrite $control, "ready\n";

# A length, and the identity.
my %identity = read_identity(receive(unpack 'N', receive(4)));

# A clone has the clock and the random state of the template. Writing to urandom only mixes in the seed; RNDRESEEDCRNG
# (linux/random.h) uses it at once.
if ($identity{seed} ne '') {
	my ($seconds, $nanoseconds) = split / /, $identity{now};
	call 'cannot set the clock', $CLOCK_SETTIME, $CLOCK_REALTIME, pack('qq', $seconds, $nanoseconds);
	syswrite($random, $identity{seed}) == length $identity{seed} or fail "cannot write the seed: $!";
	ioctl $random, $RNDRESEEDCRNG, 0 or fail "cannot reseed the random numbers: $!";
}

# Later ovls take precedence: the first lower layer of overlayfs is the uppermost.
my ($lower, $scripts) = ('/', 0);
for my $index (0 .. $identity{ovls} - 1) {
	my $serial = sprintf 'ovl-%02d', $index;
	my $disk = disk_of $serial;
	my $layer = "/mnt/layers/$serial";
	mount_on $disk, $layer, 'squashfs', $MS_RDONLY, '';
	$lower = "$layer:$lower";
	$scripts = 1 if -d "$layer/etc/init.d";
	$profile = read_file "$layer/etc/profile" if -f "$layer/etc/profile";
	# The first ovl is netns, which is cached without files that differ between runs. Other ovls may override these
	# files.
	$lower = "/mnt/layers/own:$lower" if $index == 0;
}
my $hostname = $identity{hostname};
write_file '/mnt/layers/own/etc/rnd-addresses', 022, $identity{rnd_addresses};
write_file '/mnt/data/etc/hostname', 022, "$hostname\n";
write_file '/mnt/data/etc/hosts', 022, $identity{hosts};
write_file '/mnt/data/etc/xcluster_env', 022, $identity{environment};
write_file '/mnt/data/etc/profile', 022, $profile . $identity{environment};
write_file '/mnt/data/root/.ssh/authorized_keys', 077, $identity{authorized_keys};
# Where dropbear -R looks for it at a login.
write_file '/mnt/data/etc/dropbear/dropbear_ed25519_host_key', 077, $identity{host_key};
call 'cannot set the hostname', $SETHOSTNAME, $hostname, length $hostname;
mount_on 'root', '/mnt/root', 'overlay', 0, "lowerdir=$lower,upperdir=/mnt/data,workdir=/mnt/work";
mount_on "/$_", "/mnt/root/$_", '', $MS_MOVE, '' for qw(dev sys run proc);
chdir '/mnt/root' or fail "no root: $!";
# Also changes the root of running processes, such as accept.pl.
call 'cannot change the root', $PIVOT_ROOT, '.', 'mnt';
call 'cannot unmount the old root', $UMOUNT2, '/mnt', $MNT_DETACH;

# An ovl may contain a directory of this name.
if (!-l '/var/run') {
	run '/bin/busybox', 'rm', '-rf', '/var/run';
	symlink '/run', '/var/run' or fail "no /var/run: $!";
}

set_interfaces($identity{interfaces}, $inet, $inet6);
run_batch $identity{routes}, '/bin/ip', '-batch', '-';
run_batch $identity{routes6}, '/bin/ip', '-6', '-batch', '-';
if ($identity{forward} eq 'yes') {
	write_file "/proc/sys/net/$_", 022, "1\n" for 'ipv4/ip_forward', 'ipv6/conf/all/forwarding';
}
run '/etc/netns/boot' if $scripts;

syswrite $control, "up\n";
# Skips Perl's own clean-up.
syscall $EXIT_GROUP, 0;
