#!/usr/bin/perl
# Makes a booted VM the node that the host wants: its identity, its ovls, its addresses. The host hears "ready" before it, "up" after it,
# or "failed <reason>", on the control port. A VM may have been copied at "ready", so the less is done after it the better. Perl,
# since it makes the kernel's calls itself: each process costs an emulated VM some hundredths of a second.
use strict;
use warnings;
use Socket qw(AF_INET AF_INET6 SOCK_DGRAM inet_aton inet_pton pack_sockaddr_in);

# Numbers of system calls of x86-64 (Linux, arch/x86/entry/syscalls/syscall_64.tbl), and of what they are asked.
my ($PIVOT_ROOT, $MOUNT, $UMOUNT2, $SETHOSTNAME, $CLOCK_SETTIME, $EXIT_GROUP) = (155, 165, 166, 170, 227, 231);
my ($MS_RDONLY, $MS_MOVE, $MNT_DETACH, $CLOCK_REALTIME) = (1, 8192, 2, 0);
my ($BLKFLSBUF, $RNDRESEEDCRNG) = (0x1261, 0x5207);
# Of linux/sockios.h, linux/if.h and linux/if_arp.h.
my ($SIOCGIFFLAGS, $SIOCSIFFLAGS, $SIOCSIFADDR, $SIOCSIFNETMASK) = (0x8913, 0x8914, 0x8916, 0x891c);
my ($SIOCSIFHWADDR, $SIOCGIFINDEX) = (0x8924, 0x8933);
my ($IFF_UP, $ARPHRD_ETHER) = (1, 1);

my $control;

sub fail {
	my $reason = join ' ', @_;
	print "become: $reason\n";
	syswrite $control, "failed $reason\n" if $control;
	exec '/bin/busybox', 'poweroff', '-f';
}

# The kernel wants to write into what it is given: copies.
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

# A command that reads what it is to do; without anything to do it is not run.
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

# Whatever the umask is.
sub make_directory {
	my ($directory, $mode) = @_;
	mkdir $directory and chmod $mode, $directory or fail "cannot make $directory: $!";
}

# So many bytes of what the host says.
sub receive {
	my ($length) = @_;
	my $got = read($control, my $bytes, $length);
	fail 'the control port was closed' if !defined $got or $got != $length;
	return $bytes;
}

# A port or disk is there some time after its driver.
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
		# The kernel looked for partitions in its first blocks. In a copy of this VM they are others.
		open my $device, '<', $disk or fail "no $disk: $!";
		ioctl $device, $BLKFLSBUF, 0 or fail "cannot forget what is read of $disk: $!";
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

# By the kernel's calls: for two interfaces they take an emulated VM 0.9 ms, one `ip -batch` 63 ms.
# struct ifreq of linux/if.h: the name, and what is to be set; it is as large as its largest member.
sub interface_request {
	my ($what, $socket, $request, $dev, $value) = @_;
	ioctl $socket, $request, pack 'a16 a24', $dev, $value or fail "cannot set $what of $dev: $!";
}
sub ipv4_of { return pack_sockaddr_in 0, inet_aton $_[0] }

# Lines "<net> <MAC address> <IPv4 address> <netmask> <IPv6 address> <its prefix length>", without addresses for an interface that stays
# down. The kernel named the interfaces eth0, eth1, … in the order of the nets, as xcluster's VMs do: a tester's eth1 is on net 2.
sub set_interfaces {
	my ($lines, $inet, $inet6) = @_;
	my $position = 0;
	for my $line (split /\n/, $lines) {
		my $dev = "eth$position";
		$position++;
		my ($net, $mac, $ipv4, $netmask, $ipv6, $length) = split / /, $line;
		my $request = pack 'a16 x24', $dev;
		ioctl $inet, $SIOCGIFINDEX, $request or fail "no interface $dev for net $net: $!";
		my $index = unpack 'x16 i', $request;
		# A device that was made for another node has that one's address.
		interface_request 'the MAC address', $inet, $SIOCSIFHWADDR, $dev, pack 'S H12', $ARPHRD_ETHER, $mac =~ tr/://dr;
		next if !defined $ipv4;
		interface_request 'the address', $inet, $SIOCSIFADDR, $dev, ipv4_of $ipv4;
		interface_request 'the netmask', $inet, $SIOCSIFNETMASK, $dev, ipv4_of $netmask;
		ioctl $inet, $SIOCGIFFLAGS, $request or fail "cannot read the flags of $dev: $!";
		interface_request 'the flags', $inet, $SIOCSIFFLAGS, $dev, pack 'S', $IFF_UP | unpack 'x16 S', $request;
		# struct in6_ifreq of linux/ipv6.h: address, prefix length, index.
		my $address = pack 'a16 I i', inet_pton(AF_INET6, $ipv6), $length, $index;
		ioctl $inet6, $SIOCSIFADDR, $address or fail "cannot set the IPv6 address of $dev: $!";
	}
	return;
}

