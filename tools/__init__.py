"""The project's own commands behind `make demo` and `make bench`."""
