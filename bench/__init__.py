"""Every performance figure: `python -m bench` measures all parts, `python -m bench grade shapes` these."""
