"""Running strangers' notebooks locked in; what crosses the wall lies in `inside/`."""
