# Sets the addresses of a node's interfaces.
use strict;
use warnings;
use Socket qw(AF_INET6 inet_aton inet_pton pack_sockaddr_in);

# From linux/sockios.h, linux/if.h and linux/if_arp.h.
my ($SIOCGIFFLAGS, $SIOCSIFFLAGS, $SIOCSIFADDR, $SIOCSIFNETMASK) = (0x8913, 0x8914, 0x8916, 0x891c);
my ($SIOCSIFHWADDR, $SIOCGIFINDEX) = (0x8924, 0x8933);
my ($IFF_UP, $ARPHRD_ETHER) = (1, 1);

sub fail; # in become.pl

# Uses ioctls: for two interfaces they take an emulated VM 0.9 ms, one `ip -batch` 63 ms.
# struct ifreq of linux/if.h: the name and a union.
sub interface_request {
	my ($what, $socket, $request, $dev, $value) = @_;
	ioctl $socket, $request, pack 'a16 a24', $dev, $value or fail "cannot set $what of $dev: $!";
}
sub ipv4_of { return pack_sockaddr_in 0, inet_aton $_[0] }

# Lines "<net> <MAC address> <IPv4 address> <netmask> <IPv6 address> <prefix length>"; interfaces without addresses stay
# down. They are named eth0, eth1, … in the order of the nets, as in xcluster: a tester's eth1 is on net 2.
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
		# A clone has the MAC addresses of the template.
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

1;
