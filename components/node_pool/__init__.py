"""Node pools: simulated nodes in a rehearsal cluster, labels and expectations elsewhere."""
