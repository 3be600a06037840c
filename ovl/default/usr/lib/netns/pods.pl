#!/usr/bin/perl
# Creates and configures all PODs in one process; the shell needs several for each. Without core modules, which would
# double its start-up time.
# pods.pl create <net directory> <uts directory> <pod…>: creates namespaces and mounts them on existing files
# pods.pl configure <net directory>: reads lines "<pod> <interface> <up|-> <address/length…>"; "up" also prepares a new
#   veth and sets it up
# pods.pl flush <net directory> <pod…>: removes learned neighbor entries
# A failure prints the PODs not yet created, or the line that failed, and ends with status 1; on a machine without known
# system calls the status is 78.
use strict;
use warnings;
use Config;

# Numbers of system calls: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h.
my %CALLS = (
	x86_64 => { mount => 165, sethostname => 170, unshare => 272, setns => 308 },
	aarch64 => { mount => 40, sethostname => 161, unshare => 97, setns => 268 },
);
my ($machine) = $Config{archname} =~ /^([^-]*)/;
my $calls = $CALLS{$machine} or exit 78;
# Of linux/sched.h, mount.h, socket.h, sockios.h, if.h, netlink.h and rtnetlink.h.
my ($NEWUTS, $NEWNET, $BIND) = (0x4000000, 0x40000000, 4096);
my ($AF_INET, $AF_INET6, $AF_NETLINK, $DGRAM, $RAW) = (2, 10, 16, 2, 3);
my ($GETFLAGS, $SETFLAGS, $GETINDEX, $IFF_UP) = (0x8913, 0x8914, 0x8933, 1);
my ($REQUEST, $ACK, $REPLACE, $CREATE, $ERROR) = (1, 4, 0x100, 0x400, 2);
my ($NEWADDR, $IFA_ADDRESS, $IFA_LOCAL) = (20, 1, 2);
my ($DUMP, $DONE, $NEWNEIGH, $DELNEIGH, $GETNEIGH, $NDA_DST) = (0x300, 3, 28, 29, 30, 1);
# REACHABLE, STALE, DELAY and PROBE. Deleting an entry without a MAC address would drop the packet that waits for it.
my $LEARNED = 2 | 4 | 8 | 16;

my ($mode, $netns, @arguments) = @ARGV;
my %MODES = (create => \&create, configure => \&configure, flush => \&flush);
$MODES{$mode}->(@arguments);

sub call {
	my ($what, $number, @values) = @_;
	syscall($number, @values) == 0 or die "$what: $!\n";
	return;
}

sub create {
	my ($utsns, @pods) = @_;
	while (@pods) {
		eval { create_pod($utsns, $pods[0]); 1 } or failed($pods[0], "@pods");
		shift @pods;
	}
	return;
}

sub failed {
	my ($pod, $rest) = @_;
	print STDERR "$pod: $@";
	print "$rest\n";
	exit 1;
}

# The next POD's namespaces replace this one's in this process; the mounts keep them.
sub create_pod {
	my ($utsns, $pod) = @_;
	call 'cannot create namespaces', $calls->{unshare}, $NEWNET | $NEWUTS;
	for ([net => "$netns/$pod"], [uts => "$utsns/$pod"]) {
		my ($kind, $file) = @{$_};
		# Copies: the kernel writes into the buffers.
		call "cannot mount on $file", $calls->{mount}, my $source = "/proc/self/ns/$kind", $file, my $type = '', $BIND, 0;
	}
	call 'cannot set the hostname', $calls->{sethostname}, my $name = $pod, length $pod;
	raise(inet_socket(), 'lo');
	return;
}

sub inet_socket {
	socket my $socket, $AF_INET, $DGRAM, 0 or die "no socket: $!\n";
	return $socket;
}

# struct ifreq of linux/if.h: the name, and a value.
sub raise {
	my ($socket, $interface) = @_;
	my $request = pack 'a16 x24', $interface;
	ioctl $socket, $GETFLAGS, $request or die "$interface: $!\n";
	my $flags = unpack 'x16 S', $request;
	ioctl $socket, $SETFLAGS, pack 'a16 S x22', $interface, $flags | $IFF_UP or die "cannot set up $interface: $!\n";
	return;
}

sub configure {
	while (my $line = <STDIN>) {
		my ($pod, $interface, $up, @addresses) = split ' ', $line;
		chomp $line;
		next if $line eq '';
		eval { configure_pod($pod, $interface, $up eq 'up', @addresses); 1 } or failed($pod, $line);
	}
	return;
}

sub enter {
	my ($pod) = @_;
	open my $handle, '<', "$netns/$pod" or die "$netns/$pod: $!\n";
	call 'cannot enter its network', $calls->{setns}, fileno $handle, $NEWNET;
	return;
}

