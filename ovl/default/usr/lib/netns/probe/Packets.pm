package Packets;
# Raw packets of a POD: echo requests, the ICMP errors that come in, and the probes that go out.
use strict;
use warnings;
use Linux qw(socket_for IP_MTU_DISCOVER IPV6_MTU_DISCOVER IPV6_DONTFRAG PMTU_DONT PMTU_PROBE
	SO_RCVBUFFORCE);
use Socket qw(:DEFAULT IPPROTO_IP SOCK_NONBLOCK SOCK_CLOEXEC inet_ntop IPPROTO_IPV6 IPPROTO_ICMP IPPROTO_ICMPV6);

use constant {
	AF_PACKET => 17, ETH_P_ALL => 0x0003, SOL_PACKET => 263, PACKET_STATISTICS => 6, PACKET_OUTGOING => 4,
	SOL_RAW => 255, ICMP_FILTER => 1,
};

my %PROTOCOLS = (6 => 'tcp', 17 => 'udp', 132 => 'sctp');
my %ERRORS_4 = (0 => 'net-unreachable', 1 => 'host-unreachable', 3 => 'port-unreachable', 6 => 'net-unreachable',
	7 => 'host-unreachable', 9 => 'admin-prohibited', 10 => 'admin-prohibited', 13 => 'admin-prohibited');
my %ERRORS_6 = (0 => 'net-unreachable', 1 => 'admin-prohibited', 3 => 'host-unreachable', 4 => 'port-unreachable',
	5 => 'admin-prohibited', 6 => 'admin-prohibited');

# A socket for echo requests and replies, and errors.
sub icmp_socket {
	my ($family) = @_;
	my $socket = socket_for($family, SOCK_RAW, $family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)
		or die "ICMP over IPv$family: $!\n";
	if ($family == 4) {
		# Blocks all but echo replies, unreachable, source quench, redirect, time exceeded and parameter problem.
		setsockopt $socket, SOL_RAW, ICMP_FILTER, pack 'L', ~((1 << 0) | (1 << 3) | (1 << 11) | (1 << 12)) & 0xffffffff;
	} else {
		my @blocked = (0xffffffff) x 8;
		$blocked[$_ >> 5] &= ~(1 << ($_ & 31)) for 1, 2, 3, 4, 129;
		setsockopt $socket, IPPROTO_ICMPV6, 1, pack 'L8', @blocked;
	}
	return $socket;
}

# Selects whether packets above the path MTU are fragmented or refused.
sub fragment {
	my ($socket, $family, $is_allowed) = @_;
	my $how = $is_allowed ? PMTU_DONT : PMTU_PROBE;
	return setsockopt $socket, IPPROTO_IP, IP_MTU_DISCOVER, $how if $family == 4;
	setsockopt $socket, IPPROTO_IPV6, IPV6_DONTFRAG, $is_allowed ? 0 : 1;
	return setsockopt $socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, $how;
}

