"""The library behind the DETR Lab notebooks: DETR, its attention, its pictures, and the checks of the exercises."""
