"""Trains and evaluates the models that ship with detrlab. Not part of the wheel: it rebuilds what lies in
data/."""
