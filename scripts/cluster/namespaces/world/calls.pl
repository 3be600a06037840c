# System calls for the world and its nodes.
use strict;
use warnings;
use POSIX ();
use Socket qw(AF_INET AF_INET6 SOCK_DGRAM inet_aton inet_pton pack_sockaddr_in);

# Numbers of arm64 (Linux, include/uapi/asm-generic/unistd.h), and of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl).
our %CALL = (POSIX::uname())[4] eq 'aarch64'
	? (
		clone => 220, setuid => 146, setgid => 144, pivot_root => 41, prctl => 167, mount => 40, umount2 => 39,
		sethostname => 161, unshare => 97,
	)
	: (
		clone => 56, setuid => 105, setgid => 106, pivot_root => 155, prctl => 157, mount => 165, umount2 => 166,
		sethostname => 170, unshare => 272,
	);
our %FLAG = (
	NEWNS => 0x20000, NEWCGROUP => 0x2000000, NEWUTS => 0x4000000, NEWIPC => 0x8000000, NEWUSER => 0x10000000,
	NEWPID => 0x20000000, NEWNET => 0x40000000, SIGCHLD => 17, SIGKILL => 9, SET_PDEATHSIG => 1,
	RDONLY => 1, NOSUID => 2, NODEV => 4, NOEXEC => 8, REMOUNT => 32, BIND => 4096, REC => 16384, PRIVATE => 1 << 18,
	DETACH => 2,
);
# Of linux/sockios.h, linux/if.h.
our %REQUEST = (GETFLAGS => 0x8913, SETFLAGS => 0x8914, SETADDRESS => 0x8916, SETNETMASK => 0x891c, GETINDEX => 0x8933);
my $IFF_UP = 1;

my $fail = sub { die "@_\n" };
sub on_failure { ($fail) = @_; return }
sub fail { return $fail->(@_) }

# Copies the arguments, since the kernel may write into them.
sub call {
	my ($what, $number, @arguments) = @_;
	my $result = syscall $number, @arguments;
	fail "$what: $!" if $result == -1;
	return;
}

sub mount_on {
	my ($source, $target, $type, $flags, $options) = @_;
	call "cannot mount $source on $target", $CALL{mount}, $source, $target, $type, $flags, $options;
	return;
}

sub try_mount {
	my ($source, $target, $type, $flags, $options) = @_;
	return syscall($CALL{mount}, $source, $target, $type, $flags, $options) == 0;
}

sub write_file {
	my ($file, $mask, $text) = @_;
	my $before = umask $mask;
	open my $output, '>', $file or fail "cannot write $file: $!";
	print {$output} $text and close $output or fail "cannot write $file: $!";
	umask $before;
	return;
}

sub read_file {
	my ($file) = @_;
	open my $input, '<', $file or fail "cannot read $file: $!";
	local $/;
	return <$input> // '';
}

# Settings of this network namespace. The kernel copies those of IPv4 from the host, which may forward or filter.
my %DEFAULTS = (
	(map { $_ => 0 } qw(forwarding rp_filter arp_ignore arp_announce arp_filter arp_accept proxy_arp accept_local
		route_localnet log_martians promote_secondaries disable_policy disable_xfrm)),
	(map { $_ => 1 } qw(accept_redirects send_redirects)),
);
sub write_settings {
	my ($wanted) = @_;
	my $root = '/proc/sys/net';
	for my $scope (qw(all default)) {
		write_if_there("$root/ipv4/conf/$scope/$_", $DEFAULTS{$_}) for keys %DEFAULTS;
		# Addresses are unique, so duplicate address detection would only take time.
		write_if_there("$root/ipv6/conf/$scope/$_", 0) for qw(accept_dad accept_ra);
		write_if_there("$root/ipv6/conf/$scope/disable_ipv6", 1) if $wanted->{ipv6_disabled};
		next if !$wanted->{forwards};
		write_if_there("$root/$_/conf/$scope/forwarding", 1) for qw(ipv4 ipv6);
	}
	# With br_netfilter, bridges would pass packets to iptables.
	write_if_there("$root/bridge/bridge-nf-call-$_", 0) for qw(iptables ip6tables arptables);
	return;
}

# Ignores settings that the kernel does not have.
sub write_if_there {
	my ($file, $value) = @_;
	open my $setting, '>', $file or return;
	syswrite $setting, "$value\n";
	close $setting;
	return;
}

# struct ifreq of linux/if.h: the name and a union.
sub set_interface {
	my ($what, $socket, $request, $dev, $value) = @_;
	ioctl $socket, $request, pack 'a16 a24', $dev, $value or fail "cannot set $what of $dev: $!";
	return;
}

sub inet_sockets {
	socket my $inet, AF_INET, SOCK_DGRAM, 0 or fail "no socket: $!";
	socket my $inet6, AF_INET6, SOCK_DGRAM, 0 or fail "no IPv6 socket: $!";
	return ($inet, $inet6);
}

sub raise {
	my ($inet, $dev) = @_;
	my $request = pack 'a16 x24', $dev;
	ioctl $inet, $REQUEST{GETFLAGS}, $request or fail "cannot read the flags of $dev: $!";
	set_interface 'the flags', $inet, $REQUEST{SETFLAGS}, $dev, pack 'S', $IFF_UP | unpack 'x16 S', $request;
	return;
}

sub raise_loopback {
	my ($inet) = inet_sockets();
	raise $inet, 'lo';
	return;
}

sub give_addresses {
	my ($inet, $inet6, $dev, $ipv4, $netmask, $ipv6, $length) = @_;
	my $request = pack 'a16 x24', $dev;
	ioctl $inet, $REQUEST{GETINDEX}, $request or fail "no interface $dev: $!";
	my $index = unpack 'x16 i', $request;
	set_interface 'the address', $inet, $REQUEST{SETADDRESS}, $dev, pack_sockaddr_in 0, inet_aton $ipv4;
	set_interface 'the netmask', $inet, $REQUEST{SETNETMASK}, $dev, pack_sockaddr_in 0, inet_aton $netmask;
	raise $inet, $dev;
	# struct in6_ifreq of linux/ipv6.h: address, prefix length, index.
	my $address = pack 'a16 I i', inet_pton(AF_INET6, $ipv6), $length, $index;
	ioctl $inet6, $REQUEST{SETADDRESS}, $address or fail "cannot set the IPv6 address of $dev: $!";
	return;
}

1;
