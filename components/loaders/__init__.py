"""How a model's weights reach the pod; each loader renders a Loaded."""
