"""Stand-ins for provider plugins: same inputs, same state layout, written on the engine's own protocol."""
