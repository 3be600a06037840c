package Loop;
# The event loop of a process: handlers for readable and writable sockets, and one for timers.
use strict;
use warnings;
use Linux qw(now);

my (%readers, %writers);
my ($readable, $writable) = ('', '');
# The longest stall in milliseconds: time in which this process should have run, and did not.
our $stall = 0;

sub on_read {
	my ($socket, $handler) = @_;
	vec($readable, fileno $socket, 1) = 1;
	$readers{fileno $socket} = $handler;
	return;
}

sub on_write {
	my ($socket, $handler) = @_;
	vec($writable, fileno $socket, 1) = 1;
	$writers{fileno $socket} = $handler;
	return;
}

sub no_write {
	my ($socket) = @_;
	vec($writable, fileno $socket, 1) = 0;
	delete $writers{fileno $socket};
	return;
}

sub forget {
	my ($socket) = @_;
	vec($readable, fileno $socket, 1) = 0;
	delete $readers{fileno $socket};
	no_write($socket);
	return;
}

# Waits for sockets, up to a timeout in milliseconds, and calls their handlers.
sub turn {
	my ($milliseconds) = @_;
	my $begun = now;
	my $count = select my $can_read = $readable, my $can_write = $writable, undef, $milliseconds / 1000;
	my $woken = now;
	my $late = $woken - $begun - $milliseconds;
	$stall = $late if $late > $stall;
	return if $count <= 0;
	for my $number (keys %readers) { $readers{$number} && vec($can_read, $number, 1) and $readers{$number}->() }
	for my $number (keys %writers) { $writers{$number} && vec($can_write, $number, 1) and $writers{$number}->() }
	my $busy = now() - $woken;
	$stall = $busy if $busy > $stall;
	return;
}

1;
