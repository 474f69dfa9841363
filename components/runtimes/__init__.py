"""Model server programs; each pod runtime renders a Server."""
