"""What can be seen of a running engine from outside: numbers, health, logs."""
