package Connection;
# Probes over TCP and SCTP: connects, reads which POD answers, and transfers data.
use strict;
use warnings;
# Variables of Client.
no warnings 'once';
use Errno qw(EAGAIN EINTR EINPROGRESS ECONNREFUSED ECONNRESET ETIMEDOUT);
use Linux qw(now socket_for destination error_name SCTP);
use Loop ();
use Socket qw(:DEFAULT IPPROTO_TCP);

# Milliseconds without progress after which a transfer has stalled.
my $STALL_MS = 8000;

sub start {
	my ($task) = @_;
	my $socket = socket_for($task->{family}, SOCK_STREAM, $task->{protocol} eq 'sctp' ? SCTP : IPPROTO_TCP)
		or return Client::finish($task, 'error', error_name($! + 0));
	@{$task}{qw(socket text got due)} = ($socket, '', 0, $task->{sent} + Client::waiting($task));
	delete $task->{connected};
	if (!connect $socket, destination(@{$task}{qw(family to port)})) {
		return fail_to_connect($task, $! + 0) if $! != EINPROGRESS;
	}
	Loop::on_write($socket, sub { connected($task) });
	return;
}

sub connected {
	my ($task) = @_;
	my $socket = $task->{socket} or return;
	Loop::no_write($socket);
	my $error = unpack 'i', getsockopt $socket, SOL_SOCKET, SO_ERROR;
	return fail_to_connect($task, $error) if $error;
	$task->{connected} = 1;
	Loop::on_read($socket, sub { hear($task) });
	return;
}

sub fail_to_connect {
	my ($task, $error) = @_;
	# ICMP errors have come in before the connection fails.
	for (4, 6) { Receive::read_icmp($_, $Client::sockets{"icmp$_"}) if $Client::sockets{"icmp$_"} }
	return if !$task->{socket};
	return Client::finish($task, 'refused', 'reset', '-', 0) if $error == ECONNREFUSED || $error == ECONNRESET;
	return Client::finish($task, 'silent', error_name($error)) if $error == ETIMEDOUT;
	return Client::refuse_to_send($task, $error);
}

# Reads the identity, and the data of a bulk transfer.
sub hear {
	my ($task) = @_;
	my $socket = $task->{socket} or return;
	my $count = sysread $socket, my $text, 65536;
	return if !defined $count && ($! == EAGAIN || $! == EINTR);
	if (!$count) {
		my $why = defined $count ? 'closed' : error_name($! + 0);
		return Client::finish($task, 'stalled', $task->{got}, $why) if $task->{identity};
		return Client::finish($task, 'unidentified', $why);
	}
	if ($task->{identity}) {
		$task->{got} += $count;
		$task->{due} = now() + $STALL_MS;
		return Client::finish($task, 'reply', @{$task->{identity}}, Client::took($task)) if $task->{got} >= $task->{bytes};
		return;
	}
	$task->{text} .= $text;
	return if $task->{text} !~ /\n/ && length $task->{text} < 600;
	if ($task->{text} !~ /^netns-probe! (\S+) (\S+)\n/) { return Client::finish($task, 'unidentified', 'foreign') }
	return Client::finish($task, 'reply', $1, $2, Client::took($task)) if $task->{payload} ne 'bulk';
	@{$task}{qw(identity left due)} = ([$1, $2], $task->{bytes}, now() + $STALL_MS);
	syswrite $socket, "bulk $task->{bytes}\n";
	Loop::on_write($socket, sub { pour($task) });
	return;
}

sub pour {
	my ($task) = @_;
	my $count = syswrite $task->{socket}, 'b' x ($task->{left} < 65536 ? $task->{left} : 65536);
	if (!defined $count) {
		return if $! == EAGAIN || $! == EINTR;
		return Client::finish($task, 'stalled', $task->{got}, error_name($! + 0));
	}
	$task->{due} = now() + $STALL_MS;
	Loop::no_write($task->{socket}) if ($task->{left} -= $count) == 0;
	return;
}

1;
