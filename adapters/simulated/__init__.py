"""An exchange in memory: seeded, in virtual time, with the rules of the real one."""