# An echo request that makes an IP packet of a given size, or the shortest one.
sub echo_request {
	my ($family, $id, $sequence, $size) = @_;
	my $data = ($size // 0) - ($family == 4 ? 28 : 48);
	$data = 16 if $data < 0;
	my $type = $family == 4 ? 8 : 128;
	my $packet = pack("C C n n n", $type, 0, 0, $id, $sequence) . ('p' x $data);
	# The kernel computes the checksum of ICMPv6.
	substr $packet, 2, 2, pack 'n', checksum($packet) if $family == 4;
	return $packet;
}

sub checksum {
	my ($data) = @_;
	$data .= "\0" if length($data) % 2;
	my $sum = unpack '%32n*', $data;
	$sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
	return ~$sum & 0xffff;
}

# Reads a received ICMP message: { reply, id, sequence }, or { error, from, mtu, protocol, to, port | id, sequence }.
sub read_icmp {
	my ($family, $packet, $from) = @_;
	if ($family == 4) {
		return if length $packet < 28;
		$from = inet_ntop AF_INET, substr $packet, 12, 4;
		$packet = substr $packet, (ord($packet) & 15) * 4;
	}
	return if length $packet < 8;
	my ($type, $code, undef, $id, $sequence) = unpack 'C C n n n', $packet;
	return { reply => 1, from => $from, id => $id, sequence => $sequence } if $type == ($family == 4 ? 0 : 129);
	my $probe = read_probe(substr $packet, 8) or return;
	my ($error, $mtu);
	if ($family == 4) {
		$error = $type == 3 ? $ERRORS_4{$code} : undef;
		($error, $mtu) = ('too-big', $sequence) if $type == 3 && $code == 4;
	} else {
		$error = $type == 1 ? $ERRORS_6{$code} : undef;
		($error, $mtu) = ('too-big', ($id << 16) + $sequence) if $type == 2;
	}
	return { %{$probe}, error => $error // 'other-icmp', from => $from, mtu => $mtu // 0 };
}

# Reads the headers of a probe: { protocol, to, port } or { protocol => 'icmp', to, id, sequence }.
sub read_probe {
	my ($packet) = @_;
	return if length $packet < 20;
	my ($protocol, $to, $data);
	if (ord($packet) >> 4 == 4) {
		$protocol = ord substr $packet, 9, 1;
		$to = inet_ntop AF_INET, substr $packet, 16, 4;
		$data = substr $packet, (ord($packet) & 15) * 4, 8;
	} else {
		return if length $packet < 48;
		$protocol = ord substr $packet, 6, 1;
		$to = inet_ntop AF_INET6, substr $packet, 24, 16;
		$data = substr $packet, 40, 16;
		# The fragment header.
		if ($protocol == 44) { ($protocol, $data) = (ord $data, substr $data, 8) }
	}
	return if length $data < 8;
	if (my $name = $PROTOCOLS{$protocol}) {
		return { protocol => $name, to => $to, port => unpack 'x2 n', $data };
	}
	return if $protocol != 1 && $protocol != 58;
	my (undef, undef, undef, $id, $sequence) = unpack 'C C n n n', $data;
	return { protocol => 'icmp', to => $to, id => $id, sequence => $sequence };
}

# A classic BPF program: outgoing SYNs, UDP, SCTP and echo requests, 80 bytes of each from the IP header on.
my @PROGRAM = (
	[0x20, 0, 0, 0xfffff004], [0x15, 0, 25, PACKET_OUTGOING],    # packet type
	[0x28, 0, 0, 0xfffff000], [0x15, 0, 10, 0x0800],             # protocol; IPv6: to 14
	[0x30, 0, 0, 9], [0x15, 20, 0, 17], [0x15, 19, 0, 132], [0x15, 0, 3, 6],
	[0x30, 0, 0, 33], [0x54, 0, 0, 0x12], [0x15, 15, 16, 2],     # TCP flags
	[0x15, 0, 15, 1], [0x30, 0, 0, 20], [0x15, 12, 13, 8],       # ICMP type
	[0x15, 0, 12, 0x86dd],
	[0x30, 0, 0, 6], [0x15, 9, 0, 17], [0x15, 8, 0, 132], [0x15, 7, 0, 44], [0x15, 0, 3, 6],
	[0x30, 0, 0, 53], [0x54, 0, 0, 0x12], [0x15, 3, 4, 2],
	[0x15, 0, 3, 58], [0x30, 0, 0, 40], [0x15, 0, 1, 128],
	[0x06, 0, 0, 80], [0x06, 0, 0, 0],
);

# A socket that receives the probes which leave the POD.
sub tap {
	socket my $socket, AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, unpack 'S', pack 'n', ETH_P_ALL
		or die "packet socket: $!\n";
	my $program = join '', map { pack 'S C C L', @{$_} } @PROGRAM;
	setsockopt $socket, SOL_SOCKET, SO_ATTACH_FILTER, pack 'S x6 P', scalar @PROGRAM, $program
		or die "packet filter: $!\n";
	setsockopt $socket, SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20;
	return $socket;
}

# Packets that a tap has lost since the last call.
sub tap_drops {
	my ($socket) = @_;
	my (undef, $drops) = unpack 'L L', getsockopt($socket, SOL_PACKET, PACKET_STATISTICS) // "\0" x 8;
	return $drops;
}

1;
