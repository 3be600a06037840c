package Client;
# Probes of a POD: sends them, some at once, and observes what comes back.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR EINPROGRESS ECONNREFUSED ECONNRESET ETIMEDOUT EHOSTUNREACH ENETUNREACH EACCES EMFILE ENFILE
	ENOBUFS ENOMEM ENOPROTOOPT EPROTONOSUPPORT EPIPE);
use Linux qw(now socket_for destination address_of error_name drops_of SCTP IP_FREEBIND IPV6_FREEBIND);
use Loop ();
use Packets ();
use Socket qw(:DEFAULT IPPROTO_IP IPPROTO_IPV6 IPPROTO_TCP);

# Milliseconds until a TCP connection or a reply is given up, before a retry; the kernel repeats a SYN after 1 s and 3 s.
my ($CONNECT_MS, $REPLY_MS, $REPLY_MOST_MS) = (3500, 400, 2000);
# Packets without a connection that must not be answered are repeated: one that is lost would prove nothing.
my $SILENT_TRIES = 3;
# Milliseconds without progress after which a transfer has stalled.
my $STALL_MS = 8000;
my $RETRY_MS = 50;
my $RAW_READS = 256;
my %CANNOT_RUN = map { $_ => 1 } EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTONOSUPPORT, ENOPROTOOPT;

# Options of a run: at most so many probes at once; milliseconds to wait for silence; until when, and how long without
# any new answer, probes are retried.
my %options;
my (@tasks, %at, @queue, %flying, @later, %sockets, $answer_to);
my ($nonce, $run, $id, $sequence, %sequences, $slowest, $until);
# Milliseconds since the last new answer, without those in which this process did not run; the last time.
my ($idle, $ticked);
# A process that runs calls tick at least this often.
my $TICK_MS = 100;
my @batch;

sub answer { my ($line) = @_; push @batch, $line; return }

# A line "<index> <protocol> <address> <port> <expected result> <payload> <bytes>" for each probe.
sub start {
	my ($lines, $settings, $done) = @_;
	%options = (window => 64, silent => 1300, retry => 20_000, patience => 6000, %{$settings});
	(@tasks, %at, @queue, %flying, @later, %sockets, %sequences, @batch) = ();
	$nonce = sprintf '%x', rand 2**32;
	($id, $sequence, $slowest, $run) = (int rand 65536, 0, 0, ($run // 0) + 1);
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
		Loop::on_read($socket, sub { read_icmp($family, $socket) });
	}
	my $tap = $sockets{tap} = Packets::tap();
	Loop::on_read($tap, sub { read_tap($tap) });
	return;
}

sub datagram_socket {
	my ($family, $payload) = @_;
	my $name = "udp$family$payload";
	return $sockets{$name} if $sockets{$name};
	my $socket = socket_for($family, SOCK_DGRAM, 0) or return;
	Packets::fragment($socket, $family, $payload eq 'fragmented') if $payload =~ /size|fragmented/;
	Loop::on_read($socket, sub { read_datagrams($socket) });
	return $sockets{$name} = $socket;
}

sub echo_socket {
	my ($family, $payload) = @_;
	return $sockets{"icmp$family"} if $payload !~ /size|fragmented|mtu/;
	my $name = "echo$family$payload";
	return $sockets{$name} if $sockets{$name};
	my $socket = Packets::icmp_socket($family);
	Packets::fragment($socket, $family, $payload eq 'fragmented');
	# Replies are read by the other one.
	shutdown $socket, 0;
	setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 0;
	return $sockets{$name} = $socket;
}

# Whether a probe that has this result must go on.
sub must_retry {
	my ($task, $result) = @_;
	return 0 if $task->{over} || $result eq 'mtu';
	my $want = $task->{want};
	return $task->{protocol} =~ /udp|icmp/ && $task->{tries} < $SILENT_TRIES && $result eq 'silent'
		if $want eq 'silent' || $want eq 'blocked';
	return 0 if $result eq $want || $result eq 'reply' || $result eq 'wrong';
	return now() < $until && $idle < $options{patience};
}

# A probe has a result for now; what is said of it follows the result.
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

# Takes a probe out of the ones that wait for an answer.
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
	return connect_to($task) if $task->{protocol} eq 'tcp' || $task->{protocol} eq 'sctp';
	$task->{due} = $task->{sent} + waiting($task);
	return ask_mtu($task) if $task->{payload} eq 'mtu';
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

# Milliseconds to wait for an answer: longer where none must come, and in a slow network.
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

sub connect_to {
	my ($task) = @_;
	my $socket = socket_for($task->{family}, SOCK_STREAM, $task->{protocol} eq 'sctp' ? SCTP : IPPROTO_TCP)
		or return finish($task, 'error', error_name($! + 0));
	@{$task}{qw(socket text got due)} = ($socket, '', 0, $task->{sent} + waiting($task));
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
	for (4, 6) { read_icmp($_, $sockets{"icmp$_"}) if $sockets{"icmp$_"} }
	return if !$task->{socket};
	return finish($task, 'refused', 'reset', '-', 0) if $error == ECONNREFUSED || $error == ECONNRESET;
	return finish($task, 'silent', error_name($error)) if $error == ETIMEDOUT;
	return refuse_to_send($task, $error);
}

# Reads the identity, and the data of a bulk transfer.
sub hear {
	my ($task) = @_;
	my $socket = $task->{socket} or return;
	my $count = sysread $socket, my $text, 65536;
	return if !defined $count && ($! == EAGAIN || $! == EINTR);
	if (!$count) {
		my $why = defined $count ? 'closed' : error_name($! + 0);
		return $task->{identity} ? finish($task, 'stalled', $task->{got}, $why) : finish($task, 'unidentified', $why);
	}
	if ($task->{identity}) {
		$task->{got} += $count;
		$task->{due} = now() + $STALL_MS;
		return finish($task, 'reply', @{$task->{identity}}, took($task)) if $task->{got} >= $task->{bytes};
		return;
	}
	$task->{text} .= $text;
	return if $task->{text} !~ /\n/ && length $task->{text} < 600;
	if ($task->{text} !~ /^netns-probe! (\S+) (\S+)\n/) { return finish($task, 'unidentified', 'foreign') }
	return finish($task, 'reply', $1, $2, took($task)) if $task->{payload} ne 'bulk';
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
		return finish($task, 'stalled', $task->{got}, error_name($! + 0));
	}
	$task->{due} = now() + $STALL_MS;
	Loop::no_write($task->{socket}) if ($task->{left} -= $count) == 0;
	return;
}

