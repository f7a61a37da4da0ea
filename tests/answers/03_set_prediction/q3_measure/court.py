# %% style="other small cases"
at_threshold = sketch("object 0 0 10 10, .5 0 0 20 10")
equal_ious = sketch("object 0 -2 10 8, object 0 2 10 12, .8 0 0 10 10, .3 0 4 10 14")
in_crowd = sketch("crowd 0 0 30 30, object 40 40 50 50, .9 1 1 3 3, .2 40 40 50 50")
equal_scores = sketch("object 0 0 8 8, .5 90 90 95 95, .5 0 0 8 8")


# %% style="cases with several detections each"
at_threshold = sketch(".9 0 0 10 10, .8 30 0 40 10, object 0 0 10 10, object 30 0 40 20")
equal_ious = sketch(".9 5 0 15 10, .8 9 0 19 10, .7 50 50 60 60, object 3 0 13 10, object 7 0 17 10, object 50 50 60 60")
# two detections of one crowd: of an ordinary object the second would be a false alarm
in_crowd = sketch("crowd 0 0 20 20, object 60 60 70 70, .9 0 0 20 20, .8 0 0 20 20, .7 60 60 70 70")
equal_scores = sketch("object 20 20 30 30, .25 0 0 5 5, .25 20 20 30 30")


# %% style="built with numpy, without the text"
square = np.array([0.0, 0, 8, 8])
right = np.array([1.0, 0, 1, 0])
at_threshold = case([square], [1.0], [square * [1, 1, 0.5, 1]])
equal_ious = case([square, square + 3 * right], [0.6, 0.5], [square - right, square + right])
in_crowd = case(np.stack([square, square + 50]), [0.6, 0.5], np.stack([square * 4, square + 50]), [True, False])
equal_scores = case(np.stack([square + 50, square]), np.array([0.1, 0.1]), square[None])
