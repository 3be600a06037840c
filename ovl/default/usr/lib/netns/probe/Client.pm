package Client;
# Probes of a POD: starts them, several at once, retries them, and reports the result of each.
use strict;
use warnings;
use Connection ();
use Errno qw(EAGAIN EMFILE ENFILE ENOBUFS ENOMEM ENOPROTOOPT EPROTONOSUPPORT);
use Linux qw(now socket_for destination error_name drops_of);
use Loop ();
use Mtu ();
use Packets ();
use Receive ();
use Socket;

# Milliseconds until a TCP connection or a reply is given up, before a retry. The kernel repeats a SYN after 1 and 3 s.
my ($CONNECT_MS, $REPLY_MS, $REPLY_MOST_MS) = (3500, 400, 2000);
# Packets without a connection that must not be answered are repeated: one that is lost would prove nothing.
my $SILENT_TRIES = 3;
my $RETRY_MS = 50;
my %CANNOT_RUN = map { $_ => 1 } EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTONOSUPPORT, ENOPROTOOPT;

# Options of a run: maximum number of concurrent probes; milliseconds to wait for silence; until when, and for how long
# after the last new answer, probes are retried.
my %options;
my (@queue, %flying, @later, $answer_to, $sequence, $until);
# Known to Connection, Mtu and Receive: probes by index, and by protocol, address and port; sockets by name; what marks
# answers to this run: a text in datagrams, the identifier and sequence numbers of echo requests; the slowest answer.
our (@tasks, %at, %sockets, $nonce, $id, %sequences, $slowest);
# Milliseconds since the last new answer, without those in which this process did not run; the last time.
our $idle;
my $ticked;
# A running process calls tick at least this often.
my $TICK_MS = 100;
my @batch;

sub answer { my ($line) = @_; push @batch, $line; return }

# A line "<index> <protocol> <address> <port> <expected result> <payload> <bytes>" for each probe.
sub start {
	my ($lines, $settings, $done) = @_;
	%options = (window => 64, silent => 1300, retry => 20_000, patience => 6000, %{$settings});
	(@tasks, %at, @queue, %flying, @later, %sockets, %sequences, @batch) = ();
	$nonce = sprintf '%x', rand 2**32;
	($id, $sequence, $slowest) = (int rand 65536, 0, 0);
	($idle, $ticked) = (0, now);
	$until = $ticked + $options{retry};
	$answer_to = $done;
	for my $line (@{$lines}) {
		my $task = { tries => 0 };
		@{$task}{qw(index protocol to port want payload bytes)} = split ' ', $line;
		$task->{family} = $task->{to} =~ /:/ ? 6 : 4;
		$at{$task->{protocol} eq 'icmp' ? '' : "$task->{protocol} $task->{to} $task->{port}"} = $task;
		push @tasks, $task;
	}
	open_raw();
	@queue = @tasks;
	return;
}

# The sockets that a run shares. What cannot be opened is an error of each probe that needs it.
sub open_raw {
	for my $family (4, 6) {
		next if !grep { $_->{family} == $family } @tasks;
		my $socket = $sockets{"icmp$family"} = Packets::icmp_socket($family);
		Loop::on_read($socket, sub { Receive::read_icmp($family, $socket) });
	}
	my $tap = $sockets{tap} = Packets::tap();
	Loop::on_read($tap, sub { Receive::read_tap($tap) });
	return;
}

sub datagram_socket {
	my ($family, $payload) = @_;
	my $name = "udp$family$payload";
	return $sockets{$name} if $sockets{$name};
	my $socket = socket_for($family, SOCK_DGRAM, 0) or return;
	Packets::fragment($socket, $family, $payload eq 'fragmented') if $payload =~ /size|fragmented/;
	Loop::on_read($socket, sub { Receive::read_datagrams($socket) });
	return $sockets{$name} = $socket;
}

sub echo_socket {
	my ($family, $payload) = @_;
	return $sockets{"icmp$family"} if $payload !~ /size|fragmented|mtu/;
	my $name = "echo$family$payload";
	return $sockets{$name} if $sockets{$name};
	my $socket = Packets::icmp_socket($family);
	Packets::fragment($socket, $family, $payload eq 'fragmented');
	# Replies are read from the other socket.
	shutdown $socket, 0;
	setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 0;
	return $sockets{$name} = $socket;
}

# Whether a probe with this result must be retried.
sub must_retry {
	my ($task, $result) = @_;
	return 0 if $task->{over} || $result eq 'mtu';
	my $want = $task->{want};
	return $task->{protocol} =~ /udp|icmp/ && $task->{tries} < $SILENT_TRIES && $result eq 'silent'
		if $want eq 'silent' || $want eq 'blocked';
	return 0 if $result eq $want || $result eq 'reply' || $result eq 'wrong';
	return now() < $until && $idle < $options{patience};
}

# Stores the current result of a probe, with its details.
sub finish {
	my ($task, $result, @details) = @_;
	return if $task->{over};
	land($task);
	$idle = 0 if $result eq $task->{want};
	@{$task}{qw(result details)} = ($result, \@details);
	if (must_retry($task, $result)) {
		push @later, [now() + $RETRY_MS * $task->{tries}, $task];
		return;
	}
	$task->{over} = $result ne 'silent';
	return;
}