# The identity: names and values in turn, each behind the number of its own bytes; numbers are 32 bits, big-endian.
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
# What this program writes goes straight into the layers, before they are a root: the first write through overlayfs, and the first mode
# that is set there, cost a copy of this VM a tenth of its start.
make_directory "/mnt/$_", 0755 for qw(data work layers root layers/own layers/own/etc data/etc data/etc/dropbear);
make_directory "/mnt/data/$_", 0700 for qw(root root/.ssh);
make_directory '/mnt/data/tmp', 01777;
find_disks;
my $profile = read_file '/etc/profile';
# etc/netns/accept.pl writes its pid once it listens: the first one goes into a pipe, which is waited for; those after it, should it have to be
# started again, into a file.
read_line '/run/dropbear.pid';
unlink '/run/dropbear.pid';

syswrite $control, "ready\n";

# The number of bytes comes first.
my %identity = read_identity(receive(unpack 'N', receive(4)));

# A copy has the clock and the random numbers of what it was copied from. Writing to urandom only mixes the seed in; the request
# (linux/random.h) makes it count at once.
if ($identity{seed} ne '') {
	my ($seconds, $nanoseconds) = split / /, $identity{now};
	call 'cannot set the clock', $CLOCK_SETTIME, $CLOCK_REALTIME, pack('qq', $seconds, $nanoseconds);
	syswrite($random, $identity{seed}) == length $identity{seed} or fail "cannot write the seed: $!";
	ioctl $random, $RNDRESEEDCRNG, 0 or fail "no random numbers of its own: $!";
}

# Later ovls win: the first of overlayfs's lower layers is the uppermost.
my ($lower, $scripts) = ('/', 0);
for my $index (0 .. $identity{ovls} - 1) {
	my $serial = sprintf 'ovl-%02d', $index;
	my $disk = disk_of $serial;
	my $layer = "/mnt/layers/$serial";
	mount_on $disk, $layer, 'squashfs', $MS_RDONLY, '';
	$lower = "$layer:$lower";
	$scripts = 1 if -d "$layer/etc/init.d";
	$profile = read_file "$layer/etc/profile" if -f "$layer/etc/profile";
	# The first ovl is netns, which is kept without what differs from run to run. Other ovls may bring their own.
	$lower = "/mnt/layers/own:$lower" if $index == 0;
}
my $hostname = $identity{hostname};
write_file '/mnt/layers/own/etc/rnd-addresses', 022, $identity{rnd_addresses};
write_file '/mnt/data/etc/hostname', 022, "$hostname\n";
write_file '/mnt/data/etc/hosts', 022, $identity{hosts};
write_file '/mnt/data/etc/xcluster_env', 022, $identity{environment};
write_file '/mnt/data/etc/profile', 022, $profile . $identity{environment};
write_file '/mnt/data/root/.ssh/authorized_keys', 077, $identity{authorized_keys};
# dropbear looks for it there when somebody logs in.
write_file '/mnt/data/etc/dropbear/dropbear_ed25519_host_key', 077, $identity{host_key};
call 'cannot set the hostname', $SETHOSTNAME, $hostname, length $hostname;
mount_on 'root', '/mnt/root', 'overlay', 0, "lowerdir=$lower,upperdir=/mnt/data,workdir=/mnt/work";
mount_on "/$_", "/mnt/root/$_", '', $MS_MOVE, '' for qw(dev sys run proc);
chdir '/mnt/root' or fail "no root: $!";
# Takes along all that run here, accept.pl among them.
call 'cannot change the root', $PIVOT_ROOT, '.', 'mnt';
call 'cannot let the old root go', $UMOUNT2, '/mnt', $MNT_DETACH;

# An ovl may have brought a directory of this name.
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
# The kernel takes back all that it had, which Perl would look through first.
syscall $EXIT_GROUP, 0;
