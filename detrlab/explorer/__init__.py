"""Live views for notebooks: look inside a model (`explore`), and try things on it (`compose_scene`, `switch_heads`)."""
