package Mtu;
# Path MTU of a pair: the largest echo request with "don't fragment" that is answered.
use strict;
use warnings;
# Variables of Client.
no warnings 'once';
use Linux qw(now destination error_name);

# Bisects between an answered and an unanswered size; a size counts as unanswered after this many requests.
my $MTU_TRIES = 3;

sub ask {
	my ($task) = @_;
	$task->{bytes} = 65_535 if $task->{bytes} > 65_535;
	$task->{least} //= 0;
	$task->{most} //= $task->{bytes};
	$task->{size} //= $task->{bytes};
	my $packet = Client::next_echo($task, $task->{size});
	$task->{sent} = now;
	$task->{due} = now() + waiting();
	my $socket = Client::echo_socket($task->{family}, 'mtu');
	if (!send $socket, $packet, 0, destination($task->{family}, $task->{to}, 0)) {
		return Client::refuse_to_send($task, $! + 0) if error_name($! + 0) ne 'EMSGSIZE';
		$task->{most} = $task->{size} - 1;
		next_size($task);
	}
	return;
}

sub waiting {
	my $slow = 4 * $Client::slowest;
	return $slow > 300 ? $slow : 300;
}

sub hear {
	my ($task, $size) = @_;
	Client::took($task);
	$Client::idle = 0;
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
		return Client::finish($task, 'silent') if $least <= 0;
		return Client::finish($task, 'mtu', $least, $announced // 0, $task->{announcer} // '-');
	}
	my $smallest = $task->{family} == 4 ? 68 : 1280;
	$task->{size} = $announced && $announced > $least && $announced <= $most && !$task->{"asked$announced"}++ ? $announced
		: $least == 0 ? ($task->{size} > $smallest ? $smallest : 0) : int(($least + $most + 1) / 2);
	return Client::finish($task, 'silent') if $task->{size} == 0;
	return ask($task);
}

# A request was not answered in time.
sub expire {
	my ($task) = @_;
	my $is_announced = ($task->{announced} // 0) && $task->{size} > $task->{announced};
	if (!$is_announced && ++$task->{mtu_tries} < $MTU_TRIES) { return ask($task) }
	$task->{mtu_tries} = 0;
	return Client::finish($task, 'silent') if $task->{least} == 0 && $task->{size} <= ($task->{family} == 4 ? 68 : 1280);
	$task->{most} = $task->{size} - 1 if $task->{most} >= $task->{size};
	return next_size($task);
}

1;
