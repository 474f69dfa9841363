"""Clusters: each makes or finds one and yields a ClusterAccess."""