sub read_datagrams {
	my ($socket) = @_;
	for (1 .. $RAW_READS) {
		my $from = recv $socket, my $text, 65536, 0;
		return if !defined $from;
		next if $text !~ /^netns-probe! \Q$nonce\E\.(\d+) (\S+) (\S+) (\d+)$/ || !$tasks[$1];
		my ($task, $node, $pod) = ($tasks[$1], $2, $3);
		my ($address) = address_of($from);
		push @{$task->{others}}, "$node $pod" if $task->{over} && ($task->{details}[1] // '') ne $pod;
		if ($address ne $task->{to}) { finish($task, 'wrong', 'address', $node, $pod, $address); next }
		finish($task, 'reply', $node, $pod, took($task));
	}
	return;
}

sub read_icmp {
	my ($family, $socket) = @_;
	for (1 .. $RAW_READS) {
		my $from = recv $socket, my $packet, 2048, 0;
		return if !defined $from;
		my $seen = Packets::read_icmp($family, $packet, length $from ? (address_of($from))[0] : '') or next;
		my $echo = $sequences{$seen->{sequence} // -1};
		my $is_ours = $echo && ($seen->{id} // -1) == $id;
		if ($seen->{reply}) {
			next if !$is_ours;
			my $task = $echo->{task};
			if ($task->{payload} eq 'mtu') { hear_mtu($task, $echo->{size}) if $seen->{from} eq $task->{to}; next }
			if ($seen->{from} ne $task->{to}) { finish($task, 'wrong', 'address', '-', '-', $seen->{from}); next }
			finish($task, 'reply', '-', '-', took($task));
			next;
		}
		my $task = $seen->{protocol} eq 'icmp' ? ($is_ours ? $echo->{task} : undef)
			: $at{"$seen->{protocol} $seen->{to} $seen->{port}"};
		hear_error($task, $seen) if $task && $seen->{to} eq $task->{to};
	}
	return;
}

sub hear_error {
	my ($task, $seen) = @_;
	my ($error, $from, $mtu) = @{$seen}{qw(error from mtu)};
	if ($error eq 'too-big') {
		$task->{announced} = $mtu if !$task->{announced} || $mtu < $task->{announced};
		$task->{announcer} = $from;
		if ($task->{payload} eq 'mtu') {
			# Larger packets do not pass there.
			$task->{most} = $mtu if $mtu > 0 && $mtu < $task->{most};
			$task->{due} = now;
			return;
		}
		# TCP and fragmented packets adapt to it.
		return if $task->{payload} ne 'size';
		return finish($task, 'refused', $error, $from, $mtu);
	}
	return if $task->{connected};
	# The neighbor does not answer, or the route is a dead end.
	return finish($task, 'unsent', 'EHOSTUNREACH') if $error eq 'host-unreachable' && is_own($from);
	return finish($task, 'refused', $error, $from, 0);
}

# Whether this POD has an address.
sub is_own {
	my ($address) = @_;
	my $family = $address =~ /:/ ? 6 : 4;
	my $socket = socket_for($family, SOCK_DGRAM, 0) or return 0;
	# Fails for addresses of others; IP_FREEBIND allows those.
	my ($level, $option) = $family == 4 ? (IPPROTO_IP, IP_FREEBIND) : (IPPROTO_IPV6, IPV6_FREEBIND);
	setsockopt $socket, $level, $option, 0;
	return bind $socket, destination($family, $address, 0);
}

sub read_tap {
	my ($tap) = @_;
	for (1 .. $RAW_READS) {
		defined recv $tap, my $packet, 128, 0 or return;
		my $probe = Packets::read_probe($packet) or next;
		my $echo = $probe->{protocol} eq 'icmp' && $probe->{id} == $id && $sequences{$probe->{sequence}};
		my $task = $echo ? $echo->{task} : $at{"$probe->{protocol} $probe->{to} " . ($probe->{port} // '')};
		$task->{left_pod}++ if $task;
	}
	return;
}

# The largest packet that is answered, with "don't fragment": bisection between one that is and one that is not.
my $MTU_TRIES = 3;

sub ask_mtu {
	my ($task) = @_;
	$task->{bytes} = 65_535 if $task->{bytes} > 65_535;
	$task->{least} //= 0;
	$task->{most} //= $task->{bytes};
	$task->{size} //= $task->{bytes};
	my $packet = next_echo($task, $task->{size});
	$task->{sent} = now;
	$task->{due} = now() + waiting_mtu($task);
	if (!send echo_socket($task->{family}, 'mtu'), $packet, 0, destination($task->{family}, $task->{to}, 0)) {
		return refuse_to_send($task, $! + 0) if error_name($! + 0) ne 'EMSGSIZE';
		$task->{most} = $task->{size} - 1;
		next_size($task);
	}
	return;
}

sub waiting_mtu {
	my $slow = 4 * $slowest;
	return $slow > 300 ? $slow : 300;
}

sub hear_mtu {
	my ($task, $size) = @_;
	took($task);
	$idle = 0;
	$task->{least} = $size if $size > $task->{least};
	$task->{mtu_tries} = 0;
	return next_size($task);
}

# Chooses the next size after one was answered, or not: one that was announced, else the middle.
sub next_size {
	my ($task) = @_;
	return if $task->{over};
	my ($least, $most, $announced) = @{$task}{qw(least most announced)};
	if ($least >= $most) {
		return $least > 0 ? finish($task, 'mtu', $least, $announced // 0, $task->{announcer} // '-') : finish($task, 'silent');
	}
	my $smallest = $task->{family} == 4 ? 68 : 1280;
	$task->{size} = $announced && $announced > $least && $announced <= $most && !$task->{"asked$announced"}++ ? $announced
		: $least == 0 ? ($task->{size} > $smallest ? $smallest : 0) : int(($least + $most + 1) / 2);
	return finish($task, 'silent') if $task->{size} == 0;
	return ask_mtu($task);
}

sub expire {
	my ($task) = @_;
	if ($task->{payload} eq 'mtu') {
		my $is_announced = ($task->{announced} // 0) && $task->{size} > $task->{announced};
		if (!$is_announced && ++$task->{mtu_tries} < $MTU_TRIES) { return ask_mtu($task) }
		$task->{mtu_tries} = 0;
		return finish($task, 'silent') if $task->{least} == 0 && $task->{size} <= ($task->{family} == 4 ? 68 : 1280);
		$task->{most} = $task->{size} - 1 if $task->{most} >= $task->{size};
		return next_size($task);
	}
	return finish($task, 'stalled', $task->{got}, 'stall') if $task->{identity};
	return finish($task, 'unidentified', 'mute') if $task->{connected};
	return finish($task, 'silent');
}

# Starts what may start, and ends what has waited long enough. Returns the milliseconds until the next time, or undef
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
		# It became clear that the network is slow.
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
	read_tap($sockets{tap});
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
	# All network namespaces of a host share the kernel's limit. Spares entries without a MAC address yet.
	system qw(ip neighbour flush nud reachable nud stale nud delay nud probe) if $options{flush};
	my $done = $answer_to;
	$answer_to = undef;
	(@tasks, %at, %sequences, %sockets) = ();
	$done->(join '', map { "$_\n" } @batch);
	return;
}

1;
