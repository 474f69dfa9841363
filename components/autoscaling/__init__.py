"""What moves the number of pods; exactly one scaler per workload."""
