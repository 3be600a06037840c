package Linux;
# What Perl's core modules lack: a clock, network namespaces, and numbers of socket options.
use strict;
use warnings;
use Exporter 'import';
use POSIX ();
use Socket qw(:DEFAULT IPPROTO_IP IPPROTO_IPV6 IPV6_V6ONLY SOCK_NONBLOCK SOCK_CLOEXEC inet_pton inet_ntop
	pack_sockaddr_in6 unpack_sockaddr_in6);

our @EXPORT_OK = qw(now enter_net socket_for address_of destination error_name write_file read_file drops_of
	IP_MTU_DISCOVER IPV6_MTU_DISCOVER IPV6_DONTFRAG PMTU_DONT PMTU_PROBE SCTP
	IP_FREEBIND IPV6_FREEBIND SO_RCVBUFFORCE);

use constant {
	SCTP => 132,
	SO_RCVBUFFORCE => 33, IP_FREEBIND => 15, IPV6_FREEBIND => 78,
	IP_MTU_DISCOVER => 10, IPV6_MTU_DISCOVER => 23, IPV6_DONTFRAG => 62, PMTU_DONT => 0, PMTU_PROBE => 3,
	CLONE_NEWNET => 0x40000000, CLOCK_MONOTONIC => 1,
};

# Numbers of system calls: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h.
my %CALLS = (x86_64 => { setns => 308, clock_gettime => 228 }, aarch64 => { setns => 268, clock_gettime => 113 });
my $machine = (POSIX::uname())[4];
my $calls = $CALLS{$machine} or die "no system calls known of $machine\n";

# Milliseconds since some time in the past.
sub now {
	my $time = "\0" x 16;
	syscall($calls->{clock_gettime}, CLOCK_MONOTONIC, $time) == 0 or die "clock_gettime: $!\n";
	my ($seconds, $nanoseconds) = unpack 'q q', $time;
	return $seconds * 1000 + $nanoseconds / 1e6;
}

sub enter_net {
	my ($file) = @_;
	open my $handle, '<', $file or die "$file: $!\n";
	syscall($calls->{setns}, fileno $handle, CLONE_NEWNET) == 0 or die "setns $file: $!\n";
	return;
}

# A non-blocking socket of a family (4 or 6) with a large receive buffer.
sub socket_for {
	my ($family, $type, $protocol) = @_;
	my $domain = $family == 4 ? AF_INET : AF_INET6;
	socket my $socket, $domain, $type | SOCK_NONBLOCK | SOCK_CLOEXEC, $protocol or return;
	setsockopt $socket, IPPROTO_IPV6, IPV6_V6ONLY, 1 if $family == 6 && $type != SOCK_RAW;
	setsockopt $socket, SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20 if $type != SOCK_STREAM;
	$family == 4 ? setsockopt $socket, IPPROTO_IP, IP_FREEBIND, 1 : setsockopt $socket, IPPROTO_IPV6, IPV6_FREEBIND, 1;
	return $socket;
}

sub destination {
	my ($family, $address, $port) = @_;
	return pack_sockaddr_in $port, inet_pton AF_INET, $address if $family == 4;
	return pack_sockaddr_in6 $port, inet_pton AF_INET6, $address;
}

# The text of a socket address, and its port.
sub address_of {
	my ($packed) = @_;
	if (sockaddr_family($packed) == AF_INET) {
		my ($port, $host) = unpack_sockaddr_in $packed;
		return inet_ntop(AF_INET, $host), $port;
	}
	my ($port, $host) = unpack_sockaddr_in6 $packed;
	return inet_ntop(AF_INET6, $host), $port;
}

# EPERM, ENETUNREACH…
sub error_name {
	my ($number) = @_;
	local $! = $number;
	for my $name (keys %!) { return $name if $!{$name} && $name ne 'EWOULDBLOCK' && $name ne 'ENOTSUP' }
	return "errno$number";
}

sub read_file {
	my ($file) = @_;
	open my $handle, '<', $file or return;
	local $/ = undef;
	my $text = <$handle>;
	return $text;
}

sub write_file {
	my ($file, $text) = @_;
	open my $handle, '>', $file or return;
	print {$handle} $text or return;
	return close $handle;
}

# Packets that the kernel dropped since sockets' buffers were full, by inode; from /proc/net/udp and the like.
sub drops_of {
	my (@sockets) = @_;
	my %inode = map { ((stat $_)[1] => 1) } @sockets;
	my $drops = 0;
	for my $file (qw(udp udp6 raw raw6)) {
		for my $line (split /\n/, read_file("/proc/net/$file") // '') {
			my @words = split ' ', $line;
			$drops += $words[-1] if @words > 12 && $inode{$words[9]};
		}
	}
	return $drops;
}

1;
