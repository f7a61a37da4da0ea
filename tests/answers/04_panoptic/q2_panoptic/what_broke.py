# %% style="one line"
swapped, missing, eroded, merged, squeezed_left = "C", "A", "B", "E", "D"

# %% style="small letters"
swapped = "c"
missing = "a"
eroded = "b"
merged = "e"
squeezed_left = "d"

# %% style="letters of the alphabet"
missing, eroded, swapped, squeezed_left, merged = "ABCDE"
