"""What carries the application: a socket of this machine, or nothing but this process."""
