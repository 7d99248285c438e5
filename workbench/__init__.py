"""The front ends: one command layer, rendered by the CLI, the REPL and the TUI."""