# Removes a probe from those that wait for an answer.
sub land {
	my ($task) = @_;
	delete $flying{$task->{index}};
	if (my $socket = delete $task->{socket}) {
		Loop::forget($socket);
		# Without TIME_WAIT.
		setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'i i', 1, 0;
		close $socket;
	}
	return;
}

sub took { my ($task) = @_; my $ms = now() - $task->{sent}; $slowest = $ms if $ms > $slowest; return sprintf '%.3f', $ms }

# The kernel refused to send.
sub refuse_to_send {
	my ($task, $error) = @_;
	if ($error == EAGAIN || $error == ENOBUFS && $task->{protocol} ne 'tcp') {
		land($task);
		push @later, [now() + 5, $task];
		$task->{tries}--;
		return;
	}
	return finish($task, 'error', error_name($error)) if $CANNOT_RUN{$error};
	return finish($task, 'unsent', error_name($error));
}

sub launch {
	my ($task) = @_;
	$task->{tries}++;
	$task->{sent} = now;
	$flying{$task->{index}} = $task;
	return Connection::start($task) if $task->{protocol} eq 'tcp' || $task->{protocol} eq 'sctp';
	$task->{due} = $task->{sent} + waiting($task);
	return Mtu::ask($task) if $task->{payload} eq 'mtu';
	my ($socket, $packet);
	if ($task->{protocol} eq 'icmp') {
		$socket = echo_socket(@{$task}{qw(family payload)});
		$packet = next_echo($task, $task->{bytes});
	} else {
		$socket = datagram_socket(@{$task}{qw(family payload)}) or return refuse_to_send($task, $! + 0);
		$packet = "netns-probe? $nonce.$task->{index} ";
		my $missing = $task->{bytes} - length($packet) - ($task->{family} == 4 ? 28 : 48);
		$packet .= 'p' x $missing if $missing > 0;
	}
	send $socket, $packet, 0, destination(@{$task}{qw(family to port)}) or refuse_to_send($task, $! + 0);
	return;
}

# Milliseconds to wait for an answer: longer if silence is expected, and in a slow network.
sub waiting {
	my ($task) = @_;
	my $slow = 4 * $slowest < 20_000 ? 4 * $slowest : 20_000;
	my $least = $task->{protocol} =~ /tcp|sctp/ ? $CONNECT_MS : $REPLY_MS * $task->{tries};
	$least = $REPLY_MOST_MS if $task->{protocol} !~ /tcp|sctp/ && $least > $REPLY_MOST_MS;
	$least = $options{silent} / ($task->{protocol} =~ /tcp|sctp/ ? 1 : 2) if $task->{want} =~ /silent|blocked/;
	return $least > $slow ? $least : $slow;
}

sub next_echo {
	my ($task, $size) = @_;
	$sequence = ($sequence + 1) & 0xffff;
	$sequences{$sequence} = { task => $task, size => $size };
	return Packets::echo_request($task->{family}, $id, $sequence, $size);
}

sub expire {
	my ($task) = @_;
	return Mtu::expire($task) if $task->{payload} eq 'mtu';
	return finish($task, 'stalled', $task->{got}, 'stall') if $task->{identity};
	return finish($task, 'unidentified', 'mute') if $task->{connected};
	return finish($task, 'silent');
}

# Starts probes, and ends those that have waited long enough. Returns the milliseconds until the next call, or undef
# when all probes have a result.
sub tick {
	return if !$answer_to;
	my $now = now;
	$idle += $now - $ticked < $TICK_MS ? $now - $ticked : $TICK_MS;
	$ticked = $now;
	my @ready = grep { $_->[0] <= $now } @later;
	@later = grep { $_->[0] > $now } @later if @ready;
	unshift @queue, map { $_->[1] } @ready;
	for my $task (values %flying) {
		next if $task->{due} > $now;
		my $more = $task->{sent} + waiting($task);
		# The timeout has grown: the network is slow.
		if ($task->{payload} ne 'mtu' && !$task->{connected} && $more > $now) { $task->{due} = $more; next }
		expire($task);
	}
	while (@queue && keys %flying < $options{window}) {
		my $task = shift @queue;
		launch($task) if !$task->{over};
	}
	return 5 if @queue && keys %flying < $options{window};
	if (%flying || @later) { return 20 }
	end();
	return 0;
}

sub end {
	my $lost = Packets::tap_drops($sockets{tap});
	Receive::read_tap($sockets{tap});
	my $drops = drops_of(grep { defined } map { $sockets{$_} } grep { !/^echo|tap/ } keys %sockets);
	for my $task (@tasks) {
		my ($result, @details) = ($task->{result} // 'error', @{$task->{details} // ['not probed']});
		($result, @details) = ('unsent', $lost ? 'unknown' : 'dropped') if $result eq 'silent' && !$task->{left_pod};
		@details = ($task->{left_pod}) if $result eq 'silent';
		answer(join ' ', $task->{index}, $result, @details);
		answer("$task->{index} also $_") for @{$task->{others} // []};
	}
	answer("end $drops");
	for my $name (keys %sockets) {
		Loop::forget($sockets{$name});
		close $sockets{$name};
	}
	# All network namespaces of a host share the kernel's limit. Keeps entries without a MAC address yet.
	system qw(ip neighbour flush nud reachable nud stale nud delay nud probe) if $options{flush};
	my $done = $answer_to;
	$answer_to = undef;
	(@tasks, %at, %sequences, %sockets) = ();
	$done->(join '', map { "$_\n" } @batch);
	return;
}

1;