sub configure_pod {
	my ($pod, $interface, $is_new, @addresses) = @_;
	enter($pod);
	my $socket = inet_socket();
	if ($is_new) {
		# No duplicate address detection, router advertisements or link-local addresses.
		my %settings = (accept_dad => 0, accept_ra => 0, addr_gen_mode => 1);
		write_file("/proc/sys/net/ipv6/conf/$interface/$_", $settings{$_}) for keys %settings;
		raise($socket, $interface);
	}
	return if !@addresses;
	my $request = pack 'a16 x24', $interface;
	ioctl $socket, $GETINDEX, $request or die "$interface: $!\n";
	my $netlink = netlink_socket();
	add_address($netlink, unpack('x16 i', $request), $_) for @addresses;
	return;
}

sub write_file {
	my ($file, $value) = @_;
	open my $setting, '>', $file or die "$file: $!\n";
	print {$setting} "$value\n" and close $setting or die "$file: $!\n";
	return;
}

# Like `ip address replace`.
sub add_address {
	my ($netlink, $index, $text) = @_;
	my ($address, $length) = split m{/}, $text;
	my $is_ipv6 = $address =~ /:/;
	my $bytes = $is_ipv6 ? ipv6_bytes($address) : ipv4_bytes($address);
	my $body = pack 'C4 L', $is_ipv6 ? $AF_INET6 : $AF_INET, $length, 0, 0, $index;
	$body .= pack 'S S a*', 4 + length $bytes, $_, $bytes for $IFA_LOCAL, $IFA_ADDRESS;
	change($netlink, $NEWADDR, $REPLACE | $CREATE, $body) or die "cannot assign $text: $!\n";
	return;
}

sub netlink_socket {
	socket my $netlink, $AF_NETLINK, $RAW, 0 or die "no netlink socket: $!\n";
	return $netlink;
}

sub message {
	my ($type, $flags, $body) = @_;
	return pack 'L S S L L a*', 16 + length $body, $type, $REQUEST | $flags, 1, 0, $body;
}

# Returns false, and sets $!, where the kernel refuses a change.
sub change {
	my ($netlink, $type, $flags, $body) = @_;
	syswrite $netlink, message($type, $ACK | $flags, $body) or return 0;
	sysread $netlink, my $answer, 8192 or return 0;
	my ($kind, $error) = unpack 'x4 S x10 l', $answer;
	$kind == $ERROR or die "the kernel answers with type $kind\n";
	$! = -$error;
	return $error == 0;
}

sub flush {
	for my $pod (@_) {
		eval { flush_pod($pod); 1 } or failed($pod, $pod);
	}
	return;
}

sub flush_pod {
	my ($pod) = @_;
	enter($pod);
	my $netlink = netlink_socket();
	# The entry may have gone meanwhile.
	change($netlink, $DELNEIGH, 0, $_) || $!{ENOENT} || die "cannot remove a neighbor entry: $!\n" for learned_entries($netlink);
	return;
}

# Bodies of messages that name each learned entry: struct ndmsg of linux/neighbour.h and the address.
sub learned_entries {
	my ($netlink) = @_;
	syswrite $netlink, message($GETNEIGH, $DUMP, "\0" x 12) or die "cannot ask for neighbor entries: $!\n";
	my @entries;
	while (sysread $netlink, my $messages, 1 << 16) {
		while (length $messages) {
			my ($length, $type) = unpack 'L S', $messages;
			my $body = substr $messages, 16, $length - 16;
			substr $messages, 0, ($length + 3) & ~3, '';
			return @entries if $type == $DONE;
			$type == $NEWNEIGH or die "the kernel answers with type $type\n";
			my ($state) = unpack 'x8 S', $body;
			push @entries, substr($body, 0, 12) . destination(substr $body, 12) if $state & $LEARNED;
		}
	}
	die "cannot read neighbor entries: $!\n";
}

# The attribute with the address, among all of an entry.
sub destination {
	my ($attributes) = @_;
	while (length $attributes >= 4) {
		my ($length, $type) = unpack 'S S', $attributes;
		return substr $attributes, 0, $length if $type == $NDA_DST;
		substr $attributes, 0, ($length + 3) & ~3, '';
	}
	die "a neighbor entry without an address\n";
}

sub ipv4_bytes {
	my ($text) = @_;
	my @bytes = split /[.]/, $text, -1;
	@bytes == 4 && !grep { !/^\d{1,3}\z/ || $_ > 255 } @bytes or die "$text is not an IPv4 address\n";
	return pack 'C4', @bytes;
}

sub ipv6_bytes {
	my ($text) = @_;
	my $hexadecimal = $text =~ s{(\d+(?:[.]\d+)+)\z}{ my @bytes = unpack 'n2', ipv4_bytes($1); sprintf '%x:%x', @bytes }er;
	my ($head, $tail, @more) = split /::/, $hexadecimal, -1;
	my @head = split /:/, $head, -1;
	my @tail = split /:/, $tail // '', -1;
	my $missing = 8 - @head - @tail;
	my $fits = defined $tail ? $missing > 0 : $missing == 0;
	$fits && !@more && !grep { !/^[[:xdigit:]]{1,4}\z/ } @head, @tail or die "$text is not an IPv6 address\n";
	return pack 'n8', map { hex } @head, (0) x $missing, @tail;
}
